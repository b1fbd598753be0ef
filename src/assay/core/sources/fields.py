"""Which columns of a source part travel, and as what.

A `Field` turns one raw column into one column of the stage (text), or into three (instants: the value, why it is
missing, and what stands there instead).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from assay.core.definitions.model import (
    AccountsSource,
    DatedColumn,
    EventsSource,
    InsightsSource,
    OutcomesSource,
    PartnerFactsSource,
    PeopleSource,
    Source,
)
from assay.core.io.store import name
from assay.core.sources.instants import clock_sql, shift_sql, trouble_sql
from assay.core.sources.texts import said_sql, text_sql

#: How much of an offending value goes to the rejects.
LONGEST_VALUE: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One column that travels: `column` of the raw data becomes `out`.

    `required`: a row without it is a reject; `strict`: a row in which it cannot be read is. `as_is`: text is left
    untrimmed here, where it would cost much; the dictionary of ids trims it later.
    """

    out: str
    column: str
    instant: bool = False
    required: bool = False
    strict: bool = False
    as_is: bool = False


def fields_of(part: Source, read: Sequence[str]) -> tuple[Field, ...]:
    """Return the fields of a source part; `read` are the event properties that the definitions read."""
    if isinstance(part, EventsSource):
        return _event_fields(part, read)
    if isinstance(part, AccountsSource):
        plain = {"domain": part.domain, "name": part.name}
        return (Field(out="id", column=part.id, required=True), *_optional(plain), *_attribute_fields(part.attributes))
    if isinstance(part, PeopleSource):
        return _people_fields(part)
    if isinstance(part, OutcomesSource):
        return (
            Field(out="at", column=part.at, instant=True, required=True),
            Field(out="outcome", column=part.outcome, required=True),
            *_optional({"account": part.account, "person": part.person, "amount": part.amount}),
        )
    if isinstance(part, PartnerFactsSource):
        return _fact_fields(part)
    return _insight_fields(part)


def _event_fields(part: EventsSource, read: Sequence[str]) -> tuple[Field, ...]:
    found = [Field(out="at", column=part.at, instant=True, required=True)]
    if part.event_column is not None:
        found.append(Field(out="event", column=part.event_column, required=True, as_is=True))
    found += _optional({"id": part.id})
    found += [
        Field(out=out, column=column, as_is=True)
        for out, column in (("person", part.person), ("account", part.account))
        if column is not None
    ]
    found += [Field(out=f"p_{prop}", column=column) for prop, column in part.properties if prop in read]
    return tuple(found)


def _people_fields(part: PeopleSource) -> tuple[Field, ...]:
    found = [Field(out="id", column=part.id, required=True), *_optional({"email": part.email, "same_as": part.same_as})]
    if part.account is not None:
        found.append(Field(out="account", column=part.account.column))
        if part.account.at is not None:
            found.append(Field(out="account_at", column=part.account.at, instant=True))
    return (*found, *_attribute_fields(part.attributes))


def _fact_fields(part: PartnerFactsSource) -> tuple[Field, ...]:
    instants = {"since": part.since, "until": part.until, "confirmed_at": part.confirmed_at}
    return (
        Field(out="account", column=part.account, required=True),
        Field(out="partner", column=part.partner, required=True),
        Field(out="says", column=part.says, required=True),
        *(
            Field(out=out, column=column, instant=True, strict=out != "confirmed_at")
            for out, column in instants.items()
            if column is not None
        ),
        *_optional({"origin": part.origin, "parent": part.parent, "confidence": part.confidence}),
    )


def _insight_fields(part: InsightsSource) -> tuple[Field, ...]:
    return (
        Field(out="account", column=part.account, required=True),
        Field(out="partner", column=part.partner, required=True),
        Field(out="letter", column=part.letter, required=True),
        Field(out="at", column=part.at, instant=True, required=True),
        *_optional({"value": part.value}),
    )


def _optional(columns: Mapping[str, str | None]) -> list[Field]:
    return [Field(out=out, column=column) for out, column in columns.items() if column is not None]


def _attribute_fields(attributes: Sequence[tuple[str, DatedColumn]]) -> list[Field]:
    found: list[Field] = []
    for index, (_, dated) in enumerate(attributes):
        found.append(Field(out=f"a{index}", column=dated.column))
        if dated.at is not None:
            found.append(Field(out=f"a{index}_at", column=dated.at, instant=True))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """Raw rows that SQL can read: `source` stands after FROM; `columns` maps a raw column to its SQL and DuckDB type.

    `row` numbers the rows uniquely inside this scan, `line` is where a person finds it in `file`. `is_cheap`: reading
    it again costs little (parquet, tables in memory). `trimmed`: raw columns of text in which nothing is to be trimmed.
    """

    source: str
    columns: Mapping[str, tuple[str, str]]
    row: str
    line: str
    file: str
    is_cheap: bool = False
    trimmed: frozenset[str] = frozenset()

    def text(self, column: str, expression: str | None = None, said: str | None = None) -> str:
        """Return SQL for the canonical text of a raw column, here named by `expression`; for `said` see `text_sql`."""
        own, kind = self.columns[column]
        return (expression or own) if column in self.trimmed else text_sql(expression or own, kind, said=said)


def stage_sql(scan: Scan, fields: Sequence[Field], *, zone: str | None, rest: Sequence[str] = ()) -> str:
    """Return the SELECT that gives row, file, line and every field of a scan, bad rows included.

    `rest` are raw columns that only tell differing copies apart: they travel as one hash.
    """
    kinds = [scan.columns[field.column][1] for field in fields]
    first = [f"{scan.row} AS row", f"{scan.file} AS file", f"{scan.line} AS line"]
    first += [f"{scan.columns[field.column][0]} AS c{i}" for i, field in enumerate(fields)]
    first += [
        f"{said_sql(scan.columns[field.column][0])} AS s{i}"
        for i, (field, kind) in enumerate(zip(fields, kinds, strict=True))
        if kind == "JSON"
    ]
    keep = ["row", "file", "line"]
    if rest:
        texts = ", ".join(f"coalesce({scan.text(column)}, '')" for column in rest)
        first.append(f"hash({texts}) AS rest")
        keep.append("rest")
    second, third, fourth, last = list(keep), list(keep), list(keep), list(keep)
    for i, (field, kind) in enumerate(zip(fields, kinds, strict=True)):
        out = name(field.out)
        if not field.instant:
            plain = kind == "VARCHAR" and field.as_is and scan.is_cheap
            second.append(f"{f'c{i}' if plain else scan.text(field.column, f'c{i}', f's{i}')} AS c{i}")
            third.append(f"c{i}")
            fourth.append(f"c{i}")
            last.append(f"c{i} AS {out}")
            continue
        is_text = kind in ("VARCHAR", "JSON") or kind.startswith("ENUM")
        second.append(f"{text_sql(f'c{i}', kind, said=f's{i}') if is_text else f'c{i}'} AS c{i}")
        third += [f"c{i}", f"{clock_sql(f'c{i}', f'c{i}', kind)} AS u{i}"]
        fourth += [f"c{i}", f"u{i}", f"{shift_sql(f'u{i}', f'c{i}', kind, zone)} AS v{i}"]
        why = trouble_sql(f"c{i}", f"u{i}", f"v{i}")
        shown = f"c{i}" if is_text else text_sql(f"c{i}", kind)
        last += [
            f"CASE WHEN {why} IS NULL THEN v{i} END AS {out}",
            f"{why} AS {name(field.out + '_why')}",
            f"CASE WHEN {why} IS NOT NULL THEN left({shown}, {LONGEST_VALUE}) END AS {name(field.out + '_text')}",
        ]
    sql = f"SELECT {', '.join(first)} FROM {scan.source}"
    for layer in (second, third, fourth, last):
        sql = f"SELECT {', '.join(layer)} FROM ({sql})"
    return sql
