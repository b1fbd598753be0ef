"""Ledgers as files: read back, checked, and laid beside what the other side exported.

Each line is an object. `kind: chain` begins one of the two chains and says whose it is; `kind: entry` and `kind:
receipt` belong to the chain that they name. Nothing but handles, names of fields and commitments stands in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from assay.escrow import wire
from assay.partners import ledger
from assay.partners.dealing import books
from assay.partners.ledger import Entry, Head, Parties, Receipt

_SENSELESS: Final = (ValueError, KeyError, TypeError, AttributeError, OverflowError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Something wrong in an exported ledger: in which file, where, what."""

    file: str
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}: {self.where}: {self.what}"


@dataclass(slots=True, kw_only=True)
class Chain:
    """One chain as a file has it."""

    file: str
    parties: Parties
    entries: list[Entry] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)

    def head(self) -> Head:
        """Return the last entry's head."""
        return self.entries[-1].head() if self.entries else Head()


def read(file: str, lines: Iterable[str]) -> tuple[list[Chain], list[Found]]:
    """Return the chains of a file, and its lines that cannot be read."""
    chains: dict[str, Chain] = {}
    troubles = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            _take(chains, file, json.loads(line))
        except _SENSELESS:
            troubles.append(Found(file=file, where=f"line {number}", what="This line cannot be read"))
    if not chains:
        troubles.append(Found(file=file, where="line 1", what="There is no ledger in this file"))
    return list(chains.values()), troubles


def _take(chains: dict[str, Chain], file: str, told: Mapping[str, Any]) -> None:
    kind, name = told["kind"], str(told["chain"])
    if kind == "chain":
        if name in chains:
            raise ValueError("a chain begins twice")
        parties = Parties(
            partnership=wire.digits(told["partnership"], wire.PARTNERSHIP_BYTES),
            discloser=wire.digits(told["discloser"], wire.KEY_BYTES),
            receiver=wire.digits(told["receiver"], wire.KEY_BYTES),
        )
        chains[name] = Chain(file=file, parties=parties)
    elif kind == "entry":
        chains[name].entries.append(books.entry_of(told, chains[name].parties))
    elif kind == "receipt":
        chains[name].receipts.append(books.receipt_of(told, chains[name].parties))
    else:
        raise ValueError("no such kind")


def check(chains: Iterable[Chain]) -> list[Found]:
    """Return everything wrong with chains; those of one discloser in several files are held against each other."""
    found = []
    whole = list(chains)
    for chain in whole:
        same = [other for other in whole if other is not chain and other.parties == chain.parties]
        heads = [other.head() for other in same if len(other.entries) <= len(chain.entries)]
        for trouble in ledger.verify(chain.parties, chain.entries, chain.receipts, heads):
            where = f"chain of {chain.parties.discloser.hex()[:16]}, entry {trouble.number}"
            found.append(Found(file=chain.file, where=where, what=f"{trouble.what} ({trouble.kind})"))
    return found


def unreceipted(chain: Chain) -> int:
    """Return how many entries of a chain the receiver has not signed for yet."""
    return len(ledger.unreceipted(chain.parties, chain.entries, chain.receipts))
