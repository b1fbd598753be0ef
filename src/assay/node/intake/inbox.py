"""Writes the inbox: rows of requests that wait at the same time become one commit."""

from __future__ import annotations

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

from assay.node.intake import copying, refusals

#: How many commits are under way at once. One is best: whoever comes meanwhile is in the next.
_AT_ONCE: Final = 1
_PATIENCE: Final = 15.0
#: Statements that hang are given up, by Postgres, before we give up waiting.
_OPTIONS: Final = "-c synchronous_commit=on -c statement_timeout=10000 -c lock_timeout=8000"


class Writer:
    """The only way into the inbox: its role may add rows there and do nothing else anywhere."""

    def __init__(self, url: str) -> None:
        conninfo = make_conninfo(url, connect_timeout=5, options=_OPTIONS, application_name="assay intake")
        self._pool = ConnectionPool(
            conninfo, min_size=0, max_size=_AT_ONCE, open=True, kwargs={"autocommit": True}, reconnect_timeout=0
        )
        self._turns = threading.Semaphore(_AT_ONCE)
        self._mutex = threading.Lock()
        self._waiting: list[tuple[bytes, Future[None]]] = []

    def keep(self, rows: bytes) -> None:
        """Return once rows, as `copying.rows` makes them, are on disk; Refusal (503) where they may not be.

        Whoever gets a turn writes the rows of everybody who waits by then; the others find theirs written.
        """
        mine: Future[None] = Future()
        with self._mutex:
            self._waiting.append((rows, mine))
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
        parts = [rows for rows, _ in taken]
        try:
            try:
                self._copy(parts)
            except psycopg.OperationalError:
                # The connection may just be an old one: Postgres was started again since. Rows that are written twice
                # so have the same message ids, and count once.
                self._copy(parts)
        except (psycopg.Error, PoolTimeout):
            # Postgres is down, its disk is full, or its answer was lost: nobody may be told yes.
            _fail(taken)
        except BaseException:
            _fail(taken)
            raise
        else:
            for _, future in taken:
                future.set_result(None)

    def _copy(self, parts: Sequence[bytes]) -> None:
        with self._pool.connection(timeout=2) as connection:
            copying.write(connection, parts)


def _fail(taken: Sequence[tuple[bytes, Future[None]]]) -> None:
    for _, future in taken:
        future.set_exception(refusals.unavailable())


def writer() -> Writer:
    """Return this process's way into the inbox."""
    return _writer(settings.ASSAY.intake_database_url)


_writer = cache(Writer)
