"""Checked definitions: what the YAML says, as frozen values.

Everything here is already checked; the engine never meets a wrong rule.
Durations are integer microseconds. Numbers are `Decimal`, exactly as written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from assay.core.definitions.source_model import (
    AccountsSource,
    DatedColumn,
    EventsSource,
    InsightsSource,
    OutcomesSource,
    PartnerFactsSource,
    PeopleSource,
    Source,
    Table,
)
from assay.core.errors import Place

SubjectType = Literal["person", "account"]
Status = Literal["draft", "shadow", "live", "retired"]
Stage = Literal["MQL", "PQL", "PQA", "CSQL", "SQL", "XQL", "EQL"]
GroupKind = Literal["all_of", "any_of", "none_of", "at_least"]
ConditionKind = Literal["is", "is_not", "one_of", "in_list", "exists", "range"]
Scalar = str | bool | Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """An interval of numbers: `at_least` 3 is [3, ∞), `below` 2 is (-∞, 2), `exactly` 1 is [1, 1]."""

    low: Decimal | None = None
    low_open: bool = False
    high: Decimal | None = None
    high_open: bool = False
    text: str = ""  # as written, e.g. "at least 3": for people to read


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What a value must be: an attribute's, or an event property's in `where`.

    `values` holds the operands of is, is_not and one_of (for `exists` one bool);
    `list_name` names the list of in_list; `threshold` belongs to range.
    """

    kind: ConditionKind
    values: tuple[Scalar, ...] = ()
    list_name: str = ""
    threshold: Threshold | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which events count: those within so many microseconds, and/or since the latest event so named."""

    within: int | None = None
    since: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Number of events, or of different values of `distinct`. No `events` means any event.

    `threshold` is None only for an `each` line of a score.
    """

    events: tuple[str, ...] = ()
    where: tuple[tuple[str, Condition], ...] = ()
    distinct: str | None = None  # "day", "week", "person", "account" or the name of a property
    distinct_is_property: bool = False
    threshold: Threshold | None = None
    window: Window = Window()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """Exact sum of a property, in integer millionths."""

    property: str
    events: tuple[str, ...]
    where: tuple[tuple[str, Condition], ...] = ()
    threshold: Threshold
    window: Window = Window()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """A chain of events with strictly increasing instants, wholly inside the window."""

    steps: tuple[str, ...]
    window: Window = Window()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """A condition on an attribute of the subject, or (`of_account` in a person rule) of its account."""

    name: str
    condition: Condition
    of_account: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Qualified:
    """Whether another rule holds."""

    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleQualified:
    """The share or number of an account's people for whom a person rule holds."""

    rule: str
    share: Fraction | None = None
    people: int | None = None
    active_within: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreIs:
    """A threshold on a score of the same subject."""

    score: str
    threshold: Threshold


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerSays:
    """Number of partners whose facts on the account say this. `threshold` is None only in an `each` line."""

    says: str
    fresh_within: int | None = None
    confidence: Decimal | None = None
    threshold: Threshold | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerInsight:
    """Number of partners attesting a letter. `threshold` is None only in an `each` line."""

    letter: str
    fresh_within: int | None = None
    threshold: Threshold | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Corroboration:
    """Number of (independent) partners that each meet one of the named criteria of the same rule."""

    threshold: Threshold
    any_of: tuple[str, ...]
    independent: bool = False


Form = (
    Count
    | Sum
    | Sequence
    | Attribute
    | Qualified
    | PeopleQualified
    | ScoreIs
    | PartnerSays
    | PartnerInsight
    | Corroboration
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One named sentence that can be met."""

    name: str
    form: Form
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Criteria joined by one word. `at_least` is set for kind "at_least" alone."""

    kind: GroupKind
    members: tuple[str | Group, ...]
    at_least: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Handoff:
    """Who gets the lead, and how soon they answer (microseconds)."""

    to: str
    respond_within: int | None = None
    not_again_for: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A qualification definition. The groups of `qualify` and `stay_qualified` are ANDed."""

    name: str
    version: int
    status: Status
    stage: Stage
    motion: str
    subject: SubjectType
    owner: str = ""
    purpose: str = ""
    criteria: tuple[Criterion, ...]
    qualify: tuple[Group, ...]
    stay_qualified: tuple[Group, ...] = ()
    rank_by: str | None = None
    handoff: Handoff | None = None
    place: Place
    fingerprint: str = ""  # set once all files are read: it covers what the rule refers to

    def criterion(self, name: str) -> Criterion:
        """Return the criterion of that name."""
        return next(c for c in self.criteria if c.name == name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fade:
    """How points lose weight: linearly to zero over `duration`, or halving every `duration` (microseconds)."""

    kind: Literal["linear", "half_life"]
    duration: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsLine:
    """One line of a score: `each` per event, distinct value or partner, or `once` while its criterion is met."""

    name: str
    dimension: str
    form: Form
    each: Decimal | None = None
    once: Decimal | None = None
    up_to: Decimal | None = None
    fades: Fade | None = None
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """An additive score."""

    name: str
    version: int
    subject: SubjectType
    dimensions: tuple[str, ...]
    points: tuple[PointsLine, ...]
    caps: tuple[tuple[str, Decimal], ...] = ()
    place: Place
    fingerprint: str = ""


# --- examples ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleEvent:
    """An event of an example; `at` in UTC microseconds."""

    event: str
    at: int
    person: str | None = None
    account: str | None = None
    properties: tuple[tuple[str, Scalar], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A case that a rule must decide as stated. None in an expectation means "not stated".

    `people`, `partner_facts` and `insights` are rows keyed as in the sources' own words (LANGUAGE section 9 and 6).
    """

    name: str
    rule: str
    as_of: int
    attributes: Mapping[str, Scalar] = field(default_factory=dict)
    events: tuple[ExampleEvent, ...] = ()
    people: tuple[Mapping[str, Scalar], ...] = ()
    partner_facts: tuple[Mapping[str, Scalar], ...] = ()
    insights: tuple[Mapping[str, Scalar], ...] = ()
    qualified: bool
    because: tuple[str, ...] | None = None
    missing: tuple[str, ...] | None = None
    excluded_by: tuple[str, ...] | None = None
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Definitions:
    """A whole definition folder, checked."""

    folder: str
    rules: tuple[Rule, ...] = ()
    scores: tuple[Score, ...] = ()
    lists: Mapping[str, tuple[Scalar, ...]] = field(default_factory=dict)  # with the built-in free_mail_domains
    sources: tuple[Source, ...] = ()
    event_names: frozenset[str] = frozenset()
    examples: tuple[Example, ...] = ()

    def rule(self, name: str) -> Rule:
        """Return the rule of that name."""
        return next(r for r in self.rules if r.name == name)

    def score(self, name: str) -> Score:
        """Return the score of that name."""
        return next(s for s in self.scores if s.name == name)


__all__ = [
    "AccountsSource",
    "Attribute",
    "Condition",
    "ConditionKind",
    "Corroboration",
    "Count",
    "Criterion",
    "DatedColumn",
    "Definitions",
    "EventsSource",
    "Example",
    "ExampleEvent",
    "Fade",
    "Form",
    "Group",
    "GroupKind",
    "Handoff",
    "InsightsSource",
    "OutcomesSource",
    "PartnerFactsSource",
    "PartnerInsight",
    "PartnerSays",
    "PeopleQualified",
    "PeopleSource",
    "PointsLine",
    "Qualified",
    "Rule",
    "Scalar",
    "Score",
    "ScoreIs",
    "Sequence",
    "Source",
    "Stage",
    "Status",
    "SubjectType",
    "Sum",
    "Table",
    "Threshold",
    "Window",
]
