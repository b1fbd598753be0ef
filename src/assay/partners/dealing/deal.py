"""One partnership, from the invitation to its end, as its owner drives it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from assay.partners.dealing.contract import Agreed, Heard, Mine, Us
from assay.partners.keeping import Keep


class State(StrEnum):
    """How far a partnership got."""

    INVITED = "invited"
    COMPARING = "comparing"
    CONFIRMED = "confirmed"
    LIVE = "live"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """What one company sends the other out of band. It holds no secret; two people compare digits afterwards."""

    partnership: bytes
    escrow: str
    inviter: bytes
    name: str
    agreed: Agreed

    def text(self) -> str:
        """Return it as one word that can be sent in a mail."""
        raise NotImplementedError

    @classmethod
    def of_text(cls, text: str) -> Invitation:
        """Return the invitation; raise BadRequest where it is none."""
        raise NotImplementedError


def invite(keep: Keep, us: Us, escrow: str, agreed: Agreed) -> Invitation:
    """Begin a partnership, in an empty memory."""
    raise NotImplementedError


def accept(keep: Keep, us: Us, invitation: Invitation) -> None:
    """Begin a partnership that a partner invited to, in an empty memory; accepting again changes nothing."""
    raise NotImplementedError


class Deal:
    """A partnership in its memory. Every method may be called again after a kill, and goes on where it stopped."""

    def __init__(self, keep: Keep, us: Us) -> None:
        raise NotImplementedError

    @property
    def state(self) -> State:
        """Return how far it got."""
        raise NotImplementedError

    @property
    def invitation(self) -> Invitation:
        """Return what was agreed, with whom and where."""
        raise NotImplementedError

    @property
    def partner(self) -> bytes | None:
        """Return the partner's identity, once it has greeted."""
        raise NotImplementedError

    def digits(self) -> str:
        """Return the 60 digits that two people compare; raise BadRequest before the partner has greeted."""
        raise NotImplementedError

    def confirm(self) -> None:
        """Remember that two people compared the digits and they were the same; the next step tells the escrow."""
        raise NotImplementedError

    def step(self, mine: Mine, heard: Heard) -> bool:
        """Do whatever can be done now, and return whether another step at once may do more.

        It raises `asking.Refused` for what only a person can mend, and whatever `us.send` raises where the escrow
        cannot be reached: what was done until then is kept, and the next step goes on.
        """
        raise NotImplementedError

    def say(self, kind: str, public_id: str, body: Mapping[str, Any]) -> None:
        """Tell the partner something that is not of the protocol, sealed like all else; raise BadRequest unless live.

        It is told once, also where this is called inside a transaction of the owner that is rolled back and done again.
        """
        raise NotImplementedError

    def answer(self, handle: bytes, their_handle: bytes, *, is_same: bool) -> None:
        """Answer a question; where both sides say yes the pair is a match."""
        raise NotImplementedError

    def rotate(self) -> None:
        """Begin a new key epoch; the old one goes on until both lists are uploaded under the new one."""
        raise NotImplementedError

    def revoke(self) -> None:
        """End the partnership, and destroy its keys here and at the escrow; the ledger stays."""
        raise NotImplementedError

    def ledger(self) -> str:
        """Return both chains with their receipts as lines of JSON, as `assay partners verify` reads them."""
        raise NotImplementedError

    def forget(self, record: str) -> None:
        """Erase what ties the ledger to a record: the salts of its entries and its id. The chain stays whole."""
        raise NotImplementedError
