"""Pages of partners: the list, inviting, accepting, and one partner."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assay.core.errors import BadRequest, ShownError
from assay.node.access.admission import needs
from assay.node.access.models import User
from assay.node.access.permissions import MAY, Permission, may
from assay.node.partnering import company, comparing, duplicates, grants, mapping, pairing, releasing, reviewing
from assay.node.partnering.forms import AcceptForm, InviteForm, LimitsForm
from assay.node.partnering.models import (
    Overlap,
    Partner,
    Partnership,
    PersonOverlap,
    Population,
    Standing,
    TheirPopulation,
)
from assay.partners.evidence import Relation

_LIMITS = ("matches_a_week", "longest_list", "growth_a_week", "alarm_above")


@needs(Permission.SEE_PARTNERS)
@require_safe
def partners(request: HttpRequest) -> HttpResponse:
    """Show every partner: how far pairing got, how many accounts are shared, what waits for somebody."""
    open_ones = Partnership.objects.exclude(state=Partnership.State.REVOKED).select_related("partner", "standing")
    shared = Q(overlaps__ruling=Overlap.Ruling.MATCH, overlaps__until__isnull=True)
    going = list(
        open_ones.annotate(shared=Count("overlaps__account_id", filter=shared, distinct=True)).order_by("partner__name")
    )
    compared = comparing.of_all(going)
    shown = {
        "rows": [(one, compared[one.pk]) for one in going],
        "past": Partner.objects.exclude(partnerships__in=open_ones),
        "company": company.ours(),
        "today": timezone.now().date(),
        "waiting": grants.waiting(),
        "held": releasing.held(),
        "has_populations": Population.objects.exists(),
        "duplicates": len(duplicates.groups()),
        **_may(request),
    }
    return render(request, "partnering/partners.html", shown)


@needs(Permission.MANAGE_PARTNERS)
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    """Invite a partner."""
    ours = company.ours()
    form = InviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        terms = form.terms()
        try:
            made = pairing.invite(
                _user(request),
                name=typed["name"],
                escrow=typed["escrow"],
                parent=typed["parent"],
                is_blind=typed["runs_it"] == "nobody",
                match_from=terms.match_from,
                ask_from=terms.ask_from,
                relation=typed["relation"],
                people=typed["people"],
                success=typed["success"],
                review_on=typed["review_on"],
            )
        except ShownError as error:
            form.add_error(None, error.text())
        else:
            messages.success(request, "The invitation is made. Send it to your partner.")
            return redirect("partner", made.partner.slug)
    shown = {"form": form, "company": ours}
    return render(request, "partnering/invite.html", shown, status=422 if form.errors else 200)


@needs(Permission.MANAGE_PARTNERS)
@require_http_methods(["GET", "HEAD", "POST"])
def accept(request: HttpRequest) -> HttpResponse:
    """Look at an invitation, and accept it."""
    form = AcceptForm(request.POST or None)
    invitation = None
    if request.method == "POST" and form.is_valid():
        try:
            invitation = pairing.read(form.cleaned_data["text"])
            if request.POST.get("do") == "accept":
                made = pairing.accept(
                    _user(request),
                    form.cleaned_data["text"],
                    name=request.POST.get("name", ""),
                    parent=request.POST.get("parent", ""),
                    trusts="trusts" in request.POST,
                )
                messages.success(request, "Accepted. Now compare the digits with your partner.")
                return redirect("partner", made.partner.slug)
        except ShownError as error:
            form.add_error(None, error.text())
    shown = {"form": form, "invitation": invitation, "company": company.ours()}
    return render(request, "partnering/accept.html", shown, status=422 if form.errors else 200)


@needs(Permission.SEE_PARTNERS)
@require_safe
def partner(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one partner: how far pairing got and what is next, terms, limits, what each lets the other know."""
    found = Partner.objects.select_related("manager").filter(slug=slug).first()
    if found is None:
        raise Http404
    return _page(request, found)


def _page(request: HttpRequest, found: Partner, limits: LimitsForm | None = None) -> HttpResponse:
    """Return the page of a partner; with limits that were typed, where they cannot be kept."""
    partnership = _latest(found)
    shown: dict[str, object] = {"partner": found, "partnership": partnership, "users": _managers(), **_may(request)}
    if partnership is not None:
        overlaps = Overlap.objects.filter(partnership=partnership, until__isnull=True)
        populations = list(Population.objects.all())
        shown |= {
            "standing": Standing.objects.filter(partnership=partnership).first() or Standing(),
            "due": reviewing.due(partnership, timezone.now().date()),
            "looked": reviewing.looked(partnership),
            "missing": comparing.missing(partnership),
            "compared": comparing.of(partnership),
            "compared_people": comparing.of(partnership, people=True),
            "is_group": partnership.terms.get("relation") == Relation.GROUP.value,
            "limits": limits or LimitsForm(initial={name: getattr(partnership, name) for name in _LIMITS}),
            "alarm": releasing.alarm(partnership),
            "held": releasing.held(partnership),
            "waiting": grants.waiting(partnership),
            "people": PersonOverlap.objects.filter(
                partnership=partnership, ruling=Overlap.Ruling.MATCH, until__isnull=True
            ).count(),
            "shared": overlaps.filter(ruling=Overlap.Ruling.MATCH).values("account_id").distinct().count(),
            "questions": overlaps.filter(ruling=Overlap.Ruling.ASK, our_answer__isnull=True).count(),
            "ours": grants.by_population(grants.effective(partnership, populations), populations),
            "theirs": [
                (one, mapping.in_all(one.shared, one.counted))
                for one in TheirPopulation.objects.filter(mapping.still_offered(), partnership=partnership).order_by(
                    "name"
                )
            ],
        }
    return render(request, "partnering/partner.html", shown, status=422 if limits is not None else 200)


@needs(Permission.SEE_PARTNERS)
@require_POST
def do(request: HttpRequest, slug: str) -> HttpResponse:
    """Do one thing with a partner: compare, sync, pause, go on, end, set limits."""
    found = Partner.objects.filter(slug=slug).first()
    partnership = _latest(found) if found is not None else None
    if found is None or partnership is None:
        raise Http404
    user, pk = _user(request), partnership.pk
    if request.POST.get("do") == "limits":
        return _limit(request, user, found, partnership)
    known: dict[str, tuple[Callable[[], object], str]] = {
        "compared": (lambda: pairing.compared(user, pk), "Noted. Once your partner says so too, lists are compared."),
        "sync": (lambda: pairing.sync(user, pk), "Asked: it takes a few seconds."),
        "pause": (lambda: pairing.pause(user, pk), "Nothing is exchanged until somebody goes on."),
        "go_on": (lambda: pairing.go_on(user, pk), "It goes on."),
        "rotate": (
            lambda: pairing.rotate(user, pk),
            "New keys are made; the old ones go on until both lists are there.",
        ),
        "end": (lambda: _end(request, user, pk), "It ends: the escrow forgets both lists."),
        "describe": (lambda: _describe(request, user, found), "Kept."),
    }
    what, words = known.get(request.POST.get("do", ""), (None, ""))
    if what is None:
        messages.error(request, "Say what to do.")
        return redirect("partner", slug)
    try:
        what()
        messages.success(request, words)
    except ShownError as error:
        messages.error(request, error.text())
    return redirect("partner", slug)


def _end(request: HttpRequest, user: User, pk: int) -> None:
    if "sure" not in request.POST:
        raise BadRequest("Ending cannot be undone", mend="Tick that you are sure.")
    pairing.end(user, pk)


def _limit(request: HttpRequest, user: User, found: Partner, partnership: Partnership) -> HttpResponse:
    """Set limits; where they cannot be set, show what was typed, with what is wrong at each."""
    form = LimitsForm(request.POST)
    if form.is_valid():
        try:
            pairing.limit(user, partnership.pk, **form.cleaned_data)
        except ShownError as error:
            form.add_error(None, error.text())
        else:
            messages.success(request, "Kept.")
            return redirect("partner", found.slug)
    return _page(request, found, form)


def _describe(request: HttpRequest, user: User, found: Partner) -> None:
    manager = request.POST.get("manager", "")
    pairing.describe(
        user,
        found.pk,
        name=request.POST.get("name", ""),
        parent=request.POST.get("parent", ""),
        manager=int(manager) if manager.isdecimal() else None,
    )


def _latest(found: Partner) -> Partnership | None:
    return found.partnerships.select_related("partner", "standing", "compared_by").order_by("-pk").first()


def _managers() -> list[User]:
    return list(User.objects.filter(is_active=True, role__in=sorted(MAY[Permission.MANAGE_PARTNERS])))


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)


def _may(request: HttpRequest) -> dict[str, object]:
    role = _user(request).role
    return {"may_manage": may(role, Permission.MANAGE_PARTNERS), "may_let": may(role, Permission.LET_PARTNERS_LEARN)}
