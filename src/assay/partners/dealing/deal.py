"""One partnership, from the invitation to its end, as its owner drives it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from assay.core.errors import BadRequest
from assay.escrow import wire
from assay.partners import pairing
from assay.partners.asking import Line, Refused
from assay.partners.canonical import Keys
from assay.partners.dealing import books, comparing, deciding, hearing, keys, limits, telling, uploading
from assay.partners.dealing import session as sessions
from assay.partners.dealing.contract import Agreed, Heard, Mine, Us
from assay.partners.dealing.invitation import Invitation
from assay.partners.dealing.memory import Memory, Overlap
from assay.partners.dealing.session import Session
from assay.partners.evidence import Terms
from assay.partners.identities import Distrust
from assay.partners.keeping import Keep
from assay.partners.pairing import Setting
from assay.partners.tokens import SLOTS

#: How long ledger heads go uncompared where nothing happens: half a day, in microseconds.
_QUIET: Final = 43_200_000_000
#: Of what is kept of a partnership that ended: the ledger, and what both agreed on.
_LEFT: Final = ("entry", "receipt", "about", "salt")
_KINDS: Final = (
    *("number", "greeting", "list", "known", "record", "has", "above", "pair", "back", "touched", "again"),
    *("overlap", "proof", "tell", "told", "out", "grant", "epoch", "identity"),
)


class State(StrEnum):
    """How far a partnership got."""

    INVITED = "invited"
    COMPARING = "comparing"
    CONFIRMED = "confirmed"
    LIVE = "live"
    REVOKED = "revoked"


def invite(keep: Keep, us: Us, escrow: str, agreed: Agreed) -> Invitation:
    """Begin a partnership, in an empty memory."""
    invitation = Invitation(
        partnership=us.dice(wire.PARTNERSHIP_BYTES),
        escrow=escrow,
        inviter=us.identity.public,
        name=us.name,
        agreed=agreed,
    )
    _begin(Memory(keep), us, invitation)
    return invitation


def accept(keep: Keep, us: Us, invitation: Invitation) -> None:
    """Begin a partnership that a partner invited to, in an empty memory; accepting again changes nothing."""
    if invitation.inviter == us.identity.public:
        raise BadRequest(
            "This invitation is your own", where="invitation", mend="Send it to your partner, who accepts it."
        )
    memory = Memory(keep)
    held = memory.json("about", b"invitation")
    if held is None:
        _begin(memory, us, invitation)
    elif held != invitation.as_json():
        raise BadRequest("Another invitation was accepted here", where="invitation", mend="Use a memory of its own.")


def _begin(memory: Memory, us: Us, invitation: Invitation) -> None:
    with memory.together():
        if memory.json("about", b"invitation") is not None:
            raise BadRequest("A partnership is kept here already", where="invitation", mend="Use a memory of its own.")
        memory.set_json("about", b"invitation", invitation.as_json())
        memory.set_json("about", b"state", State.INVITED)
        memory.keep.put("identity", b"handles", us.dice(wire.KEY_BYTES))
        if invitation.inviter != us.identity.public:
            memory.set_json("about", b"partner", invitation.inviter.hex())


class Deal:
    """A partnership in its memory. Every method may be called again after a kill, and goes on where it stopped."""

    def __init__(self, keep: Keep, us: Us) -> None:
        self._memory, self._us = Memory(keep), us
        told = self._memory.json("about", b"invitation")
        if told is None:
            raise BadRequest("No partnership is kept here", mend="Invite a partner, or accept an invitation.")
        self._invitation = Invitation.of_json(told)
        self._line = Line(
            identity=us.identity, escrow=self._invitation.escrow, send=us.send, clock=us.clock, count=us.count
        )

    @property
    def state(self) -> State:
        """Return how far it got."""
        return State(self._memory.json("about", b"state"))

    @property
    def invitation(self) -> Invitation:
        """Return what was agreed, with whom and where."""
        return self._invitation

    @property
    def partner(self) -> bytes | None:
        """Return the partner's identity, once it is known."""
        told = self._memory.json("about", b"partner")
        return None if told is None else bytes.fromhex(told)

    @property
    def _setting(self) -> Setting:
        return self._invitation.setting()

    def digits(self) -> str:
        """Return the 60 digits that two people compare; raise BadRequest before the partner has greeted."""
        partner = self.partner
        if partner is None or self.state is State.INVITED:
            raise BadRequest("Your partner has not greeted yet", mend="Try again once it has accepted the invitation.")
        return pairing.comparison(self._setting, [self._us.identity.public, partner])

    @property
    def matching(self) -> Terms:
        """Return by which terms records match."""
        return self._invitation.agreed.matching

    def between_steps(self, records: Mapping[str, Keys], heard: Heard) -> Session | None:
        """Return a session about a few records of ours alone; None where there is nothing to compare yet."""
        if self.state is not State.LIVE or self._memory.json("about", b"ending"):
            return None
        return self._session(Mine(records=records, touched=frozenset(records)), heard)

    def confirm(self) -> None:
        """Remember that two people compared the digits and they were the same; the next step tells the escrow."""
        self.digits()
        with self._memory.together():
            self._memory.set_json("about", b"compared", True)

    def step(self, mine: Mine, heard: Heard) -> bool:
        """Do whatever can be done now, and return whether another step at once may do more.

        It raises `asking.Refused` for what only a person can mend, and whatever `us.send` raises where the escrow
        cannot be reached: what was done until then is kept, and the next step goes on.
        """
        if self._memory.json("about", b"ending"):
            self.revoke()
        if self.state is State.REVOKED:
            return False
        try:
            return self._step(mine, heard)
        except Refused as refusal:
            if refusal.code not in {"revoked", "revoked_key"}:
                raise
            with self._memory.together():
                self._wipe()
                heard.ended()
            return False

    def _step(self, mine: Mine, heard: Heard) -> bool:
        memory = self._memory
        if memory.json("about", b"compared"):
            limits.allow(memory, self._line, self._setting, mine.allowance)
        if self.state is not State.LIVE and not keys.pair(memory, self._us, self._line, (self._setting, heard)):
            return False
        state = self._line.state(self._setting)
        is_too_soon = keys.meet(memory, self._us, self._line, (self._setting, state))
        session = self._session(mine, heard)
        try:
            sessions.post(session, state)
            hearing.hear(session)
            self._offer(session)
            uploading.upload(session, keys.to_upload(session), lambda: self._line.state(self._setting))
            self._compare(session)
            telling.tell(session)
            limits.count(session)
            self._close(session)
            sessions.post(session, self._line.state(self._setting))
        except Distrust as trouble:
            with memory.together():
                session.trouble(trouble.text())
            return False
        left = keys.TOO_SOON if is_too_soon else ""
        is_other = (memory.json("about", b"trouble") or "") != left
        if is_other and not memory.number("in trouble") and not telling.is_unproved(memory):
            with memory.together():
                session.trouble(left)
        return session.worked

    def _session(self, mine: Mine, heard: Heard) -> Session:
        memory = self._memory
        partner = self.partner
        if partner is None:
            raise BadRequest("Your partner has not greeted yet", mend="Try again once it has accepted the invitation.")
        return Session(
            us=self._us,
            line=self._line,
            memory=memory,
            setting=self._setting,
            partner=partner,
            epochs=keys.held(memory, self._us.identity, self._setting),
            mine=mine,
            heard=heard,
            now=self._us.clock(),
        )

    def _offer(self, session: Session) -> None:
        """Tell the partner what it may know of, where that changed: signed, so that an older word is not believed."""
        memory, mine = session.memory, session.mine
        if mine.version <= memory.number("grant"):
            return
        with memory.together():
            memory.set_number("grant", mine.version)
            hearing.tell_offers(session)
            session.worked = True

    def _compare(self, session: Session) -> None:
        terms = self._invitation.agreed.matching
        state = self._line.state(self._setting)
        if not comparing.walk(session, state, terms):
            return
        deciding.decide(session, terms)
        # Before the partner told what it was told nothing is decided, and "0 shared" would be said too early.
        if session.worked and session.memory.number("was told"):
            theirs = max((of["rows"] for of in state["lists"] if of["of"] == session.partner.hex()), default=0)
            keys.retire(session, state)
            with session.memory.together():
                session.heard.compared(
                    ours=sum(1 for _ in session.memory.keep.scan("has")), theirs=theirs // SLOTS, shared=self.shared()
                )

    def _close(self, session: Session) -> None:
        """Give receipts, and compare heads where something happened or none were compared for long."""
        memory = session.memory
        is_long_ago = session.now - memory.number("told heads at") > _QUIET
        if memory.number("owe receipt") or memory.number("owe heads") or is_long_ago:
            with memory.together():
                books.give_receipt(session)
                books.tell_heads(session)
                session.worked = True

    def shared(self) -> int:
        """Return how many matches there are; both sides come to the same number once each has heard the other."""
        return sum(json.loads(value)[0] == deciding.MATCH for _, value in self._memory.keep.scan("overlap"))

    def say(self, kind: str, public_id: str, body: Mapping[str, Any]) -> None:
        """Tell the partner something that is not of the protocol, sealed like all else; raise BadRequest unless live.

        It is told once, also where this is called inside a transaction of the owner that is rolled back and done again.
        """
        if self.state is not State.LIVE:
            raise BadRequest("This partnership is not live", mend="Pair first, and compare the digits.")
        epochs = keys.held(self._memory, self._us.identity, self._setting)
        text = json.dumps({"kind": kind, "id": public_id, "body": body}, separators=(",", ":")).encode()
        if len(text) > sessions.MOST:
            raise BadRequest("This is too long to send", value=f"{len(text)} bytes", mend="Write less.")
        with self._memory.together():
            sessions.queue(self._memory, epochs[-1], self._us, ("said", text, sessions.NOBODY))

    def answer(self, handle: bytes, their_handle: bytes, *, is_same: bool) -> None:
        """Answer a question; where both sides say yes the pair is a match."""
        memory = self._memory
        held = memory.overlap(handle, their_handle)
        if held is None or held.ruling not in {deciding.ASK, deciding.DENIED}:
            raise BadRequest("This is no question any more", mend="Look at the newest questions.")
        epochs = keys.held(memory, self._us.identity, self._setting)
        body = json.dumps({"mine": handle.hex(), "yours": their_handle.hex(), "yes": is_same}).encode()
        with memory.together():
            memory.set_overlap(handle, their_handle, Overlap(held.ruling, held.bits, is_same, held.theirs))
            memory.keep.put("touched", handle, b"")
            sessions.queue(memory, epochs[-1], self._us, ("answer", body, sessions.NOBODY))

    def rotate(self) -> None:
        """Begin a new key epoch; the old one goes on until both lists are uploaded under the new one."""
        if self.state is not State.LIVE:
            raise BadRequest("This partnership is not live", mend="Pair first, and compare the digits.")
        keys.begin(self._memory, self._us, self._setting)

    def revoke(self) -> None:
        """End the partnership, and destroy its keys here and at the escrow; the ledger stays."""
        if self.state is State.REVOKED:
            return
        with self._memory.together():
            self._memory.set_json("about", b"ending", True)
        try:
            self._line.revoke(self._setting)
        except Refused as refusal:
            if refusal.code not in {"revoked", "revoked_key", "unknown"}:
                raise
        with self._memory.together():
            self._wipe()

    def _wipe(self) -> None:
        self._memory.set_json("about", b"state", State.REVOKED)
        for kind in _KINDS:
            self._memory.clear(kind)

    def ledger(self) -> str:
        """Return both chains with their receipts as lines of JSON, as `assay partners verify` reads them."""
        return "".join(books.lines(self._memory))

    def forget(self, record: str) -> None:
        """Erase what ties the ledger to a record: the salts of its entries and its id. The chain stays whole.

        Call it once the record is in no step any more.
        """
        if self.state is State.REVOKED:
            return
        with self._memory.together():
            handle = self._memory.handle(record)
            books.forget(self._memory, handle)
            self._memory.keep.drop("record", handle)


__all__ = ["Agreed", "Deal", "Invitation", "State", "accept", "invite"]
