"""What goes over the wire: how bytes are joined, signed and laid out. The one module that both sides import.

Integers are unsigned, big end first. Nothing here keeps a secret or touches the outside.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

PROTOCOL: Final = "assay-escrow/1"
KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
HANDLE_BYTES: Final = 16
PARTNERSHIP_BYTES: Final = 16
HASH_BYTES: Final = 16
ROW_BYTES: Final = HANDLE_BYTES + 1 + HASH_BYTES
#: Kinds of key that may be told apart.
KINDS: Final = 16
#: How common a token is in a list, is told as how many of these numbers of records it exceeds.
FREQUENCY_BOUNDS: Final = (1, 4, 16, 64)
#: A token that more records of a list share than this tells nothing, and is left out of what agrees.
MOST_SHARED: Final = FREQUENCY_BOUNDS[-1]
#: The most that one request may bring, and the most rows that fit.
BODY_BYTES: Final = 8 << 20
ROWS_A_PART: Final = 150_000
#: The most rows that are compared with many lists at once.
ROWS_COMPARED: Final = 2_000
#: What is counted of the companies that two lists share, by kind: a domain, a name in a country, and less both at once.
#: One record more or less changes all numbers together by three at most; by six where another record of a later
#: population has the same keys, and takes its place.
COUNT_SIGNS: Final = (1, 1, -1)
#: The noise on a number: it goes on from 0 by one with this chance, this way and that. 3 × ln(13/11) is 0.5 a week.
COUNT_STAY: Final = (11, 13)
#: What a number is rounded to, and the least that is told.
COUNT_STEP: Final = 10
COUNT_LEAST: Final = 20
#: In how many of so many weeks two lists are counted at most, and of how many populations a side.
COUNT_BUDGET: Final = 26
COUNT_SPAN: Final = 52
COUNT_POPULATIONS: Final = 16
_WEEK: Final = 7 * 86_400 * 1_000_000
#: How far clocks may be apart, in microseconds.
SKEW: Final = 300_000_000
#: The headers of a request, in which bytes are written as hexadecimal digits.
IDENTITY: Final = "Assay-Identity"
COUNTER: Final = "Assay-Counter"
AT: Final = "Assay-At"
SIGNATURE: Final = "Assay-Signature"


class Malformed(ValueError):
    """Bytes that are not what they should be."""


class Row(NamedTuple):
    """One token: a record's handle, a kind of key, and the keyed hash of the key's value."""

    handle: bytes
    kind: int
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is signed of a request: where it goes, when, the how manieth it is, and a digest of its body."""

    escrow: str
    method: str
    path: str
    counter: int
    at: int
    body: bytes

    def signable(self) -> bytes:
        """Return the bytes that are signed."""
        words = [self.escrow, self.method, self.path, str(self.counter), str(self.at)]
        return framed(b"request", *(word.encode() for word in words), hashlib.sha256(self.body).digest())


def framed(*parts: bytes) -> bytes:
    """Return parts joined so that no other parts give the same bytes, under the protocol's name."""
    return joined([PROTOCOL.encode(), *parts])


def joined(parts: Iterable[bytes]) -> bytes:
    """Return parts one after the other, each behind its length in four bytes."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def parted(data: bytes) -> list[bytes]:
    """Return the parts that were joined; raise Malformed where lengths do not add up."""
    parts, at = [], 0
    while at < len(data):
        start = at + 4
        at = start + int.from_bytes(data[at:start], "big")
        if start > len(data) or at > len(data):
            raise Malformed("lengths do not add up")
        parts.append(data[start:at])
    return parts


def is_signed(identity: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether the owner of an Ed25519 key signed the message."""
    try:
        Ed25519PublicKey.from_public_bytes(identity).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def packed(rows: Iterable[Row]) -> bytes:
    """Return rows as bytes: handle, kind, hash, without anything between."""
    return b"".join(row.handle + bytes([row.kind]) + row.hash for row in rows)


def unpacked(data: bytes) -> list[Row]:
    """Return the rows; raise Malformed for another length or kind, or a row that stands there twice."""
    if len(data) % ROW_BYTES:
        raise Malformed("not whole rows")
    rows = [
        Row(data[at : at + HANDLE_BYTES], data[at + HANDLE_BYTES], data[at + HANDLE_BYTES + 1 : at + ROW_BYTES])
        for at in range(0, len(data), ROW_BYTES)
    ]
    if any(row.kind >= KINDS for row in rows) or len(set(rows)) < len(rows):
        raise Malformed("a kind that there is not, or a row twice")
    return rows


def handles(data: bytes) -> list[bytes]:
    """Return the handles that stand one after the other; raise Malformed where the last is cut off."""
    if len(data) % HANDLE_BYTES:
        raise Malformed("not whole handles")
    return [data[at : at + HANDLE_BYTES] for at in range(0, len(data), HANDLE_BYTES)]


def digits(text: str, size: int) -> bytes:
    """Return the bytes written as hexadecimal digits; raise Malformed where they are not `size` many."""
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != size or text != found.hex():
        raise Malformed("not the hexadecimal digits that were asked for")
    return found


def bucket(count: int) -> int:
    """Return how common a token is that so many records of a list share: 0 for one, 3 for 17 and more."""
    return sum(count > bound for bound in FREQUENCY_BOUNDS)


def week(at: int) -> int:
    """Return the week of an instant in microseconds since 1970."""
    return at // _WEEK


def about(count: int) -> int | None:
    """Return a number as it is told: rounded, and None for one that is small."""
    rounded = (count + COUNT_STEP // 2) // COUNT_STEP * COUNT_STEP
    return rounded if rounded >= COUNT_LEAST else None


def confirmation(partnership: bytes, transcript: bytes) -> bytes:
    """Return what a company signs once two people have compared the digits."""
    return framed(b"confirmation", partnership, transcript)


def transcript(partnership: bytes, greetings: Mapping[bytes, bytes]) -> bytes:
    """Return the digest of the greetings that two companies made, by identity, whoever asks."""
    ordered: Sequence[bytes] = [part for identity in sorted(greetings) for part in (identity, greetings[identity])]
    return hashlib.sha256(framed(b"transcript", partnership, *ordered)).digest()
