"""Writes the inbox: rows of requests that wait at the same time become one commit."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache
from queue import Empty, SimpleQueue
from typing import Final

import psycopg
from django.conf import settings
from psycopg.conninfo import make_conninfo

from assay.node.intake import copying, refusals

_log: Final = logging.getLogger(__name__)
_PATIENCE: Final = 15.0
#: Statements that hang are given up, by Postgres, before we give up waiting.
_OPTIONS: Final = "-c synchronous_commit=on -c statement_timeout=10000 -c lock_timeout=8000"


class _Rows:
    """What one request wants kept, and what became of it."""

    __slots__ = ("_done", "_is_kept", "packed")

    def __init__(self, packed: bytes) -> None:
        self.packed = packed
        self._is_kept = False
        self._done = threading.Lock()
        self._done.acquire()

    def settle(self, *, is_kept: bool) -> None:
        """Let go of whoever waits."""
        self._is_kept = is_kept
        self._done.release()

    def is_kept(self, seconds: float) -> bool:
        """Wait so long at most; tell whether the rows are known to be on disk."""
        return self._done.acquire(timeout=seconds) and self._is_kept


class Writer:
    """The only way into the inbox: its role may add rows there and do nothing else anywhere.

    One thread writes what all others hand to it. One commit at a time is best: whoever comes meanwhile is in the next.
    """

    def __init__(self, url: str) -> None:
        self._conninfo = make_conninfo(url, connect_timeout=5, options=_OPTIONS, application_name="assay intake")
        self._connection: psycopg.Connection | None = None
        self._waiting: SimpleQueue[_Rows | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="inbox", daemon=True)
        self._thread.start()

    def keep(self, rows: bytes) -> None:
        """Return once rows, as `copying.rows` makes them, are on disk; Refusal (503) where they may not be."""
        mine = _Rows(rows)
        self._waiting.put(mine)
        if not mine.is_kept(_PATIENCE):
            raise refusals.unavailable()

    def close(self) -> None:
        """Write what waits, and let go of the database."""
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        is_open = True
        while is_open:
            taken = [self._waiting.get(), *self._others()]
            is_open = None not in taken
            self._write([rows for rows in taken if rows is not None])
        self._let_go()

    def _others(self) -> Iterator[_Rows | None]:
        with suppress(Empty):
            while True:
                yield self._waiting.get_nowait()

    def _write(self, taken: Sequence[_Rows]) -> None:
        is_kept = False
        try:
            if taken:
                self._copy([rows.packed for rows in taken])
            is_kept = True
        except psycopg.Error:
            # Postgres is down, its disk is full, or its answer was lost: nobody may be told yes.
            self._let_go()
        except Exception as error:
            _log.error("writing the inbox failed", exc_info=error)
            self._let_go()
        finally:
            for rows in taken:
                rows.settle(is_kept=is_kept)

    def _copy(self, parts: Sequence[bytes]) -> None:
        if self._connection is not None:
            try:
                copying.write(self._connection, parts)
            except psycopg.OperationalError:
                # The connection may just be an old one: Postgres was started again since. Rows that are written twice
                # so have the same message ids, and count once.
                self._let_go()
            else:
                return
        self._connection = psycopg.connect(self._conninfo, autocommit=True)
        copying.write(self._connection, parts)

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def writer() -> Writer:
    """Return this process's way into the inbox."""
    return _writer(settings.ASSAY.intake_database_url)


_writer = cache(Writer)
