"""Writes the inbox: rows of requests that wait at the same time become one commit."""

from __future__ import annotations

import struct
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TookTooLong
from functools import cache
from typing import Final

import psycopg
from django.conf import settings
from psycopg.conninfo import make_conninfo
from psycopg_pool import ConnectionPool, PoolTimeout

from assay.node.intake import refusals

_HEAD: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TAIL: Final = b"\xff\xff"
_COPY: Final = "COPY intake_inbox (key_id, received_at, body) FROM STDIN (FORMAT BINARY)"
#: Microseconds from 1970 to 2000, from which Postgres counts.
_TO_2000: Final = 946_684_800_000_000
#: How many commits are under way at once: one more than is written, so that the next is sent while the disk works.
_AT_ONCE: Final = 2
_PATIENCE: Final = 15.0
#: Statements that hang are given up, by Postgres, before we give up waiting.
_OPTIONS: Final = "-c synchronous_commit=on -c statement_timeout=10000 -c lock_timeout=8000"


def rows(key: int, received: int, bodies: Sequence[bytes]) -> bytes:
    """Return calls as COPY takes them in; `received` in microseconds since 1970."""
    start = struct.pack(">hiqiq", 3, 8, key, 8, received - _TO_2000)
    return b"".join([part for body in bodies for part in (start, len(body).to_bytes(4, "big"), body)])


def write(connection: psycopg.Connection, packed: Sequence[bytes]) -> None:
    """Put packed rows into the inbox and commit."""
    with connection.cursor().copy(_COPY) as copy:
        copy.write(b"".join([_HEAD, *packed, _TAIL]))
    connection.commit()


class Writer:
    """The only way into the inbox: its role may add rows there and do nothing else anywhere."""

    def __init__(self, url: str) -> None:
        conninfo = make_conninfo(url, connect_timeout=5, options=_OPTIONS, application_name="assay intake")
        self._pool = ConnectionPool(
            conninfo,
            min_size=0,
            max_size=_AT_ONCE,
            open=True,
            check=ConnectionPool.check_connection,
            reconnect_timeout=0,
        )
        self._turns = threading.Semaphore(_AT_ONCE)
        self._mutex = threading.Lock()
        self._waiting: list[tuple[bytes, Future[None]]] = []

    def keep(self, packed: bytes) -> None:
        """Return once the rows are on disk; Refusal (503) where they may not be.

        Whoever gets a turn writes the rows of everybody who waits by then; the others find theirs written.
        """
        mine: Future[None] = Future()
        with self._mutex:
            self._waiting.append((packed, mine))
        with self._turns:
            with self._mutex:
                taken, self._waiting = self._waiting, []
            if taken:
                self._write(taken)
        try:
            mine.result(_PATIENCE)
        except TookTooLong:
            raise refusals.unavailable() from None

    def close(self) -> None:
        """Let go of the database."""
        self._pool.close()

    def _write(self, taken: Sequence[tuple[bytes, Future[None]]]) -> None:
        try:
            with self._pool.connection(timeout=2) as connection:
                write(connection, [packed for packed, _ in taken])
        except (psycopg.Error, PoolTimeout):
            # Postgres is down, its disk is full, or the answer to the commit was lost: nobody may be told yes.
            for _, future in taken:
                future.set_exception(refusals.unavailable())
        except BaseException:
            for _, future in taken:
                future.set_exception(refusals.unavailable())
            raise
        else:
            for _, future in taken:
                future.set_result(None)


def writer() -> Writer:
    """Return this process's way into the inbox."""
    return _writer(settings.ASSAY.intake_database_url)


_writer = cache(Writer)
