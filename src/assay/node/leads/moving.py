"""One move of one lead: its state, the instants that go with it, and the line in its history."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from assay.node.access.models import User
from assay.node.leads.models import Lead, LeadEvent
from assay.node.leads.states import Move, State, after

_REACHED: Final = {
    State.OFFERED: "offered_at",
    State.ACCEPTED: "accepted_at",
    State.SALES_QUALIFIED: "sales_qualified_at",
    State.OPPORTUNITY: "opportunity_at",
}
_DECIDED: Final = {State.WON, State.LOST, State.REJECTED, State.RECYCLED}

#: The columns that moves, designations and merges change.
CHANGING: Final = (
    *("subject_id", "name", "account_id", "account_name", "stage", "rule", "version", "cause", "since", "summary"),
    *("score", "lean", "state", "reason", "owner", "queue", "respond_by", "warn_at", "wakes_at", "times_offered"),
    *("merged_into", "amount", "signed_by_marketing", "signed_by_sales", "changed_at"),
    *("offered_at", "accepted_at", "sales_qualified_at", "opportunity_at", "decided_at"),
)


def move(lead: Lead, how: Move, *, at: datetime, by: User | None = None, reason: str = "", text: str = "") -> LeadEvent:
    """Change the lead in memory and return the line of its history; BadRequest where the move is not legal."""
    before, now = lead.state, after(lead.state, how)
    lead.state, lead.reason, lead.changed_at = now, reason, at
    lead.wakes_at = None
    if now != State.OFFERED:
        lead.respond_by = lead.warn_at = None
    if (name := _REACHED.get(now)) and getattr(lead, name) is None:
        setattr(lead, name, at)
    if now in _DECIDED:
        lead.decided_at = at
    if now == State.QUALIFIED:  # back: it begins anew
        lead.signed_by_marketing = lead.signed_by_sales = lead.owner = None
        lead.times_offered = 0
    event = happened(lead, how.value, at=at, by=by, reason=reason, text=text)
    event.state_before, event.state_after = before, now
    return event


def happened(
    lead: Lead, what: str, *, at: datetime, by: User | None = None, reason: str = "", text: str = ""
) -> LeadEvent:
    """Return a line of a lead's history that changes no state."""
    return LeadEvent(
        lead=lead, at=at, what=what, by=by, reason=reason, text=text, state_before=lead.state, state_after=lead.state
    )
