"""The second key under which tokens are stored: one for each partnership, in a folder of its own.

The folder lies outside the database's and belongs in no backup: without a pepper, a copy of the database is useless,
even to the partner who holds the token key; and a pepper that is destroyed takes every copy of its tokens along.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from assay.escrow.refusals import Refusal

_BYTES: Final = 32
_STORED: Final = 16  # 128 bits: among 10^8 tokens two meet by chance once in 10^22 lists
_PERSON: Final = b"assay-escrow-1"


@dataclass(frozen=True, slots=True)
class Peppers:
    """The folder of peppers; `dice` gives random bytes."""

    folder: Path
    dice: Callable[[int], bytes]

    def make(self, partnership: bytes) -> None:
        """Make a partnership's pepper, once: a kill leaves it whole or absent."""
        path = self._path(partnership)
        if path.exists():
            return
        aside = path.with_suffix(".new")
        number = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(number, "wb") as file:
            file.write(self.dice(_BYTES))
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
        self._settle()

    def of(self, partnership: bytes) -> bytes:
        """Return a partnership's pepper; refuse where it is gone: tokens under another one would match nothing."""
        try:
            number = os.open(self._path(partnership), os.O_RDONLY)
        except FileNotFoundError:
            raise Refusal("no_pepper") from None
        try:
            pepper = os.read(number, _BYTES + 1)
        finally:
            os.close(number)
        if len(pepper) != _BYTES:
            raise Refusal("no_pepper")
        return pepper

    def destroy(self, partnership: bytes) -> None:
        """Overwrite and remove a pepper, if it is there still."""
        path = self._path(partnership)
        if not path.exists():
            return
        with path.open("r+b") as file:
            file.write(bytes(_BYTES))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
        self._settle()

    def _path(self, partnership: bytes) -> Path:
        return self.folder / partnership.hex()

    def _settle(self) -> None:
        number = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def storing(pepper: bytes) -> Callable[[int, bytes], bytes]:
    """Return the function that says of (kind, token) what the database holds of it."""
    begun = hashlib.blake2b(key=pepper, digest_size=_STORED, person=_PERSON)

    def stored(kind: int, token: bytes) -> bytes:
        told = begun.copy()  # half the price of beginning with the key each time
        told.update(bytes([kind]) + token)
        return told.digest()

    return stored
