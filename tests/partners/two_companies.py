"""Two companies that paired, with dice that always fall the same way."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from assay.escrow import wire
from assay.partners import identities, pairing


class Dice:
    """Random-looking bytes that a test can have again."""

    def __init__(self, seed):
        self._seed, self._thrown = str(seed).encode(), 0

    def __call__(self, size):
        self._thrown += 1
        return hashlib.shake_256(self._seed + self._thrown.to_bytes(8, "big")).digest(size)


SETTING = pairing.Setting(
    partnership=b"p" * wire.PARTNERSHIP_BYTES,
    escrow="https://escrow.example",
    terms=hashlib.sha256(b"terms").digest(),
    canonicaliser=1,
)


@dataclass(frozen=True)
class Company:
    identity: identities.Identity
    secret: pairing.Secret
    greeting: pairing.Greeting


def company(seed, setting=SETTING, epoch=1):
    dice = Dice(seed)
    identity = identities.make(dice)
    return Company(identity, *pairing.greet(identity, setting, epoch, dice))


def paired(setting=SETTING):
    """Return (the keys as Acme has them, the keys as Birch has them)."""
    acme, birch = company("acme", setting), company("birch", setting)
    return (
        pairing.agree(acme.greeting, acme.secret, birch.greeting, birch.identity.public),
        pairing.agree(birch.greeting, birch.secret, acme.greeting, acme.identity.public),
    )
