"""Read every source part of the definitions into the schema `raw`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from assay.core.definitions.model import Definitions, EventsSource
from assay.core.errors import BadData, BadRequest
from assay.core.io.store import Store, literal, name
from assay.core.sources.checks import checks_of, good_sql, rejects_sql, trouble_sql
from assay.core.sources.files import check_names
from assay.core.sources.needs import read_properties
from assay.core.sources.staging import Part, finish, new_part, stage_folder, stage_table
from assay.core.sources.warehouse_tables import opened, stage_warehouse
from assay.core.tables import COUNTS, REJECTS
from assay.core.values import is_zone

Progress = Callable[[str], None]
_EVENT_COLUMNS: Final = ("id", "event", "person", "account", "rest")


def read(
    store: Store,
    definitions: Definitions,
    data: Path | Mapping[str, Any] | None,
    *,
    connections: Mapping[str, Any] | None = None,
    until: int | None = None,
    progress: Progress | None = None,
) -> None:
    """Fill the schema `raw` of `store` from a data folder, or from tables by source name, and from warehouses.

    `connections` are URLs or Ibis connections by the name that sources give them. Where no question looks past an
    instant, `until` says so, and later events stay in the warehouse. A table is Arrow, pandas or polars; where a source
    has several parts give {"<source>": {"events": table, "people": table}}; it takes the place of one in a warehouse.
    Rows that cannot be read go to `raw.rejects`; what cannot be read at all raises BadData or BadRequest.
    """
    parts = definitions.sources
    if not parts:
        raise BadData(
            "The definitions name no source",
            where=definitions.folder,
            mend="Write sources/*.yml; 'assay init DATA' proposes them.",
        )
    if isinstance(data, Mapping):
        check_names(parts, data)
    store.run("DROP SCHEMA IF EXISTS raw CASCADE")
    store.run("CREATE SCHEMA raw")
    _create(store, "raw.rejects", REJECTS)
    _create(store, "raw.counts", COUNTS)
    properties = read_properties(definitions)
    with opened(connections or {}) as warehouses:
        for number, source in enumerate(parts):
            part = new_part(number, source, properties)
            _check_zone(part)
            if progress is not None:
                progress(f"Reading {source.source}")
            with store.reading(part.where, mend="Check that its files are whole."):
                if isinstance(data, Mapping) and (source.table is None or source.source in data):
                    stage_table(store, part, parts, data)
                elif source.table is not None:
                    stage_warehouse(store, part, warehouses.of(source.table.connection), until=until)
                elif data is None or isinstance(data, Mapping):
                    raise _no_data(part)
                else:
                    stage_folder(store, part, Path(data))
                finish(store, part)
                _judge(store, part, properties)


def _check_zone(part: Part) -> None:
    zone = part.part.time_zone
    if zone is not None and not is_zone(zone):
        raise BadData(
            "There is no such time zone", where=part.where, value=zone, mend="Write a name such as Europe/Berlin."
        )


def _no_data(part: Part) -> BadRequest:
    return BadRequest(
        "A source lies in files, and no data folder was given",
        where=part.where,
        value=part.part.file,
        mend="Give --data FOLDER; in Python the folder, or a table for each such source.",
    )


def _create(store: Store, table: str, columns: Mapping[str, str]) -> None:
    store.run(f"CREATE TABLE {table} ({', '.join(f'{name(c)} {kind}' for c, kind in columns.items())})")


def _judge(store: Store, part: Part, properties: tuple[str, ...]) -> None:
    """Tell good rows from rejects and count both."""
    checks = checks_of(part)
    lost = _rejects(store, part)
    if store.number(trouble_sql(part, checks)):
        store.run(f"INSERT INTO raw.rejects {rejects_sql(part, checks)}")
    rejected = _rejects(store, part)
    good = good_sql(part, checks, all_are_good=rejected == lost)
    columns = _events_sql(part, good, properties) if isinstance(part.part, EventsSource) else good
    store.run(f"CREATE VIEW raw.good_{part.number} AS {columns}")
    rows = store.number(f"SELECT count(*) FROM raw.part_{part.number}") + lost
    for what, count in (("rows", rows), ("rejects", rejected)):
        if count or what == "rows":
            store.run(f"INSERT INTO raw.counts VALUES ({literal(part.part.source)}, {literal(what)}, {count})")


def _rejects(store: Store, part: Part) -> int:
    """Return how many rejects this part has so far."""
    source = literal(part.part.source)
    before = f"SELECT coalesce(sum(\"rows\"), 0) FROM raw.counts WHERE what = 'rejects' AND source = {source}"
    return store.number(f"SELECT count(*) - ({before}) FROM raw.rejects WHERE source = {source}")


def _events_sql(part: Part, good: str, properties: tuple[str, ...]) -> str:
    """Return SQL for good events with the same columns for every part."""
    outs = {field.out for field in part.fields} | ({"rest"} if part.rest else set())
    source = part.part
    columns = ["row", "file", "line", '"at"']
    for column in (*_EVENT_COLUMNS, *(f"p_{prop}" for prop in properties)):
        if column == "event" and isinstance(source, EventsSource) and source.constant is not None:
            columns.append(f'{literal(source.constant)} AS "event"')
        elif column in outs:
            columns.append(name(column))
        else:
            columns.append(f"NULL::{'UBIGINT' if column == 'rest' else 'VARCHAR'} AS {name(column)}")
    return f"SELECT {', '.join(columns)} FROM ({good})"
