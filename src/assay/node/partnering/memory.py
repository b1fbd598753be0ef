"""What the protocol must not forget, in Postgres: a `Keep` over the table of memories, secrets sealed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import connection, transaction

from assay.node.partnering.models import Partnership
from assay.partners.keeping import SECRET
from assay.partners.resting import Locker

_WHERE: Final = "partnership_id = %s AND kind = %s"
_PUT: Final = (
    "INSERT INTO partnering_memory (partnership_id, kind, key, value) VALUES (%s, %s, %s, %s) "
    "ON CONFLICT (partnership_id, kind, key) DO UPDATE SET value = excluded.value"
)
_DROP: Final = f"DELETE FROM partnering_memory WHERE {_WHERE} AND key = %s"
#: Most questions are about a few rows, and some about all: pages begin short and grow.
_FIRST_PAGE: Final = 32
_PAGE: Final = 4_000
#: Changes that wait to be written together.
_MOST: Final = 5_000


class NodeKeep:
    """The memory of one partnership. Changes inside `together` are written with its end, and seen before it."""

    def __init__(self, partnership: Partnership, locker: Locker) -> None:
        self._id = int(partnership.pk)
        self._place = f"partnership {partnership.pk} "
        self._locker = locker
        self._depth = 0
        self._waiting: dict[tuple[str, bytes], bytes | None] = {}

    @contextmanager
    def together(self) -> Iterator[None]:
        """Give a transaction, which may stand in another one."""
        if self._depth:
            self._write()
        self._depth += 1
        try:
            with transaction.atomic():
                yield
                self._write()
        finally:
            self._depth -= 1
            self._waiting.clear()

    def get(self, kind: str, key: bytes) -> bytes | None:
        """Return a value; None where there is none."""
        if (kind, key) in self._waiting:
            return self._waiting[kind, key]
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT value FROM partnering_memory WHERE {_WHERE} AND key = %s", [self._id, kind, key])
            found = cursor.fetchone()
        return None if found is None else self._opened(kind, key, bytes(found[0]))

    def put(self, kind: str, key: bytes, value: bytes) -> None:
        """Keep a value, in the place of one that is there."""
        self._change(kind, key, value)

    def drop(self, kind: str, key: bytes) -> None:
        """Forget a value; one that is not there is no error."""
        self._change(kind, key, None)

    def scan(self, kind: str, after: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """Yield (key, value) of a kind behind a key, in the order of keys."""
        size = _FIRST_PAGE
        while True:
            self._write()
            with connection.cursor() as cursor:
                cursor.execute(
                    f"SELECT key, value FROM partnering_memory WHERE {_WHERE} AND key > %s ORDER BY key LIMIT {size}",
                    [self._id, kind, after],
                )
                page = [(bytes(key), bytes(value)) for key, value in cursor.fetchall()]
            for key, value in page:
                if (kind, key) not in self._waiting:
                    yield key, self._opened(kind, key, value)
                elif (changed := self._waiting[kind, key]) is not None:
                    yield key, changed
            if len(page) < size:
                return
            after, size = page[-1][0], min(4 * size, _PAGE)

    def _change(self, kind: str, key: bytes, value: bytes | None) -> None:
        self._waiting[kind, key] = value
        if not self._depth:
            with transaction.atomic():
                self._write()
        elif len(self._waiting) >= _MOST:
            self._write()

    def _write(self) -> None:
        """Write what waits."""
        if not self._waiting:
            return
        puts = [
            (self._id, kind, key, self._sealed(kind, key, value))
            for (kind, key), value in self._waiting.items()
            if value is not None
        ]
        drops = [(self._id, kind, key) for (kind, key), value in self._waiting.items() if value is None]
        with connection.cursor() as cursor:
            if drops:
                cursor.executemany(_DROP, drops)
            if puts:
                cursor.executemany(_PUT, puts)
        self._waiting.clear()

    def _sealed(self, kind: str, key: bytes, value: bytes) -> bytes:
        return self._locker.seal(self._where(kind, key), value) if kind in SECRET else value

    def _opened(self, kind: str, key: bytes, value: bytes) -> bytes:
        return self._locker.open(self._where(kind, key), value) if kind in SECRET else value

    def _where(self, kind: str, key: bytes) -> bytes:
        return f"{self._place}{kind} ".encode() + key
