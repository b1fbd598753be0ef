"""What a partner answers about a lead that was handed to it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.db.models import Case, IntegerField, QuerySet, Value, When

from assay.core.errors import BadRequest
from assay.node.access.actions import Audit, action
from assay.node.access.permissions import Permission
from assay.node.leads.merging import final
from assay.node.leads.moving import happened
from assay.node.partnering.models import Partner
from assay.node.portal import news
from assay.node.portal.belonging import acting
from assay.node.portal.handing import locked, step, suppressed
from assay.node.portal.models import Handoff

_STATE: Final = Handoff.State

#: What a partner may do: from which state to which, and what is said of it.
_MOVES: Final[Mapping[str, tuple[str, str, str]]] = {
    "accept": (_STATE.OFFERED, _STATE.ACCEPTED, "accepted"),
    "decline": (_STATE.OFFERED, _STATE.DECLINED, "declined"),
    "win": (_STATE.ACCEPTED, _STATE.WON, "won"),
    "lose": (_STATE.ACCEPTED, _STATE.LOST, "lost"),
}
#: What ends it: asked once more before it is done, and how the question goes.
FINAL: Final[Mapping[str, tuple[str, str]]] = {
    "decline": ("Decline this lead?", "Yes, decline it"),
    "win": ("Is it won?", "Yes, it is won"),
    "lose": ("Is it lost?", "Yes, it is lost"),
}
#: What a partner may report on the way, and what is said of it.
REPORTS: Final[Mapping[str, str]] = {"reached": "reached them", "met": "met them", "offer": "made an offer"}


@action("answer about a lead that was handed over", Permission.USE_PORTAL)
def answer(
    audit: Audit, handoff_id: int, verb: str, now: datetime, *, words: str = "", amount: Decimal | None = None
) -> Handoff:
    """Accept or decline a lead, or say how it ended; those of ours who work it are told."""
    partner, user = acting(audit.actor)
    handoff = locked(handoff_id, partner=partner)
    if verb not in _MOVES:
        raise BadRequest("There is nothing of that name to answer", mend="Use the buttons of the page.")
    _, after, what = _MOVES[verb]
    demand_open_for(handoff, verb)
    if verb == "accept" and suppressed(handoff.lead):
        raise BadRequest("Nobody works this lead any more: it is on a list of those left alone", mend="Decline it.")
    words = words.strip()[:1000]
    audit.write("handoff", handoff.pk, before={"state": handoff.state}, after={"state": after})
    handoff.state, handoff.changed_at = after, now
    handoff.amount = amount if verb == "win" else handoff.amount
    handoff.save(update_fields=["state", "changed_at", "amount"])
    step(handoff, what, by=user, by_us=False, at=now, words=words)
    happened(final(handoff.lead), f"{what} by a partner", at=now, text=partner.name).save()
    news.answered(handoff, what, now, words)
    return handoff


@action("report on a lead that was handed over", Permission.USE_PORTAL)
def report(audit: Audit, handoff_id: int, what: str, now: datetime, *, words: str = "") -> Handoff:
    """Say how far an accepted lead got, or something about it."""
    partner, user = acting(audit.actor)
    handoff = locked(handoff_id, partner=partner)
    if handoff.state == _STATE.CLOSED:
        raise BadRequest("There is no such handoff", mend="Perhaps it was taken back.")
    words = words.strip()[:1000]
    if what == "word":
        said = "wrote"
        if not words:
            raise BadRequest("There is nothing written", mend="Write a sentence.")
    elif what in REPORTS:
        said = REPORTS[what]
        if handoff.state != _STATE.ACCEPTED:
            raise BadRequest(f"This lead is {_now(handoff)}, so nothing is reported of it", mend="Accept it first.")
    else:
        raise BadRequest("There is nothing of that name to report", mend="Use the buttons of the page.")
    audit.write("handoff", handoff.pk, before={}, after={"reported": what})
    handoff.changed_at = now
    handoff.save(update_fields=["changed_at"])
    step(handoff, said, by=user, by_us=False, at=now, words=words)
    news.answered(handoff, said, now, words)
    return handoff


def demand_open_for(handoff: Handoff, verb: str) -> None:
    """Raise BadRequest where a lead does not stand where that can be said of it."""
    before, _, what = _MOVES[verb]
    if handoff.state != before:
        raise BadRequest(
            f"This lead cannot be {what}: it is {_now(handoff)}", mend="Look at the page again; somebody was quicker."
        )


def handoffs_of(partner: Partner) -> QuerySet[Handoff]:
    """Return the leads that a partner was handed: those that wait for its answer first, then those that it works."""
    place = Case(
        When(state=_STATE.OFFERED, then=Value(0)),
        When(state=_STATE.ACCEPTED, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    found = Handoff.objects.filter(partner=partner).exclude(state=_STATE.CLOSED)
    return found.select_related("lead").order_by(place, "-changed_at", "-id")


def _now(handoff: Handoff) -> str:
    return str(handoff.get_state_display()).lower()
