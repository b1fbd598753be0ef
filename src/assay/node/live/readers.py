"""Several connections that read the rows of the index side by side.

A turn reads those of thousands of people, each from another page of a file that may be larger than memory. One
connection waits for one page after the other, and makes an object of each row. Several wait for several pages at once,
and each gives its rows as one text, so that they need Python's lock only now and then.
"""

from __future__ import annotations

import json
import queue
import sqlite3
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

_ASIDE: Final = 4
#: Below so many spots one connection does.
_FEW: Final = 500
#: Texts for each connection: the last to end should not have much more to do than others.
_TEXTS: Final = 4

_ROWS: Final = "FROM json_each(?1) s CROSS JOIN row ON place = s.value ->> 0 AND node = s.value ->> 1"
_NAMED: Final = " WHERE name IN (SELECT value FROM json_each(?2))"

#: Where rows stand: place and node.
Spots = Sequence[tuple[int, int]]
#: Texts of one line a row or more, and the length of the longest line in bytes.
Lines = tuple[list[bytes], int]


def opened(path: Path | str) -> sqlite3.Connection:
    """Return a connection to an index's file, which is read as memory and waits for who writes."""
    con = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    con.execute(f"PRAGMA mmap_size = {1 << 40}")
    con.execute("PRAGMA busy_timeout = 30000")
    return con


class Readers:
    """Connections that only read; they are opened when they are first needed."""

    def __init__(self, path: Path | str, own: sqlite3.Connection) -> None:
        self._path, self._own = path, own
        self._free: queue.SimpleQueue[sqlite3.Connection] = queue.SimpleQueue()
        self._pool: ThreadPoolExecutor | None = None

    def lines(self, spots: Spots, names: Collection[int] | None) -> Lines:
        """Return the rows at these spots, in no order; of those with `names` alone, where these are given."""
        if not spots:
            return [], 0
        if len(spots) < _FEW or self._path == ":memory:":
            return _lines(self._own, spots, names)
        size = -(-len(spots) // (_ASIDE * _TEXTS))
        parts = [spots[at : at + size] for at in range(0, len(spots), size)]
        found = list(self._opened().map(lambda part: self._aside(part, names), parts))
        return [line for lines, _ in found for line in lines], max(longest for _, longest in found)

    def close(self) -> None:
        """Close what was opened."""
        if self._pool is not None:
            self._pool.shutdown()
            while not self._free.empty():
                self._free.get().close()
            self._pool = None

    def _opened(self) -> ThreadPoolExecutor:
        if self._pool is None:
            for _ in range(_ASIDE):
                con = opened(self._path)
                con.execute("PRAGMA query_only = ON")
                self._free.put(con)
            self._pool = ThreadPoolExecutor(_ASIDE, thread_name_prefix="index")
        return self._pool

    def _aside(self, spots: Spots, names: Collection[int] | None) -> Lines:
        con = self._free.get()
        try:
            return _lines(con, spots, names)
        finally:
            self._free.put(con)


def _lines(con: sqlite3.Connection, spots: Spots, names: Collection[int] | None) -> Lines:
    asked = [json.dumps(spots)] if names is None else [json.dumps(spots), json.dumps(sorted(names))]
    rows = _ROWS if names is None else _ROWS + _NAMED
    try:
        together = f"SELECT CAST(group_concat(told, char(10)) AS BLOB), max(length(told)) {rows}"
        text, longest = con.execute(together, asked).fetchone()
        return ([], 0) if text is None else ([text], longest)
    except sqlite3.DataError:  # they are more than one text can hold
        found = [told for (told,) in con.execute(f"SELECT told {rows}", asked)]
        return found, max(map(len, found))
