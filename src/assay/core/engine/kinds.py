"""Kinds of events: an event's name together with which of the conditions in `where` it meets.

The conditions and values that any stage reads are worked out once, in SQL; from then on an event is its kind, its
instant and a few integers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from assay.core import values
from assay.core.definitions import model
from assay.core.engine.compiled import NO_VALUE
from assay.core.engine.slots import FeedKey, Slots, ValueKey
from assay.core.io.store import Store, name

#: Bits of one BIGINT used for conditions met.
_BITS = 62

Predicate = tuple[str, model.Condition]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kinds:
    """The kinds of events of a run, and the columns that give an event's kind and values.

    names     the event name of each kind
    met       which predicates each kind meets
    columns   the values in each column of `Rows.values`; a column serves several values that no event shares
    sql       "SELECT event, at, person, account, kind, v0, ... FROM prepared.events ..." without WHERE
    distinct  one more than the greatest code in any column that a distinct reads
    """

    names: tuple[str, ...]
    met: tuple[frozenset[Predicate], ...]
    columns: tuple[tuple[ValueKey, ...], ...]
    sql: str
    distinct: int

    def column(self, key: ValueKey | None) -> int:
        """Return the column of a value, or -1 for none."""
        return -1 if key is None else next(i for i, keys in enumerate(self.columns) if key in keys)

    def feeds_of(self, feeds: Mapping[FeedKey, int]) -> list[list[int]]:
        """Return the feeds that each kind belongs to."""
        return [
            [
                feed
                for key, feed in feeds.items()
                if (not key.events or kind in key.events) and all(predicate in met for predicate in key.where)
            ]
            for kind, met in zip(self.names, self.met, strict=True)
        ]


def find_kinds(store: Store, stages: Sequence[Slots], lists: Mapping[str, tuple[model.Scalar, ...]]) -> Kinds:
    """Return the kinds of events that these stages tell apart. Writes small tables into the store's schema `engine`."""
    store.run("CREATE SCHEMA IF NOT EXISTS engine")
    predicates = _predicates(stages)
    names = dict(store.rows("SELECT event, name FROM prepared.event_names"))
    columns = _share_columns(stages)
    shown = {
        row[0]
        for row in store.rows(
            "SELECT column_name FROM duckdb_columns() WHERE schema_name = 'prepared' AND table_name = 'events'"
        )
    }
    joins, picked, distinct = _value_sql(store, stages, columns, shown)
    truths = [_truth_sql(store, k, predicate, lists, shown) for k, predicate in enumerate(predicates)]
    packs = [
        " + ".join(f"(CASE WHEN {truth} THEN {1 << bit} ELSE 0 END)" for bit, truth in enumerate(truths[i : i + _BITS]))
        for i in range(0, len(truths), _BITS)
    ]
    if packs:
        known = _make_kinds(store, packs)
        codes = " AND ".join(f"k.m{i} = ({pack})" for i, pack in enumerate(packs))
        kind_names = tuple(names[row[0]] for row in known)
        met = tuple(_met(predicates, row[1:]) for row in known)
        kind, joins = "k.kind", [f"LEFT JOIN engine.kinds k ON k.event = e.event AND {codes}", *joins]
    else:
        kind_names = tuple(names[code] for code in sorted(names))
        met = tuple(frozenset() for _ in kind_names)
        kind = "e.event"
    chosen = ", ".join(
        [
            "e.rowid::INTEGER AS event",
            "e.at AS at",
            "e.person AS person",
            "e.account AS account",
            f"{kind} AS kind",
            *picked,
        ]
    )
    sql = f"SELECT {chosen} FROM prepared.events e {' '.join(joins)}"
    return Kinds(names=kind_names, met=met, columns=columns, sql=sql, distinct=distinct)


def _predicates(stages: Sequence[Slots]) -> list[Predicate]:
    found: dict[Predicate, None] = {}
    for slots in stages:
        for key in slots.feeds:
            found.update(dict.fromkeys(key.where))
    return list(found)


def _met(predicates: Sequence[Predicate], packs: Sequence[int]) -> frozenset[Predicate]:
    return frozenset(p for k, p in enumerate(predicates) if packs[k // _BITS] >> (k % _BITS) & 1)


def _make_kinds(store: Store, packs: Sequence[str]) -> list[tuple[int, ...]]:
    masks = ", ".join(f"({pack})::BIGINT AS m{i}" for i, pack in enumerate(packs))
    order = ", ".join(["event", *(f"m{i}" for i in range(len(packs)))])
    store.run(
        "CREATE OR REPLACE TABLE engine.kinds AS "
        f"SELECT *, (row_number() OVER (ORDER BY {order}) - 1)::INTEGER AS kind "
        f"FROM (SELECT DISTINCT e.event AS event, {masks} FROM prepared.events e)"
    )
    return store.rows("SELECT * EXCLUDE (kind) FROM engine.kinds ORDER BY kind")


def _texts(store: Store, column: str) -> list[str]:
    return [row[0] for row in store.rows(f"SELECT DISTINCT {column} FROM prepared.events e WHERE {column} IS NOT NULL")]


def _truth_sql(
    store: Store, number: int, predicate: Predicate, lists: Mapping[str, tuple[model.Scalar, ...]], shown: set[str]
) -> str:
    """Return SQL that is true of events whose property meets a condition, decided once for each different value."""
    of_property, condition = predicate
    absent = values.meets(condition, None, lists)
    if f"p_{of_property}" not in shown:  # no source has it: absent everywhere
        return "true" if absent else "false"
    column = f"e.{name(f'p_{of_property}')}"
    good = [text for text in _texts(store, column) if values.meets(condition, text, lists)]
    store.save("engine", f"met{number}", pa.table({"value": pa.array(good, pa.string())}))
    found = f"{column} IN (SELECT value FROM engine.met{number})"
    return f"({column} IS NULL OR {found})" if absent else f"({column} IS NOT NULL AND {found})"


def _share_columns(stages: Sequence[Slots]) -> tuple[tuple[ValueKey, ...], ...]:
    """Return the values of each column: two share one where no event has both."""
    columns: list[list[tuple[ValueKey, frozenset[str]]]] = []
    for key, events in _readers(stages).items():
        for column in columns:
            if not any(_overlap(events, other) for _, other in column):
                column.append((key, events))
                break
        else:
            columns.append([(key, events)])
    return tuple(tuple(key for key, _ in column) for column in columns)


def _readers(stages: Sequence[Slots]) -> dict[ValueKey, frozenset[str]]:
    """Return which events each value is read of; none: any."""
    found: dict[ValueKey, frozenset[str] | None] = {}
    for slots in stages:
        feeds = list(slots.feeds)
        for slot in slots.slots:
            if slot.value is not None:
                events = feeds[slot.feeds[0]].events
                before = found.get(slot.value, frozenset())
                found[slot.value] = None if not events or before is None else before | set(events)
    return {key: events or frozenset() for key, events in found.items()}


def _overlap(one: frozenset[str], other: frozenset[str]) -> bool:
    return not one or not other or bool(one & other)


def _value_sql(
    store: Store, stages: Sequence[Slots], columns: Sequence[Sequence[ValueKey]], shown: set[str]
) -> tuple[list[str], list[str], int]:
    """Return the joins and the columns that give values, and one more than the greatest code among them."""
    readers = _readers(stages)
    codes = {text: code for code, text in store.rows("SELECT event, name FROM prepared.event_names")}
    joins, picked, distinct = [], [], 0
    for i, keys in enumerate(columns):
        cases = []
        for j, key in enumerate(keys):
            events = [str(codes[event]) for event in sorted(readers[key]) if event in codes]
            if key.what in ("person", "account"):
                value = f"CASE WHEN e.{key.what} < 0 THEN {NO_VALUE} ELSE e.{key.what} END"
                table = {"person": "people", "account": "accounts"}[key.what]
                distinct = max(distinct, store.rows(f"SELECT count(*) FROM prepared.{table}")[0][0])
            elif f"p_{key.name}" not in shown:
                continue
            else:
                table = f"engine.values{i}_{j}"
                distinct = max(distinct, _save_values(store, key, table))
                alias = f"w{i}_{j}"
                # Equality alone: with a condition on the event beside it DuckDB compares every row with every value.
                joins.append(f"LEFT JOIN {table} {alias} ON {alias}.value = e.{name(f'p_{key.name}')}")
                value = f"coalesce({alias}.code, {NO_VALUE})"
            if readers[key] and not events:
                continue
            cases.append(f"WHEN e.event IN ({', '.join(events)}) THEN {value}" if events else f"WHEN true THEN {value}")
        value = f"CASE {' '.join(cases)} ELSE {NO_VALUE} END" if cases else str(NO_VALUE)
        picked.append(f"({value})::BIGINT AS v{i}")
    return joins, picked, distinct


def _save_values(store: Store, key: ValueKey, table: str) -> int:
    """Write each different value of a property with its code or amount; return one more than the greatest code."""
    texts = sorted(_texts(store, f"e.{name(f'p_{key.name}')}"))
    schema, _, short = table.partition(".")
    if key.what == "code":
        numbers: list[int | None] = list(range(len(texts)))
    else:
        numbers = [_amount(text) for text in texts]
    rows = pa.table({"value": pa.array(texts, pa.string()), "code": pa.array(numbers, pa.int64())})
    store.save(schema, short, rows)
    return len(texts) if key.what == "code" else 0


def _amount(text: str) -> int | None:
    number = values.parse_number(text)
    return None if number is None else values.millionths(number)
