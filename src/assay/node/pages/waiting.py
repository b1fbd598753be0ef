"""What waits for whoever comes in: the first thing that the home page shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from assay.node.access.models import User
from assay.node.access.permissions import Permission, may
from assay.node.leads import queries as leads
from assay.node.leads.models import Task
from assay.node.partnering.awaiting import awaited
from assay.node.portal import handing
from assay.node.rulebook import queries as rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """So many of something that wait, in words, and where they stand."""

    count: int
    words: str
    address: str


def waiting(user: User, now: datetime) -> list[Waiting]:
    """Return what waits for somebody; what nothing waits of is left out."""
    found: list[Waiting] = []
    inbox = reverse("leads")
    if may(user.role, Permission.WORK_LEADS):
        counts = leads.counts(user, now)
        found += [
            _one(counts["mine"], "lead for you", "leads for you", inbox),
            _one(counts["to_sign"], "lead to sign", "leads to sign", f"{inbox}?tab=to_sign"),
        ]
    if may(user.role, Permission.ASSIGN_LEADS):
        caught = leads.caught()
        found.append(_one(caught, "lead that nobody has", "leads that nobody has", reverse("deadlines")))
    if may(user.role, Permission.PUBLISH_RULES):
        asked = rules.to_approve(user)
        found.append(_one(asked, "rule to approve", "rules to approve", reverse("rules")))
    found += [_one(each.count, each.one, each.several, each.address) for each in awaited(user, now)]
    if may(user.role, Permission.LET_PARTNERS_LEARN):
        one, several = "lead that a partner did not answer in time", "leads that partners did not answer in time"
        found.append(_one(handing.unanswered(now), one, several, reverse("handoffs")))
    return [one for one in found if one.count]


def tasks(user: User) -> list[Task]:
    """Return what somebody planned to do and has not done, what is due first, first."""
    open_ones = Task.objects.filter(whose=user, done_at=None).select_related("lead")
    return list(open_ones.order_by("due_at", "id")[:20])


def _one(count: int, one: str, several: str, address: str) -> Waiting:
    return Waiting(count=count, words=one if count == 1 else several, address=address)
