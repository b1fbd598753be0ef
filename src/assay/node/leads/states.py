"""What may become of a lead: the states, and the one table of moves between them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from django.db.models import TextChoices

from assay.core.errors import BadRequest


class State(TextChoices):
    """Where a lead stands."""

    QUALIFIED = "qualified", "Qualified"
    OFFERED = "offered", "Offered"
    ACCEPTED = "accepted", "Accepted"
    SALES_QUALIFIED = "sales_qualified", "Sales-qualified"
    OPPORTUNITY = "opportunity", "Opportunity"
    WON = "won", "Won"
    LOST = "lost", "Lost"
    REJECTED = "rejected", "Rejected"
    RECYCLED = "recycled", "Recycled"
    CLOSED = "closed", "Closed"


class Move(StrEnum):
    """A way from one state to the next, as the history names it."""

    OFFER = "offered"
    ACCEPT = "accepted"
    SIGN_OFF = "sales-qualified"
    OPEN = "opportunity opened"
    WIN = "won"
    LOSE = "lost"
    REJECT = "rejected"
    RECYCLE = "recycled"
    RETURN = "back"
    CLOSE = "closed"


_GIVE_BACK: Final[Mapping[Move, State]] = {Move.REJECT: State.REJECTED, Move.RECYCLE: State.RECYCLED}

#: From each state, the moves that are legal and where they lead.
MOVES: Final[Mapping[State, Mapping[Move, State]]] = {
    State.QUALIFIED: {Move.OFFER: State.OFFERED, Move.ACCEPT: State.ACCEPTED, Move.CLOSE: State.CLOSED, **_GIVE_BACK},
    State.OFFERED: {Move.OFFER: State.OFFERED, Move.ACCEPT: State.ACCEPTED, Move.CLOSE: State.CLOSED, **_GIVE_BACK},
    State.ACCEPTED: {Move.SIGN_OFF: State.SALES_QUALIFIED, **_GIVE_BACK},
    State.SALES_QUALIFIED: {Move.OPEN: State.OPPORTUNITY, **_GIVE_BACK},
    State.OPPORTUNITY: {Move.WIN: State.WON, Move.LOSE: State.LOST, Move.RECYCLE: State.RECYCLED},
    State.WON: {},
    State.LOST: {Move.RECYCLE: State.RECYCLED},
    State.REJECTED: {Move.RETURN: State.QUALIFIED, Move.RECYCLE: State.RECYCLED},
    State.RECYCLED: {Move.RETURN: State.QUALIFIED, Move.CLOSE: State.CLOSED},
    State.CLOSED: {},
}

#: A subject has at most one lead of a motion in these.
OPEN: Final = frozenset(
    {State.QUALIFIED, State.OFFERED, State.ACCEPTED, State.SALES_QUALIFIED, State.OPPORTUNITY, State.RECYCLED}
)
#: Nobody has answered yet.
UNANSWERED: Final = frozenset({State.QUALIFIED, State.OFFERED})
#: Somebody works on it.
WORKED: Final = frozenset({State.ACCEPTED, State.SALES_QUALIFIED, State.OPPORTUNITY})
#: Somebody decided: from here on the same lead does not come again for a while.
DECIDED: Final = frozenset({State.WON, State.LOST, State.REJECTED})


def after(state: str, move: Move) -> State:
    """Return the state that a move leads to; BadRequest where it is not legal there."""
    legal = MOVES[State(state)]
    if move in legal:
        return legal[move]
    ways = ", ".join(legal) or "nothing"
    raise BadRequest(
        f"This lead is {State(state).label.lower()} and cannot become “{move.value}”",
        mend=f"From here it can become: {ways}. Somebody may have moved it meanwhile: look at it again.",
    )
