"""Where each subject's history is, a few microseconds away: a file beside the lake that can be made anew from it.

It holds the rows of the lake by the person or account whose they are, and which people and accounts belong together.
What it finds is what the core must see to decide of a few subjects exactly as it would in a replay of everything.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec
import pyarrow as pa

from assay.core.definitions import model
from assay.core.io.store import Store
from assay.node.lake.rows import LAKE
from assay.node.lake.without import Rows
from assay.node.live.keys import MEMBER, SAME, SITE, keys_of, node_of

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS row (node INTEGER, seq INTEGER, told BLOB, PRIMARY KEY (node, seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tie
    (node INTEGER, kind INTEGER, other INTEGER, PRIMARY KEY (node, kind, other)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS mark (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS touched (node INTEGER PRIMARY KEY);
"""

Nodes = frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbourhood:
    """What deciding of touched subjects needs: whom to decide of, and the rows of the lake that this rests on."""

    people: Nodes
    accounts: Nodes
    rows: pa.Table


class Index:
    """The index in a file; one writer at a time."""

    def __init__(self, path: Path | str) -> None:
        self._con = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._con.execute("PRAGMA journal_mode = WAL")
        # What a crash takes is read from the lake again: it need not reach the disk before the next batch.
        self._con.execute("PRAGMA synchronous = NORMAL")
        self._con.execute("PRAGMA cache_size = -200000")
        self._con.execute("PRAGMA temp_store = MEMORY")
        self._con.execute("PRAGMA secure_delete = ON")  # who was erased is not to be read in free pages
        self._con.execute("PRAGMA busy_timeout = 30000")
        self._con.executescript(_SCHEMA)
        self._con.execute("CREATE TEMP TABLE asked (node INTEGER PRIMARY KEY)")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._con.close()

    def mark(self, name: str) -> str | None:
        """Return what was noted under a name."""
        found = self._con.execute("SELECT value FROM mark WHERE name = ?", [name]).fetchone()
        return None if found is None else str(found[0])

    def note(self, **marks: str) -> None:
        """Note marks."""
        with self._whole() as cursor:
            cursor.executemany("INSERT OR REPLACE INTO mark VALUES (?, ?)", marks.items())

    def add(self, definitions: model.Definitions, rows: pa.Table, **marks: str) -> None:
        """Take in rows of the lake (LAKE), note whose they are as touched, and note marks: all or nothing."""
        with Store(on_disk=False) as store:
            store.register("new_rows", rows)
            kept, ties = keys_of(store, definitions, "new_rows")
        told = dict(zip(rows["seq"].to_pylist(), _packed(rows), strict=True))
        touched = {*kept["node"].to_pylist(), *ties["node"].to_pylist()}
        with self._whole() as cursor:
            cursor.executemany(
                "INSERT OR REPLACE INTO row VALUES (?, ?, ?)",
                ((node, seq, told[seq]) for seq, node in zip(*_columns(kept), strict=True)),
            )
            cursor.executemany("INSERT OR IGNORE INTO tie VALUES (?, ?, ?)", zip(*_columns(ties), strict=True))
            cursor.executemany("INSERT OR IGNORE INTO touched VALUES (?)", ((node,) for node in touched))
            cursor.executemany("INSERT OR REPLACE INTO mark VALUES (?, ?)", marks.items())

    def touch(self, nodes: Iterable[int]) -> None:
        """Note nodes to decide of."""
        with self._whole() as cursor:
            cursor.executemany("INSERT OR IGNORE INTO touched VALUES (?)", ((node,) for node in nodes))

    def touched(self, most: int) -> list[int]:
        """Return nodes that were touched and not settled since."""
        return [row[0] for row in self._con.execute("SELECT node FROM touched LIMIT ?", [most])]

    def waiting(self) -> int:
        """Return how many nodes were touched and not settled since."""
        return int(self._con.execute("SELECT count(*) FROM touched").fetchone()[0])

    def settle(self, nodes: Iterable[int]) -> None:
        """Note that what touched these nodes was decided, and that the decision is stored."""
        with self._whole() as cursor:
            cursor.executemany("DELETE FROM touched WHERE node = ?", ((node,) for node in nodes))

    def forget(self, ids: Collection[str], definitions: model.Definitions) -> None:
        """Forget who has these ids; whoever they were tied to, or rows of whom named them, is to be decided of anew.

        What is kept of a row says whether it names them, so all are looked at, wherever ties lead.
        """
        gone = {node_of("p", one) for one in ids}
        named = self._naming(ids)
        with Store(on_disk=False) as store:
            erased = Rows(store, ids, definitions.sources)
            store.register("named", _unpacked([told for *_, told in named]).append_column("node", _nodes(named)))
            kept = store.table(erased.without("named"))
        fresh = zip(kept["node"].to_pylist(), kept["seq"].to_pylist(), _packed(kept), strict=True)
        with self._whole() as cursor:
            cursor.executemany("DELETE FROM row WHERE node = ? AND seq = ?", ((node, seq) for node, seq, _ in named))
            cursor.executemany("INSERT INTO row VALUES (?, ?, ?)", fresh)
            tied = {node for node, *_ in named}
            for node in gone:
                others = [row[0] for row in cursor.execute("SELECT other FROM tie WHERE node = ?", [node])]
                tied.update(others)
                cursor.executemany("DELETE FROM tie WHERE node = ? AND other = ?", ((one, node) for one in others))
                for table in ("row", "tie", "touched"):
                    cursor.execute(f"DELETE FROM {table} WHERE node = ?", [node])
            cursor.executemany("INSERT OR IGNORE INTO touched VALUES (?)", ((one,) for one in tied - gone))

    def _naming(self, ids: Collection[str]) -> list[tuple[int, int, bytes]]:
        """Return (node, seq, row) of each row that holds one of these texts as a whole."""
        packed = sorted(map(msgspec.msgpack.encode, ids))
        is_there = re.compile(b"|".join(map(re.escape, packed)), re.DOTALL).search
        self._con.create_function("names", 1, lambda told: is_there(told) is not None, deterministic=True)
        return self._con.execute("SELECT node, seq, told FROM row WHERE names(told)").fetchall()

    def empty(self, **marks: str) -> None:
        """Forget everything but marks."""
        with self._whole() as cursor:
            for table in ("row", "tie", "mark", "touched"):
                cursor.execute(f"DELETE FROM {table}")
            cursor.executemany("INSERT INTO mark VALUES (?, ?)", marks.items())

    @contextmanager
    def _whole(self) -> Iterator[sqlite3.Cursor]:
        """Give a cursor whose writes are kept together, or not at all."""
        with closing(self._con.cursor()) as cursor:
            cursor.execute("BEGIN IMMEDIATE")
            try:
                yield cursor
                cursor.execute("COMMIT")
            except BaseException:
                cursor.execute("ROLLBACK")
                raise

    def around(self, touched: Iterable[int], *, accounts_reach_people: bool) -> Neighbourhood:
        """Return whom to decide of where these nodes were touched, and every row that this rests on.

        `accounts_reach_people`: a rule about people reads something of their account, so what happens at an account
        may change what holds of all its people.
        """
        people = self._same(touched)
        accounts = self._sites([*touched, *self._tied(people, MEMBER)])
        if accounts_reach_people:
            people = self._same([*people, *self._tied(accounts, MEMBER)])
            reached = self._sites([*accounts, *self._tied(people, MEMBER)])
        else:
            reached = accounts
        loaded = self._same([*people, *self._tied(reached, MEMBER)]) | reached
        return Neighbourhood(people=people, accounts=accounts, rows=self._rows(loaded))

    def sample(self, size: int, seed: int) -> list[int]:
        """Return at most so many nodes that have rows, drawn by a seed."""
        found: set[int] = set()
        state = seed
        for _ in range(size):
            state = (state * 6364136223846793005 + 1442695040888963407) % (1 << 64)
            row = self._con.execute("SELECT node FROM row WHERE node >= ? LIMIT 1", [state >> 1]).fetchone()
            found.update(row or ())
        return sorted(found)

    def _same(self, nodes: Iterable[int]) -> Nodes:
        return self._closed(nodes, SAME)

    def _sites(self, nodes: Iterable[int]) -> Nodes:
        return self._closed(nodes, SITE)

    def _closed(self, nodes: Iterable[int], kind: int) -> Nodes:
        found = frozenset(nodes)
        fresh = found
        while fresh:
            fresh = frozenset(self._tied(fresh, kind)) - found
            found |= fresh
        return found

    def _tied(self, nodes: Iterable[int], kind: int) -> list[int]:
        self._ask(nodes)
        return [
            row[0] for row in self._con.execute("SELECT other FROM asked JOIN tie USING (node) WHERE kind = ?", [kind])
        ]

    def _rows(self, nodes: Nodes) -> pa.Table:
        self._ask(nodes)
        packed = [row[0] for row in self._con.execute("SELECT told FROM asked JOIN row USING (node) ORDER BY seq")]
        return _unpacked(packed)

    def _ask(self, nodes: Iterable[int]) -> None:
        self._con.execute("DELETE FROM asked")
        self._con.executemany("INSERT OR IGNORE INTO asked VALUES (?)", ((node,) for node in nodes))


def _nodes(named: Sequence[tuple[int, int, bytes]]) -> pa.Array:
    return pa.array([node for node, *_ in named], pa.int64())


def _columns(table: pa.Table) -> list[list[int]]:
    return [column.to_pylist() for column in table.columns]


#: What the index keeps of a row: all that the core reads. `received_at` stays in the lake.
_KEPT: Final = tuple(field for field in LAKE if field.name != "received_at")
_Packed = tuple[int, str, str, str | None, int | None, str | None, str | None, str | None, str | None, str | None]


def _packed(rows: pa.Table) -> list[bytes]:
    """Return each row of the lake as bytes."""
    columns = [
        (rows[field.name].cast(pa.int64()) if field.name == "at" else rows[field.name]).to_pylist() for field in _KEPT
    ]
    return list(map(msgspec.msgpack.encode, zip(*columns, strict=True)))


_decoder: Final = msgspec.msgpack.Decoder(_Packed)


def _unpacked(packed: Sequence[bytes]) -> pa.Table:
    columns = list(zip(*map(_decoder.decode, packed), strict=True)) or [()] * len(_KEPT)
    arrays = [
        pa.array(values, pa.int64()).cast(field.type) if field.name == "at" else pa.array(values, field.type)
        for values, field in zip(columns, _KEPT, strict=True)
    ]
    return pa.table(arrays, schema=pa.schema(_KEPT))
