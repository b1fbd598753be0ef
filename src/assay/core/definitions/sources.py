"""Sources: what the raw files and tables are, and which of their columns mean what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from assay.core.definitions import complaints as codes
from assay.core.definitions.model import (
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
from assay.core.definitions.reader import Reader
from assay.core.definitions.source_places import PLACE_KEYS, read_place
from assay.core.definitions.yaml_nodes import MappingNode, Node, ScalarNode, SequenceNode
from assay.core.errors import Place
from assay.core.values import is_zone


@dataclass(slots=True, kw_only=True)
class SourceDraft:
    """A source as far as it could be read: `source` is None where something in it is wrong."""

    name: str
    place: Place
    kind: str = ""  # "" where it is none or several
    source: Source | None = None
    event_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """What every kind of source has."""

    source: str
    file: str
    table: Table | None
    time_zone: str | None
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceKind:
    """A kind of source: its keys beside those of its place, those that must be there, and how the rest is read."""

    keys: tuple[str, ...]
    required: tuple[str, ...]
    read: Callable[[Reader, MappingNode, _Head], Source | None]


def read_source(reader: Reader, node: MappingNode) -> SourceDraft | None:
    """Return one source; None where even its name is missing."""
    before = len(reader.complaints)
    name_node = node.get("source")
    name = reader.name(name_node, "a source's name")
    reader.holder, reader.subject = ("source", name or ""), ""
    kinds = [key for key, _ in node.entries if key.text in KINDS]
    head_keys = ("source", "time_zone", *([key.text for key in kinds] or KINDS))
    if not kinds or any(key.text == "events" for key in kinds):
        head_keys = (*head_keys, "event_names")
    reader.keys(node, head_keys, "a source", required=("source",))
    known = all(key.text in head_keys for key, _ in node.entries)
    if len(kinds) > 1 or (not kinds and known):
        at = kinds[1] if kinds else node.place
        reader.complain(
            codes.SOURCE_KIND,
            at,
            "A source has exactly one of " + ", ".join(f"'{k}'" for k in KINDS) + ".",
            mend="Split the others off with a line '---'." if kinds else "Add one of them.",
        )
    zone = _zone(reader, node.get("time_zone"))
    draft = SourceDraft(name=name, place=name_node.place) if name is not None and name_node is not None else None
    if len(kinds) != 1:
        return draft
    kind = KINDS[kinds[0].text]
    body = reader.mapping(node.get(kinds[0].text), f"'{kinds[0].text}'")
    found: Source | None = None
    if body is not None:
        reader.keys(body, (*PLACE_KEYS, *kind.keys), f"'{kinds[0].text}'", required=kind.required)
        file, table = read_place(reader, body, f"'{kinds[0].text}'")
        head = _Head(
            source=name or "",
            file=file or "",
            table=table,
            time_zone=zone,
            place=name_node.place if name_node else node.place,
        )
        found = kind.read(reader, body, head)
    names = _event_names(reader, node, body) if kinds[0].text == "events" else ()
    if draft is not None:
        draft.kind, draft.event_names = kinds[0].text, names
        if len(reader.complaints) == before:
            draft.source = found
    return draft


def _zone(reader: Reader, node: Node | None) -> str | None:
    zone = reader.text(node, "'time_zone'")
    if zone is not None and node is not None and not is_zone(zone):
        reader.complain(
            codes.BAD_ZONE,
            node,
            f"There is no time zone '{zone}'.",
            mend="Write an IANA name such as 'Europe/Berlin', or 'UTC'.",
        )
        return None
    return zone


def _event_names(reader: Reader, node: MappingNode, body: MappingNode | None) -> tuple[str, ...]:
    names = reader.texts(node.get("event_names"), "'event_names'") or ()
    event = body.get("event") if body else None
    if not isinstance(event, MappingNode):
        constant = None
    else:
        constant_node = event.get("constant")
        constant = constant_node.text if isinstance(constant_node, ScalarNode) else None
    if node.get("event_names") is None and event is not None and constant is None:
        reader.complain(
            codes.NO_EVENT_NAMES,
            event.place,
            "A source with a column of event names lists them.",
            mend="Add 'event_names: […]' to the source; 'assay init DATA' proposes it.",
            value="event_names",
        )
    rename = event.get("rename") if isinstance(event, MappingNode) else None
    if isinstance(rename, MappingNode):
        new = {value.text for _, value in rename.entries if isinstance(value, ScalarNode)}
        for key, value in rename.entries:
            place = dict(names).get(key.text)
            if place and key.text not in new and isinstance(value, ScalarNode):
                reader.complain(
                    codes.RENAMED,
                    place,
                    f"No event is called '{key.text}': it is renamed.",
                    mend=f"Write '{value.text}'.",
                    value=key.text,
                )
    return (*(name for name, _ in names), *([constant] if constant else []))


def _column(reader: Reader, body: MappingNode, key: str) -> str | None:
    return reader.text(body.get(key), f"'{key}'")


def _pairs(reader: Reader, node: Node | None, what: str) -> tuple[tuple[str, str], ...]:
    """Return (name, column) pairs of a mapping, or of a list whose names are the columns."""
    if isinstance(node, SequenceNode):
        return tuple((name, name) for name, _ in reader.texts(node, what) or ())
    mapping = reader.mapping(node, what)
    pairs = [(key.text, reader.text(value, f"'{key.text}'")) for key, value in (mapping.entries if mapping else ())]
    return tuple((name, column) for name, column in pairs if column is not None)


def _dated(reader: Reader, node: Node | None, what: str) -> DatedColumn | None:
    if not isinstance(node, MappingNode):
        column = reader.text(node, what)
        return None if column is None else DatedColumn(column=column)
    reader.keys(node, ("column", "at"), what, required=("column",))
    column = reader.text(node.get("column"), "'column'")
    at = reader.text(node.get("at"), "'at'")
    return None if column is None else DatedColumn(column=column, at=at)


def _attributes(reader: Reader, node: Node | None) -> tuple[tuple[str, DatedColumn], ...]:
    if isinstance(node, SequenceNode):
        return tuple((name, DatedColumn(column=column)) for name, column in _pairs(reader, node, "'attributes'"))
    mapping = reader.mapping(node, "'attributes'")
    found = [(key.text, _dated(reader, value, f"'{key.text}'")) for key, value in (mapping.entries if mapping else ())]
    return tuple((name, column) for name, column in found if column is not None)


def _need_subject(reader: Reader, body: MappingNode, what: str) -> None:
    if body.get("person") is None and body.get("account") is None:
        reader.complain(
            codes.NO_SUBJECT,
            body.place,
            f"{what} belong to a person, an account, or both.",
            value="",
            mend="Add 'person:' or 'account:' and the name of its column.",
        )


def _read_events(reader: Reader, body: MappingNode, head: _Head) -> Source | None:
    _need_subject(reader, body, "Events")
    event = body.get("event")
    column = constant = None
    rename: tuple[tuple[str, str], ...] = ()
    if isinstance(event, MappingNode):
        reader.keys(event, ("column", "rename", "constant"), "'event'")
        column = reader.text(event.get("column"), "'column'")
        constant = reader.text(event.get("constant"), "'constant'")
        rename = _pairs(reader, event.get("rename"), "'rename'")
        if (event.get("column") is None) == (event.get("constant") is None):
            reader.complain(
                codes.CLASHING,
                event.place,
                "'event' has either 'column' or 'constant'.",
                value="",
                mend="Write '{column: type}' or '{constant: logged_in}'.",
            )
    elif event is not None:
        column = reader.text(event, "'event'")
    return EventsSource(
        source=head.source,
        file=head.file,
        table=head.table,
        time_zone=head.time_zone,
        place=head.place,
        at=_column(reader, body, "at") or "",
        id=_column(reader, body, "id"),
        event_column=column,
        rename=rename,
        constant=constant,
        person=_column(reader, body, "person"),
        account=_column(reader, body, "account"),
        properties=_pairs(reader, body.get("properties"), "'properties'"),
    )


def _read_accounts(reader: Reader, body: MappingNode, head: _Head) -> Source | None:
    return AccountsSource(
        source=head.source,
        file=head.file,
        table=head.table,
        time_zone=head.time_zone,
        place=head.place,
        id=_column(reader, body, "id") or "",
        domain=_column(reader, body, "domain"),
        name=_column(reader, body, "name"),
        attributes=_attributes(reader, body.get("attributes")),
    )


def _read_people(reader: Reader, body: MappingNode, head: _Head) -> Source | None:
    return PeopleSource(
        source=head.source,
        file=head.file,
        table=head.table,
        time_zone=head.time_zone,
        place=head.place,
        id=_column(reader, body, "id") or "",
        email=_column(reader, body, "email"),
        account=_dated(reader, body.get("account"), "'account'"),
        same_as=_column(reader, body, "same_as"),
        attributes=_attributes(reader, body.get("attributes")),
    )


def _read_outcomes(reader: Reader, body: MappingNode, head: _Head) -> Source | None:
    _need_subject(reader, body, "Outcomes")
    return OutcomesSource(
        source=head.source,
        file=head.file,
        table=head.table,
        time_zone=head.time_zone,
        place=head.place,
        at=_column(reader, body, "at") or "",
        outcome=_column(reader, body, "outcome") or "",
        account=_column(reader, body, "account"),
        person=_column(reader, body, "person"),
        amount=_column(reader, body, "amount"),
    )


def _read_partner_facts(reader: Reader, body: MappingNode, head: _Head) -> Source | None:
    return PartnerFactsSource(
        source=head.source,
        file=head.file,
        table=head.table,
        time_zone=head.time_zone,
        place=head.place,
        account=_column(reader, body, "account") or "",
        partner=_column(reader, body, "partner") or "",
        says=_column(reader, body, "says") or "",
        since=_column(reader, body, "from"),
        until=_column(reader, body, "until"),
        confirmed_at=_column(reader, body, "confirmed_at"),
        origin=_column(reader, body, "origin"),
        parent=_column(reader, body, "parent"),
        confidence=_column(reader, body, "confidence"),
    )


def _read_insights(reader: Reader, body: MappingNode, head: _Head) -> Source | None:
    return InsightsSource(
        source=head.source,
        file=head.file,
        table=head.table,
        time_zone=head.time_zone,
        place=head.place,
        account=_column(reader, body, "account") or "",
        partner=_column(reader, body, "partner") or "",
        letter=_column(reader, body, "letter") or "",
        value=_column(reader, body, "value"),
        at=_column(reader, body, "at") or "",
    )


KINDS: Final[dict[str, SourceKind]] = {
    "events": SourceKind(
        keys=("id", "at", "event", "person", "account", "properties"), required=("at", "event"), read=_read_events
    ),
    "accounts": SourceKind(keys=("id", "domain", "name", "attributes"), required=("id",), read=_read_accounts),
    "people": SourceKind(keys=("id", "email", "account", "same_as", "attributes"), required=("id",), read=_read_people),
    "outcomes": SourceKind(
        keys=("account", "person", "at", "outcome", "amount"), required=("at", "outcome"), read=_read_outcomes
    ),
    "partner_facts": SourceKind(
        keys=("account", "partner", "says", "from", "until", "confirmed_at", "origin", "parent", "confidence"),
        required=("account", "partner", "says"),
        read=_read_partner_facts,
    ),
    "insights": SourceKind(
        keys=("account", "partner", "letter", "value", "at"),
        required=("account", "partner", "letter", "at"),
        read=_read_insights,
    ),
}
