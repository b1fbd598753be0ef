"""Who a company is to its partners: an Ed25519 key, by which everything that it says is signed."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from assay.core.errors import ShownError
from assay.escrow import wire

#: Gives as many random bytes as are asked for; `os.urandom` at the edge.
Dice = Callable[[int], bytes]
_KINDS: Final = frozenset({"grant", "terms", "epoch", "revocation"})


class Distrust(ShownError):
    """Something that a partner or an escrow is said to have said, and that cannot be believed."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A company's own key; whoever has the seed is the company."""

    seed: bytes = field(repr=False)

    @property
    def public(self) -> bytes:
        """Return the key that others know the company by."""
        return self._key().public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message, which is made by `wire.framed` so that it says what it is."""
        return self._key().sign(message)

    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


def make(dice: Dice) -> Identity:
    """Return a new identity."""
    return Identity(dice(wire.KEY_BYTES))


def headers(identity: Identity, request: wire.Request) -> Mapping[str, str]:
    """Return what proves to an escrow whose request it is."""
    return {
        wire.IDENTITY: identity.public.hex(),
        wire.COUNTER: str(request.counter),
        wire.AT: str(request.at),
        wire.SIGNATURE: identity.sign(request.signable()).hex(),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a company says of a partnership for as long as it says nothing newer: a grant, terms, a revocation."""

    kind: str
    partnership: bytes
    by: bytes
    version: int
    body: bytes
    signature: bytes = b""

    def signable(self) -> bytes:
        """Return the bytes that are signed."""
        return wire.framed(
            b"statement", self.kind.encode(), self.partnership, self.by, str(self.version).encode(), self.body
        )


def state(identity: Identity, kind: str, partnership: bytes, version: int, body: bytes) -> Statement:
    """Return a signed statement; versions of a kind count up from 1."""
    if kind not in _KINDS or version < 1:
        kinds = ", ".join(sorted(_KINDS))
        raise Distrust("There is no such statement", value=f"{kind} {version}", mend=f"Kinds: {kinds}.")
    said = Statement(kind=kind, partnership=partnership, by=identity.public, version=version, body=body)
    return replace(said, signature=identity.sign(said.signable()))


def believe(told: Statement, expected: Statement, held: Statement | None) -> Statement:
    """Return the statement that holds from now on: what was told, or the one held if it was told again.

    `expected` names kind, partnership and signer. An older version than is held, or another text of the same version,
    is not believed: an operator who kept an old grant cannot bring it back.
    """
    about = (told.kind, told.partnership, told.by)
    if about != (expected.kind, expected.partnership, expected.by):
        raise Distrust("This statement is about something else", mend="Ask your partner to send it again.")
    if not wire.is_signed(told.by, told.signable(), told.signature):
        raise Distrust("The signature of this statement is not your partner's", mend="Compare the digits again.")
    if held is None or told.version > held.version:
        return told
    if told.version == held.version and hmac.compare_digest(told.body, held.body):
        return held
    raise Distrust(
        "An older or different statement was told as the newest",
        value=f"version {told.version}, {held.version} is known",
        mend="Somebody in between brings back what was withdrawn; ask your partner for its newest version.",
    )
