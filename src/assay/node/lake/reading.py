"""Rows of the lake as the core reads them: a relation a source part, with the definition's own meaning of columns.

One definitions folder serves `assay run` on files and the node. So a source's column names say where each part of a
call lands: a track call's `limit` is the column `limit` of a file. What files cannot say, calls can: traits hold from
the call's own instant on, and one that a call leaves out stays what it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from assay.core.definitions.model import (
    AccountsSource,
    DatedColumn,
    Definitions,
    EventsSource,
    PartnerFactsSource,
    PeopleSource,
    Source,
)
from assay.core.io.store import literal, name
from assay.core.sources.fields import Field, fields_of
from assay.core.sources.files import ROW, Relation, kind_of
from assay.core.sources.json_files import json_path
from assay.core.sources.needs import read_properties
from assay.node.intake.limits import LONGEST_ID
from assay.node.lake.rows import EVENT_KINDS, GROUP_KIND, PERSON_KINDS, ROW_KIND, VIEWED


def lake_sources(
    definitions: Definitions, lake: str, *, is_cheap: bool = False
) -> tuple[Definitions, Mapping[str, Mapping[str, Relation]]]:
    """Return definitions whose sources read the lake, and the relation of each source part.

    `lake` is what stands after FROM and has the columns of `rows.LAKE`; for `is_cheap` see `Relation`. Where a source
    has several parts of one kind, each reads all the source's rows of that kind.
    """
    properties = read_properties(definitions)
    parts: list[Source] = []
    relations: dict[str, dict[str, Relation]] = {}
    for number, part in enumerate(definitions.sources):
        # Several parts of one kind are told apart by the file that they name.
        own = replace(_rewritten(part, properties), file=f"{number}:{part.file}", table=None)
        parts.append(own)
        relations.setdefault(part.source, {})[own.file] = Relation(_select(part, properties, lake), is_cheap)
    return replace(definitions, sources=tuple(parts)), relations


def _rewritten(part: Source, properties: Sequence[str]) -> Source:
    """Return the part with every column named as the core names what it reads from it."""
    outs = {field.out for field in fields_of(part, properties)}
    if isinstance(part, EventsSource):
        return replace(
            part,
            id="id",
            at="at",
            event_column=None if part.constant is not None else "event",
            person="person",
            account="account",
            properties=tuple((prop, f"p_{prop}") for prop, _ in part.properties if prop in properties),
        )
    if isinstance(part, PeopleSource):
        home = DatedColumn(column="account", at="account_at") if part.account is not None else None
        email = "email" if part.email is not None else None
        told = _attributes(part.attributes)
        return replace(part, id="id", email=email, account=home, same_as="same_as", attributes=told)
    if isinstance(part, AccountsSource):
        site, called = ("domain" if "domain" in outs else None), ("name" if "name" in outs else None)
        return replace(part, id="id", domain=site, name=called, attributes=_attributes(part.attributes))
    named: dict[str, Any] = {out: out for out in outs}
    return replace(part, **named)


def _attributes(attributes: Sequence[tuple[str, DatedColumn]]) -> tuple[tuple[str, DatedColumn], ...]:
    return tuple((told, DatedColumn(column=f"a{i}", at=f"a{i}_at")) for i, (told, _) in enumerate(attributes))


def _select(part: Source, properties: Sequence[str], lake: str) -> str:
    if isinstance(part, EventsSource):
        return _events(part, properties, lake)
    fields = fields_of(part, properties)
    if isinstance(part, PeopleSource):
        return _told(_Calls.of_people(part), part, fields, lake)
    if isinstance(part, AccountsSource):
        return _told(_Calls.of_accounts(part), part, fields, lake)
    return _told({}, part, fields, lake)


def _events(part: EventsSource, properties: Sequence[str], lake: str) -> str:
    """Return SQL for events: their properties are read from the body, at once."""
    read = [(prop, column) for prop, column in part.properties if prop in properties]
    paths = ", ".join(literal(json_path([column])) for _, column in read)
    viewed = " ".join(f"WHEN {literal(kind)} THEN {literal(event)}" for kind, event in VIEWED.items())
    columns = [
        f'seq AS {name(ROW)}, {_fit("id")} AS id, "at", {_fit("group_id")} AS account',
        f"{_fit('coalesce(user_id, anonymous_id)')} AS person",
        f"coalesce(event, CASE kind {viewed} END) AS event",
        *(f"v[{i + 1}] AS {name(f'p_{prop}')}" for i, (prop, _) in enumerate(read)),
    ]
    values = f", json_extract(body, [{paths}]) AS v" if read else ""
    return f"SELECT {', '.join(columns)} FROM (SELECT *{values} FROM {lake} WHERE {_where(part.source, EVENT_KINDS)})"


def _fit(text: str) -> str:
    """Return SQL for an id; NULL where it is none that can be kept: such a row is a reject, as one without an id is."""
    return f"CASE WHEN length({text}) <= {LONGEST_ID} AND NOT contains({text}, chr(0)) THEN {text} END"


def _where(source: str, kinds: Sequence[str]) -> str:
    return f"source = {literal(source)} AND kind IN ({', '.join(map(literal, kinds))})"


class _Calls(dict[str, str]):
    """What calls say: SQL by column that a part reads. `v(column)` stands for a column of the body."""

    kinds: tuple[str, ...] = ()

    @classmethod
    def of_people(cls, part: PeopleSource) -> _Calls:
        """Return what identify, alias and group calls say of people."""
        own = cls(id="to_json(coalesce(user_id, anonymous_id))", same_as="to_json(same)")
        own.kinds = PERSON_KINDS
        if part.email is not None:
            own["email"] = f"coalesce({_v(part.email)}, {_v('email')})"
        if part.account is not None:
            home = f"coalesce({_v(part.account.column)}, to_json(group_id))"
            own["account"] = home
            own["account_at"] = f"CASE WHEN {home} IS NOT NULL THEN {_dated(part.account)} END"
        own._add_attributes(part.attributes)
        return own

    @classmethod
    def of_accounts(cls, part: AccountsSource) -> _Calls:
        """Return what group calls say of accounts."""
        own = cls(id="to_json(group_id)")
        own.kinds = (GROUP_KIND,)
        own._add_attributes(part.attributes)
        return own

    def _add_attributes(self, attributes: Sequence[tuple[str, DatedColumn]]) -> None:
        """Date what a call says of an attribute; what it does not mention stays as it was."""
        for i, (_, told) in enumerate(attributes):
            self[f"a{i}"] = _v(told.column)
            self[f"a{i}_at"] = f"CASE WHEN {_v(told.column)} IS NOT NULL THEN {_dated(told)} END"


def _dated(told: DatedColumn) -> str:
    return '"at"' if told.at is None else f'coalesce({_instant(told.at)}, "at")'


def _instant(column: str) -> str:
    """Return SQL for an instant that the body states, in UTC where it names no zone."""
    return f"TRY_CAST({_v(column)} ->> '$' AS TIMESTAMPTZ)"


def _v(column: str) -> str:
    """Return SQL for a column of the body, as JSON."""
    return f"json_extract(body, {literal(json_path([column]))})"


#: Columns that name a person or an account.
_IDS: Final = ("id", "same_as", "account", "person")


def _told(calls: Mapping[str, str], part: Source, fields: Sequence[Field], lake: str) -> str:
    """Return SQL for the rows that calls and files give one part, in the order in which they came."""
    columns = {field.out: field.column for field in fields}
    instants = {field.out for field in fields if field.instant} | {out for out in calls if out.endswith("_at")}
    kinds = calls.kinds if isinstance(calls, _Calls) else ()
    of_call = {out: calls.get(out, _v(columns.get(out, out))) for out in {**columns, **calls}}
    read = {out: _instant(column) if out in instants else _v(column) for out, column in columns.items()}
    if isinstance(part, PartnerFactsSource) and "until" in read:
        read["until"] = _soonest(read["until"])
    nothing = {out: f"NULL::{'TIMESTAMPTZ' if out in instants else 'JSON'}" for out in calls}
    of_row = {out: ({**nothing, **read})[out] for out in of_call}
    said = f"(SELECT *, {_same()} AS same FROM {lake} WHERE {_where(part.source, kinds)})"
    row = f"seq AS {name(ROW)}"
    # A file's row is read by the parts of its own kind alone: `event` says which.
    mine = f"{_where(part.source, (ROW_KIND,))} AND event = {literal(kind_of(part))}"
    of_rows = f"SELECT {row}, {_columns(of_row)} FROM {lake} WHERE {mine}"
    if not kinds:
        return of_rows
    return f"SELECT {row}, {_columns(of_call)} FROM {said} UNION ALL {of_rows} ORDER BY {name(ROW)}"


def _soonest(until: str) -> str:
    """Return SQL for the end of a fact: rows of one id tell one fact, and whichever tells its end does so for all.

    Rows of files have no id and stand for themselves.
    """
    return f"CASE WHEN id IS NULL THEN {until} ELSE min({until}) OVER (PARTITION BY id) END"


def _columns(told: Mapping[str, str]) -> str:
    """Return SQL for columns; of ids, those that can be kept."""
    return ", ".join(f"{_fit_json(sql) if out in _IDS else sql} AS {name(out)}" for out, sql in told.items())


def _fit_json(value: str) -> str:
    text = f"({value} ->> '$')"
    return f"CASE WHEN {_fit(text)} IS NOT NULL THEN {value} END"


def _same() -> str:
    """Return SQL for the id that a call says is the same person's.

    A browser that two people share has one anonymous id: it belongs to whoever was identified with it first.
    """
    identified = "kind = 'identify' AND user_id IS NOT NULL AND anonymous_id IS NOT NULL"
    first = f'first_value(user_id) OVER (PARTITION BY anonymous_id, {identified} ORDER BY "at", seq)'
    return (
        f"CASE WHEN kind = 'alias' OR ({identified} AND user_id = {first}) "
        f"THEN nullif(anonymous_id, coalesce(user_id, anonymous_id)) END"
    )
