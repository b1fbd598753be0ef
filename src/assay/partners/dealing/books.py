"""Both chains of a partnership's ledger in its memory: entries, salts, receipts, heads, and how a file shows them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from assay.escrow import wire
from assay.partners import ledger
from assay.partners.dealing.memory import Memory
from assay.partners.dealing.session import Session
from assay.partners.identities import Distrust
from assay.partners.ledger import Disclosure, Entry, Head, Parties, Receipt

OURS: Final = b"ours"
THEIRS: Final = b"theirs"


def value_of(said: Mapping[str, Any]) -> bytes:
    """Return what is committed to: everything that was said of the account."""
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def head(memory: Memory, side: bytes) -> Head:
    """Return how far a chain goes."""
    found = memory.json("about", b"head " + side)
    return Head(found[0], bytes.fromhex(found[1])) if found else Head()


def enter(session: Session, handle: bytes, fields: tuple[str, ...], said: Mapping[str, Any]) -> tuple[Entry, bytes]:
    """Write the next entry of our chain; return it with the salt of its commitment."""
    memory = session.memory
    salt, commitment = ledger.commit(value_of(said), session.us.dice)
    told = Disclosure(
        handle=handle,
        grant=memory.number("grant"),
        epoch=session.epochs[-1].epoch,
        fields=fields,
        commitment=commitment,
    )
    entry = ledger.write(
        session.us.identity,
        _parties(session, OURS),
        head(memory, OURS),
        told,
        at=session.now,
        seen=head(memory, THEIRS),
    )
    _keep(memory, OURS, entry, salt)
    return entry, salt


def take(session: Session, handle: bytes, item: Mapping[str, Any], said: Mapping[str, Any]) -> None:
    """Take an entry of the partner's chain and what it commits to; raise Distrust where either is not as it must be."""
    memory = session.memory
    entry = entry_of(item["entry"], _parties(session, THEIRS))
    salt = bytes.fromhex(item["salt"])
    if entry.disclosure.handle != handle or not ledger.is_committed(entry.disclosure.commitment, salt, value_of(said)):
        raise Distrust(
            "What your partner told is not what stands in its ledger",
            value=f"entry {entry.number}",
            mend="Ask your partner to look at its ledger.",
        )
    ledger.take(_parties(session, THEIRS), head(memory, THEIRS), entry)
    _keep(memory, THEIRS, entry, salt)
    memory.set_number("owe receipt", 1)


def _keep(memory: Memory, side: bytes, entry: Entry, salt: bytes) -> None:
    key = side + entry.number.to_bytes(8, "big")
    memory.set_json("entry", key, entry_json(entry))
    memory.keep.put("salt", key, salt)
    memory.set_json("about", b"head " + side, [entry.number, entry.head().hash.hex()])


def give_receipt(session: Session) -> None:
    """Sign for what came, where that was not done yet; call this inside a transaction."""
    memory = session.memory
    if not memory.number("owe receipt"):
        return
    made = ledger.receipt(session.us.identity, _parties(session, THEIRS), head(memory, THEIRS))
    memory.set_json("receipt", THEIRS, receipt_json(made))
    session.tell("receipt", receipt_json(made))
    memory.set_number("owe receipt", 0)


def hear_receipt(session: Session, body: Mapping[str, Any]) -> None:
    """Take the partner's receipt for our chain; raise Distrust where it is for another."""
    memory, parties = session.memory, _parties(session, OURS)
    given = receipt_of(body, parties)
    if not ledger.is_receipt(parties, given) or _head_at(memory, OURS, given.head.number) != given.head:
        raise Distrust(
            "Your partner's receipt is not for what it was told",
            value=f"entry {given.head.number}",
            mend="Compare the two ledgers: assay partners verify.",
        )
    held = memory.json("receipt", OURS)
    if held is None or held["number"] < given.head.number:
        memory.set_json("receipt", OURS, receipt_json(given))
        session.heard.receipted(given.head.number)


def tell_heads(session: Session) -> None:
    """Tell the partner how far both chains go here, and which of its messages were read; inside a transaction."""
    memory = session.memory
    body = {
        "mine": _head_json(head(memory, OURS)),
        "yours": _head_json(head(memory, THEIRS)),
        "heard": memory.number("read"),
        "at": session.now,
    }
    session.tell("heads", body)
    memory.set_number("owe heads", 0)
    memory.set_number("told heads at", session.now)


def hear_heads(session: Session, body: Mapping[str, Any]) -> None:
    """Lay the partner's heads beside ours; raise Distrust where one of the two chains is not the same on both sides.

    Messages come in order: at this place we have all that the partner had written by then.
    """
    memory = session.memory
    theirs, ours = _head_of(body["mine"]), _head_of(body["yours"])
    if theirs != head(memory, THEIRS) or _head_at(memory, OURS, ours.number) != ours:
        raise Distrust(
            "The two sides' ledgers are not the same",
            value=f"entries {theirs.number} and {ours.number}",
            mend="Compare the two ledgers: assay partners verify.",
        )
    session.heard.confirmed(min(int(body["at"]), session.now))


def _head_at(memory: Memory, side: bytes, number: int) -> Head | None:
    if number == 0:
        return Head()
    found = memory.json("entry", side + number.to_bytes(8, "big"))
    if found is None:
        return None
    parties = _parties_of(memory, side)
    return entry_of(found, parties).head()


def _parties(session: Session, side: bytes) -> Parties:
    return _parties_of(session.memory, side)


def _parties_of(memory: Memory, side: bytes) -> Parties:
    told = memory.json("about", b"parties")
    ours, theirs = bytes.fromhex(told["ours"]), bytes.fromhex(told["theirs"])
    first, second = (ours, theirs) if side == OURS else (theirs, ours)
    return Parties(partnership=bytes.fromhex(told["partnership"]), discloser=first, receiver=second)


def forget(memory: Memory, handle: bytes) -> None:
    """Delete the salts of all entries on a record of ours: their commitments tell nothing from then on."""
    for key, value in list(memory.keep.scan("entry")):
        if key.startswith(OURS) and json.loads(value)["handle"] == handle.hex():
            memory.keep.drop("salt", key)


def lines(memory: Memory) -> Iterator[str]:
    """Yield both chains as lines of JSON: who it is about, then entries in order, then receipts and heads."""
    told = memory.json("about", b"parties")
    if told is None:
        return
    for side in (OURS, THEIRS):
        parties = _parties_of(memory, side)
        yield _line(
            kind="chain",
            chain=side.decode(),
            partnership=parties.partnership.hex(),
            discloser=parties.discloser.hex(),
            receiver=parties.receiver.hex(),
        )
        # Read before the entries: where a step goes on meanwhile, no receipt is for an entry that is not in the file.
        given = memory.json("receipt", side)
        for _, value in memory.under("entry", side):
            yield _line(kind="entry", chain=side.decode(), **json.loads(value))
        if given is not None:
            yield _line(kind="receipt", chain=side.decode(), **given)


def _line(**told: object) -> str:
    return json.dumps(told, separators=(",", ":")) + "\n"


def entry_json(entry: Entry) -> dict[str, Any]:
    """Return an entry as an object; whose it is stands at the head of the chain."""
    told = entry.disclosure
    return {
        "number": entry.number,
        "at": entry.at,
        "handle": told.handle.hex(),
        "grant": told.grant,
        "epoch": told.epoch,
        "fields": list(told.fields),
        "commitment": told.commitment.hex(),
        "seen": _head_json(entry.seen),
        "before": entry.before.hex(),
        "signature": entry.signature.hex(),
    }


def entry_of(told: Mapping[str, Any], parties: Parties) -> Entry:
    """Return the entry; raise ValueError, KeyError or TypeError where it is none."""
    disclosure = Disclosure(
        handle=wire.digits(told["handle"], wire.HANDLE_BYTES),
        grant=int(told["grant"]),
        epoch=int(told["epoch"]),
        fields=tuple(str(name) for name in told["fields"]),
        commitment=bytes.fromhex(told["commitment"]),
    )
    return Entry(
        partnership=parties.partnership,
        discloser=parties.discloser,
        receiver=parties.receiver,
        number=int(told["number"]),
        at=int(told["at"]),
        disclosure=disclosure,
        seen=_head_of(told["seen"]),
        before=bytes.fromhex(told["before"]),
        signature=bytes.fromhex(told["signature"]),
    )


def receipt_json(given: Receipt) -> dict[str, Any]:
    """Return a receipt as an object."""
    return {"number": given.head.number, "hash": given.head.hash.hex(), "signature": given.signature.hex()}


def receipt_of(told: Mapping[str, Any], parties: Parties) -> Receipt:
    """Return the receipt; raise ValueError, KeyError or TypeError where it is none."""
    found = Head(int(told["number"]), bytes.fromhex(told["hash"]))
    return Receipt(
        partnership=parties.partnership,
        discloser=parties.discloser,
        head=found,
        signature=bytes.fromhex(told["signature"]),
    )


def _head_json(of: Head) -> dict[str, Any]:
    return {"number": of.number, "hash": of.hash.hex()}


def _head_of(told: Mapping[str, Any]) -> Head:
    return Head(int(told["number"]), bytes.fromhex(told["hash"]))
