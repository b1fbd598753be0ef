"""What one step of a partnership takes from its owner, and what it tells it: a node and a command are such owners."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Protocol

from assay.partners.asking import Send
from assay.partners.canonical import Keys
from assay.partners.evidence import DEFAULT_TERMS, Reason, Relation, Ruling, Terms
from assay.partners.identities import Dice, Identity


class Level(StrEnum):
    """How much a partner learns of a population; of one that is hidden there is no offer."""

    COUNTS = "counts"
    OVERLAPS = "overlaps"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a partner may know of one population: what it says of its accounts, how much, which fields, until when.

    `until` is in microseconds since 1970.
    """

    population: str
    name: str
    says: str
    level: Level
    fields: tuple[str, ...] = ()
    until: int | None = None


class Let(StrEnum):
    """What the owner says to letting a partner know something."""

    RELEASE = "release"
    HOLD = "hold"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether something may be told, and why not."""

    let: Let
    why: str = ""


RELEASE: Final = Verdict(Let.RELEASE)


def nothing_of(_record: str) -> Mapping[str, str]:
    """Return no fields of a record."""
    return {}


def release_all(_record: str, _population: str, _fields: tuple[str, ...]) -> Verdict:
    """Let everything that is granted go."""
    return RELEASE


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many records the partner's list may have, and how many new ones may come in a week once it is there."""

    records: int
    weekly: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """About how many companies a population of ours and one of the partner's share; None where they are few."""

    ours: str
    theirs: str
    about: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mine:
    """What a company brings to one step.

    `records` are our record ids with their canonical keys, of all populations of which overlaps are granted or which
    we want compared, and only those are uploaded. `version` is that of `offers`: raise it whenever they change.
    `members` says which records are in a population. `may_release(record, population, fields)` is asked inside the
    transaction in which something would be told, each step anew until it says RELEASE; where it says HOLD or REFUSE,
    it keeps for itself what people are to see. `touched` names the records that may have changed, come or gone since
    the last step, so that the others need not be looked at; None: look at all. `counted` are the keys of all
    populations that are offered, to be counted where either side offers counts; a company counts in the first that has
    it.
    """

    records: Mapping[str, Keys] = field(repr=False)
    offers: Sequence[Offer] = ()
    version: int = 1
    members: Mapping[str, frozenset[str]] = field(default_factory=dict, repr=False)
    fields_of: Callable[[str], Mapping[str, str]] = nothing_of
    may_release: Callable[[str, str, tuple[str, ...]], Verdict] = release_all
    touched: frozenset[str] | None = field(default=None, repr=False)
    allowance: Allowance | None = None
    counted: Mapping[str, Sequence[Keys]] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """A record of ours and one of the partner's that belong together, or may."""

    record: str
    handle: bytes
    their_handle: bytes
    ruling: Ruling
    bits: float
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A fact about one account: which population of the discloser it is in, what that says, and fields, since when.

    `handle` is the discloser's record, `record` the id of ours that it is about: of what we learn, of what we told.
    """

    record: str
    handle: bytes
    population: str
    says: str
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    since: int


class Heard(Protocol):
    """What a step tells its owner, inside the transaction in which the memory is written: both are kept, or neither."""

    def paired(self) -> None:
        """Both sides have confirmed: the partnership is live."""

    def offered(self, offers: Sequence[Offer], version: int) -> None:
        """The partner lets us know of these populations, and of no other: replace what was offered before."""

    def overlap(self, shared: Shared) -> None:
        """A pair is a match, by the terms of both sides."""

    def question(self, shared: Shared) -> None:
        """A pair may be a match; both sides are asked."""

    def gone(self, handle: bytes, their_handle: bytes) -> None:
        """A pair is no overlap and no question any more."""

    def learnt(self, told: Told) -> None:
        """The partner told us something of an account; it takes the place of what it told of handle and population."""

    def withdrawn(self, their_handle: bytes, population: str) -> None:
        """What the partner told us of this handle and population does not hold any more."""

    def confirmed(self, at: int) -> None:
        """Whatever the partner told and did not withdraw held at that instant."""

    def disclosed(self, told: Told, *, grant: int, entry: int, at: int) -> None:
        """We told the partner something, as that entry of our chain."""

    def taken_back(self, handle: bytes, population: str, at: int) -> None:
        """We told the partner that something does not hold any more."""

    def receipted(self, through: int) -> None:
        """The partner signed that it has all entries of our chain up to that number."""

    def said(self, kind: str, public_id: str, body: Mapping[str, Any]) -> None:
        """The partner said something that is not of the protocol: an introduction, a word, an insight."""

    def compared(self, *, ours: int, theirs: int, shared: int) -> None:
        """How many records the two lists have, and how many of them are matches: once a step that compared."""

    def counted(self, numbers: Sequence[Counted]) -> None:
        """These are the numbers of this week, the same on both sides; they take the place of last week's."""

    def trouble(self, text: str) -> None:
        """Something stands in the way that a person must see; '' where nothing does any more."""

    def ended(self) -> None:
        """The partnership was revoked: whatever the partner told does not hold any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Us:
    """Who we are in a partnership, and what the outside is: the line, the clock in microseconds, the dice.

    `count` gives a number above all that it gave before, also after a kill; one for all partnerships of an identity.
    """

    identity: Identity
    name: str
    send: Send
    clock: Callable[[], int]
    count: Callable[[], int]
    dice: Dice


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """What two companies sign: how records match, how they know that it was worth it, when they look again.

    `is_blind` is False where one of the two runs the escrow: trusted, not blind.
    """

    matching: Terms = DEFAULT_TERMS
    success: str = ""
    review_on: str = ""
    is_blind: bool = True

    def as_json(self) -> dict[str, Any]:
        """Return it as what an invitation holds."""
        told = self.matching
        return {
            "match_from": told.match_from,
            "ask_from": told.ask_from,
            "relation": told.relation.value,
            "people": told.people,
            "success": self.success,
            "review_on": self.review_on,
            "is_blind": self.is_blind,
        }

    @classmethod
    def of_json(cls, told: Mapping[str, Any]) -> Agreed:
        """Return what `as_json` wrote; raise ValueError, KeyError or TypeError for anything else."""
        matching = Terms(
            match_from=float(told["match_from"]),
            ask_from=float(told["ask_from"]),
            relation=Relation(told["relation"]),
            people=bool(told.get("people", False)),
        )
        return cls(
            matching=matching,
            success=str(told["success"]),
            review_on=str(told["review_on"]),
            is_blind=bool(told["is_blind"]),
        )
