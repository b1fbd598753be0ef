"""The partner's messages: read in order, each with what comes of it in one transaction, and then acknowledged."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import Any, Final

from assay.escrow import wire
from assay.partners import identities, sealing
from assay.partners.dealing import books, comparing, deciding, telling
from assay.partners.dealing.contract import Level, Offer
from assay.partners.dealing.memory import Memory, Overlap
from assay.partners.dealing.session import Session, batched, heard_through
from assay.partners.identities import Distrust, Statement
from assay.partners.pairing import EpochKeys
from assay.partners.sealing import Read

_AT_ONCE: Final = 200
#: What cannot be read although the partner itself wrote it.
_SENSELESS: Final = (ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError, struct.error)


def hear(session: Session) -> None:
    """Read whatever came; raise Distrust where the next message is not the partner's next."""
    memory, line = session.memory, session.line
    while True:
        came = line.fetch(session.setting, memory.number("read"))
        for part in batched((message for _, message in came), _AT_ONCE):
            _take_all(session, part)
            session.worked = True
        if memory.number("read") > memory.number("acknowledged"):
            line.acknowledge(session.setting, memory.number("read"))
            with memory.together():
                memory.set_number("acknowledged", memory.number("read"))
        if not came:
            return


def _take_all(session: Session, messages: Sequence[bytes]) -> None:
    """Take messages in one transaction; where something is wrong with one of them, each in its own."""
    try:
        with session.memory.together():
            for message in messages:
                text, read, keys = _opened(session, message)
                _note(session, read, keys)
                _understand(session, text, keys)
    except (Distrust, *_SENSELESS):
        for message in messages:
            _take(session, message)


def _opened(session: Session, message: bytes) -> tuple[bytes, Read, EpochKeys]:
    before = Read(number=session.memory.number("read"), grant=session.memory.number("grant read"))
    _, text, read = sealing.unseal(session.epochs, message, before)
    keys = next(keys for keys in session.epochs if keys.epoch == int.from_bytes(message[:4], "big"))
    return text, read, keys


def _take(session: Session, message: bytes) -> None:
    """Take one message. One that is the partner's and makes no sense is passed over, and told as trouble."""
    memory = session.memory
    text, read, keys = _opened(session, message)
    try:
        with memory.together():
            _note(session, read, keys)
            _understand(session, text, keys)
    except (Distrust, *_SENSELESS) as error:
        told = error.text() if isinstance(error, Distrust) else "A message of your partner cannot be read."
        with memory.together():
            _note(session, read, keys)
            memory.set_number("in trouble", 1)
            session.trouble(told)


def _note(session: Session, read: Read, keys: EpochKeys) -> None:
    memory = session.memory
    memory.set_number("read", read.number)
    memory.set_number("grant read", read.grant)
    memory.set_number("epoch read", keys.epoch)


def _understand(session: Session, text: bytes, keys: EpochKeys) -> None:
    kind_, payload = wire.parted(text)
    kind = kind_.decode()
    memory = session.memory
    if kind != "heads":
        memory.set_number("owe heads", 1)
    if kind == "seen":
        comparing.hear_seen(session, payload)
    elif kind == "challenge":
        telling.hear_challenge(session, payload, keys)
    elif kind == "proof":
        telling.hear_proof(session, payload)
    else:
        _HEARERS[kind](session, json.loads(payload))


def _hear_heads(session: Session, body: dict[str, Any]) -> None:
    heard_through(session, int(body["heard"]))
    books.hear_heads(session, body)
    session.memory.set_number("in trouble", 0)


def _hear_answer(session: Session, body: dict[str, Any]) -> None:
    memory = session.memory
    theirs, ours = (wire.digits(body[name], wire.HANDLE_BYTES) for name in ("mine", "yours"))
    held = memory.overlap(ours, theirs)
    if held is None and memory.keep.get("known", ours) is None:
        return
    held = held or Overlap(deciding.ASK, 0.0)
    memory.set_overlap(ours, theirs, Overlap(held.ruling, held.bits, held.ours, bool(body["yes"])))
    memory.keep.put("touched", ours, b"")


def _hear_said(session: Session, body: dict[str, Any]) -> None:
    told = body["body"]
    if not isinstance(told, dict):
        raise TypeError
    session.heard.said(str(body["kind"]), str(body["id"]), told)


def tell_offers(session: Session) -> None:
    """Tell the partner which populations it may know of, and how much; call this inside a transaction."""
    offers = [
        {
            "population": offer.population,
            "name": offer.name,
            "says": offer.says,
            "level": offer.level.value,
            "fields": list(offer.fields),
            "until": offer.until,
        }
        for offer in session.mine.offers
    ]
    body = json.dumps(offers, sort_keys=True, separators=(",", ":")).encode()
    version = session.memory.number("grant")
    said = identities.state(session.us.identity, "grant", session.setting.partnership, version, body)
    session.tell("grant", {"version": version, "body": body.decode(), "signature": said.signature.hex()})


def _hear_grant(session: Session, body: dict[str, Any]) -> None:
    memory = session.memory
    expected = Statement(kind="grant", partnership=session.setting.partnership, by=session.partner, version=0, body=b"")
    told = Statement(
        kind="grant",
        partnership=session.setting.partnership,
        by=session.partner,
        version=int(body["version"]),
        body=str(body["body"]).encode(),
        signature=bytes.fromhex(body["signature"]),
    )
    kept = memory.json("grant", b"theirs")
    held = None
    if kept is not None:
        held = Statement(
            kind="grant",
            partnership=session.setting.partnership,
            by=session.partner,
            version=int(kept["version"]),
            body=str(kept["body"]).encode(),
            signature=bytes.fromhex(kept["signature"]),
        )
    believed = identities.believe(told, expected, held)
    if believed is held:
        return
    offers = [_offer_of(each) for each in json.loads(believed.body)]
    memory.set_json("grant", b"theirs", {name: body[name] for name in ("version", "body", "signature")})
    session.heard.offered(offers, believed.version)


def their_offers(memory: Memory) -> list[Offer]:
    """Return what the partner said last that we may know of."""
    kept = memory.json("grant", b"theirs")
    return [] if kept is None else [_offer_of(each) for each in json.loads(kept["body"])]


def _offer_of(told: dict[str, Any]) -> Offer:
    return Offer(
        population=str(told["population"]),
        name=str(told["name"]),
        says=str(told["says"]),
        level=Level(told["level"]),
        fields=tuple(str(name) for name in told["fields"]),
        until=None if told["until"] is None else int(told["until"]),
    )


_HEARERS: Final = {
    "grant": _hear_grant,
    "changed": comparing.hear_changed,
    "walked": comparing.hear_walked,
    "facts": telling.hear_facts,
    "withdrawn": telling.hear_withdrawn,
    "receipt": books.hear_receipt,
    "heads": _hear_heads,
    "answer": _hear_answer,
    "said": _hear_said,
}
