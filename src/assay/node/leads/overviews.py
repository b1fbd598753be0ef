"""The pages on which one looks at many leads: an account, the funnel, deadlines."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from assay.node.access.admission import needs
from assay.node.access.permissions import Permission
from assay.node.leads import beside, queries, showing, stories, telling_why
from assay.node.leads.forms import PeriodForm

#: So many people of an account are shown, those who qualify first.
_PEOPLE: Final = 50


@needs(Permission.SEE_LEADS)
@require_safe
def account(request: HttpRequest, account_id: str) -> HttpResponse:
    """Show an account: its people and who of them qualifies, its leads, what held when."""
    leads = queries.leads_of_account(account_id)
    said = showing.story(request, "account", account_id, reverse("account", args=[account_id]))
    story = said.story
    if story is None and not leads and (said.as_of is not None or not stories.is_known("account", account_id)):
        raise Http404
    people = story.people if story else ()  # those who qualify come first
    qualified = sum(1 for person in people if person.rules)
    by_person = {lead.subject_id: lead for lead in reversed(leads) if lead.subject_type == "person"}
    shown = {
        "account_id": account_id,
        "said": said,
        "name": next((lead.account_name for lead in leads if lead.account_name), account_id),
        "leads": leads,
        "people": [
            (person, by_person.get(person.person_id), story.emails.get(person.person_id) if story else None)
            for person in people[:_PEOPLE]
        ],
        "more": max(0, len(people) - _PEOPLE),
        "facts": sorted(story.facts.items()) if story else [],
        "qualified": qualified,
        "share": qualified / len(people) if people else None,
        "whys": [one for one in telling_why.whys(story, "") if one.is_met] if story else [],
        "scores": telling_why.scores(story) if story else [],
        "picture": telling_why.spells(story) if story else "",
        "beside": beside.shown(request, account_id),
    }
    return render(request, "leads/account.html", shown)


@needs(Permission.SEE_FUNNEL)
@require_safe
def funnel(request: HttpRequest) -> HttpResponse:
    """Show how far leads get, and why others do not."""
    now = timezone.now()
    form = PeriodForm(request.GET)
    asked = form.cleaned_data if form.is_valid() else {}
    since = asked.get("since") or (now - timedelta(days=90)).date()
    until = asked.get("until") or now.date()
    by = asked.get("by") or "rule"
    first = timezone.make_aware(datetime.combine(since, time()))
    last = timezone.make_aware(datetime.combine(until + timedelta(days=1), time()))
    found = queries.funnel(first, last, by)
    names = [*(label for _, label in queries.STEPS), "Won", "Rejected"]
    most = max((step.count for step in found.steps), default=0) or 1
    shown = {
        "funnel": found,
        "steps": [(step, round(step.count / most * 100)) for step in found.steps],
        "names": names,
        "rows": [(row, list(zip(names, row.counts, strict=True))) for row in found.rows],
        "why_not": [
            ("Rejected, because", found.rejected),
            ("Put off, because", found.recycled),
            ("Lost, because", found.lost),
        ],
        "groups": queries.GROUPS,
        "group": queries.GROUPS[by],
        "by": by,
        "since": since,
        "until": until,
    }
    return render(request, "leads/funnel.html", shown)


@needs(Permission.SEE_LEADS)
@require_safe
def deadlines(request: HttpRequest) -> HttpResponse:
    """Show who has to answer what by when."""
    board = queries.board(timezone.now())
    lists = [
        ("Late", "Nothing is late.", board.late),
        ("In the catch-all", "The catch-all is empty.", board.catch_all),
        ("Due within six hours", "Nothing is due soon.", board.soon),
    ]
    shown = {"board": board, "lists": lists, "hours": settings.ASSAY.working_hours}
    return render(request, "leads/deadlines.html", shown)
