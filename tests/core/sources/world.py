"""Small data folders for tests of reading, and what became of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assay.core.definitions.model import Count, Criterion, Definitions, EventsSource, Rule, Source, Threshold
from assay.core.errors import Place
from assay.core.identity import resolve
from assay.core.io.store import Store
from assay.core.sources import read

PLACE = Place(file="sources.yml", line=1, column=1)
HEADER = "id,at,event,person,account,plan\n"


def events(**changes: Any) -> EventsSource:
    """Return a source of events whose columns have the names of their roles."""
    plain = {
        "source": "app",
        "file": "events.csv",
        "id": "id",
        "at": "at",
        "event_column": "event",
        "person": "person",
        "account": "account",
        "properties": (("plan", "plan"),),
        "place": PLACE,
    }
    return EventsSource(**{**plain, **changes})


def reading(*properties: str) -> Rule:
    """Return a rule that reads these properties."""
    criteria = tuple(
        Criterion(
            name=f"c{i}", place=PLACE, form=Count(distinct=prop, distinct_is_property=True, threshold=Threshold())
        )
        for i, prop in enumerate(properties)
    )
    return Rule(
        name="r",
        version=1,
        status="draft",
        stage="PQL",
        motion="upsell",
        subject="person",
        criteria=criteria,
        qualify=(),
        place=PLACE,
    )


def definitions(*sources: Source, lists: Mapping[str, tuple[str, ...]] | None = None) -> Definitions:
    """Return definitions of these sources, whose one rule reads the property `plan`."""
    return Definitions(
        folder="definitions",
        sources=sources,
        rules=(reading("plan"),),
        lists=dict(lists or {}),
        event_names=frozenset({"login", "seat_added"}),
    )


@dataclass(frozen=True)
class Prepared:
    """The prepared tables as plain rows."""

    rejects: list[tuple[Any, ...]]
    counts: dict[tuple[str, str], int]
    events: list[tuple[Any, ...]] = field(default_factory=list)
    memberships: list[tuple[Any, ...]] = field(default_factory=list)
    attributes: list[tuple[Any, ...]] = field(default_factory=list)
    people: list[str] = field(default_factory=list)
    accounts: list[tuple[Any, ...]] = field(default_factory=list)

    def told(self) -> list[tuple[int, str, str]]:
        """Return line, column and reason of every reject."""
        return [(line, column, reason) for _, _, line, column, reason, *_ in self.rejects]

    def ids(self) -> list[str]:
        """Return the ids of the events, sorted."""
        return sorted(row[0] for row in self.events)


EVENTS = (
    'SELECT e.id, e."at", n.name, p.id, a.id, e.p_plan FROM prepared.events e '
    "JOIN prepared.event_names n USING (event) "
    "LEFT JOIN prepared.people p USING (person) LEFT JOIN prepared.accounts a ON a.account = e.account "
    "ORDER BY e.source, e.id"
)
MEMBERSHIPS = (
    'SELECT p.id, m."at", a.id FROM prepared.memberships m JOIN prepared.people p USING (person) '
    "LEFT JOIN prepared.accounts a ON a.account = m.account ORDER BY 1, 2 NULLS FIRST"
)
ATTRIBUTES = (
    'SELECT subject_type, coalesce(p.id, a.id), t.name, "at", value FROM prepared.attributes t '
    "LEFT JOIN prepared.people p ON subject_type = 'person' AND p.person = subject "
    "LEFT JOIN prepared.accounts a ON subject_type = 'account' AND a.account = subject ORDER BY ALL"
)


@contextmanager
def resolved(data: Path | Mapping[str, Any], found: Definitions) -> Iterator[Store]:
    """Give a store with the data read and resolved."""
    with Store(on_disk=False, threads=1) as store:
        read(store, found, data)
        resolve(store, found)
        yield store


def prepare(data: Path | Mapping[str, Any], found: Definitions) -> Prepared:
    """Return the prepared tables of some data."""
    with resolved(data, found) as store:
        return Prepared(
            rejects=store.rows("FROM prepared.rejects"),
            counts={(s, what): n for s, what, n in store.rows("FROM prepared.counts")},
            events=store.rows(EVENTS),
            memberships=store.rows(MEMBERSHIPS),
            attributes=store.rows(ATTRIBUTES),
            people=[row[0] for row in store.rows("SELECT id FROM prepared.people ORDER BY person")],
            accounts=store.rows("SELECT id, name, domain FROM prepared.accounts ORDER BY account"),
        )


def prepare_csv(folder: Path, text: str | bytes, source: EventsSource | None = None) -> Prepared:
    """Return the prepared tables of one CSV file of events."""
    raw = text if isinstance(text, bytes) else text.encode()
    (folder / "events.csv").write_bytes(raw)
    return prepare(folder, definitions(source or events()))
