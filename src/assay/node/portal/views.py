"""The pages that a partner's users see. Each begins with `mine`: one reaches what is one's own partner's alone."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.contrib.auth import logout
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assay.core.errors import BadRequest, ShownError
from assay.node.access.admission import needs
from assay.node.access.permissions import Permission
from assay.node.partnering import insights
from assay.node.partnering.models import Introduction, OurInsight, Partner
from assay.node.portal import answering, attesting, becoming, introducing, leaving, sharing
from assay.node.portal.belonging import our_name, partner_of
from assay.node.portal.frame import mine, page, user_of
from assay.node.portal.models import Handoff

_A_PAGE: Final = 50
_SEARCHED: Final = "portal_searched"
_SHOWN: Final = 5


@needs(Permission.USE_PORTAL)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show what waits for the partner."""
    partner = partner_of(user_of(request))
    if partner is None:
        return render(request, "portal/nobody.html")
    handoffs = answering.handoffs_of(partner)
    offered, asked = handoffs.filter(state=Handoff.State.OFFERED), introducing.waiting_for(partner)
    shared = sharing.shared_with(partner)
    held = attesting.holding(partner, [one.account_id for one in shared])
    shown = {
        "waiting": offered.count(),
        "first": offered[:_SHOWN],
        "working": handoffs.filter(state=Handoff.State.ACCEPTED).count(),
        "asked": asked,
        "accounts": len(shared),
        "unsaid": sum(1 for one in shared if one.account_id not in held),
        "is_new": not shared and not asked and not handoffs.exists(),
    }
    return page(request, partner, "home", shown)


@needs(Permission.USE_PORTAL)
@require_safe
def accounts(request: HttpRequest) -> HttpResponse:
    """Show the accounts that both know of, and what the partner attests of each."""
    partner = mine(request)
    found = sharing.shared_with(partner)
    searched = str(request.session.get(_SEARCHED, "")) if "found" in request.GET else ""
    if searched:
        word = searched.casefold()
        found = [one for one in sharing.named(partner, found) if word in f"{one.name} {one.domain}".casefold()]
    pages = Paginator(found, _A_PAGE).get_page(request.GET.get("page"))
    some = sharing.named(partner, list(pages.object_list))
    held = attesting.holding(partner, [one.account_id for one in some])
    became = becoming.of_accounts(partner, [one.account_id for one in some])
    told = _told(partner, [one.account_id for one in some])
    rows = [
        (
            one,
            [(each, held.get(one.account_id, {}).get(each)) for each in attesting.Letter],
            became.get(one.account_id, "") if one.account_id in held else "",
            told.get(one.account_id, []),
        )
        for one in some
    ]
    shown = {"rows": rows, "pages": pages, "searched": searched, "is_shown": becoming.is_shown(partner)}
    return page(request, partner, "accounts", shown)


@needs(Permission.USE_PORTAL)
@require_POST
def search(request: HttpRequest) -> HttpResponse:
    """Look for accounts; what is looked for stays out of the address."""
    request.session[_SEARCHED] = request.POST.get("words", "").strip()[:100]
    address = redirect("portal-accounts")
    if request.session[_SEARCHED]:
        address["Location"] += "?found=1"
    return address


@needs(Permission.USE_PORTAL)
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest, key: str) -> HttpResponse:
    """Show one account: what the partner attests of it, and asking for an introduction there."""
    partner = mine(request)
    found = _account(partner, key)
    if request.method == "POST":
        try:
            made = introducing.ask(user_of(request), key, request.POST.get("wanted", ""), timezone.now())
        except ShownError as error:
            messages.error(request, error.text())
            return _account_page(request, partner, found, status=422)
        messages.success(request, f"{our_name()} is asked.")
        return redirect("portal-introduction", made.public_id)
    return _account_page(request, partner, found)


@needs(Permission.USE_PORTAL)
@require_http_methods(["GET", "HEAD", "POST"])
def letter(request: HttpRequest, key: str, letter: str) -> HttpResponse:
    """Say something of one letter of an account: one click to come here, one to say it."""
    partner, now = mine(request), timezone.now()
    found = _account(partner, key)
    if letter not in attesting.Letter.values:
        raise Http404
    status = 200
    if request.method == "POST":
        try:
            if "withdraw" in request.POST:
                attesting.withdraw(user_of(request), key, letter, now)
                messages.success(request, "Taken back.")
            else:
                value = request.POST.get("value", "") or request.POST.get("words", "")
                attesting.attest(user_of(request), key, letter, value, now)
                messages.success(request, f"Noted, thank you. {our_name()} is told.")
            return redirect("portal-account", key)
        except ShownError as error:
            messages.error(request, error.text())
            status = 422
    which = attesting.Letter(letter)
    question, values = attesting.ASKED[which]
    held = attesting.holding(partner, [found.account_id]).get(found.account_id, {}).get(letter)
    shown = {"account": found, "letter": which, "question": question, "values": values, "held": held}
    return page(request, partner, "letter", {**shown, "typed": request.POST.get("words", "")}, status=status)


@needs(Permission.USE_PORTAL)
@require_safe
def introductions(request: HttpRequest) -> HttpResponse:
    """Show who asked whom for introductions."""
    partner = mine(request)
    pages = Paginator(introducing.of_partner(partner), _A_PAGE).get_page(request.GET.get("page"))
    found = list(pages.object_list)
    names = sharing.names_for(partner, {one.account_id for one in found})
    rows = [(one, names[one.account_id], introducing.waits_for_partner(one)) for one in found]
    return page(request, partner, "introductions", {"rows": rows, "pages": pages})


@needs(Permission.USE_PORTAL)
@require_safe
def introduction(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show one introduction and its thread."""
    partner = mine(request)
    return _introduction_page(request, partner, _introduction(partner, public_id))


@needs(Permission.USE_PORTAL)
@require_POST
def introduction_do(request: HttpRequest, public_id: str, verb: str) -> HttpResponse:
    """Answer an introduction, or write in its thread."""
    partner = mine(request)
    _introduction(partner, public_id)
    try:
        if verb == "word":
            introducing.say(user_of(request), public_id, request.POST.get("text", ""), timezone.now())
        else:
            introducing.answer(user_of(request), public_id, verb, timezone.now())
    except ShownError as error:
        messages.error(request, error.text())
        return _introduction_page(request, partner, _introduction(partner, public_id), status=422)
    messages.success(request, f"{our_name()} is told.")
    return redirect("portal-introduction", public_id)


@needs(Permission.USE_PORTAL)
@require_safe
def you(request: HttpRequest) -> HttpResponse:
    """Show what is kept of the user and the partner, and how to go."""
    return _you_page(request, mine(request))


@needs(Permission.USE_PORTAL)
@require_POST
def go(request: HttpRequest, verb: str) -> HttpResponse:
    """Leave, or have everything of the partner deleted."""
    partner, user, now = mine(request), user_of(request), timezone.now()
    try:
        if verb == "leave":
            if request.POST.get("sure") != "1":
                raise BadRequest("Say that you are sure", mend="Tick the box beside the button.")
            leaving.leave(user, now)
        elif verb == "delete":
            leaving.leave_all(user, request.POST.get("name", ""), now)
        else:
            raise Http404
    except ShownError as error:
        messages.error(request, error.text())
        return _you_page(request, partner, status=422)
    logout(request)
    return redirect("account_login")


def _account(partner: Partner, key: str) -> sharing.Shared:
    found = sharing.shared(partner, key)
    if found is None:
        raise Http404
    return sharing.named(partner, [found])[0]


def _told(partner: Partner, account_ids: list[str]) -> dict[str, list[tuple[str, OurInsight]]]:
    """Return what we attest of accounts to the partner now, each with the name of its letter."""
    found: dict[str, list[tuple[str, OurInsight]]] = {}
    names = dict(attesting.Letter.choices)
    for one in insights.told_to([partner], account_ids):
        found.setdefault(one.account_id, []).append((str(names.get(one.letter, one.letter)), one))
    return found


def _introduction(partner: Partner, public_id: str) -> Introduction:
    found = Introduction.objects.filter(partner=partner, public_id=public_id).select_related("ours").first()
    if found is None:
        raise Http404
    return found


def _account_page(request: HttpRequest, partner: Partner, found: sharing.Shared, *, status: int = 200) -> HttpResponse:
    held = attesting.holding(partner, [found.account_id]).get(found.account_id, {})
    asked = list(introducing.of_partner(partner).filter(account_id=found.account_id))
    shown = {
        "account": found,
        "letters": [(each, held.get(each)) for each in attesting.Letter],
        "told": _told(partner, [found.account_id]).get(found.account_id, []),
        "became": becoming.of_accounts(partner, [found.account_id]).get(found.account_id, ""),
        "is_shown": becoming.is_shown(partner),
        "asked": asked,
        "may_ask": not any(not one.by_us and one.state in introducing.OPEN for one in asked),
        "typed": request.POST.get("wanted", ""),
    }
    return page(request, partner, "account", shown, status=status)


def _introduction_page(request: HttpRequest, partner: Partner, one: Introduction, *, status: int = 200) -> HttpResponse:
    account_id = one.account_id
    is_shared = sharing.knows(partner, account_id)
    shown = {
        "one": one,
        "name": sharing.name_for(partner, account_id),
        "key": sharing.key_of(partner, account_id) if is_shared else "",
        "words": one.words.select_related("by"),
        "waits": introducing.waits_for_partner(one),
        "buttons": introducing.buttons(one),
        "may_write": one.state != Introduction.State.CLOSED,
        "typed": request.POST.get("text", ""),
    }
    return page(request, partner, "introduction", shown, status=status)


def _you_page(request: HttpRequest, partner: Partner, *, status: int = 200) -> HttpResponse:
    people = partner.users.select_related("user").filter(left_at__isnull=True, user__is_active=True)
    return page(request, partner, "you", {"people": [one.user for one in people]}, status=status)
