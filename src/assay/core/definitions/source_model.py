"""Checked sources: which files and tables there are, and which of their columns mean what.

A source is of a file (`file`) or of a table in a warehouse (`table`; then `file` is empty).
"""

from __future__ import annotations

from dataclasses import dataclass

from assay.core.errors import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of a warehouse: the connection's name, and the table's own: `t`, `schema.t` or `catalog.schema.t`."""

    connection: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedColumn:
    """A column, and the column of the instant from which its value holds (None: undated)."""

    column: str
    at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsSource:
    """Events. Either `event_column` (with `rename`) or `constant` is set."""

    source: str
    file: str
    at: str
    id: str | None = None
    event_column: str | None = None
    rename: tuple[tuple[str, str], ...] = ()
    constant: str | None = None
    person: str | None = None
    account: str | None = None
    properties: tuple[tuple[str, str], ...] = ()  # (property, column)
    time_zone: str | None = None
    table: Table | None = None
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountsSource:
    """Accounts."""

    source: str
    file: str
    id: str
    domain: str | None = None
    name: str | None = None
    attributes: tuple[tuple[str, DatedColumn], ...] = ()
    time_zone: str | None = None
    table: Table | None = None
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleSource:
    """People."""

    source: str
    file: str
    id: str
    email: str | None = None
    account: DatedColumn | None = None
    same_as: str | None = None
    attributes: tuple[tuple[str, DatedColumn], ...] = ()
    time_zone: str | None = None
    table: Table | None = None
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomesSource:
    """Outcomes."""

    source: str
    file: str
    at: str
    outcome: str
    account: str | None = None
    person: str | None = None
    amount: str | None = None
    time_zone: str | None = None
    table: Table | None = None
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerFactsSource:
    """What partners say about accounts."""

    source: str
    file: str
    account: str
    partner: str
    says: str
    since: str | None = None  # the YAML key is `from`
    until: str | None = None
    confirmed_at: str | None = None
    origin: str | None = None
    parent: str | None = None
    confidence: str | None = None
    time_zone: str | None = None
    table: Table | None = None
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class InsightsSource:
    """Partners' statements on need, budget, authority, timing and use case."""

    source: str
    file: str
    account: str
    partner: str
    letter: str
    value: str | None = None
    at: str
    time_zone: str | None = None
    table: Table | None = None
    place: Place


Source = EventsSource | AccountsSource | PeopleSource | OutcomesSource | PartnerFactsSource | InsightsSource
