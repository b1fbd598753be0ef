"""When two ids turn out to be one subject, their leads become one a motion, with the history of both."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from assay.node.leads.desk import Desk, Subject
from assay.node.leads.models import Evidence, Lead, LeadEvent, Note, Task
from assay.node.leads.moving import happened
from assay.node.leads.reasons import CloseReason
from assay.node.leads.states import State

#: How far an open lead has come.
_FAR: Final = (State.RECYCLED, State.QUALIFIED, State.OFFERED, State.ACCEPTED, State.SALES_QUALIFIED, State.OPPORTUNITY)


def merge(desk: Desk, old: Subject, new: Subject, now: datetime) -> None:
    """Let everything of the old subject belong to the new; of two open leads of a motion the one further on stays."""
    if old == new:
        return
    for motion in sorted({lead.motion for lead in desk.leads_of(old)}):
        one, other = desk.open_lead(old, motion), desk.open_lead(new, motion)
        if one is not None and other is not None:
            stays, goes = sorted((one, other), key=_how_far, reverse=True)
            _join(desk, stays, goes, now)
    desk.rename(old, new)


def _how_far(lead: Lead) -> tuple[int, float]:
    return _FAR.index(State(lead.state)), -lead.created_at.timestamp()


def _join(desk: Desk, stays: Lead, goes: Lead, now: datetime) -> None:
    """Move the history of one lead to another, and close it."""
    for spell in desk.spells:
        if spell.lead is goes:
            spell.lead = stays
            desk.touch(spell)
    LeadEvent.objects.filter(lead=goes).update(lead=stays)
    Evidence.objects.filter(lead=goes).update(lead=stays)
    Note.objects.filter(lead=goes).update(lead=stays)
    Task.objects.filter(lead=goes).update(lead=stays)
    desk.events.append(happened(stays, "merged", at=now, text=f"with lead {goes.pk}"))
    # No move of the table: whatever it was, it is no lead of its own any more.
    goes.state, goes.reason, goes.merged_into = State.CLOSED, CloseReason.MERGED, stays
    goes.owner = goes.respond_by = goes.warn_at = goes.wakes_at = None
    goes.changed_at = stays.changed_at = now
    stays.created_at = min(stays.created_at, goes.created_at)
    desk.touch(stays, goes)


def final(lead: Lead) -> Lead:
    """Return the lead that this one has become."""
    while lead.merged_into is not None:
        lead = lead.merged_into
    return lead
