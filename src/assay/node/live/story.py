"""What is told of one subject: the shape in which pages get what the core says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from assay.core.definitions.model import Definitions
from assay.core.engine.results import CountedEvent, ScoreReading, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """An interval during which a rule held; instants in UTC microseconds, `ends_at` None where no end is known."""

    rule: str
    version: int
    stage: str
    starts_at: int
    ends_at: int | None
    opened_by: str
    closed_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """A person of an account: the rules that hold of them, and when they were last there (UTC microseconds)."""

    person_id: str
    rules: tuple[str, ...] = ()
    last_seen_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is told of one subject as of one instant (UTC microseconds), without the rules by which it is told.

    `event_names` has the name of each event that opened or closed a spell, by cause; `events` are the subject's latest,
    newest first; `people` are those of an account; `emails` are by person. `facts` are what the attributes are now, and
    `account_facts` those of a person's account.
    """

    subject_type: str
    subject_id: str
    as_of: int
    verdicts: tuple[Verdict, ...]
    event_names: Mapping[str, str] = field(default_factory=dict)
    scores: tuple[ScoreReading, ...] = ()
    spells: tuple[Spell, ...] = ()
    events: tuple[CountedEvent, ...] = ()
    people: tuple[Colleague, ...] = ()
    emails: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    account_facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story(Told):
    """Everything that the core says about one subject as of one instant, and the rules by which it is told."""

    definitions: Definitions


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a lead carries of its subject when it arises: `attributes` are the account's and decide on territories.

    `summary` is what is met, as sentences; `score` and `lean` are those of the rule's `rank_by`.
    """

    name: str = ""
    account_id: str = ""
    account_name: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    summary: str = ""
    score: float | None = None
    lean: str = ""
