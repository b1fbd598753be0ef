"""What the engine answers about one subject at one instant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedEvent:
    """An event that counts for a criterion: its source, id, name and instant (UTC microseconds)."""

    source: str
    id: str
    event: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One criterion at an instant.

    `seen` and `needed` are words ready to read ("4", "at least 3"); `events` are those that count, oldest first.
    `lapses_at` is when the criterion stops being met if nothing happens (UTC microseconds), if it does.
    """

    criterion: str
    met: bool
    seen: str
    needed: str
    events: tuple[CountedEvent, ...] = ()
    lapses_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a rule holds of a subject at an instant, and why.

    `missing` names unmet members of all_of and, for a whole unmet any_of (or at_least) group, its members joined by
    " or ". `since`, `until`, `opened_by`, `closed_by` are those of the spell that holds (else None); `next_entry` is
    when the rule will hold if nothing happens, if it will.
    """

    rule: str
    version: int
    stage: str
    subject_type: str
    subject_id: str
    as_of: int
    qualified: bool
    because: tuple[str, ...]
    missing: tuple[str, ...]
    excluded_by: tuple[str, ...]
    findings: tuple[Finding, ...]
    since: int | None = None
    until: int | None = None
    opened_by: str | None = None
    closed_by: str | None = None
    next_entry: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """Points of one line of a score; a cap that bites is a line of its own, named "<dimension> cap"."""

    line: str
    dimension: str
    points: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreReading:
    """A score at an instant; contributions add up to `total`. `lean` maps dimension to share, None where undefined."""

    score: str
    version: int
    subject_id: str
    as_of: int
    total: Decimal
    contributions: tuple[Contribution, ...]
    lean: Mapping[str, float] | None
