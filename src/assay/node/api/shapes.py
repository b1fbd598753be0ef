"""What the API says and hears, as its OpenAPI document tells."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from ninja import Schema
from pydantic import AfterValidator, ConfigDict, Field

_NO_NUL: Final = r"^[^\x00]*$"


def _storable(text: str) -> str:
    """Refuse what Postgres cannot hold."""
    if "\0" in text or any("\ud800" <= one <= "\udfff" for one in text):
        raise ValueError
    return text


Text = Annotated[str, Field(min_length=1, max_length=5000, pattern=_NO_NUL), AfterValidator(_storable)]


def _not_blank(text: str) -> str:
    """Refuse what holds nothing to read."""
    if not text.strip():
        raise ValueError
    return text


Written = Annotated[Text, Field(pattern=r"^[^\x00]*[^\s\x00][^\x00]*$"), AfterValidator(_not_blank)]


Id = Annotated[str, Field(min_length=1, max_length=200, pattern=_NO_NUL), AfterValidator(_storable)]
Number = Annotated[int, Field(ge=1, le=(1 << 63) - 1)]
SubjectType = Literal["person", "account"]


def amount_of(whole: int, places: int) -> Callable[[object], object]:
    """Return what reads an amount of so many digits before and after the point.

    A JSON number is rounded to these places, as whoever reads JSON has it in binary; a text is taken as it is written.
    """
    written = re.compile(rf"-?[0-9]{{1,{whole}}}(\.[0-9]{{1,{places}}})?")

    def read(told: object) -> object:
        if isinstance(told, bool) or (isinstance(told, float) and not math.isfinite(told)):
            raise ValueError
        if isinstance(told, int | float):
            if abs(told) >= 10**whole:
                raise ValueError
            return Decimal(str(told)).quantize(Decimal(1).scaleb(-places))
        if isinstance(told, str) and not written.fullmatch(told):
            raise ValueError
        return told

    return read


def amount_told(whole: int, places: int, *, lowest: int | None = None) -> dict[str, Any]:
    """Return how the document tells such an amount: all that it allows is taken."""
    most = 10**whole - 1
    sign = "-?" if lowest is None else ""
    number = {"type": "number", "minimum": -most if lowest is None else lowest, "maximum": most}
    return {"anyOf": [number, {"type": "string", "pattern": f"^{sign}[0-9]{{1,{whole}}}(\\.[0-9]{{1,{places}}})?$"}]}


class Heard(Schema):
    """What a request holds; nothing else may be in it."""

    model_config = ConfigDict(extra="forbid")


class Mistake(Schema):
    """One thing wrong with a request."""

    where: str
    what: str


class Problem(Schema):
    """Why a request was refused, and what mends it (RFC 9457)."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    mend: str
    errors: Annotated[list[Mistake], Field(default_factory=list)]


class Subject(Schema):
    """Whom something is about."""

    type: SubjectType
    id: str


class Who(Schema):
    """A user of the node."""

    id: int
    name: str


class Account(Schema):
    """A company."""

    id: str
    name: str


class Lead(Schema):
    """A lead as it stands. `since`: the rule that designates it has held since then."""

    id: int
    subject: Subject
    name: str
    account: Account | None
    motion: str
    stage: str
    rule: str
    version: int
    since: datetime
    summary: str
    score: float | None
    lean: str
    state: str
    reason: str
    owner: Who | None
    queue: str
    respond_by: datetime | None
    wakes_at: datetime | None
    amount: str | None
    merged_into: int | None
    created_at: datetime
    changed_at: datetime


class Leads(Schema):
    """Leads that changed since the bookmark, each as it is now; `gone` were erased or are not asked for any more."""

    leads: list[Lead]
    gone: list[int]
    bookmark: str
    has_more: bool


class LeadSpell(Schema):
    """A rule that held, or holds, of a lead's subject; `cause` is what opened it."""

    rule: str
    version: int
    stage: str
    entered_at: datetime
    left_at: datetime | None
    cause: str
    left_cause: str


class Happened(Schema):
    """One line of a lead's history."""

    at: datetime
    what: str
    by: Who | None
    state_before: str
    state_after: str
    reason: str
    text: str


class Found(Schema):
    """What somebody found out about one letter of BANT, or wrote down."""

    at: datetime
    by: Who
    text: str


class WholeLead(Schema):
    """A lead with its evidence: the spells behind it, its history, what is known by letter, notes."""

    lead: Lead
    spells: list[LeadSpell]
    history: list[Happened]
    bant: dict[str, list[Found]]
    notes: list[Found]


class AskedSubject(Heard):
    """Whom to tell about. It stands in the body, as addresses are written down on the way."""

    type: SubjectType
    id: Id


class Spell(Schema):
    """An interval during which a rule held."""

    rule: str
    version: int
    starts_at: datetime
    ends_at: datetime | None
    opened_by: str
    closed_by: str | None


class Spells(Schema):
    """All spells of a subject, oldest first."""

    spells: list[Spell]


class WorkedAccount(Schema):
    """An account with leads: how many of them are open, and the rules that hold of the account itself."""

    id: str
    name: str
    open_leads: int
    leads: int
    rules: list[str]


class Accounts(Schema):
    """Accounts by id; `next` goes into `after` to read on."""

    accounts: list[WorkedAccount]
    next: str | None


class Play(Schema):
    """A live rule that holds of a user now, and where the lead that came of it stands."""

    rule: str
    stage: str
    motion: str
    since: datetime
    state: str


class Plays(Schema):
    """The rules that hold of a user, the latest first; keep them for `keep_for` seconds."""

    plays: list[Play]
    keep_for: int


class Rule(Schema):
    """A rule that is decided."""

    name: str
    version: int
    stage: str
    motion: str
    subject: SubjectType
    status: str
    purpose: str
    fingerprint: str


class Rules(Schema):
    """The rules that are decided now."""

    edition: int
    rules: list[Rule]


class Partnership(Schema):
    """Comparing lists with one partner: how far it got, and since when there is one."""

    id: str
    partner: str
    name: str
    state: str
    since: datetime


class Partnerships(Schema):
    """Partnerships, the newest first."""

    partnerships: list[Partnership]


def refusals(*statuses: int) -> dict[int, Any]:
    """Return the refusals that an operation may answer with, beside those that every one may."""
    return dict.fromkeys(sorted({401, 403, 422, 429, 503, *statuses}), Problem)
