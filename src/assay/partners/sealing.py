"""Messages that only the partner opens: bound to what they are about, padded, and in an order that can be checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from assay.escrow import wire
from assay.partners.identities import Dice, Distrust
from assay.partners.pairing import EpochKeys, Secret

#: Sizes that a text is padded to, in bytes: an operator learns which of them, and no more.
BUCKETS: Final = (256, 1024, 4096, 16384, 65536)
_LENGTH: Final = 4
_NONCE: Final = 12
#: Of a message: epoch, grant version, handle; then ephemeral key and nonce; then what is sealed.
_EPOCH: Final = 4
_VERSION: Final = 8
_HEAD: Final = _EPOCH + _VERSION + wire.HANDLE_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a message is about: the discloser's record, under which version of its grant."""

    handle: bytes
    grant: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """How far the messages of one partner have been read: the number of the last, and the newest grant seen."""

    number: int = 0
    grant: int = 0


def seal(keys: EpochKeys, about: About, number: int, text: bytes, dice: Dice) -> bytes:
    """Return a text sealed to the partner, as the message of that number from us."""
    fresh = Secret(dice(wire.KEY_BYTES))
    head = keys.epoch.to_bytes(_EPOCH, "big") + about.grant.to_bytes(_VERSION, "big") + about.handle
    if len(head) != _HEAD:
        raise Distrust("A handle is 16 bytes", value=f"{len(about.handle)} bytes", mend="Give the record a handle.")
    key = _content_key(keys, fresh.shared(keys.their_ephemeral), fresh.public)
    nonce = dice(_NONCE)
    bound = _bound(keys, keys.mine, number, head)
    return head + fresh.public + nonce + AESGCM(key).encrypt(nonce, padded(text), bound)


def unseal(epochs: Sequence[EpochKeys], message: bytes, read: Read) -> tuple[About, bytes, Read]:
    """Return what the partner's next message is about, its text, and how far was read now.

    Raise Distrust for a message that is missing, repeated, out of order or changed, or under an older grant than seen.
    """
    head = message[:_HEAD]
    epoch = int.from_bytes(head[:_EPOCH], "big")
    about = About(handle=head[_EPOCH + _VERSION :], grant=int.from_bytes(head[_EPOCH : _EPOCH + _VERSION], "big"))
    keys = next((keys for keys in epochs if keys.epoch == epoch), None)
    if keys is None:
        raise Distrust("There are no keys for this message's epoch", value=str(epoch), mend="Ask for it anew.")
    ephemeral = message[_HEAD : _HEAD + wire.KEY_BYTES]
    nonce = message[_HEAD + wire.KEY_BYTES : _HEAD + wire.KEY_BYTES + _NONCE]
    sealed = message[_HEAD + wire.KEY_BYTES + _NONCE :]
    number = read.number + 1
    try:
        key = _content_key(keys, keys.secret.shared(ephemeral), ephemeral)
        text = unpadded(AESGCM(key).decrypt(nonce, sealed, _bound(keys, keys.theirs, number, head)))
    except (InvalidTag, ValueError):
        raise Distrust(
            f"This is not your partner's message {number}: it was changed, or one is missing, repeated or out of order",
            mend=f"Ask your partner to send again from message {number}; nothing was taken in.",
        ) from None
    if about.grant < read.grant:
        raise Distrust(
            "This message is under an older grant than one already seen",
            value=f"version {about.grant}, {read.grant} is known",
            mend="Ask your partner which version of its grant holds.",
        )
    return about, text, replace(read, number=number, grant=about.grant)


def padded(text: bytes) -> bytes:
    """Return a text behind its length, filled up to the next bucket; raise Distrust where there is none so large."""
    size = next((bucket for bucket in BUCKETS if bucket >= len(text) + _LENGTH), None)
    if size is None:
        raise Distrust("This is too long for one message", value=f"{len(text)} bytes", mend="Send fewer fields.")
    return (len(text).to_bytes(_LENGTH, "big") + text).ljust(size, b"\0")


def unpadded(filled: bytes) -> bytes:
    """Return the text; raise ValueError where the length cannot be."""
    size = int.from_bytes(filled[:_LENGTH], "big")
    if len(filled) not in BUCKETS or size + _LENGTH > len(filled) or any(filled[_LENGTH + size :]):
        raise ValueError("the padding is not what it should be")
    return filled[_LENGTH : _LENGTH + size]


def _content_key(keys: EpochKeys, shared: bytes, ephemeral: bytes) -> bytes:
    """Return the key of one message: from a secret made for it, and from one that only the two companies have."""
    info = wire.framed(b"sealed", ephemeral)
    return HKDF(SHA256(), wire.KEY_BYTES, salt=keys.seal, info=info).derive(shared)


def _bound(keys: EpochKeys, sender: bytes, number: int, head: bytes) -> bytes:
    return wire.framed(b"message", keys.setting.framed(), sender, str(number).encode(), head)
