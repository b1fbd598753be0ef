"""A small world as plain Python rows, equal in content to the tables of the schema `prepared`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from assay.core import tables
from assay.core.definitions.model import Count, Definitions, Form, Sum
from assay.core.io.store import Store, literal, name


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something done by a person, in an account, or both."""

    at: int
    event: str
    person: str | None = None
    account: str | None = None
    source: str = "s"
    id: str
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """The account of a person from `at` on; None as `at`: undated; None as account: left."""

    person: str
    at: int | None = None
    account: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeRow:
    """The value of an attribute from `at` on; None as `at`: undated; None as value: unset."""

    subject_type: str
    subject: str
    name: str
    at: int | None = None
    value: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerFact:
    """What a partner says of an account."""

    account: str
    partner: str
    says: str
    since: int | None = None
    until: int | None = None
    confirmed_at: int | None = None
    origin: str | None = None
    parent: str | None = None
    confidence: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Insight:
    """A partner's statement on one letter; the value `no` withdraws it."""

    account: str
    partner: str
    letter: str
    value: str | None = "yes"
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything known; nothing in it is cut at an instant."""

    people: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    events: tuple[Event, ...] = ()
    memberships: tuple[Membership, ...] = ()
    attributes: tuple[AttributeRow, ...] = ()
    partner_facts: tuple[PartnerFact, ...] = ()
    insights: tuple[Insight, ...] = ()

    def as_known(self, as_of: int) -> World:
        """Return the world without the rows, and the confirmations, that come after `as_of`."""
        return replace(
            self,
            events=tuple(e for e in self.events if e.at <= as_of),
            memberships=tuple(m for m in self.memberships if m.at is None or m.at <= as_of),
            attributes=tuple(a for a in self.attributes if a.at is None or a.at <= as_of),
            partner_facts=tuple(
                replace(f, confirmed_at=f.confirmed_at if f.confirmed_at is None or f.confirmed_at <= as_of else None)
                for f in self.partner_facts
                if f.since is None or f.since <= as_of
            ),
            insights=tuple(i for i in self.insights if i.at <= as_of),
        )


def forms(definitions: Definitions) -> list[Form]:
    """Return the form of every criterion and every score line."""
    found = [criterion.form for rule in definitions.rules for criterion in rule.criteria]
    return found + [line.form for score in definitions.scores for line in score.points]


def properties_read(definitions: Definitions) -> list[str]:
    """Return the names of the event properties that the definitions read, sorted."""
    found: set[str] = set()
    for form in forms(definitions):
        if isinstance(form, Count | Sum):
            found.update(property_name for property_name, _ in form.where)
        if isinstance(form, Sum):
            found.add(form.property)
        if isinstance(form, Count) and form.distinct_is_property and form.distinct:
            found.add(form.distinct)
    return sorted(found)


def load(world: World, store: Store, definitions: Definitions) -> None:
    """Fill the schema `prepared` of a store with the world, replacing what was there."""
    sources = sorted({e.source for e in world.events})
    names = sorted({e.event for e in world.events} | set(definitions.event_names))
    person: dict[str | None, int] = {None: -1, **{p: i for i, p in enumerate(world.people)}}
    account: dict[str | None, int] = {None: -1, **{a: i for i, a in enumerate(world.accounts)}}
    subject = {"person": person, "account": account}
    properties = properties_read(definitions)
    rows: dict[str, list[Sequence[object]]] = {
        "people": [(i, p) for i, p in enumerate(world.people)],
        "accounts": [(i, a, None, None) for i, a in enumerate(world.accounts)],
        "source_names": list(enumerate(sources)),
        "event_names": list(enumerate(names)),
        "events": [
            (
                e.at,
                names.index(e.event),
                person[e.person],
                account[e.account],
                sources.index(e.source),
                e.id,
                *(e.properties.get(p) for p in properties),
            )
            for e in world.events
        ],
        "memberships": [(person[m.person], m.at, account[m.account]) for m in world.memberships],
        "attributes": [
            (a.subject_type, subject[a.subject_type][a.subject], a.name, a.at, a.value) for a in world.attributes
        ],
        "partner_facts": [
            (account[f.account], f.partner, f.says, f.since, f.until, f.confirmed_at, f.origin, f.parent, f.confidence)
            for f in world.partner_facts
        ],
        "insights": [(account[i.account], i.partner, i.letter, i.value, i.at) for i in world.insights],
    }
    for table, columns in tables.PREPARED.items():
        typed = dict(columns)
        if table == "events":
            typed.update({f"p_{p}": "VARCHAR" for p in properties})
        described = ", ".join(f"{name(column)} {kind}" for column, kind in typed.items())
        store.run(f"CREATE OR REPLACE TABLE prepared.{table} ({described})")
        if rows.get(table):
            store.run(f"INSERT INTO prepared.{table} VALUES {_values(rows[table])}")


def _values(rows: Iterable[Sequence[object]]) -> str:
    return ", ".join("(" + ", ".join(map(_constant, row)) + ")" for row in rows)


def _constant(value: object) -> str:
    if value is None:
        return "NULL"
    return literal(value) if isinstance(value, str) else str(value)
