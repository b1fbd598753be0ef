"""How two companies come to share keys that no operator has, and how two people make sure of it.

Each side makes a greeting: a fresh X25519 key, signed by its identity, for an epoch, an escrow and terms. Two people
compare 60 digits once, by telephone or face to face. From then on identities are known: later epochs need no comparing.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from assay.escrow import wire
from assay.partners.identities import Dice, Distrust, Identity

_DIGITS: Final = 60
_GROUP: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a partnership is about: its id, the escrow's address, the digest of the terms, the canonicaliser version."""

    partnership: bytes
    escrow: str
    terms: bytes
    canonicaliser: int

    def framed(self) -> bytes:
        """Return it as bytes."""
        return wire.framed(
            b"setting", self.partnership, self.escrow.encode(), self.terms, str(self.canonicaliser).encode()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeting:
    """One side's key for an epoch."""

    setting: Setting
    by: bytes
    epoch: int
    ephemeral: bytes
    signature: bytes = b""

    def signable(self) -> bytes:
        """Return the bytes that are signed."""
        return wire.framed(b"greeting", self.setting.framed(), self.by, str(self.epoch).encode(), self.ephemeral)

    def packed(self) -> bytes:
        """Return what the escrow hands to the partner, who knows the setting already."""
        return wire.joined([self.by, self.epoch.to_bytes(4, "big"), self.ephemeral, self.signature])


@dataclass(frozen=True, slots=True)
class Secret:
    """The private half of a greeting, kept until its epoch is over."""

    key: bytes = field(repr=False)

    @property
    def public(self) -> bytes:
        """Return the half that the partner gets."""
        return X25519PrivateKey.from_private_bytes(self.key).public_key().public_bytes_raw()

    def shared(self, theirs: bytes) -> bytes:
        """Return the secret shared with who has the other key; a key that shares one with everybody is refused."""
        try:
            return X25519PrivateKey.from_private_bytes(self.key).exchange(X25519PublicKey.from_public_bytes(theirs))
        except ValueError:
            raise Distrust("This key cannot be shared with", mend="Ask your partner to pair anew.") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochKeys:
    """What two companies, and nobody else, hold for an epoch."""

    setting: Setting
    epoch: int
    mine: bytes
    theirs: bytes
    secret: Secret
    their_ephemeral: bytes
    token: bytes = field(repr=False)
    confirm: bytes = field(repr=False)
    seal: bytes = field(repr=False)


def greet(identity: Identity, setting: Setting, epoch: int, dice: Dice) -> tuple[Secret, Greeting]:
    """Return the secret of an epoch and the greeting made of it."""
    secret = Secret(dice(wire.KEY_BYTES))
    made = Greeting(setting=setting, by=identity.public, epoch=epoch, ephemeral=secret.public)
    return secret, replace(made, signature=identity.sign(made.signable()))


def unpack(told: bytes, setting: Setting) -> Greeting:
    """Return the greeting that came for a setting; raise Distrust where it is not signed, or is for another setting."""
    try:
        by, epoch, ephemeral, signature = wire.parted(told)
    except ValueError:
        raise Distrust("This greeting cannot be read", mend="Ask your partner which version it runs.") from None
    found = Greeting(
        setting=setting, by=by, epoch=int.from_bytes(epoch, "big"), ephemeral=ephemeral, signature=signature
    )
    if not wire.is_signed(by, found.signable(), signature):
        raise Distrust(
            "This greeting is not signed for these terms and this escrow",
            mend="Both sides must state the same terms, escrow address and canonicaliser version.",
        )
    return found


def comparison(setting: Setting, identities: Iterable[bytes]) -> str:
    """Return the 60 digits that two people compare, in groups of five; both sides see the same."""
    digest = hashlib.sha512(wire.framed(b"comparison", setting.framed(), *sorted(identities))).digest()
    digits = str(int.from_bytes(digest, "big") % 10**_DIGITS).zfill(_DIGITS)
    return " ".join(digits[at : at + _GROUP] for at in range(0, _DIGITS, _GROUP))


def agree(mine: Greeting, secret: Secret, theirs: Greeting, partner: bytes) -> EpochKeys:
    """Return the keys of an epoch; `partner` is the identity that was compared."""
    if theirs.by != partner or theirs.by == mine.by:
        raise Distrust("This greeting is not from the company that you compared digits with", mend="Pair anew.")
    if (mine.setting, mine.epoch) != (theirs.setting, theirs.epoch):
        raise Distrust(
            "The two greetings are for different terms or epochs", mend="Make a greeting for the same epoch."
        )
    if not wire.is_signed(theirs.by, theirs.signable(), theirs.signature):
        raise Distrust("This greeting is not signed by your partner", mend="Pair anew.")
    shared = secret.shared(theirs.ephemeral)
    bound = transcript(mine, theirs)
    token, confirm, seal = (_derive(shared, bound, purpose) for purpose in (b"token", b"confirm", b"seal"))
    return EpochKeys(
        setting=mine.setting,
        epoch=mine.epoch,
        mine=mine.by,
        theirs=theirs.by,
        secret=secret,
        their_ephemeral=theirs.ephemeral,
        token=token,
        confirm=confirm,
        seal=seal,
    )


def transcript(mine: Greeting, theirs: Greeting) -> bytes:
    """Return the digest of both greetings, whoever asks."""
    return wire.transcript(mine.setting.partnership, {side.by: side.packed() for side in (mine, theirs)})


def confirm(identity: Identity, mine: Greeting, theirs: Greeting) -> bytes:
    """Return what a company sends once two people have compared the digits: the transcript, signed."""
    bound = transcript(mine, theirs)
    return bound + identity.sign(wire.confirmation(mine.setting.partnership, bound))


def demand_confirmed(mine: Greeting, theirs: Greeting, told: bytes) -> None:
    """Raise Distrust unless the partner itself confirmed these very greetings; an escrow's word is not enough."""
    bound = transcript(mine, theirs)
    is_signed = wire.is_signed(theirs.by, wire.confirmation(mine.setting.partnership, bound), told[len(bound) :])
    if told[: len(bound)] != bound or not is_signed:
        raise Distrust("Your partner has not confirmed these keys", mend="Compare the digits again.")


def prove(keys: EpochKeys, nonce: bytes, handle: bytes, agreeing: Sequence[wire.Row]) -> bytes:
    """Return the proof, over a discloser's nonce, that we hold the key and these tokens of our own record.

    `handle` is the discloser's record. An operator has seen tokens but not the confirm key; and a partner to whom an
    operator names a record that is not its own has the key but not the tokens.
    """
    return _proof(keys, keys.mine, nonce, (handle, agreeing))


def is_proved(keys: EpochKeys, nonce: bytes, handle: bytes, agreeing: Sequence[wire.Row], proof: bytes) -> bool:
    """Tell whether the partner proved that its record has the tokens of ours: `agreeing` are our own, by kind."""
    return bool(agreeing) and hmac.compare_digest(_proof(keys, keys.theirs, nonce, (handle, agreeing)), proof)


def epoch_to_compare(mine: Iterable[int], theirs: Iterable[int]) -> int | None:
    """Return the newest epoch of which both sides' lists are complete: older keys go on until then."""
    return max(set(mine) & set(theirs), default=None)


def _proof(keys: EpochKeys, prover: bytes, nonce: bytes, of: tuple[bytes, Sequence[wire.Row]]) -> bytes:
    handle, agreeing = of
    tokens = sorted({bytes([row.kind]) + row.hash for row in agreeing})
    setting = keys.setting.framed()
    return hmac.digest(
        keys.confirm, wire.framed(b"proof", setting, str(keys.epoch).encode(), prover, nonce, handle, *tokens), "sha256"
    )


def _derive(shared: bytes, bound: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), wire.KEY_BYTES, salt=bound, info=wire.framed(purpose)).derive(shared)
