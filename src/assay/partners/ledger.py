"""The record of every disclosure: a hash chain for each discloser of a partnership, signed, receipted, comparable.

Each side writes a chain of what it discloses, as two writers of one chain would fork it whenever both are offline; an
entry names the head of the other's chain that its writer had seen, so the two are one story. An entry holds a handle,
names of fields and a salted commitment, and no value. Erasing is deleting the salt.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from assay.escrow import wire
from assay.partners.identities import Dice, Distrust, Identity

_SALT: Final = 32
START: Final = bytes(32)


@dataclass(frozen=True, slots=True, order=True)
class Head:
    """How far a chain goes, and the hash of its last entry."""

    number: int = 0
    hash: bytes = START


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """What was disclosed: of which record, under which grant, which fields."""

    handle: bytes
    grant: int
    epoch: int
    fields: tuple[str, ...]
    commitment: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A disclosure in its place of the chain; `at` is in microseconds."""

    partnership: bytes
    discloser: bytes
    receiver: bytes
    number: int
    at: int
    disclosure: Disclosure
    seen: Head
    before: bytes
    signature: bytes = b""

    def signable(self) -> bytes:
        """Return the bytes that are signed."""
        told = self.disclosure
        words = (self.number, self.at, told.grant, told.epoch, self.seen.number)
        return wire.framed(
            *(b"entry", self.partnership, self.discloser, self.receiver, *(str(word).encode() for word in words)),
            *(told.handle, told.commitment, wire.joined(name.encode() for name in told.fields)),
            *(self.seen.hash, self.before),
        )

    def head(self) -> Head:
        """Return the head of a chain that ends here."""
        return Head(self.number, hashlib.sha256(self.signable()).digest())


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The receiver's word that an entry, and so all before it, came."""

    partnership: bytes
    discloser: bytes
    head: Head
    signature: bytes = b""

    def signable(self) -> bytes:
        """Return the bytes that are signed."""
        number = str(self.head.number).encode()
        return wire.framed(b"receipt", self.partnership, self.discloser, number, self.head.hash)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parties:
    """Whose chain of which partnership it is."""

    partnership: bytes
    discloser: bytes
    receiver: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Something wrong with a chain: `kind` is stable, `number` says where."""

    kind: str
    number: int
    what: str


def commit(value: bytes, dice: Dice) -> tuple[bytes, bytes]:
    """Return (salt, commitment) of a disclosed value: without the salt nobody can test a guess."""
    salt = dice(_SALT)
    return salt, _committed(salt, value)


def is_committed(commitment: bytes, salt: bytes, value: bytes) -> bool:
    """Tell whether it was this value."""
    return hmac.compare_digest(_committed(salt, value), commitment)


def write(identity: Identity, parties: Parties, head: Head, told: Disclosure, *, at: int, seen: Head = Head()) -> Entry:
    """Return the next entry behind a head, signed."""
    if identity.public != parties.discloser:
        raise Distrust("Only the discloser writes its chain", mend="Send a receipt instead.")
    entry = Entry(
        partnership=parties.partnership,
        discloser=parties.discloser,
        receiver=parties.receiver,
        number=head.number + 1,
        at=at,
        disclosure=told,
        seen=seen,
        before=head.hash,
    )
    return replace(entry, signature=identity.sign(entry.signable()))


def take(parties: Parties, head: Head, entry: Entry) -> Head:
    """Return the head behind an entry that came; raise Distrust where it does not follow the head that is known."""
    found = _troubles(parties, head, entry)
    if found:
        raise Distrust(
            found[0].what, value=f"entry {entry.number}, {head.number} is known", mend="Compare the ledgers' heads."
        )
    return entry.head()


def receipt(identity: Identity, parties: Parties, head: Head) -> Receipt:
    """Return the receiver's receipt for everything up to a head."""
    if identity.public != parties.receiver:
        raise Distrust("Only the receiver signs receipts", mend="Write an entry instead.")
    made = Receipt(partnership=parties.partnership, discloser=parties.discloser, head=head)
    return replace(made, signature=identity.sign(made.signable()))


def is_receipt(parties: Parties, given: Receipt) -> bool:
    """Tell whether the receiver signed a receipt for this discloser's chain."""
    is_ours = (given.partnership, given.discloser) == (parties.partnership, parties.discloser)
    return is_ours and wire.is_signed(parties.receiver, given.signable(), given.signature)


def verify(
    parties: Parties, entries: Sequence[Entry], receipts: Iterable[Receipt], heads: Iterable[Head] = ()
) -> list[Trouble]:
    """Return everything wrong with a chain: nothing where it is whole.

    `heads` are those that the other side told in sealed messages. Kinds: unsigned, foreign, replayed, reordered,
    missing, forked, truncated, bad_receipt.
    """
    found: list[Trouble] = []
    head, known = Head(), {0: START}
    for entry in entries:
        troubles = _troubles(parties, head, entry, known)
        found += troubles
        # An entry in trouble may take the chain on, so that what follows it is judged, but never back.
        if not troubles or (troubles[0].kind in {"forked", "missing"} and entry.number > head.number):
            head = entry.head()
            known.setdefault(head.number, head.hash)
    for given in receipts:
        if not is_receipt(parties, given):
            found.append(_trouble("bad_receipt", given.head.number, "The receiver did not sign this receipt"))
            continue
        found += _beside(head, known, given.head)
    for told in heads:
        found += _beside(head, known, told)
    return list(dict.fromkeys(found))


def unreceipted(parties: Parties, entries: Sequence[Entry], receipts: Iterable[Receipt]) -> list[int]:
    """Return the numbers of entries that no receipt covers yet: the partner may be offline.

    A receipt counts where the receiver signed it, and for this very chain.
    """
    heads = {entry.head() for entry in entries}
    good = (given.head.number for given in receipts if is_receipt(parties, given) and given.head in heads)
    covered = max(good, default=0)
    return [entry.number for entry in entries if entry.number > covered]


def _troubles(parties: Parties, head: Head, entry: Entry, known: Mapping[int, bytes] | None = None) -> list[Trouble]:
    number = entry.number
    if (entry.partnership, entry.discloser, entry.receiver) != (
        parties.partnership,
        parties.discloser,
        parties.receiver,
    ):
        return [_trouble("foreign", number, "This entry is of another partnership")]
    if not wire.is_signed(parties.discloser, entry.signable(), entry.signature):
        return [_trouble("unsigned", number, "The discloser did not sign this entry")]
    if number <= head.number:
        before = (known or {head.number: head.hash}).get(number)
        if before is not None and before == entry.head().hash:
            return [_trouble("replayed", number, "This entry stands here again")]
        kind = "reordered" if before is None else "forked"
        return [_trouble(kind, number, "This entry comes too late, or another has its number")]
    if number > head.number + 1:
        return [_trouble("missing", head.number + 1, "Entries are missing here")]
    if entry.before != head.hash:
        return [_trouble("forked", number, "This entry follows another one than stands before it")]
    return []


def _beside(head: Head, known: Mapping[int, bytes], told: Head) -> list[Trouble]:
    if told.number > head.number:
        return [_trouble("truncated", head.number + 1, "The other side has seen entries that are not here")]
    if known.get(told.number) != told.hash:
        return [_trouble("forked", told.number, "The other side has seen another entry of this number")]
    return []


def _trouble(kind: str, number: int, what: str) -> Trouble:
    return Trouble(kind=kind, number=number, what=what)


def _committed(salt: bytes, value: bytes) -> bytes:
    return hmac.digest(salt, wire.framed(b"commitment", value), "sha256")
