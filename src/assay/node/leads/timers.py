"""What time alone brings: offers that nobody answered, leads that wake, spells that may become leads again."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction

from assay.core.definitions.model import Definitions, Rule
from assay.node.leads import offering, stories
from assay.node.leads.arriving import arrive_again
from assay.node.leads.models import Lead, LeadEvent, LeadSpell, Task
from assay.node.leads.moving import happened, move
from assay.node.leads.reasons import CloseReason
from assay.node.leads.routing import CATCH_ALL
from assay.node.leads.states import WORKED, Move, State

_BATCH: Final = 500


def due(definitions: Definitions, now: datetime) -> int:
    """Do what is due by now; return how much was done, so that the caller asks again while anything was."""
    of_spells = _return_recycled(_live(definitions), now) + _let_again(definitions, now)
    return keep_deadlines(definitions, now) + of_spells


def keep_deadlines(definitions: Definitions, now: datetime) -> int:
    """Do what is due and rests on leads alone, whatever is being decided meanwhile; return how much was done."""
    return _offer_again(_live(definitions), now) + _warn(now) + _wake_snoozed(now) + _remind(now)


def _live(definitions: Definitions) -> dict[str, Rule]:
    return {rule.name: rule for rule in definitions.rules if rule.status == "live"}


def _offer_again(rules: dict[str, Rule], now: datetime) -> int:
    """Offer what nobody answered in time to somebody else; after some offers it goes to the catch-all."""
    late = Lead.objects.filter(state=State.OFFERED, respond_by__lte=now).order_by("respond_by", "id")
    with transaction.atomic():
        leads = list(late.select_for_update(skip_locked=True, of=("self",))[:_BATCH])
        if not leads:
            return 0
        had = _offered_to([lead.pk for lead in leads])
        asked = [(lead.subject_type, lead.subject_id, lead.rule) for lead in leads]
        about = stories.about(asked, now)
        who = offering.roster((lead.account_id for lead in leads), now)
        for lead, key in zip(leads, asked, strict=True):
            rule = rules.get(lead.rule)
            _missed(lead, now)
            if rule is None or lead.queue == CATCH_ALL or lead.times_offered >= offering.MOST_OFFERS:
                event = offering.give(lead, None, at=now, within=offering.respond_within(rule))
                lead.queue, event.text = CATCH_ALL, "nobody answered in time"
                event.save()
            else:
                attributes = about.get(key, stories.About()).attributes
                event, found = offering.offer(
                    lead, rule, who, attributes=attributes, not_to=had.get(lead.pk, set()), at=now
                )
                event.save()
                who = who.having_given(found.user, found.queue, now)
                offering.remember_turns([found], now)
            lead.save()
    return len(leads)


def _offered_to(leads: list[int]) -> dict[int, set[int]]:
    had: dict[int, set[int]] = {}
    offers = LeadEvent.objects.filter(lead_id__in=leads, what=Move.OFFER.value, to__isnull=False)
    for lead, user in offers.values_list("lead_id", "to_id"):
        if user is not None:
            had.setdefault(lead, set()).add(user)
    return had


def _missed(lead: Lead, now: datetime) -> None:
    event = happened(lead, "not answered in time", at=now)
    event.to_id = lead.owner_id
    event.save()


def _warn(now: datetime) -> int:
    """Say of offers that little time is left."""
    with transaction.atomic():
        late = Lead.objects.filter(state=State.OFFERED, warn_at__lte=now, respond_by__gt=now)
        leads = list(late.select_for_update(skip_locked=True, of=("self",))[:_BATCH])
        for lead in leads:
            lead.warn_at = None
        Lead.objects.bulk_update(leads, ["warn_at"])
        events = [happened(lead, "time is running out", at=now) for lead in leads]
        LeadEvent.objects.bulk_create(events)
    return len(leads)


def _return_recycled(rules: dict[str, Rule], now: datetime) -> int:
    """Bring recycled leads back whose time has come; what no longer qualifies closes."""
    with transaction.atomic():
        rested = Lead.objects.filter(state=State.RECYCLED, wakes_at__lte=now).order_by("wakes_at", "id")
        leads = list(rested.select_for_update(skip_locked=True, of=("self",))[:_BATCH])
        if not leads:
            return 0
        holding = set(LeadSpell.objects.filter(lead__in=leads, left_at__isnull=True).values_list("lead_id", flat=True))
        asked = [(lead.subject_type, lead.subject_id, lead.rule) for lead in leads]
        about = stories.about(asked, now)
        who = offering.roster((lead.account_id for lead in leads), now)
        for lead, key in zip(leads, asked, strict=True):
            if lead.pk not in holding:
                move(lead, Move.CLOSE, at=now, reason=CloseReason.LAPSED).save()
                lead.save()
                continue
            move(lead, Move.RETURN, at=now, text="Its time has come").save()
            rule = rules.get(lead.rule)
            if rule is not None and rule.handoff is not None:
                attributes = about.get(key, stories.About()).attributes
                event, found = offering.offer(lead, rule, who, attributes=attributes, not_to=(), at=now)
                event.save()
                who = who.having_given(found.user, found.queue, now)
                offering.remember_turns([found], now)
            lead.save()
    return len(leads)


def _wake_snoozed(now: datetime) -> int:
    with transaction.atomic():
        asleep = Lead.objects.filter(state__in=sorted(WORKED), wakes_at__lte=now)
        leads = list(asleep.select_for_update(skip_locked=True, of=("self",))[:_BATCH])
        for lead in leads:
            lead.wakes_at, lead.changed_at = None, now
        Lead.objects.bulk_update(leads, ["wakes_at", "changed_at"])
        LeadEvent.objects.bulk_create([happened(lead, "woke up", at=now) for lead in leads])
    return len(leads)


def _remind(now: datetime) -> int:
    """Say once of each task that it is due."""
    with transaction.atomic():
        tasks = Task.objects.filter(done_at__isnull=True, is_reminded=False, due_at__lte=now).select_related("lead")
        some = list(tasks.select_for_update(skip_locked=True, of=("self",))[:_BATCH])
        for task in some:
            event = happened(task.lead, "task due", at=now, text=task.text)
            event.to_id = task.whose_id
            event.save()
        Task.objects.filter(pk__in=[task.pk for task in some]).update(is_reminded=True)
    return len(some)


def _let_again(definitions: Definitions, now: datetime) -> int:
    """Let spells that came too soon after a decision, and still hold, become leads."""
    waiting = LeadSpell.objects.filter(again_at__lte=now, lead__isnull=True, left_at__isnull=True).order_by("again_at")
    spells = list(waiting[:_BATCH])
    if spells:
        arrive_again(spells, definitions, now)
    return len(spells)
