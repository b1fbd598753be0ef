"""Everything decided anew from the lake: after rules were published, and to check what was decided bit by bit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from assay.core import engine, identity, pipeline, sources
from assay.core.definitions import model
from assay.core.io.store import Store
from assay.node.lake.reading import lake_sources
from assay.node.live import kept, later
from assay.node.live.changes import Change
from assay.node.live.deciding import Known
from assay.node.live.keys import node_sql
from assay.node.live.storing import COLUMNS, NAMED, OPTIONAL, changes_of, instant
from assay.node.live.turning import Taker, give

#: What makes a stored spell (s) a replayed one (r). Equality wherever there is always a value: where nothing but
#: `IS NOT DISTINCT FROM` stands Postgres can neither hash nor look up, and would hold each against every other.
_SAME: Final = " AND ".join(
    f"s.{column} {'IS NOT DISTINCT FROM' if column in OPTIONAL else '='} r.{column}" for column in COLUMNS
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What holds of everybody as of an instant, and what is known of them while the store is open."""

    as_of: int
    known: Known
    spells: pa.Table  # tables.SPELLS with `node`
    wakes: pa.Table  # node, at: when to look at each subject again: an entry by expiry, or a later row


@dataclass(frozen=True, slots=True)
class Differences:
    """How many stored spells a replay does not give, and how many of its spells are not stored."""

    stored_only: int
    replayed_only: int

    def __bool__(self) -> bool:
        return bool(self.stored_only or self.replayed_only)


@contextmanager
def prepared(definitions: model.Definitions, lake: str) -> Iterator[Known]:
    """Give a store in which everything of the lake is prepared."""
    with Store() as store:
        own, relations = lake_sources(definitions, lake, is_cheap=True)
        sources.read(store, own, relations)
        identity.resolve(store, own)
        yield Known(store=store, definitions=own)


@contextmanager
def replaying(definitions: model.Definitions, lake: str, *, as_of: int) -> Iterator[Replay]:
    """Give what the core decides of the whole lake (what stands after FROM) as of an instant."""
    with prepared(pipeline.to_decide(definitions), lake) as known:
        store, own = known.store, known.definitions
        spells, timers = engine.replay(store, own, as_of=as_of)
        store.register("replayed", spells)
        store.register("timers", timers)
        person, account = (node_sql(prefix, "subject_id") for prefix in ("p", "a"))
        node = f"CASE subject_type WHEN 'person' THEN {person} ELSE {account} END"
        columns = ", ".join(f"{node} AS node" if column == "node" else column for column in COLUMNS)
        with_nodes = store.table(f"SELECT {columns} FROM replayed")
        store.register("later", later.instants(store, as_of))
        wakes = store.table(
            f'SELECT node, min("at") AS "at" FROM (SELECT {node} AS node, "at" FROM timers UNION ALL '
            "SELECT * FROM later) GROUP BY 1"
        )
        yield Replay(as_of=as_of, known=known, spells=with_nodes, wakes=wakes)


def store_replay(replay: Replay) -> list[Change]:
    """Bring everything stored in line with a replay, in one transaction; return what changed as of its instant."""
    with transaction.atomic():
        _load(replay)
        with _everything_held_against_everything() as cursor:
            cursor.execute(f"DELETE FROM live_spell s WHERE NOT EXISTS (SELECT 1 FROM replayed r WHERE {_SAME})")
            cursor.execute(
                f"INSERT INTO live_spell ({NAMED}) SELECT {NAMED} FROM replayed r "
                f"WHERE NOT EXISTS (SELECT 1 FROM live_spell s WHERE {_SAME})"
            )
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM live_wake")
            with cursor.copy("COPY live_wake (node, at) FROM STDIN") as copy:
                for row in _rows(replay.wakes):
                    copy.write_row(row)
        kept.all_changed()
        return _tell(replay)


def store_and_give(replay: Replay, takers: Sequence[Taker]) -> int:
    """Store a replay and tell what changed, in one transaction; return how many changes there were."""
    with transaction.atomic():
        return give(store_replay(replay), replay.known, takers)


def compare(replay: Replay) -> Differences:
    """Return how what is stored differs from a replay."""
    with transaction.atomic():
        _load(replay)
        with _everything_held_against_everything() as cursor:
            cursor.execute(
                "SELECT "
                f"(SELECT count(*) FROM live_spell s WHERE NOT EXISTS (SELECT 1 FROM replayed r WHERE {_SAME})), "
                f"(SELECT count(*) FROM replayed r WHERE NOT EXISTS (SELECT 1 FROM live_spell s WHERE {_SAME}))"
            )
            found = Differences(*cursor.fetchone())
            cursor.execute("DROP TABLE replayed")
            return found


@contextmanager
def _everything_held_against_everything() -> Iterator[CursorWrapper]:
    """Give a cursor whose statements hash or merge, whatever Postgres believes of how much is stored.

    What it believes is what it last counted: after a first replay that may be nothing at all, and looking up each of a
    million spells in a table that is thought empty takes hours where hashing takes seconds.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = off")
        yield cursor
        cursor.execute("SET LOCAL enable_nestloop TO DEFAULT")


def _load(replay: Replay) -> None:
    typed = ", ".join(f"{column} {kind}" for column, kind in COLUMNS.items())
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE replayed ({typed}) ON COMMIT DROP")
        with cursor.copy(f"COPY replayed ({NAMED}) FROM STDIN") as copy:
            for row in _rows(replay.spells):
                copy.write_row(row)
        cursor.execute("CREATE INDEX ON replayed (node)")
        cursor.execute("ANALYZE replayed")


def _rows(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    for batch in table.to_batches(max_chunksize=10_000):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _tell(replay: Replay) -> list[Change]:
    """Bring who is told to hold in line with the replay; return entries and exits."""
    now = instant(replay.as_of)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE holds ON COMMIT DROP AS SELECT rule, subject_type, subject_id, node, version, "
            "starts_at AS since, ends_at AS until, opened_by FROM replayed WHERE starts_at <= %s "
            "AND (ends_at IS NULL OR ends_at > %s)",
            [now, now],
        )
        key = "h.rule = o.rule AND h.subject_type = o.subject_type AND h.subject_id = o.subject_id"
        cursor.execute(
            "SELECT o.rule, o.subject_type, o.subject_id, o.version, least(coalesce(o.until, %s), %s), '' "
            f"FROM live_holding o WHERE NOT EXISTS (SELECT 1 FROM holds h WHERE {key})",
            [now, now],
        )
        left = cursor.fetchall()
        cursor.execute(
            "SELECT h.rule, h.subject_type, h.subject_id, h.version, h.since, h.opened_by FROM holds h "
            f"WHERE NOT EXISTS (SELECT 1 FROM live_holding o WHERE {key})"
        )
        entered = cursor.fetchall()
        cursor.execute("DELETE FROM live_holding")
        columns = "rule, subject_type, subject_id, node, version, since, until"
        cursor.execute(f"INSERT INTO live_holding ({columns}) SELECT {columns} FROM holds")
        cursor.execute("DROP TABLE holds, replayed")
    return [*changes_of("exit", left), *changes_of("enter", entered)]
