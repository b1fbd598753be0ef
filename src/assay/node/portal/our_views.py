"""Our side of the portal: what partners have in hand, handing leads over, and who of a partner may come in."""

from __future__ import annotations

from typing import Any, Final, cast

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assay.core.errors import ShownError
from assay.node.access.admission import needs
from assay.node.access.entrance import mail_link
from assay.node.access.models import User
from assay.node.access.permissions import Permission, may
from assay.node.leads.forms import at_nine
from assay.node.leads.models import Lead
from assay.node.partnering.models import Partner
from assay.node.portal import attesting, handing, introducing, leaving, opening, sharing
from assay.node.portal.belonging import our_name
from assay.node.portal.forms import HandForm, InviteForm, OpenForm
from assay.node.portal.models import Handoff, PartnerUser, Portal

#: So many rows of each kind are shown, the latest first.
_MOST: Final = 200


@needs(Permission.SEE_PARTNERS)
@require_safe
def handoffs(request: HttpRequest) -> HttpResponse:
    """Show which leads partners have, and what became of them."""
    return _handoffs_page(request, OpenForm())


@needs(Permission.MANAGE_PARTNERS)
@require_POST
def open_portal(request: HttpRequest) -> HttpResponse:
    """Open the portal for a partner."""
    form = OpenForm(request.POST)
    if form.is_valid():
        try:
            made = opening.open_portal(_user(request), form.cleaned_data["name"], timezone.now())
        except ShownError as error:
            form.add_error(None, error.text())
        else:
            messages.success(request, f"The portal is open for {made.partner}. Invite somebody of it now.")
            return redirect("partner-portal", made.partner.slug)
    return _handoffs_page(request, form)


def _handoffs_page(request: HttpRequest, form: OpenForm) -> HttpResponse:
    rows = Handoff.objects.select_related("lead", "partner", "by").order_by("-changed_at", "-id")
    portals = Portal.objects.select_related("partner").filter(partner__left_at__isnull=True)
    shown = {
        "lists": [
            ("Wait for an answer", list(rows.filter(state=Handoff.State.OFFERED)[:_MOST])),
            ("Worked by partners", list(rows.filter(state=Handoff.State.ACCEPTED)[:_MOST])),
            ("Over", list(rows.exclude(state__in=[Handoff.State.OFFERED, Handoff.State.ACCEPTED])[:_MOST])),
        ],
        "portals": portals.order_by("partner__name"),
        "form": form,
        "may_manage": may(_user(request).role, Permission.MANAGE_PARTNERS),
    }
    return render(request, "portal/handoffs.html", shown, status=422 if form.errors else 200)


@needs(Permission.LET_PARTNERS_LEARN)
@require_http_methods(["GET", "HEAD", "POST"])
def hand(request: HttpRequest, lead_id: int) -> HttpResponse:
    """Choose a partner for a lead, and what it sees of it."""
    lead = Lead.objects.filter(pk=lead_id).first()
    if lead is None:
        raise Http404
    now = timezone.now()
    partners = list(Partner.objects.filter(portal__isnull=False, left_at__isnull=True))
    proposed = handing.proposed(lead, now)
    initial = {name: getattr(proposed, name) for name in ("company", "domain", "why", "contact")}
    form = HandForm(partners, request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        contact = typed["contact"] if typed["has_contact"] else ""
        shown = handing.Shown(company=typed["company"], domain=typed["domain"], why=typed["why"], contact=contact)
        by = at_nine(typed["respond_by"]) if typed["respond_by"] else None
        try:
            made = handing.hand(_user(request), lead_id, typed["partner"], shown, now=now, respond_by=by)
        except ShownError as error:
            form.add_error(None, error.text())
        else:
            messages.success(request, f"{made.partner} has it now, and is told.")
            return redirect("lead", lead_id)
    status = 422 if form.errors else 200
    told = {"lead": lead, "form": form, "partners": partners, "kept_back": handing.why_not(lead)}
    return render(request, "portal/hand.html", told, status=status)


@needs(Permission.WORK_LEADS)
@require_POST
def ask(request: HttpRequest, lead_id: int) -> HttpResponse:
    """Ask a partner for an introduction at the account of a lead."""
    if not Lead.objects.filter(pk=lead_id).exists():
        raise Http404
    slug, wanted = request.POST.get("partner", ""), request.POST.get("wanted", "")
    try:
        made = introducing.ask_partner(_user(request), lead_id, slug, wanted, timezone.now())
    except ShownError as error:
        messages.error(request, error.text())
        return redirect("lead", lead_id)
    messages.success(request, f"{made.partner} is asked.")
    return redirect("introduction", made.pk)


@needs(Permission.LET_PARTNERS_LEARN)
@require_POST
def take_back(request: HttpRequest, handoff_id: int) -> HttpResponse:
    """Take a lead back from a partner."""
    found = Handoff.objects.filter(pk=handoff_id).first()
    if found is None:
        raise Http404
    try:
        handing.take_back(_user(request), handoff_id, timezone.now())
    except ShownError as error:
        messages.error(request, error.text())
    else:
        messages.success(request, f"{found.partner} does not see it any more, and is told.")
    return redirect("lead", found.lead_id)


@needs(Permission.SEE_PARTNERS)
@require_safe
def partner(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one partner's portal: its users, what it has in hand, what it attests."""
    return _partner_page(request, _known(slug))


@needs(Permission.MANAGE_PARTNERS)
@require_POST
def do(request: HttpRequest, slug: str, verb: str) -> HttpResponse:
    """Invite a user of a partner, set what the partner sees, or delete everything of it."""
    portal, user, now = _known(slug), _user(request), timezone.now()
    try:
        if verb == "invite":
            form = InviteForm(request.POST)
            if not form.is_valid():
                return _partner_page(request, portal, form=form, status=422)
            invited = opening.invite(user, slug, form.cleaned_data["email"], form.cleaned_data["name"], now)
            return _with_link(request, portal, invited.pk)
        if verb == "outcomes":
            is_shown = opening.set_outcomes(user, slug, request.POST.get("shown") == "1").shows_outcomes
            said = f"{portal.partner} sees what became of things" + (" now." if is_shown else " no longer.")
        elif verb == "go":
            leaving.delete_for(user, slug, request.POST.get("name", ""), now)
            said = f"{portal.partner} is gone: its people, words and insights are deleted."
        else:
            raise Http404
    except ShownError as error:
        messages.error(request, error.text())
        return _partner_page(request, _known(slug), status=422)
    messages.success(request, said)
    return redirect("partner-portal", slug)


@needs(Permission.MANAGE_PARTNERS)
@require_POST
def user_do(request: HttpRequest, slug: str, user_id: int, verb: str) -> HttpResponse:
    """Make a link for a user of a partner, keep the user out, or let the user in again."""
    portal = _known(slug)
    try:
        if verb == "link":
            return _with_link(request, portal, user_id)
        if verb not in {"in", "out"}:
            raise Http404
        changed = opening.change_activity(_user(request), slug, user_id, verb == "in")
    except ShownError as error:
        messages.error(request, error.text())
        return _partner_page(request, portal, status=422)
    messages.success(request, f"{changed} {'may come in' if changed.is_active else 'is kept out'} now.")
    return redirect("partner-portal", slug)


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)


def _known(slug: str) -> Portal:
    found = Portal.objects.select_related("partner").filter(partner__slug=slug).first()
    if found is None:
        raise Http404
    return found


def _partner_page(request: HttpRequest, portal: Portal, *, status: int = 200, **more: Any) -> HttpResponse:
    role, one = _user(request).role, portal.partner
    insights = list(one.insights.select_related("by")[:_MOST])
    asked = introducing.of_partner(one)[:_MOST]
    names = sharing.names_for(one, {each.account_id for each in asked})
    shown = {
        "portal": portal,
        "partner": one,
        "users": PartnerUser.objects.select_related("user").filter(partner=one),
        "handoffs": one.handoffs.select_related("lead", "by")[:_MOST],
        "introductions": [(each, names[each.account_id]) for each in asked],
        "insights": insights,
        "letters": dict(attesting.Letter.choices),
        "form": InviteForm(),
        "may_manage": may(role, Permission.MANAGE_PARTNERS),
        "may_let": may(role, Permission.LET_PARTNERS_LEARN),
        **more,
    }
    return render(request, "portal/partner.html", shown, status=status)


def _with_link(request: HttpRequest, portal: Portal, user_id: int) -> HttpResponse:
    """Make a link and mail it; where no mail server is set, show it this once to the one who asked."""
    user, made = opening.make_link(_user(request), portal.partner.slug, user_id)
    if not settings.ASSAY.mail_url:
        return _partner_page(request, portal, link=made, link_of=user)
    if not mail_link(user, made, by=our_name()):
        messages.error(request, "The mail server does not take the mail. Hand the link on yourself.")
        return _partner_page(request, portal, link=made, link_of=user)
    messages.success(request, "The link is on its way by mail.")
    return redirect("partner-portal", portal.partner.slug)
