"""A file that somebody uploads, as rows for the lake: read by the core's own reader, with its rejects."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Final

import pyarrow as pa

from assay.core import sources
from assay.core.definitions import model
from assay.core.errors import BadRequest
from assay.core.io.store import Store, literal, name
from assay.core.sources.fields import Field, fields_of
from assay.core.sources.files import kind_of
from assay.node.lake.rows import LAKE, ROW_KIND

#: Seconds between two looks at how far the reading is.
_PAUSE: Final = 1.0


@dataclass(frozen=True, slots=True)
class FileRows:
    """What a file gives: rows of the lake without `seq` and `received_at`, and what could not be read."""

    rows: pa.Table
    rejects: pa.Table  # tables.REJECTS


def read_file(part: model.Source, path: Path, tell: Callable[[int], None] | None = None) -> FileRows:
    """Return the rows of one file of a source part. BadData where the file cannot be read at all.

    Of events every declared property is kept, whether or not a rule reads it yet. `tell` hears once a second, on a
    thread of its own, how many percent are read.
    """
    if isinstance(part, model.EventsSource) and part.id is None:
        raise BadRequest(
            "Events that a node keeps need an id, or one sent twice would count twice",
            where=f"source {part.source}, events",
            mend="Add id: COLUMN to the source.",
        )
    own = replace(part, file=path.name, table=None)
    definitions = _reading_all(own)
    with Store() as store, _telling(store, tell):
        sources.read(store, definitions, path.parent)
        fields = fields_of(own, _properties(own))
        found = store.table(_sql(own, fields))
        return FileRows(
            found.select(_SCHEMA.names).cast(_SCHEMA), store.table("SELECT * FROM raw.rejects ORDER BY ALL")
        )


@contextmanager
def _telling(store: Store, tell: Callable[[int], None] | None) -> Iterator[None]:
    if tell is None:
        yield
        return
    store.watch()
    is_over = threading.Event()

    def watch() -> None:
        most = 0  # one statement reads the file, and later ones begin at nothing again
        while not is_over.wait(_PAUSE):
            if (now := store.progress()) > most:
                most = now
                tell(most)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        is_over.set()
        watcher.join()


_SCHEMA = pa.schema([field for field in LAKE if field.name not in ("seq", "received_at")])


def _properties(part: model.Source) -> tuple[str, ...]:
    return tuple(sorted({prop for prop, _ in part.properties})) if isinstance(part, model.EventsSource) else ()


def _reading_all(part: model.Source) -> model.Definitions:
    """Return definitions of this part alone, with one rule that reads all its properties, so that they travel."""
    where = tuple((prop, model.Condition(kind="exists", values=(True,))) for prop in _properties(part))
    form = model.Count(where=where, threshold=model.Threshold(low=Decimal(1)))
    rule = model.Rule(
        name="all_properties",
        version=1,
        status="draft",
        stage="MQL",
        motion="reading",
        subject="person",
        criteria=(model.Criterion(name="all", form=form, place=part.place),),
        qualify=(model.Group(kind="all_of", members=("all",)),),
        place=part.place,
    )
    return model.Definitions(folder="", sources=(part,), rules=(rule,))


def _sql(part: model.Source, fields: Sequence[Field]) -> str:
    source, kind = literal(part.source), literal(kind_of(part))
    if isinstance(part, model.EventsSource):
        outs = {field.out for field in fields}
        person, account = (one if one in outs else "NULL::VARCHAR" for one in ("person", "account"))
        event = literal(part.constant) if part.constant is not None else '"event"'
        body = _body([field for field in fields if field.out.startswith("p_")])
        return (
            f"SELECT {source} AS source, 'track' AS kind, id, make_timestamptz(\"at\") AS at, {person} AS user_id, "
            f"NULL::VARCHAR AS anonymous_id, {account} AS group_id, {event} AS event, {body} AS body "
            f"FROM raw.good_0 ORDER BY row"
        )
    none = ", ".join(f"NULL::VARCHAR AS {column}" for column in ("id", "user_id", "anonymous_id", "group_id"))
    return (
        f"SELECT {source} AS source, '{ROW_KIND}' AS kind, NULL::TIMESTAMPTZ AS \"at\", {none}, {kind} AS event, "
        f"{_body(fields)} AS body FROM raw.good_0 ORDER BY row"
    )


def _body(fields: Sequence[Field]) -> str:
    """Return SQL for a JSON object of columns; instants in UTC and in one spelling.

    What is dated by an instant that cannot be read is left out with it, as a run on files leaves it out.
    """
    if not fields:
        return "'{}'"
    dated = {field.out.removesuffix("_at") for field in fields if field.instant}
    told: dict[str, str] = {}
    for field in fields:
        out = name(field.out)
        if field.instant:
            out = f"strftime(make_timestamp({out}), '%Y-%m-%dT%H:%M:%S.%fZ')"
        elif field.out in dated:
            out = f"CASE WHEN {name(f'{field.out}_at_why')} IS NULL THEN {out} END"
        told[field.column] = out
    packed = ", ".join(f"{name(column)} := {value}" for column, value in told.items())
    return f"CAST(to_json(struct_pack({packed})) AS VARCHAR)"
