"""A partnership's memory in one file, its secrets sealed under a key that lies elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager

from assay.core.io.rows import Rows
from assay.partners.keeping import SECRET
from assay.partners.resting import Locker


class FiledKeep:
    """A `Keep` over a file of rows."""

    def __init__(self, rows: Rows, locker: Locker) -> None:
        self._rows, self._locker = rows, locker

    def together(self) -> AbstractContextManager[None]:
        """Return a transaction: what is written inside is there as a whole, or not at all."""
        return self._rows.together()

    def get(self, kind: str, key: bytes) -> bytes | None:
        """Return a value; None where there is none."""
        found = self._rows.get(kind, key)
        return None if found is None else self._opened(kind, key, found)

    def put(self, kind: str, key: bytes, value: bytes) -> None:
        """Keep a value, in the place of one that is there."""
        self._rows.put(kind, key, self._locker.seal(_place(kind, key), value) if kind in SECRET else value)

    def drop(self, kind: str, key: bytes) -> None:
        """Forget a value; one that is not there is no error."""
        self._rows.drop(kind, key)

    def scan(self, kind: str, after: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """Yield (key, value) of a kind behind a key, in the order of keys."""
        for key, value in self._rows.scan(kind, after):
            yield key, self._opened(kind, key, value)

    def _opened(self, kind: str, key: bytes, value: bytes) -> bytes:
        return self._locker.open(_place(kind, key), value) if kind in SECRET else value


def _place(kind: str, key: bytes) -> bytes:
    return kind.encode() + b"\0" + key
