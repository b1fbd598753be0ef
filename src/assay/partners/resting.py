"""Secrets at rest: sealed under a key that lies elsewhere, and bound to where they belong."""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from assay.core.errors import BadRequest
from assay.escrow import wire
from assay.partners.identities import Dice

_NONCE: Final = 12
_MARK: Final = b"\1"  # how it is sealed: a later way gets another mark


class Locker:
    """Seals and opens under one key. `secret` is any secret of at least 16 bytes; the key is in no `repr`."""

    def __init__(self, secret: bytes, dice: Dice) -> None:
        if len(secret) < 16:
            raise BadRequest("This secret is too short to seal with", where="secret", mend="Use 16 bytes or more.")
        derived = HKDF(SHA256(), wire.KEY_BYTES, salt=None, info=wire.framed(b"resting")).derive(secret)
        self._cipher, self._dice = AESGCM(derived), dice

    def seal(self, place: bytes, value: bytes) -> bytes:
        """Return a value sealed for a place: it opens nowhere else."""
        nonce = self._dice(_NONCE)
        return _MARK + nonce + self._cipher.encrypt(nonce, value, place)

    def open(self, place: bytes, sealed: bytes) -> bytes:
        """Return the value; raise BadRequest where it was changed, moved, or sealed under another key."""
        try:
            if not sealed.startswith(_MARK):
                raise InvalidTag
            return self._cipher.decrypt(sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :], place)
        except (InvalidTag, ValueError):
            raise BadRequest(
                "A secret cannot be opened with this key",
                where="memory of a partnership",
                mend="Bring back the key that it was sealed with, or pair anew.",
            ) from None
