"""Examples as a small world of their own: rows for the ordinary pipeline, and the judgement of what it decides.

All examples share one world, each under ids of its own, so that the pipeline runs once for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from assay.core.definitions import complaints as codes
from assay.core.definitions.model import (
    AccountsSource,
    DatedColumn,
    Definitions,
    EventsSource,
    Example,
    InsightsSource,
    PartnerFactsSource,
    PeopleSource,
    Scalar,
    SubjectType,
)
from assay.core.errors import Complaint, Place
from assay.core.values import format_instant, text_of

#: Whom an example is about where it names nobody.
SOMEBODY: Final = "example"

EVENTS: Final = "example_events"
PEOPLE: Final = "example_people"
ACCOUNTS: Final = "example_accounts"
FACTS: Final = "example_partner_facts"
INSIGHTS: Final = "example_insights"

_COLUMNS: Final = {
    EVENTS: ("id", "at", "event", "person", "account"),
    PEOPLE: ("id", "email", "account", "at", "same_as"),
    ACCOUNTS: ("id", "domain"),
    FACTS: ("account", "partner", "says", "from", "until", "confirmed_at", "origin", "parent", "confidence"),
    INSIGHTS: ("account", "partner", "letter", "value", "at"),
}
_PLACE: Final = Place(file="examples", line=1, column=1)

Row = dict[str, str | None]


class Decided(Protocol):
    """What the judgement needs of a verdict."""

    @property
    def qualified(self) -> bool:
        """Whether the rule holds."""

    @property
    def because(self) -> tuple[str, ...]:
        """The reasons for it."""

    @property
    def missing(self) -> tuple[str, ...]:
        """What lacks."""

    @property
    def excluded_by(self) -> tuple[str, ...]:
        """What forbids it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Definitions with made-up sources, and of each of those its columns and its rows, as text by column."""

    definitions: Definitions
    columns: dict[str, tuple[str, ...]]
    tables: dict[str, list[Row]]


@dataclass(slots=True)
class _Rows:
    events: list[Row] = field(default_factory=list)
    people: list[Row] = field(default_factory=list)
    accounts: list[Row] = field(default_factory=list)
    facts: list[Row] = field(default_factory=list)
    insights: list[Row] = field(default_factory=list)


def subject_of(example: Example, subject: SubjectType) -> str | None:
    """Return the id of whom an example is about, as it names them; None where that is not clear.

    It is `example`, unless all its events (or, without events, its rows) name one and the same other.
    """
    if subject == "person":
        named = {event.person for event in example.events} or {str(row["id"]) for row in example.people}
    else:
        rows = (*example.partner_facts, *example.insights, *example.people)
        accounts = {str(row["account"]) if "account" in row else None for row in rows}
        named = {event.account for event in example.events} or accounts
    if not named or None in named or SOMEBODY in named:
        return SOMEBODY
    return str(named.pop()) if len(named) == 1 else None


def subject_id(example: Example, number: int, subject: SubjectType) -> str:
    """Return the id that the subject of the `number`-th example bears in the world of all."""
    return f"{number}/{subject_of(example, subject) or SOMEBODY}"


def world_of(definitions: Definitions, examples: Sequence[Example]) -> World:
    """Return the world in which all these examples live side by side."""
    rows = _Rows()
    for number, example in enumerate(examples):
        _add(rows, example, number, definitions.rule(example.rule).subject)
    tables = {
        EVENTS: rows.events, PEOPLE: rows.people, ACCOUNTS: rows.accounts, FACTS: rows.facts, INSIGHTS: rows.insights,
    }  # fmt: skip
    known = {source: _names(found) for source, found in tables.items()}
    for source in definitions.sources:
        if isinstance(source, EventsSource):
            known[EVENTS] |= {name for name, _ in source.properties}
        elif isinstance(source, PeopleSource | AccountsSource):
            known[PEOPLE if isinstance(source, PeopleSource) else ACCOUNTS] |= {name for name, _ in source.attributes}
    columns = {name: (*_COLUMNS[name], *(_column(value) for value in sorted(known[name]))) for name in tables}
    world = replace(definitions, sources=_sources(known), event_names=_event_names(definitions, examples), examples=())
    return World(definitions=world, columns=columns, tables=tables)


def _event_names(definitions: Definitions, examples: Iterable[Example]) -> frozenset[str]:
    return definitions.event_names | {event.event for example in examples for event in example.events}


def _column(name: str) -> str:
    # Properties and attributes may bear the names of other columns, such as "account".
    return f"value_of_{name}"


def _names(rows: list[Row]) -> set[str]:
    prefix = _column("")
    return {key.removeprefix(prefix) for row in rows for key in row if key.startswith(prefix)}


def _sources(known: dict[str, set[str]]) -> tuple[
    EventsSource | AccountsSource | PeopleSource | PartnerFactsSource | InsightsSource, ...
]:  # fmt: skip
    properties = tuple((name, _column(name)) for name in sorted(known[EVENTS]))
    of_people = tuple((name, DatedColumn(column=_column(name))) for name in sorted(known[PEOPLE]))
    of_accounts = tuple((name, DatedColumn(column=_column(name))) for name in sorted(known[ACCOUNTS]))
    return (
        AccountsSource(source=ACCOUNTS, file="-", id="id", domain="domain", attributes=of_accounts, place=_PLACE),
        EventsSource(
            source=EVENTS, file="-", id="id", at="at", event_column="event", person="person", account="account",
            properties=properties, place=_PLACE,
        ),
        InsightsSource(
            source=INSIGHTS, file="-", account="account", partner="partner", letter="letter", value="value", at="at",
            place=_PLACE,
        ),
        PartnerFactsSource(
            source=FACTS, file="-", account="account", partner="partner", says="says", since="from", until="until",
            confirmed_at="confirmed_at", origin="origin", parent="parent", confidence="confidence", place=_PLACE,
        ),
        PeopleSource(
            source=PEOPLE, file="-", id="id", email="email", account=DatedColumn(column="account", at="at"),
            same_as="same_as", attributes=of_people, place=_PLACE,
        ),
    )  # fmt: skip


def _add(rows: _Rows, example: Example, number: int, subject: SubjectType) -> None:
    """Add one example's rows, with ids that begin with its number."""
    about = subject_of(example, subject) or SOMEBODY
    person = about if subject == "person" else None
    account = about if subject == "account" else SOMEBODY
    elsewhere = {str(row["id"]) for row in example.people if str(row.get("account", account)) != account}
    for count, event in enumerate(example.events):
        # In a case about an account everything happens there, unless its doer belongs elsewhere.
        place = event.account or (account if subject == "account" and event.person not in elsewhere else None)
        rows.events.append({
            "id": f"{number}/{count}", "at": format_instant(event.at), "event": event.event,
            "person": _id(number, event.person or person), "account": _id(number, place),
            **{_column(name): text_of(value) for name, value in event.properties},
        })  # fmt: skip
    own = {k: v for k, v in example.attributes.items() if not k.startswith("account.")}
    of_account = {k.removeprefix("account."): v for k, v in example.attributes.items() if k.startswith("account.")}
    if subject == "account":
        own, of_account = {}, own
    people = [dict(row) for row in example.people]
    if person is not None:
        mine = next((row for row in people if str(row["id"]) == person), None)
        if mine is None:
            mine = {"id": person}
            people.append(mine)
        for key, value in own.items():
            mine.setdefault(key, value)
    rows.people += [_person(number, row, account) for row in people]
    domain = text_of(of_account.pop("domain", None))
    rows.accounts.append({"id": _id(number, account), "domain": domain, **_values(of_account)})
    for row in example.partner_facts:
        rows.facts.append(_of_account(number, row, account))
    for row in example.insights:
        rows.insights.append(_of_account(number, row, account))


def _person(number: int, row: dict[str, Scalar], account: str) -> Row:
    domain = row.pop("email_domain", None)
    email = row.pop("email", None) or (f"somebody@{domain}" if domain is not None else None)
    head: Row = {
        "id": _id(number, text_of(row.pop("id"))), "email": text_of(email),
        "account": _id(number, text_of(row.pop("account", account))), "at": text_of(row.pop("at", None)),
        "same_as": _id(number, text_of(row.pop("same_as", None))),
    }  # fmt: skip
    return {**head, **_values(row)}


def _of_account(number: int, row: object, account: str) -> Row:
    assert isinstance(row, dict)
    texts = {key: text_of(value) for key, value in row.items()}
    return {**texts, "account": _id(number, texts.get("account") or account)}


def _values(values: dict[str, Scalar]) -> Row:
    return {_column(name): text_of(value) for name, value in values.items()}


def _id(number: int, text: str | None) -> str | None:
    return None if text is None else f"{number}/{text}"


def disagreement(example: Example, verdict: Decided) -> Complaint | None:
    """Return a complaint where the rule decided the example otherwise than it states."""
    pairs = [
        ("because", example.because, verdict.because),
        ("missing", example.missing, verdict.missing),
        ("excluded_by", example.excluded_by, verdict.excluded_by),
    ]
    wrong = [key for key, stated, found in pairs if stated is not None and _alike(stated) != _alike(found)]
    if example.qualified == verdict.qualified and not wrong:
        return None
    expected = [f"qualified: {_truth(example.qualified)}"]
    expected += [f"{key}: {_listed(stated)}" for key, stated, _ in pairs if stated is not None]
    found = [f"qualified: {_truth(verdict.qualified)}"]
    found += [f"{key}: {_listed(names)}" for key, _, names in pairs if names or key in wrong]
    return Complaint(
        code=codes.DISAGREES,
        place=example.place,
        value=example.name,
        message=f"'{example.rule}' decides the case '{example.name}' otherwise than stated. "
        f"Expected {', '.join(expected)}. Found {', '.join(found)}.",
        mend="Correct the rule or the case.",
    )


def _alike(names: Iterable[str]) -> set[frozenset[str]]:
    # The members of a whole group are joined by "or", in any order.
    return {frozenset(name.split(" or ")) for name in names}


def _listed(names: Iterable[str]) -> str:
    return "[" + ", ".join(names) + "]"


def _truth(value: bool) -> str:
    return "true" if value else "false"
