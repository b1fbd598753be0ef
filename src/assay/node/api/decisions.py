"""What may be done to a lead, as requests say it, and the action behind each."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Final, Literal

from ninja import Schema
from pydantic import AwareDatetime, BeforeValidator, Field, WithJsonSchema

from assay.node.access.models import User
from assay.node.api.shapes import Heard, Number, Written, amount_of, amount_told
from assay.node.leads import actions
from assay.node.leads.models import Letter
from assay.node.leads.reasons import LossReason, RecycleReason, RejectReason

_AMOUNT: Final = amount_told(12, 2, lowest=0)


class Accept(Heard):
    """Take it on."""

    do: Literal["accept"]

    def act(self, user: User, lead: int, now: datetime) -> None:
        """Do it."""
        actions.accept(user, lead, now)


class Reject(Heard):
    """Turn it down."""

    do: Literal["reject"]
    reason: RejectReason
    text: Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")] = ""

    def act(self, user: User, lead: int, now: datetime) -> None:
        """Do it."""
        actions.reject(user, lead, self.reason, now, self.text)


class Recycle(Heard):
    """Put it off until an instant."""

    do: Literal["recycle"]
    reason: RecycleReason
    until: AwareDatetime

    def act(self, user: User, lead: int, now: datetime) -> None:
        """Do it."""
        actions.recycle(user, lead, self.reason, self.until, now)


class BringBack(Heard):
    """Let it begin anew."""

    do: Literal["bring_back"]

    def act(self, user: User, lead: int, now: datetime) -> None:
        """Do it."""
        actions.bring_back(user, lead, now)


class WriteEvidence(Heard):
    """Write down what was found out about a letter of BANT."""

    do: Literal["evidence"]
    letter: Letter
    text: Annotated[Written, Field(max_length=2000)]

    def act(self, user: User, lead: int, now: datetime) -> None:
        """Do it."""
        actions.write_evidence(user, lead, self.letter, self.text, now)


class Sign(Heard):
    """Sign for a side that it is sales-qualified."""

    do: Literal["sign"]
    side: Literal["sales", "marketing"]

    def act(self, user: User, lead: int, now: datetime) -> None:
        """Do it."""
        actions.sign(user, lead, self.side, now)


class OpenOpportunity(Heard):
    """Say that it is an opportunity now."""

    do: Literal["open_opportunity"]

    def act(self, user: User, lead: int, now: datetime) -> None:
        """Do it."""
        actions.open_opportunity(user, lead, now)


class Win(Heard):
    """Say that it was won, and how much."""

    do: Literal["win"]
    amount: Annotated[Decimal, BeforeValidator(amount_of(12, 2)), Field(ge=0), WithJsonSchema(_AMOUNT)] | None = None

    def act(self, user: User, lead: int, now: datetime) -> None:
        """Do it."""
        actions.win(user, lead, self.amount, now)


class Lose(Heard):
    """Say that it was lost, and why."""

    do: Literal["lose"]
    reason: LossReason

    def act(self, user: User, lead: int, now: datetime) -> None:
        """Do it."""
        actions.lose(user, lead, self.reason, now)


class Assign(Heard):
    """Offer it to somebody, or hand it over."""

    do: Literal["assign"]
    to: Number

    def act(self, user: User, lead: int, now: datetime) -> None:
        """Do it."""
        actions.assign(user, lead, self.to, now)


class Snooze(Heard):
    """Let it sleep until an instant."""

    do: Literal["snooze"]
    until: AwareDatetime

    def act(self, user: User, lead: int, now: datetime) -> None:
        """Do it."""
        actions.snooze(user, lead, self.until, now)


class WriteNote(Heard):
    """Write a note on it."""

    do: Literal["note"]
    text: Written

    def act(self, user: User, lead: int, now: datetime) -> None:
        """Do it."""
        actions.write_note(user, lead, self.text, now)


class PlanTask(Heard):
    """Plan something to do about it."""

    do: Literal["task"]
    text: Annotated[Written, Field(max_length=300)]
    due_at: AwareDatetime

    def act(self, user: User, lead: int, now: datetime) -> None:
        """Do it."""
        actions.plan_task(user, lead, self.text, self.due_at, now)


Decision = Annotated[
    Accept
    | Reject
    | Recycle
    | BringBack
    | WriteEvidence
    | Sign
    | OpenOpportunity
    | Win
    | Lose
    | Assign
    | Snooze
    | WriteNote
    | PlanTask,
    Field(discriminator="do"),
]


class Done(Schema):
    """Where a lead stands after a decision. Names stay out: answers are kept for a day."""

    id: int
    state: str
    reason: str
    owner: int | None
    changed_at: datetime
