"""The memory that a partnership needs between two steps, whoever keeps it: a node in Postgres, a command in a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Protocol


class Keep(Protocol):
    """What is remembered of one partnership: values by kind and key, read back in the order of keys.

    Whatever a step writes is written within one `together`, so that a kill leaves the step done or not begun. Values of
    kinds in `SECRET` are sealed at rest by who keeps them.
    """

    def together(self) -> AbstractContextManager[None]:
        """Return a transaction: what is written inside is there as a whole, or not at all. May be nested."""

    def get(self, kind: str, key: bytes) -> bytes | None:
        """Return a value; None where there is none."""

    def put(self, kind: str, key: bytes, value: bytes) -> None:
        """Keep a value, in the place of one that is there."""

    def drop(self, kind: str, key: bytes) -> None:
        """Forget a value; one that is not there is no error."""

    def scan(self, kind: str, after: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """Yield (key, value) of a kind behind a key, in the order of keys."""


#: Kinds whose values nobody may read at rest without the keeper's own key.
SECRET = frozenset({"identity", "epoch", "record", "salt"})
