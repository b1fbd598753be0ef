"""The page "What exactly can this partner learn about us?": real rows, what is hidden, what was told and withdrawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, cast

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from assay.core.errors import ShownError
from assay.node.access.admission import needs
from assay.node.access.models import User
from assay.node.access.permissions import Permission, may
from assay.node.partnering import accounts, comparing, fields, grants, ledgers, releasing
from assay.node.partnering import told as told_of
from assay.node.partnering.comparing import Comparison
from assay.node.partnering.models import (
    Disclosed,
    Grant,
    Level,
    Member,
    Overlap,
    Partner,
    Partnership,
    PersonOverlap,
    Population,
)

_SHOWN: Final = 20
_PAGE: Final = 50
_MOST: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An account as a partner learns it, or would, and where that stands."""

    account_id: str
    name: str
    values: list[tuple[str, str]]  # what each field is called, and says, in the order of the grant
    told: Disclosed | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a partner may learn of one population."""

    population: Population
    grant: Grant | None
    count: int
    names: list[str]  # of fields, as people call them
    shared: list[Row]  # what it has too, as far as is known
    more_shared: int
    others: list[Row]  # what it would learn of if it had them
    compared: Comparison

    @property
    def is_hidden(self) -> bool:
        """Tell whether the partner learns nothing of it, not even that there is such a population."""
        return self.grant is None or self.grant.level == Level.HIDDEN

    @property
    def is_counts(self) -> bool:
        """Tell whether the partner learns how many are shared, and no account."""
        return self.grant is not None and self.grant.level == Level.COUNTS


@needs(Permission.SEE_PARTNERS)
@require_safe
def learns(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what a partner can learn about us, on real rows, and what it was told."""
    partner, partnership = _found(slug)
    is_over = partnership is not None and partnership.state == Partnership.State.REVOKED
    parts: list[Part] = []
    if partnership is not None and not is_over:
        populations = list(Population.objects.all())
        held = grants.effective(partnership, populations)
        compared = {people: comparing.of(partnership, people=people) for people in (False, True)}
        parts = [_part(partnership, one, held.get(one.pk), compared[one.is_of_people]) for one in populations]
    told = Disclosed.objects.filter(
        partnership__partner=partner, state__in=[Disclosed.State.TOLD, Disclosed.State.WITHDRAWN]
    ).select_related("population", "let_go_by")
    page = Paginator(told, _PAGE).get_page(request.GET.get("page"))
    shown = {
        "partner": partner,
        "partnership": partnership,
        "is_over": is_over,
        "parts": [one for one in parts if not one.is_hidden],
        "hidden": [one for one in parts if one.is_hidden],
        "page": page,
        "told": _named(page),
        "beside": Paginator(told_of.beside(partner), _PAGE).get_page(request.GET.get("beside")),
        "portal": getattr(partner, "portal", None),
        "held": releasing.held(partnership) if partnership else 0,
        "alarm": releasing.alarm(partnership) if partnership else "",
        "waiting": grants.waiting(partnership) if partnership else [],
        "ledgers": [one for one in ledgers.having() if one.partner_id == partner.pk],
        "may_let": may(_user(request).role, Permission.LET_PARTNERS_LEARN),
    }
    return render(request, "partnering/learns.html", shown)


@needs(Permission.SEE_PARTNERS)
@require_safe
def ledger(request: HttpRequest, slug: str, public_id: str) -> StreamingHttpResponse:
    """Hand out the ledger of one partnership as a file that can be verified anywhere."""
    found = ledgers.of(public_id)
    if found is None or found.partner.slug != slug:
        raise Http404
    named = {"Content-Disposition": f'attachment; filename="{ledgers.file_name(found)}"'}
    return StreamingHttpResponse(ledgers.pieces(found), content_type=ledgers.MEDIA, headers=named)


@needs(Permission.LET_PARTNERS_LEARN)
@require_http_methods(["GET", "HEAD", "POST"])
def held(request: HttpRequest, slug: str) -> HttpResponse:
    """Show accounts that wait for somebody, and let them go or not."""
    partner, partnership = _found(slug)
    if partnership is None:
        raise Http404
    if request.method == "POST":
        _decide(request)
        on = request.GET.get("page", "")
        return redirect(reverse("partner-held", args=[slug]) + (f"?page={on}" if on.isdecimal() else ""))
    waiting = Disclosed.objects.filter(partnership=partnership, state=Disclosed.State.HELD, let_go_by__isnull=True)
    refused = Disclosed.objects.filter(partnership=partnership, state=Disclosed.State.REFUSED)
    on_their_way = Disclosed.objects.filter(partnership=partnership, state=Disclosed.State.HELD)
    page = Paginator(waiting.select_related("population"), _PAGE).get_page(request.GET.get("page"))
    rows = list(page)
    ids = [one.account_id for one in rows]
    values = fields.values(ids, sorted({name for one in rows for name in one.fields}))
    names = accounts.names_of(ids)
    shown = {
        "partner": partner,
        "partnership": partnership,
        "rows": [
            (one, names[one.account_id], {k: v for k, v in values[one.account_id].items() if k in one.fields})
            for one in rows
        ],
        "page": page,
        "count": page.paginator.count,
        "are_ticked": "ticked" in request.GET,
        "refused": _named(list(refused.select_related("population")[:_MOST])),
        "refused_count": refused.count(),
        "on_their_way": on_their_way.filter(let_go_by__isnull=False).count(),
        "alarm": releasing.alarm(partnership),
    }
    return render(request, "partnering/held.html", shown)


def _decide(request: HttpRequest) -> None:
    """Let what was ticked go, or not."""
    decide = releasing.let_go if request.POST.get("do") == "let_go" else releasing.refuse
    ticked = [int(one) for one in request.POST.getlist("one") if one.isdecimal()][:_MOST]
    if not ticked:
        messages.error(request, "Tick accounts first.")
    done, troubles = 0, set()
    for one in ticked:
        try:
            decide(_user(request), one)
            done += 1
        except ShownError as error:
            troubles.add(error.text())
    for text in sorted(troubles):
        messages.error(request, text)
    if done:
        words = "go with the next exchange" if decide is releasing.let_go else "are not told"
        messages.success(request, f"{done} account{'s' if done > 1 else ''} {words}.")


def _part(partnership: Partnership, population: Population, grant: Grant | None, compared: Comparison) -> Part:
    members = Member.objects.filter(population=population, until__isnull=True)
    shared: list[str] = []
    others: list[str] = []
    if grant is not None and grant.level == Level.OVERLAPS:
        match = {"partnership": partnership, "ruling": Overlap.Ruling.MATCH, "until__isnull": True}
        both: Any = Overlap.objects.filter(**match).values_list("account_id", flat=True)
        if population.is_of_people:
            both = PersonOverlap.objects.filter(**match).values_list("record", flat=True)
        mine = members.order_by("account_id").values_list("account_id", flat=True)
        shared = list(mine.filter(account_id__in=both))
        others = list(mine.exclude(account_id__in=both)[:_SHOWN])
    names = list(grant.fields) if grant is not None else []
    told = {
        one.account_id: one
        for one in Disclosed.objects.filter(partnership=partnership, population=population).order_by("at", "id")
    }
    called = fields.choices()
    return Part(
        population=population,
        grant=grant,
        count=members.count(),
        names=[called.get(name, name) for name in names],
        shared=_rows(shared[:_MOST], names, told),
        more_shared=max(0, len(shared) - _MOST),
        others=_rows(others, names, {}),
        compared=compared,
    )


def _rows(ids: list[str], names: list[str], told: dict[str, Disclosed]) -> list[Row]:
    values, called, words = fields.values(ids, names), accounts.names_of(ids), fields.choices()
    return [
        Row(
            account_id=one,
            name=called[one],
            values=[(words.get(name, name), values[one].get(name, "")) for name in names],
            told=told.get(one),
        )
        for one in ids
    ]


def _named(rows: Page[Disclosed] | list[Disclosed]) -> list[tuple[Disclosed, str]]:
    listed = list(rows)
    names = accounts.names_of([one.account_id for one in listed])
    return [(one, names[one.account_id]) for one in listed]


def _found(slug: str) -> tuple[Partner, Partnership | None]:
    """Return a partner and the latest partnership with it; None where it has the portal alone."""
    partner = Partner.objects.filter(slug=slug).first()
    if partner is None:
        raise Http404
    partnerships = Partnership.objects.select_related("partner", "standing").filter(partner=partner)
    return partner, partnerships.order_by("-pk").first()


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)
