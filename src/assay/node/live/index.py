"""Where each subject's history is, a few microseconds away: a file beside the lake that can be made anew from it.

It holds the rows of the lake by the person or account whose they are, and which people and accounts belong together.
What it finds is what the core must see to decide of a few subjects exactly as it would in a replay of everything.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from assay.core.definitions import model
from assay.core.io.store import Store
from assay.node.lake.rows import LAKE
from assay.node.lake.without import Rows
from assay.node.live.keys import ALWAYS, HOME, SAME, SITE, STAFF, Keys, keys_of, name_of, node_of

#: `name` is that of an event, as a number; ALWAYS where a row is read whatever rules read. `first` has the instant of
#: the earliest event of each account, and of each person's without an account: from there time begins to run.
#: `spreads` is 1 where what touched a person may change what holds of an account.
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS row
    (node INTEGER, seq INTEGER, name INTEGER, told BLOB, PRIMARY KEY (node, seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS first (node INTEGER PRIMARY KEY, at INTEGER);
CREATE TABLE IF NOT EXISTS tie
    (node INTEGER, kind INTEGER, other INTEGER, PRIMARY KEY (node, kind, other)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS mark (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS touched (node INTEGER PRIMARY KEY, spreads INTEGER);
"""

#: What the schema is called: an index with another one is made anew.
_VERSION: Final = 3
_NO_MORE: Final = "".join(f"DROP TABLE IF EXISTS {table};" for table in ("row", "first", "tie", "mark", "touched"))

Nodes = frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbourhood:
    """What deciding of touched subjects needs: whom to decide of, and the rows of the lake that this rests on."""

    people: Nodes
    accounts: Nodes
    homes: Nodes  # the accounts of these people, whether decided of or not, among others: what is told of them changes
    read: Nodes  # whose rows they are
    rows: pa.Table


class Index:
    """The index in a file; one writer at a time."""

    def __init__(self, path: Path | str) -> None:
        self._con = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._con.execute("PRAGMA journal_mode = WAL")
        # What a crash takes is read from the lake again: it need not reach the disk before the next batch.
        self._con.execute("PRAGMA synchronous = NORMAL")
        self._con.execute("PRAGMA cache_size = -200000")
        self._con.execute(f"PRAGMA mmap_size = {1 << 40}")
        self._con.execute("PRAGMA temp_store = MEMORY")
        self._con.execute("PRAGMA secure_delete = ON")  # who was erased is not to be read in free pages
        self._con.execute("PRAGMA busy_timeout = 30000")
        if self._con.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
            self._con.executescript(_NO_MORE)
            # Who only reads must not wait for who writes: where all is there, nothing is written.
            self._con.executescript(f"{_SCHEMA} PRAGMA user_version = {_VERSION}")
        self._con.execute("CREATE TEMP TABLE asked (node INTEGER PRIMARY KEY)")
        self._con.execute("CREATE TEMP TABLE wanted (name INTEGER PRIMARY KEY)")

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

    def add(
        self,
        definitions: model.Definitions,
        rows: pa.Table,
        *,
        at_hand: Store | None = None,
        read_at_accounts: Collection[str] | None = None,
        **marks: str,
    ) -> None:
        """Take in rows of the lake (LAKE), note whose they are as touched, and note marks: all or nothing.

        A store that is `at_hand` is used, and left open. `read_at_accounts`: the names of the events that rules about
        accounts read; a person's others touch no account. None: any may.
        """
        with Store(on_disk=False) if at_hand is None else nullcontext(at_hand) as store:
            store.register("new_rows", rows)
            keys = keys_of(store, definitions, "new_rows")
        told = dict(zip(rows["seq"].to_pylist(), _packed(rows), strict=True))
        read = None if read_at_accounts is None else _numbers(read_at_accounts)
        with self._whole() as cursor:
            begins = _begin(cursor, keys)
            cursor.executemany(
                "INSERT OR REPLACE INTO row VALUES (?, ?, ?, ?)",
                (
                    (node, seq, ALWAYS if seq in begins else name, told[seq])
                    for seq, node, name, _ in zip(*_columns(keys.rows), strict=True)
                ),
            )
            touched = dict.fromkeys(_tie(cursor, keys), True)
            for seq, node, name, is_persons in zip(*_columns(keys.rows), strict=True):
                spreads = read is None or not is_persons or name in read or seq in begins
                touched[node] = spreads or touched.get(node, False)
            _touch(cursor, touched)
            cursor.executemany("INSERT OR REPLACE INTO mark VALUES (?, ?)", marks.items())

    def touch(self, nodes: Iterable[int]) -> None:
        """Note nodes to decide of."""
        with self._whole() as cursor:
            _touch(cursor, dict.fromkeys(nodes, True))

    def touched(self, most: int) -> dict[int, bool]:
        """Return nodes that were touched and not settled since, and whether that may change an account's spells."""
        found = self._con.execute("SELECT node, spreads FROM touched LIMIT ?", [most])
        return {node: bool(spreads) for node, spreads in found}

    def waiting(self) -> int:
        """Return how many nodes were touched and not settled since."""
        return int(self._con.execute("SELECT count(*) FROM touched").fetchone()[0])

    def settle(self, nodes: Iterable[int]) -> None:
        """Note that what touched these nodes was decided, and that the decision is stored."""
        with self._whole() as cursor:
            cursor.executemany("DELETE FROM touched WHERE node = ?", ((node,) for node in nodes))

    def read_whole(self, nodes: Iterable[int]) -> None:
        """Leave out no row of these nodes any longer, whatever rules read."""
        with self._whole() as cursor:
            cursor.executemany(f"UPDATE row SET name = {ALWAYS} WHERE node = ?", ((node,) for node in nodes))

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
            cursor.executemany(f"INSERT INTO row VALUES (?, ?, {ALWAYS}, ?)", fresh)
            tied = {node for node, *_ in named}
            for node in gone:
                others = [row[0] for row in cursor.execute("SELECT other FROM tie WHERE node = ?", [node])]
                tied.update(others)
                # An account of theirs begins with another event now, which may be any: all are read from now on.
                for one in others:
                    near = "SELECT ?1 UNION SELECT other FROM tie WHERE node = ?1"
                    cursor.execute(f"UPDATE row SET name = {ALWAYS} WHERE node IN ({near})", [one])
                    cursor.execute(f"DELETE FROM first WHERE node IN ({near})", [one])
                cursor.executemany("DELETE FROM tie WHERE node = ? AND other = ?", ((one, node) for one in others))
                for table in ("row", "first", "tie", "touched"):
                    cursor.execute(f"DELETE FROM {table} WHERE node = ?", [node])
            _touch(cursor, dict.fromkeys(tied - gone, True))

    def _naming(self, ids: Collection[str]) -> list[tuple[int, int, bytes]]:
        """Return (node, seq, row) of each row that holds one of these texts as a whole."""
        quoted = sorted('"{}"'.format(one.replace('"', '""')).encode() for one in ids)
        is_there = re.compile(b"|".join(map(re.escape, quoted))).search
        self._con.create_function("names", 1, lambda told: is_there(told) is not None, deterministic=True)
        return self._con.execute("SELECT node, seq, told FROM row WHERE names(told)").fetchall()

    def empty(self, **marks: str) -> None:
        """Forget everything but marks."""
        with self._whole() as cursor:
            for table in ("row", "first", "tie", "mark", "touched"):
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

    def around(
        self,
        touched: Iterable[int],
        *,
        accounts_reach_people: bool,
        of_colleagues: Collection[str] | None = None,
        alone: Collection[int] = (),
    ) -> Neighbourhood:
        """Return whom to decide of where these nodes were touched, and every row that this rests on.

        `accounts_reach_people`: a rule about people reads something of their account, so what happens at an account
        may change what holds of all its people. `of_colleagues`: the names of the events that rules about accounts
        read; of people who are not decided of, others are left out. None: nothing is left out. `alone`: those of the
        touched of whom nothing that is read at accounts is new; their accounts are not decided of.
        """
        nodes = frozenset(touched)
        spreading = nodes.difference(alone)
        people = self._same(nodes)
        accounts = self._sites([*spreading, *self._tied(self._same(spreading), HOME)])
        if accounts_reach_people:
            people = self._same([*people, *self._tied(accounts, STAFF)])
            homes = self._sites([*accounts, *self._tied(people, HOME)])
            staffed = homes
        else:
            homes = self._sites([*accounts, *self._tied(people, HOME)])
            staffed = accounts
        loaded = self._same([*people, *self._tied(staffed, STAFF)]) | homes
        rows = self._rows(loaded, people, of_colleagues)
        return Neighbourhood(people=people, accounts=accounts, homes=homes, read=loaded, rows=rows)

    def knows(self, node: int) -> bool:
        """Tell whether any row names a node."""
        found = "SELECT 1 FROM row WHERE node = ?1 UNION ALL SELECT 1 FROM tie WHERE node = ?1 LIMIT 1"
        return self._con.execute(found, [node]).fetchone() is not None

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

    # CROSS JOIN keeps the order of tables: what SQLite knows nothing of it may scan whole, and look up who is asked.
    def _tied(self, nodes: Iterable[int], kind: int) -> list[int]:
        self._ask(nodes)
        found = self._con.execute("SELECT other FROM asked CROSS JOIN tie USING (node) WHERE kind = ?", [kind])
        return [other for (other,) in found]

    def _rows(self, nodes: Nodes, whole: Nodes, names: Collection[str] | None) -> pa.Table:
        if names is None:
            whole = nodes
        self._ask(whole)
        found = self._con.execute("SELECT seq, told FROM asked CROSS JOIN row USING (node)").fetchall()
        if nodes - whole:
            self._ask(nodes - whole)
            self._con.execute("DELETE FROM wanted")
            self._con.executemany("INSERT INTO wanted VALUES (?)", ((one,) for one in _numbers(names or ())))
            found += self._con.execute(
                "SELECT seq, told FROM asked CROSS JOIN row USING (node) WHERE name IN (SELECT name FROM wanted)"
            ).fetchall()
        return _unpacked([told for _, told in sorted(found)])

    def _ask(self, nodes: Iterable[int]) -> None:
        self._con.execute("DELETE FROM asked")
        self._con.executemany("INSERT OR IGNORE INTO asked VALUES (?)", ((node,) for node in nodes))


def _nodes(named: Sequence[tuple[int, int, bytes]]) -> pa.Array:
    return pa.array([node for node, *_ in named], pa.int64())


def _columns(table: pa.Table) -> list[list[int]]:
    return [column.to_pylist() for column in table.columns]


def _numbers(names: Collection[str]) -> set[int]:
    """Return under which numbers rows stand that have one of these names, or are read whatever rules read."""
    return {ALWAYS, *map(name_of, names)}


def _touch(cursor: sqlite3.Cursor, touched: Mapping[int, bool]) -> None:
    """Note nodes to decide of, and whether what touched each may change what holds of an account."""
    cursor.executemany(
        "INSERT INTO touched VALUES (?, ?) ON CONFLICT (node) DO UPDATE SET spreads = max(spreads, excluded.spreads)",
        touched.items(),
    )


def _tie(cursor: sqlite3.Cursor, keys: Keys) -> set[int]:
    """Note who belongs together; return the nodes of which that is news."""
    fresh: set[int] = set()
    for tie in zip(*_columns(keys.ties), strict=True):
        if cursor.execute("INSERT OR IGNORE INTO tie VALUES (?, ?, ?)", tie).rowcount:
            fresh.add(tie[0])
    return fresh


def _begin(cursor: sqlite3.Cursor, keys: Keys) -> set[int]:
    """Note the earliest events of whom these rows name; return the rows from which somebody begins, as far as known."""
    earliest: dict[int, tuple[int, int]] = {}
    for seq, node, at in zip(*_columns(keys.begins), strict=True):
        earliest[node] = min(earliest.get(node, (at, seq)), (at, seq))
    found: set[int] = set()
    for node, (at, seq) in earliest.items():
        before = cursor.execute("SELECT at FROM first WHERE node = ?", [node]).fetchone()
        if before is None or at < before[0]:
            cursor.execute("INSERT OR REPLACE INTO first VALUES (?, ?)", [node, at])
            found.add(seq)
    return found


#: What the index keeps of a row: all that the core reads. `received_at` stays in the lake.
_KEPT: Final = tuple(field for field in LAKE if field.name != "received_at")
_READ: Final = {field.name: pa.int64() if field.name == "at" else field.type for field in _KEPT}
_COLUMNS: Final = csv.ConvertOptions(
    column_types=_READ, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
)


def _packed(rows: pa.Table) -> list[bytes]:
    """Return each row of the lake as a line of CSV: many lines are read at once, without an object for each value."""
    columns = []
    for name, kind in _READ.items():
        column = rows[name].cast(kind)
        if pa.types.is_string(kind):
            quoted = pc.replace_substring(column, '"', '""')
            column = pc.binary_join_element_wise('"', quoted, '"', "")
        columns.append(pc.fill_null(column.cast(pa.string()), ""))
    lines = pc.binary_join_element_wise(*columns, ",")
    return [line.encode() for line in lines.to_pylist()]


def _unpacked(packed: Sequence[bytes]) -> pa.Table:
    kept = pa.schema(_KEPT)
    if not packed:
        return kept.empty_table()
    text = pa.py_buffer(b"\n".join(packed))
    read = csv.read_csv(
        text,
        # A block holds many of the longest rows there are, so that none is cut in two.
        csv.ReadOptions(column_names=list(_READ), block_size=max(1 << 24, 4 * max(map(len, packed)))),
        csv.ParseOptions(newlines_in_values=True),
        _COLUMNS,
    )
    return read.cast(kept)
