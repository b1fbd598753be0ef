"""What one company sends the other to begin with."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from typing import Any, Final

from assay.core.errors import BadRequest
from assay.escrow import wire
from assay.partners.canonical import VERSION
from assay.partners.dealing.contract import Agreed
from assay.partners.pairing import Setting

_MARK: Final = "assay-invitation-1."
_CHECK: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """What one company sends the other out of band. It holds no secret; two people compare digits afterwards."""

    partnership: bytes
    escrow: str
    inviter: bytes
    name: str
    agreed: Agreed
    canonicaliser: int = VERSION

    def as_json(self) -> dict[str, Any]:
        """Return it as an object."""
        return {
            "partnership": self.partnership.hex(),
            "escrow": self.escrow,
            "inviter": self.inviter.hex(),
            "name": self.name,
            "agreed": self.agreed.as_json(),
            "canonicaliser": self.canonicaliser,
        }

    @classmethod
    def of_json(cls, told: dict[str, Any]) -> Invitation:
        """Return what `as_json` wrote; raise ValueError, KeyError or TypeError for anything else."""
        return cls(
            partnership=wire.digits(told["partnership"], wire.PARTNERSHIP_BYTES),
            escrow=str(told["escrow"]),
            inviter=wire.digits(told["inviter"], wire.KEY_BYTES),
            name=str(told["name"]),
            agreed=Agreed.of_json(told["agreed"]),
            canonicaliser=int(told["canonicaliser"]),
        )

    def text(self) -> str:
        """Return it as one word that can be sent in a mail."""
        body = json.dumps(self.as_json(), sort_keys=True, separators=(",", ":")).encode()
        check = hashlib.sha256(body).digest()[:_CHECK]
        return _MARK + base64.urlsafe_b64encode(check + body).decode().rstrip("=")

    @classmethod
    def of_text(cls, text: str) -> Invitation:
        """Return the invitation; raise BadRequest where it is none, or not whole."""
        word = "".join(text.split())
        if not word.startswith(_MARK):
            raise BadRequest(
                "This is not an invitation", where="invitation", mend=f"Paste the whole word that begins {_MARK}"
            )
        coded = word.removeprefix(_MARK)
        try:
            data = base64.b64decode(coded + "=" * (-len(coded) % 4), altchars=b"-_", validate=True)
            check, body = data[:_CHECK], data[_CHECK:]
            if hashlib.sha256(body).digest()[:_CHECK] != check:
                raise ValueError
            found = cls.of_json(json.loads(body))
        except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
            raise BadRequest(
                "This invitation is not whole",
                where="invitation",
                mend="Copy it again, from its first to its last sign.",
            ) from None
        if found.canonicaliser != VERSION:
            raise BadRequest(
                "This invitation is from another version of Assay",
                where="invitation",
                value=f"canonicaliser {found.canonicaliser}, here {VERSION}",
                mend="Both sides need the same version: update the older one, and invite anew.",
            )
        return found

    def setting(self) -> Setting:
        """Return what is signed of it: the terms as their digest."""
        terms = hashlib.sha256(json.dumps(self.agreed.as_json(), sort_keys=True).encode()).digest()
        return Setting(partnership=self.partnership, escrow=self.escrow, terms=terms, canonicaliser=self.canonicaliser)
