"""Where each subject's history is, a few microseconds away: a file beside the lake that can be made anew from it.

It holds the rows of the lake by the person or account whose they are, and which people and accounts belong together.
What it finds is what the core must see to decide of a few subjects exactly as it would in a replay of everything.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pyarrow as pa

from assay.core.definitions import model
from assay.core.io.store import Store
from assay.node.lake.without import Rows
from assay.node.live.keys import ALWAYS, HOME, SAME, SITE, STAFF, Keys, keys_of, name_of, node_of
from assay.node.live.packing import packed, unpacked
from assay.node.live.readers import Readers, opened

#: `name` is that of an event, as a number; ALWAYS where a row is read whatever rules read. `first` has the instant of
#: the earliest event of each account, and of each person's without an account: from there time begins to run.
#: `spreads` is 1 where what touched a person may change what holds of an account.
#: Rows stand by `place`, which is the account that they name, if any: those of its people, which are read together, are
#: side by side in the file. `spot` has all places where rows of a person or an account are.
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS row
    (place INTEGER, node INTEGER, seq INTEGER, name INTEGER, told BLOB, PRIMARY KEY (place, node, seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS spot (node INTEGER, place INTEGER, PRIMARY KEY (node, place)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS first (node INTEGER PRIMARY KEY, at INTEGER);
CREATE TABLE IF NOT EXISTS tie
    (node INTEGER, kind INTEGER, other INTEGER, PRIMARY KEY (node, kind, other)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS mark (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS touched (node INTEGER PRIMARY KEY, spreads INTEGER);
"""

#: The schema's number. An index with another one is another file, and this one is made anew from the lake.
_VERSION: Final = 4
NAME: Final = f"index-{_VERSION}.sqlite"
_TABLES: Final = ("row", "spot", "first", "tie", "mark", "touched")
#: The rows of a node, for statements that change them.
_OF_NODE: Final = "(place, node) IN (SELECT place, node FROM spot WHERE node {})"

Nodes = frozenset[int]


def write_back(path: Path | str) -> None:
    """Write what the journal of an index holds where it belongs; nobody has to wait for it, as a turn would."""
    with closing(opened(path)) as aside:
        aside.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


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
        self._con = opened(path)
        self._con.execute("PRAGMA journal_mode = WAL")
        # What a crash takes is read from the lake again: it need not reach the disk before the next batch.
        self._con.execute("PRAGMA synchronous = NORMAL")
        # The journal is written back aside, by `write_back`; a turn does so only where it has become very long.
        self._con.execute("PRAGMA wal_autocheckpoint = 20000")
        self._con.execute("PRAGMA cache_size = -200000")
        self._con.execute("PRAGMA temp_store = MEMORY")
        self._con.execute("PRAGMA secure_delete = ON")  # who was erased is not to be read in free pages
        if self._con.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
            # Who only reads must not wait for who writes: where all is there, nothing is written.
            self._con.executescript(f"{_SCHEMA} PRAGMA user_version = {_VERSION}")
        self._readers = Readers(path, self._con)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._readers.close()
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
        told = dict(zip(rows["seq"].to_pylist(), packed(rows), strict=True))
        read = None if read_at_accounts is None else _numbers(read_at_accounts)
        with self._whole() as cursor:
            begins = _begin(cursor, keys)
            named = list(zip(*_columns(keys.rows), strict=True))
            cursor.executemany(
                "INSERT OR REPLACE INTO row VALUES (?, ?, ?, ?, ?)",
                sorted(
                    (place, node, seq, ALWAYS if seq in begins else name, told[seq])
                    for seq, place, node, name, _ in named
                ),
            )
            spots = sorted({(node, place) for _, place, node, *_ in named})
            cursor.executemany("INSERT OR IGNORE INTO spot VALUES (?, ?)", spots)
            touched = dict.fromkeys(_tie(cursor, keys), True)
            for seq, _, node, name, is_persons in named:
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
            whole = f"UPDATE row SET name = {ALWAYS} WHERE {_OF_NODE.format('= ?')}"
            cursor.executemany(whole, ((node,) for node in nodes))

    def forget(self, ids: Collection[str], definitions: model.Definitions) -> None:
        """Forget who has these ids; whoever they were tied to, or rows of whom named them, is to be decided of anew.

        What is kept of a row says whether it names them, so all are looked at, wherever ties lead.
        """
        gone = {node_of("p", one) for one in ids}
        named = self._naming(ids)
        with Store(on_disk=False) as store:
            erased = Rows(store, ids, definitions.sources)
            lines = [told for *_, told in named]
            rows = unpacked(lines, max(map(len, lines), default=0))
            for number, column in enumerate(("place", "node")):
                rows = rows.append_column(column, pa.array([one[number] for one in named], pa.int64()))
            store.register("named", rows)
            kept = store.table(erased.without("named"))
        fresh = zip(*(kept[one].to_pylist() for one in ("place", "node", "seq")), packed(kept), strict=True)
        with self._whole() as cursor:
            cursor.executemany("DELETE FROM row WHERE place = ? AND node = ? AND seq = ?", (one[:3] for one in named))
            cursor.executemany(f"INSERT INTO row VALUES (?, ?, ?, {ALWAYS}, ?)", fresh)
            tied = {node for _, node, *_ in named}
            for node in gone:
                others = [row[0] for row in cursor.execute("SELECT other FROM tie WHERE node = ?", [node])]
                tied.update(others)
                # An account of theirs begins with another event now, which may be any: all are read from now on.
                for one in others:
                    near = "SELECT ?1 UNION SELECT other FROM tie WHERE node = ?1"
                    cursor.execute(f"UPDATE row SET name = {ALWAYS} WHERE {_OF_NODE.format(f'IN ({near})')}", [one])
                    cursor.execute(f"DELETE FROM first WHERE node IN ({near})", [one])
                cursor.executemany("DELETE FROM tie WHERE node = ? AND other = ?", ((one, node) for one in others))
                cursor.execute(f"DELETE FROM row WHERE {_OF_NODE.format('= ?')}", [node])
                for table in ("spot", "first", "tie", "touched"):
                    cursor.execute(f"DELETE FROM {table} WHERE node = ?", [node])
            _touch(cursor, dict.fromkeys(tied - gone, True))
        # The journal holds them, too.
        self._con.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _naming(self, ids: Collection[str]) -> list[tuple[int, int, int, bytes]]:
        """Return (place, node, seq, row) of each row that holds one of these texts as a whole."""
        quoted = sorted('"{}"'.format(one.replace('"', '""')).encode() for one in ids)
        is_there = re.compile(b"|".join(map(re.escape, quoted))).search
        self._con.create_function("names", 1, lambda told: is_there(told) is not None, deterministic=True)
        return self._con.execute("SELECT place, node, seq, told FROM row WHERE names(told)").fetchall()

    def empty(self, **marks: str) -> None:
        """Forget everything but marks."""
        with self._whole() as cursor:
            for table in _TABLES:
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
        rows = "SELECT 1 FROM spot CROSS JOIN row USING (place, node) WHERE node = ?1"
        found = f"{rows} UNION ALL SELECT 1 FROM tie WHERE node = ?1 LIMIT 1"
        return self._con.execute(found, [node]).fetchone() is not None

    def sample(self, size: int, seed: int) -> list[int]:
        """Return at most so many nodes that have rows, drawn by a seed."""
        found: set[int] = set()
        state = seed
        for _ in range(size):
            state = (state * 6364136223846793005 + 1442695040888963407) % (1 << 64)
            row = self._con.execute("SELECT node FROM spot WHERE node >= ? LIMIT 1", [state >> 1]).fetchone()
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
        found = "SELECT other FROM json_each(?) asked CROSS JOIN tie ON node = asked.value WHERE kind = ?"
        return [other for (other,) in self._con.execute(found, [_listed(nodes), kind])]

    def _rows(self, nodes: Nodes, whole: Nodes, names: Collection[str] | None) -> pa.Table:
        if names is None:
            whole = nodes
        lines, longest = self._readers.lines(self._spots(whole), None)
        if nodes - whole:
            more, longer = self._readers.lines(self._spots(nodes - whole), _numbers(names or ()))
            lines, longest = lines + more, max(longest, longer)
        return unpacked(lines, longest).sort_by("seq")

    def _spots(self, nodes: Nodes) -> list[tuple[int, int]]:
        """Return where rows of these nodes are, in the order in which they stand in the file."""
        found = "SELECT place, node FROM json_each(?) asked CROSS JOIN spot ON node = asked.value"
        return sorted(self._con.execute(found, [_listed(nodes)]).fetchall())


def _listed(nodes: Iterable[int]) -> str:
    """Return nodes as SQLite takes a list, neighbours beside each other."""
    return json.dumps(sorted(set(nodes)))


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
