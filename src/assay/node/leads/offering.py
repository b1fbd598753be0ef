"""Offering: who is there to take leads, and what an offer changes of a lead."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count

from assay.core.definitions.model import Rule
from assay.node.access.models import User
from assay.node.access.permissions import MAY, Permission
from assay.node.hours import WorkingHours
from assay.node.leads.models import Absence, AccountOwner, Lead, LeadEvent, Seat, Territory
from assay.node.leads.moving import move
from assay.node.leads.routing import Area, Asking, Roster, Route, Taker, route
from assay.node.leads.states import OPEN, Move, State

#: Where a rule says nothing, an offer waits this long for an answer.
RESPOND_WITHIN = timedelta(days=2)
#: After so many people did not answer, the catch-all gets it.
MOST_OFFERS = 3


def roster(accounts: Iterable[str], now: datetime) -> Roster:
    """Return who may be offered leads of these accounts now."""
    workers = sorted(MAY[Permission.WORK_LEADS])
    users = User.objects.filter(is_active=True, role__in=workers)
    away = Absence.objects.filter(starts_at__lte=now, ends_at__gt=now)
    takers: dict[str, list[Taker]] = {}
    for seat in Seat.objects.filter(capacity__gt=0):
        taker = Taker(user=seat.user_id, capacity=seat.capacity, last_given_at=seat.last_given_at)
        takers.setdefault(seat.queue, []).append(taker)
    busy = sorted(OPEN - {State.RECYCLED})
    loads = Lead.objects.filter(state__in=busy, owner__isnull=False).values_list("owner").annotate(n=Count("id"))
    return Roster(
        names={user.pk: str(user) for user in users},
        away={absence.user_id: absence.stand_in_id for absence in away},
        owners=dict(AccountOwner.objects.filter(account_id__in=set(accounts)).values_list("account_id", "user_id")),
        areas=tuple(
            Area(queue=t.queue, attribute=t.attribute, values=t.values, user=t.user_id) for t in Territory.objects.all()
        ),
        takers={queue: tuple(of_queue) for queue, of_queue in takers.items()},
        loads={int(user): int(n) for user, n in loads},
    )


def respond_within(rule: Rule | None) -> timedelta:
    """Return how long an offer under this rule waits for an answer."""
    handoff = rule.handoff if rule else None
    if handoff is None or handoff.respond_within is None:
        return RESPOND_WITHIN
    return timedelta(microseconds=handoff.respond_within)


def offer(
    lead: Lead, rule: Rule | None, who: Roster, *, attributes: Mapping[str, str], not_to: Collection[int], at: datetime
) -> tuple[LeadEvent, Route]:
    """Offer the lead to whom the ladder finds; return the line of its history and the way it went."""
    queue = rule.handoff.to if rule and rule.handoff else lead.queue
    asking = Asking(queue=queue, account_id=lead.account_id, attributes=attributes, not_to=not_to)
    found = route(asking, who)
    event = give(lead, found.user, at=at, within=respond_within(rule))
    lead.queue = found.queue
    event.text = found.why
    return event, found


def give(lead: Lead, user: int | None, *, at: datetime, within: timedelta, by: User | None = None) -> LeadEvent:
    """Offer the lead to a user, or to everybody in its queue, until a deadline."""
    event = move(lead, Move.OFFER, at=at, by=by)
    lead.owner_id = event.to_id = user
    lead.times_offered += 1
    lead.respond_by, lead.warn_at = deadline(at, within)
    return event


def deadline(at: datetime, within: timedelta) -> tuple[datetime, datetime]:
    """Return until when an offer waits for an answer, and when to say that little time is left, in working hours."""
    hours: WorkingHours | None = settings.ASSAY.working_hours
    if hours is None:
        return at + within, at + within * 3 / 4
    work = hours.work(within)
    return hours.after(at, work), hours.after(at, work * 3 / 4)


def remember_turns(routes: Iterable[Route], at: datetime) -> None:
    """Note who got a lead from which queue, so that others come first next time."""
    given = {(found.queue, found.user) for found in routes if found.user is not None}
    for queue, user in sorted(given, key=str):
        Seat.objects.filter(queue=queue, user_id=user).update(last_given_at=at)
