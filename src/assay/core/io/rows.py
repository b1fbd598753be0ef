"""Rows in one file: values by kind and key, read back in the order of keys, changed in transactions. SQLite."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from assay.core.errors import BadRequest

_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS rows(kind TEXT, key BLOB, value BLOB NOT NULL, PRIMARY KEY(kind, key)) WITHOUT ROWID"
)
#: Most questions are about a few rows, and some about all: pages begin short and grow.
_FIRST_PAGE: Final = 32
_PAGE: Final = 4_000


class Rows:
    """The file, which one process holds for itself alone and only its owner may read."""

    def __init__(self, path: Path) -> None:
        self._depth = 0
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._database = sqlite3.connect(path, isolation_level=None, timeout=0.2)
            # A file that another process holds is refused here, not in the middle of a step.
            for setting in ("locking_mode=EXCLUSIVE", "journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
                self._database.execute(f"PRAGMA {setting}").fetchall()
            self._database.execute(_TABLE)
            self._database.execute("BEGIN IMMEDIATE")
            self._database.execute("COMMIT")
        except sqlite3.OperationalError as error:
            is_held = "locked" in str(error)
            what = "Another run is working on this file" if is_held else "This file cannot be opened"
            mend = "Wait until it is done." if is_held else "Name a file that can be read and written."
            raise BadRequest(what, where=str(path), mend=mend) from None
        except (sqlite3.DatabaseError, OSError):
            raise BadRequest(
                "This file cannot be opened", where=str(path), mend="Name a file that can be read and written."
            ) from None

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make what is written inside one change, which is kept whole or not at all. May be nested."""
        if self._depth:
            yield
            return
        self._database.execute("BEGIN IMMEDIATE")
        self._depth += 1
        try:
            yield
        except BaseException:
            self._depth -= 1
            self._database.execute("ROLLBACK")
            raise
        self._depth -= 1
        self._database.execute("COMMIT")

    def get(self, kind: str, key: bytes) -> bytes | None:
        """Return a value; None where there is none."""
        found = self._database.execute("SELECT value FROM rows WHERE kind = ? AND key = ?", [kind, key]).fetchone()
        return None if found is None else bytes(found[0])

    def put(self, kind: str, key: bytes, value: bytes) -> None:
        """Keep a value, in the place of one that is there."""
        self._database.execute("INSERT OR REPLACE INTO rows VALUES (?, ?, ?)", [kind, key, value])

    def drop(self, kind: str, key: bytes) -> None:
        """Forget a value; one that is not there is no error."""
        self._database.execute("DELETE FROM rows WHERE kind = ? AND key = ?", [kind, key])

    def scan(self, kind: str, after: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """Yield (key, value) of a kind behind a key, in the order of keys; rows may be changed meanwhile."""
        ahead = "SELECT key, value FROM rows WHERE kind = ? AND key {} ? ORDER BY key LIMIT ?"
        size = _FIRST_PAGE
        page = self._database.execute(ahead.format(">" if after else ">="), [kind, after, size]).fetchall()
        while page:
            yield from ((bytes(key), bytes(value)) for key, value in page)
            if len(page) < size:
                return
            size = min(4 * size, _PAGE)
            page = self._database.execute(ahead.format(">"), [kind, page[-1][0], size]).fetchall()

    def close(self) -> None:
        """Close the file."""
        self._database.close()
