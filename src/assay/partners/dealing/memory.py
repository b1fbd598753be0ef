"""What is remembered of a partnership, laid out over a `Keep`: which kinds there are, and what their rows hold."""

from __future__ import annotations

import hashlib
import hmac
import json
import struct
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from assay.escrow import wire
from assay.partners.keeping import Keep

_SEEN: Final = struct.Struct(">HBBQ")
_PAIR: Final = struct.Struct(">BHBBQBHHBBQ")


@dataclass(frozen=True, slots=True)
class Seen:
    """What one side was told of a pair: the kinds that agree, how common domain and name are, and `as_of`.

    `as_of` is a number of the other side's list: whatever that side uploaded up to there has gone into this.
    """

    kinds: int
    domain: int
    name: int
    as_of: int


@dataclass(frozen=True, slots=True)
class Pair:
    """What both sides were told of a pair, and which fields the partner's record has."""

    ours: Seen | None = None
    theirs: Seen | None = None
    has: int = 0

    def packed(self) -> bytes:
        """Return it as bytes."""
        nothing = Seen(0, 0, 0, 0)
        ours, theirs = self.ours or nothing, self.theirs or nothing
        return _PAIR.pack(
            self.ours is not None,
            *(ours.kinds, ours.domain, ours.name, ours.as_of),
            self.theirs is not None,
            self.has,
            *(theirs.kinds, theirs.domain, theirs.name, theirs.as_of),
        )

    @classmethod
    def unpacked(cls, data: bytes) -> Pair:
        """Return what was packed."""
        told = _PAIR.unpack(data)
        return cls(Seen(*told[1:5]) if told[0] else None, Seen(*told[7:11]) if told[5] else None, told[6])


@dataclass(frozen=True, slots=True)
class Overlap:
    """A pair that is a match or a question, and what either side answered; a question that was denied is kept, too."""

    ruling: str
    bits: float
    ours: bool | None = None
    theirs: bool | None = None


class Memory:
    """A partnership's memory. Keys are bytes: handles, numbers, names."""

    def __init__(self, keep: Keep) -> None:
        self.keep = keep
        self._secret: bytes | None = None

    def together(self) -> AbstractContextManager[None]:
        """Return a transaction."""
        return self.keep.together()

    def number(self, name: str) -> int:
        """Return a number that is remembered; 0 where there is none."""
        return int.from_bytes(self.keep.get("number", name.encode()) or b"", "big")

    def set_number(self, name: str, value: int) -> None:
        """Remember a number."""
        self.keep.put("number", name.encode(), value.to_bytes(8, "big"))

    def json(self, kind: str, key: bytes) -> Any:  # whatever was put there
        """Return a value that was put as JSON; None where there is none."""
        found = self.keep.get(kind, key)
        return None if found is None else json.loads(found)

    def set_json(self, kind: str, key: bytes, value: object) -> None:
        """Remember a value as JSON."""
        self.keep.put(kind, key, json.dumps(value, sort_keys=True, separators=(",", ":")).encode())

    def under(self, kind: str, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield (the rest of the key, value) of all keys that begin so and are longer."""
        for key, value in self.keep.scan(kind, prefix):
            if not key.startswith(prefix):
                return
            yield key[len(prefix) :], value

    def clear(self, kind: str) -> None:
        """Forget everything of a kind."""
        for key in [key for key, _ in self.keep.scan(kind)]:
            self.keep.drop(kind, key)

    # Records of ours.

    def handle(self, record: str) -> bytes:
        """Return the handle of a record of ours: the same as long as the partnership lasts, and another in each."""
        secret = self._handle_secret()
        return hmac.digest(secret, wire.framed(b"handle", record.encode()), "sha256")[: wire.HANDLE_BYTES]

    def padding(self, handle: bytes, epoch: int, size: int) -> bytes:
        """Return what fills a record's tokens up: the same whenever it is sent again."""
        secret = self._handle_secret()
        seed = hmac.digest(secret, wire.framed(b"padding", handle, str(epoch).encode()), "sha256")
        return hashlib.shake_256(seed).digest(size)

    def _handle_secret(self) -> bytes:
        if self._secret is None:
            self._secret = cast(bytes, self.keep.get("identity", b"handles"))
        return self._secret

    def record(self, handle: bytes) -> str | None:
        """Return which record of ours has a handle; None where none that was uploaded has."""
        found = self.keep.get("record", handle)
        return None if found is None else found.decode()

    def has(self, handle: bytes) -> int:
        """Return which fields a record of ours has, as bits."""
        return int.from_bytes(self.keep.get("has", handle) or b"", "big")

    def above(self, handle: bytes) -> int:
        """Return the number in our list above which the last change of a record lies; 0 where it never changed."""
        return int.from_bytes(self.keep.get("above", handle) or b"", "big")

    # Pairs.

    def pair(self, ours: bytes, theirs: bytes) -> Pair:
        """Return what is known of a pair."""
        found = self.keep.get("pair", ours + theirs)
        return Pair.unpacked(found) if found else Pair()

    def set_pair(self, ours: bytes, theirs: bytes, pair: Pair) -> None:
        """Remember what is known of a pair, and that our record is to be decided of anew."""
        if pair.ours is None and pair.theirs is None:
            self.keep.drop("pair", ours + theirs)
            self.keep.drop("back", theirs + ours)
        else:
            self.keep.put("pair", ours + theirs, pair.packed())
            self.keep.put("back", theirs + ours, b"")
        self.keep.put("touched", ours, b"")

    def pairs_of(self, ours: bytes) -> list[tuple[bytes, Pair]]:
        """Return the pairs of a record of ours, by the partner's handles."""
        return [(theirs, Pair.unpacked(value)) for theirs, value in self.under("pair", ours)]

    def ours_of(self, theirs: bytes) -> list[bytes]:
        """Return our handles that make a pair with one of the partner's."""
        return [ours for ours, _ in self.under("back", theirs)]

    # What became of pairs.

    def overlap(self, ours: bytes, theirs: bytes) -> Overlap | None:
        """Return what a pair is; None where it is nothing."""
        found = self.json("overlap", ours + theirs)
        return None if found is None else Overlap(*found)

    def set_overlap(self, ours: bytes, theirs: bytes, overlap: Overlap | None) -> None:
        """Remember what a pair is, and that there may be something to tell or to take back of our record."""
        if overlap is None:
            self.keep.drop("overlap", ours + theirs)
        else:
            told = [overlap.ruling, overlap.bits, overlap.ours, overlap.theirs]
            self.set_json("overlap", ours + theirs, told)
        self.keep.put("tell", ours, b"")

    def overlaps_of(self, ours: bytes) -> list[tuple[bytes, Overlap]]:
        """Return what the pairs of a record of ours are."""
        return [(theirs, Overlap(*json.loads(value))) for theirs, value in self.under("overlap", ours)]


def without_ours(pair: Pair) -> Pair:
    """Return a pair of which we know nothing by ourselves."""
    return replace(pair, ours=None)


def without_theirs(pair: Pair) -> Pair:
    """Return a pair of which the partner has told nothing."""
    return replace(pair, theirs=None, has=0)
