"""The escrow's database: one SQLite file, its tables, its transactions, its log.

SQLite, as it is one file that an auditor can open, needs no server, no password and no network, and is durable; the
escrow's load is a few companies' lists. Every request is one transaction, one after the other.
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from assay.escrow import wire
from assay.escrow.refusals import Refusal

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS companies(identity BLOB PRIMARY KEY, counter INTEGER NOT NULL, revoked_at INTEGER);
CREATE TABLE IF NOT EXISTS partnerships(
    id BLOB PRIMARY KEY, first BLOB NOT NULL, second BLOB NOT NULL, canonicaliser INTEGER NOT NULL,
    opened_at INTEGER NOT NULL, revoked_at INTEGER);
CREATE TABLE IF NOT EXISTS greetings(
    partnership BLOB, identity BLOB, epoch INTEGER, greeting BLOB NOT NULL, PRIMARY KEY(partnership, identity, epoch));
CREATE TABLE IF NOT EXISTS confirmations(
    partnership BLOB, identity BLOB, transcript BLOB NOT NULL, signature BLOB NOT NULL,
    PRIMARY KEY(partnership, identity));
CREATE TABLE IF NOT EXISTS lists(
    number INTEGER PRIMARY KEY, partnership BLOB, identity BLOB, epoch INTEGER, is_complete INTEGER NOT NULL,
    rows INTEGER NOT NULL, settled INTEGER NOT NULL DEFAULT 0, UNIQUE(partnership, identity, epoch));
CREATE TABLE IF NOT EXISTS records(
    number INTEGER PRIMARY KEY AUTOINCREMENT, list INTEGER NOT NULL, handle BLOB NOT NULL, places BLOB NOT NULL,
    UNIQUE(list, handle));
CREATE INDEX IF NOT EXISTS records_in_order ON records(list, number);
CREATE TABLE IF NOT EXISTS tokens(
    pairing INTEGER, place INTEGER, side INTEGER, record INTEGER, PRIMARY KEY(pairing, place, side, record)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS allowances(
    partnership BLOB, identity BLOB, rows INTEGER NOT NULL, weekly INTEGER NOT NULL,
    PRIMARY KEY(partnership, identity));
CREATE TABLE IF NOT EXISTS growth(
    partnership BLOB, identity BLOB, epoch INTEGER, period INTEGER NOT NULL, added INTEGER NOT NULL,
    PRIMARY KEY(partnership, identity, epoch));
CREATE TABLE IF NOT EXISTS counted(
    number INTEGER PRIMARY KEY, partnership BLOB, identity BLOB, week INTEGER, epoch INTEGER, is_complete INTEGER,
    UNIQUE(partnership, week, epoch, identity));
CREATE TABLE IF NOT EXISTS counting(
    list INTEGER, kind INTEGER, hash BLOB, population BLOB, PRIMARY KEY(list, kind, hash)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counts(
    partnership BLOB, week INTEGER, first BLOB, second BLOB, about INTEGER,
    PRIMARY KEY(partnership, week, first, second));
CREATE TABLE IF NOT EXISTS messages(
    partnership BLOB, sender BLOB, number INTEGER, message BLOB NOT NULL, PRIMARY KEY(partnership, sender, number));
CREATE TABLE IF NOT EXISTS mailboxes(
    partnership BLOB, sender BLOB, sent INTEGER NOT NULL, last BLOB NOT NULL, fetched INTEGER NOT NULL,
    PRIMARY KEY(partnership, sender));
CREATE TABLE IF NOT EXISTS log(
    number INTEGER PRIMARY KEY, at INTEGER NOT NULL, identity BLOB NOT NULL, partnership BLOB NOT NULL,
    action TEXT NOT NULL, amount INTEGER NOT NULL, chain BLOB NOT NULL);
CREATE TRIGGER IF NOT EXISTS log_never_changes BEFORE UPDATE ON log BEGIN SELECT raise(ABORT, 'append-only'); END;
CREATE TRIGGER IF NOT EXISTS log_never_shrinks BEFORE DELETE ON log BEGIN SELECT raise(ABORT, 'append-only'); END;
"""


#: The journal is written back aside, by `tidy`; a request does so only where that cannot keep up at all.
_SETTINGS: Final = (
    *("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "cache_size=-262144", "wal_autocheckpoint=262144"),
    "mmap_size=1099511627776",  # a new lead reads a thousand pages far apart; SQLite maps 2 GB of them at most
)
#: Pages of journal from which `tidy` lets requests wait while it writes the last of them, so that it begins anew.
_LONG: Final = 49_152
_LULL_SECONDS: Final = 2.0


class OldStore(Exception):
    """The database was laid out by an earlier version."""


class Store:
    """The database, one transaction at a time."""

    def __init__(self, path: Path) -> None:
        self._lock, self._tidying, self._ended = threading.Lock(), threading.Lock(), threading.Event()
        self._database, self._aside = (
            sqlite3.connect(path, isolation_level=None, check_same_thread=False) for _ in range(2)
        )
        for setting in _SETTINGS:
            self._database.execute(f"PRAGMA {setting}")
        if self._database.execute("SELECT 1 FROM pragma_table_info('tokens') WHERE name = 'hash'").fetchone():
            raise OldStore
        self._database.executescript(_TABLES)

    @contextmanager
    def transaction(self, spent: tuple[bytes, int] | None = None) -> Iterator[sqlite3.Connection]:
        """Give the database for one change, which is kept whole or not at all.

        `spent` is the counter of a company's request, which is spent in the same go, also where the change is refused.
        """
        with self._lock:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                if spent:
                    count(self._database, *spent)
                    self._database.execute("SAVEPOINT change")
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            try:
                yield self._database
            except BaseException:
                self._database.execute("ROLLBACK TO change" if spent else "ROLLBACK")
                if spent:
                    self._database.execute("COMMIT")
                raise
            self._database.execute("COMMIT")
        self._ended.set()

    def tidy(self) -> None:
        """Write what is in the journal where it belongs; nobody has to wait for it, as a request would for its own.

        It begins as a request ends, since then the next one is farthest away; at once where none comes for a while.
        """
        self._ended.clear()
        self._ended.wait(_LULL_SECONDS)
        with self._tidying:
            written_back = "PRAGMA wal_checkpoint(PASSIVE)"
            if self._aside.execute(written_back).fetchone()[1] > _LONG:
                with self._lock:
                    self._aside.execute(written_back).fetchall()

    def scrub(self) -> None:
        """Write what was deleted out of the journal, too."""
        with self._tidying, self._lock:
            self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Close the database."""
        with self._tidying, self._lock:
            self._aside.close()
            self._database.close()


def count(database: sqlite3.Connection, identity: bytes, counter: int) -> None:
    """Take a request's counter; refuse one that is not above the last, or a key that was revoked."""
    found = database.execute("SELECT counter, revoked_at FROM companies WHERE identity = ?", [identity]).fetchone()
    if found and found[1] is not None:
        raise Refusal("revoked_key")
    if found and counter <= found[0]:
        raise Refusal("replay", counter=found[0])
    database.execute("INSERT OR REPLACE INTO companies VALUES (?, ?, NULL)", [identity, counter])


def note(database: sqlite3.Connection, at: int, identity: bytes, partnership: bytes, told: tuple[str, int]) -> None:
    """Add a line to the log: who did what with how many, chained to the line before."""
    action, amount = told
    last = database.execute("SELECT number, chain FROM log ORDER BY number DESC LIMIT 1").fetchone() or (0, bytes(32))
    number = last[0] + 1
    chain = chained(last[1], (number, at, identity, partnership, action, amount))
    row = [number, at, identity, partnership, action, amount, chain]
    database.execute("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?)", row)


def chained(last: bytes, line: tuple[int, int, bytes, bytes, str, int]) -> bytes:
    """Return the hash of a log line behind the one before it."""
    number, at, identity, partnership, action, amount = line
    words = [str(number).encode(), str(at).encode(), identity, partnership, action.encode(), str(amount).encode()]
    return hashlib.sha256(wire.framed(b"log", last, *words)).digest()
