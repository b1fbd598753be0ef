"""The page of people whom we share with a partner, and questions whether two are one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from assay.core.errors import ShownError
from assay.node.access.admission import needs
from assay.node.access.models import User
from assay.node.access.permissions import Permission, may
from assay.node.partnering import accounts, answering, comparing, people
from assay.node.partnering.mapping_views import known
from assay.node.partnering.models import Member, Overlap, Person, PersonOverlap, PersonTold, Says

_PAGE: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A person whom both know, or may: what we call the person and where, what the partner says, what we say."""

    overlap: PersonOverlap
    name: str
    account_id: str
    account: str
    theirs: list[str]
    ours: list[str]


@needs(Permission.SEE_PARTNERS)
@require_safe
def people_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the people whom both know, and questions."""
    partnership = known(slug)
    if not partnership.terms.get("people"):
        raise Http404
    found = PersonOverlap.objects.filter(partnership=partnership, until__isnull=True)
    shared = found.filter(ruling=Overlap.Ruling.MATCH).order_by("-since", "pk")
    page = Paginator(shared, _PAGE).get_page(request.GET.get("page"))
    asked = found.filter(ruling=Overlap.Ruling.ASK, our_answer__isnull=True).order_by("-bits", "pk")
    shown = {
        "partner": partnership.partner,
        "partnership": partnership,
        "page": page,
        "rows": _rows(list(page)),
        "questions": _rows(list(asked[:_PAGE])),
        "questions_count": asked.count(),
        "compared": comparing.of(partnership, people=True),
        "may_manage": may(cast(User, request.user).role, Permission.MANAGE_PARTNERS),
    }
    return render(request, "partnering/people.html", shown)


@needs(Permission.MANAGE_PARTNERS)
@require_POST
def answer(request: HttpRequest, overlap_id: int) -> HttpResponse:
    """Say whether two records are one person."""
    found = PersonOverlap.objects.select_related("partnership__partner").filter(pk=overlap_id).first()
    if found is None:
        raise Http404
    try:
        answering.person(cast(User, request.user), overlap_id, request.POST.get("is_same") == "yes")
    except ShownError as error:
        messages.error(request, error.text())
    else:
        messages.success(request, "Said. It counts once both sides say yes.")
    return redirect("partner-people", found.partnership.partner.slug)


def _rows(found: list[PersonOverlap]) -> list[Row]:
    records = [one.record for one in found]
    names = people.names_of(records)
    at = dict(
        Person.objects.filter(person_id__in=[people.person_of(one) or "" for one in records]).values_list(
            "person_id", "account_id"
        )
    )
    called = accounts.names_of(sorted({one for one in at.values() if one}))
    words = dict(Says.choices)
    theirs: dict[tuple[int, str], list[str]] = {}
    for told in PersonTold.objects.filter(record__in=records, until__isnull=True).order_by("says"):
        theirs.setdefault((told.partnership_id, told.record), []).append(str(words.get(told.says, told.says)))
    ours: dict[str, list[str]] = {}
    members = Member.objects.filter(account_id__in=records, until__isnull=True).select_related("population")
    for one in members.order_by("population__name"):
        ours.setdefault(one.account_id, []).append(one.population.name)
    return [
        Row(
            overlap=one,
            name=names[one.record],
            account_id=(home := at.get(people.person_of(one.record) or "", "")),
            account=called.get(home, ""),
            theirs=theirs.get((one.partnership_id, one.record), []),
            ours=ours.get(one.record, []),
        )
        for one in found
    ]
