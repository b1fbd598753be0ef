"""Events with dense ids, each with the account it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pyarrow as pa

from assay.core.definitions.model import Definitions, EventsSource
from assay.core.identity.duplicates import drop_duplicates
from assay.core.identity.parts import numbered, source_ranks
from assay.core.io.store import Store, literal, name
from assay.core.sources.needs import read_properties
from assay.core.tables import EVENTS

#: DuckDB's function that gives text 64 bits, and absent text too.
_HASH: Final = "hash"


def keep_events(store: Store, definitions: Definitions) -> None:
    """Make `raw.kept_<k>` and `raw.told_<k>` for every event part.

    `raw.kept_<k>` are the good events without the copies that do not count. `raw.told_<k>` names the same people,
    accounts and events, and costs less to read where it may hold those copies too.
    """
    store.run("CREATE TABLE raw.dropped (part INTEGER, row BIGINT, is_same BOOLEAN)")
    properties = read_properties(definitions)
    with_ids: dict[str, list[int]] = {}
    for k, part in numbered(definitions, EventsSource):
        if part.id is not None:
            with_ids.setdefault(part.source, []).append(k)
    for source, parts in sorted(with_ids.items()):
        drop_duplicates(store, source, parts, properties)
    hit = dict(store.rows("SELECT part, bool_and(is_same) FROM raw.dropped GROUP BY part"))
    for k, part in numbered(definitions, EventsSource):
        dropped = f" WHERE row NOT IN (SELECT row FROM raw.dropped WHERE part = {k})" if k in hit else ""
        store.run(f"CREATE VIEW raw.kept_{k} AS SELECT * FROM raw.good_{k}{dropped}")
        # A copy of an event of the same part that differs in nothing names nobody whom that event does not name.
        is_alike = hit.get(k, True) and len(with_ids.get(part.source, ())) <= 1
        store.run(f"CREATE VIEW raw.told_{k} AS SELECT * FROM raw.{'good' if is_alike else 'kept'}_{k}")


def name_events(store: Store, definitions: Definitions) -> None:
    """Make `prepared.event_names`, `raw.event_codes` (part, raw text → event), and count unlisted events."""
    pairs: list[tuple[int, str, str]] = []
    listed = set(definitions.event_names)
    for k, part in numbered(definitions, EventsSource):
        renamed = dict(part.rename)
        listed |= {*renamed.values()} | ({part.constant} if part.constant is not None else set())
        for (raw,) in store.rows(f'SELECT DISTINCT "event" FROM raw.told_{k} ORDER BY 1'):
            plain = raw.strip()
            pairs.append((k, raw, renamed.get(plain, plain)))
    names = sorted(listed | {event for _, _, event in pairs})
    codes = {event: i for i, event in enumerate(names)}
    store.save(
        "prepared",
        "event_names",
        pa.table({"event": pa.array(range(len(names)), pa.int32()), "name": pa.array(names, pa.string())}),
    )
    store.save(
        "raw",
        "event_codes",
        pa.table(
            {
                "part": pa.array([k for k, _, _ in pairs], pa.int32()),
                "text": pa.array([raw for _, raw, _ in pairs], pa.string()),
                "event": pa.array([codes[event] for _, _, event in pairs], pa.int32()),
                "is_listed": pa.array([event in listed for _, _, event in pairs], pa.bool_()),
            }
        ),
    )


def place_events(store: Store, definitions: Definitions) -> None:
    """Make `prepared.events`, sources by name and then part by part; within a part the rows lie in no order."""
    ranks = source_ranks(definitions)
    properties = read_properties(definitions)
    kinds = {**EVENTS, **{f"p_{prop}": "VARCHAR" for prop in properties}}
    # How to compress is said, since DuckDB's trying out of every way costs more than most of the rest: integers are
    # packed; text, which is read once or twice, is not worth compressing.
    how = {column: "uncompressed" if kind == "VARCHAR" else "bitpacking" for column, kind in kinds.items()}
    columns = ", ".join(f"{name(column)} {kind} USING COMPRESSION {how[column]}" for column, kind in kinds.items())
    store.run(f"CREATE TABLE prepared.events ({columns})")
    for k, part in sorted(numbered(definitions, EventsSource), key=lambda found: (ranks[found[1].source], found[0])):
        store.run(f"INSERT INTO prepared.events {_placed_sql(store, k, part, ranks[part.source], properties)}")
        _count_unlisted(store, k, part.source)


def _count_unlisted(store: Store, k: int, source: str) -> None:
    if not store.number(f"SELECT count(*) FROM raw.event_codes WHERE part = {k} AND NOT is_listed"):
        return
    store.run(
        f"INSERT INTO raw.counts SELECT {literal(source)}, 'unlisted_events', count(*) FROM raw.kept_{k} x "
        f'JOIN raw.event_codes c ON c.part = {k} AND c.text = x."event" WHERE NOT c.is_listed'
    )


def _placed_sql(store: Store, k: int, part: EventsSource, rank: int, properties: Sequence[str]) -> str:
    """Return SQL for the events of a part with dense ids and the account decided.

    An event's own account wins; else it is where the person was at that instant.
    """
    joins = [f'JOIN (SELECT text, "event" AS code FROM raw.event_codes WHERE part = {k}) e ON e.text = x."event"']
    own = "NULL::INTEGER"
    if part.account is not None:
        own = "a.account"
        joins.append(f"LEFT JOIN raw.account_ids a ON {_equal_sql(store, 'account', 'a.text', 'x.account')}")
    person, account = "-1", f"coalesce({own}, -1)"
    if part.person is not None:
        person, account = "coalesce(p.person, -1)", f"coalesce({own}, p.home, -1)"
        joins.append(f"LEFT JOIN raw.person_homes p ON {_equal_sql(store, 'person', 'p.text', 'x.person')}")
        if store.number("SELECT count(*) FROM raw.stays"):
            account = f"coalesce({own}, s.account, p.home, -1)"
            moving = f"CASE WHEN {own} IS NULL AND p.moves THEN p.person END"
            joins.append(f'LEFT JOIN raw.stays s ON s.person = {moving} AND x."at" >= s.since AND x."at" < s.until')
    ident = "x.id" if part.id is not None else _line_id_sql(store, k)
    columns = "".join(f", x.{name(f'p_{prop}')}" for prop in properties)
    return f'SELECT x."at", e.code, {person}, {account}, {rank}, {ident}{columns} FROM raw.kept_{k} x {" ".join(joins)}'


def _equal_sql(store: Store, subject_type: str, known: str, told: str) -> str:
    """Return SQL for whether two texts out of `raw.<subject_type>_texts` are equal.

    Every text there is stands in that table, absent and blank ones too. So where no two of them share a hash, equal
    hashes are equal texts, and numbers are joined faster than texts.
    """
    seen = f"count(DISTINCT {_HASH}(text)), count(DISTINCT text), count(*) > count(text)"
    hashes, texts, is_absent = store.rows(f"SELECT {seen} FROM raw.{subject_type}_texts")[0]
    return f"{_HASH}({known}) = {_HASH}({told})" if hashes == texts + is_absent else f"{known} = {told}"


def _line_id_sql(store: Store, k: int) -> str:
    """Return SQL for the id of events without one: the line, and the file's name where there are several files."""
    files = store.number(f"SELECT count(DISTINCT file) FROM raw.kept_{k}")
    return "x.file || ':' || CAST(x.line AS VARCHAR)" if files > 1 else "CAST(x.line AS VARCHAR)"
