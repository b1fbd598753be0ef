"""What the partner is told of accounts that both share: proof first, then grant and verdict, then entry and message.

Whatever is told stands in the ledger, in the memory and in the outgoing message, all written at once or not at all.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from assay.escrow import wire
from assay.partners import pairing
from assay.partners.canonical import KINDS
from assay.partners.dealing import books
from assay.partners.dealing.comparing import agreement
from assay.partners.dealing.contract import Let, Level, Offer, Told
from assay.partners.dealing.deciding import MATCH
from assay.partners.dealing.memory import Memory
from assay.partners.dealing.session import MOST, Session, batched
from assay.partners.pairing import EpochKeys
from assay.partners.tokens import Tokeniser

_SIZE: Final = wire.HANDLE_BYTES
_CHALLENGES: Final = 250
_PROOF: Final = 32
_AT_ONCE: Final = 200
#: Beyond so many records all is read at once, which is quicker than looking for each.
_MANY: Final = 500
#: Kinds of which a record may have several tokens: each is proved by itself, as nobody knows which of them agrees.
_SEVERAL: Final = frozenset(KINDS.index(kind) for kind in ("registry", "domain", "email"))


@dataclass(frozen=True, slots=True)
class _Item:
    """What is to be told of a record: of which population, what that says, which fields."""

    offer: Offer
    fields: Mapping[str, str]

    def digest(self) -> str:
        told = [self.offer.says, dict(sorted(self.fields.items()))]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def tell(session: Session) -> None:
    """Tell, challenge and take back whatever is due of the records that something changed of."""
    memory, mine = session.memory, session.mine
    due = {handle for handle, _ in memory.keep.scan("tell")}
    is_new = memory.number("told of version") != mine.version
    if mine.touched is None or is_new:
        due |= {key[:_SIZE] for kind in ("overlap", "told") for key, _ in memory.keep.scan(kind)}
    else:
        due |= {memory.handle(record) for record in mine.touched}
    challenges: list[tuple[bytes, bytes, int]] = []
    known = _Whole(memory) if len(due) > _MANY else _Looked(memory)
    for handles in batched(sorted(due), _AT_ONCE):
        with memory.together():
            for handle in handles:
                if _tell_of(session, known, handle, challenges):
                    memory.keep.drop("tell", handle)
                else:
                    memory.keep.put("tell", handle, b"")
    for part in batched(challenges, _CHALLENGES):
        with memory.together():
            _challenge(session, part)
    memory.set_number("told of version", mine.version)


class _Looked:
    """What is shared and told of a record, looked for in the memory."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def matches(self, handle: bytes) -> list[bytes]:
        return [theirs for theirs, of in self._memory.overlaps_of(handle) if of.ruling == MATCH]

    def told(self, handle: bytes) -> dict[str, Any]:
        return {key.decode(): json.loads(value) for key, value in self._memory.under("told", handle)}


class _Whole(_Looked):
    """The same, read at once: of one record nothing changes before it is looked at."""

    def __init__(self, memory: Memory) -> None:
        super().__init__(memory)
        self._matches: dict[bytes, list[bytes]] = defaultdict(list)
        self._told: dict[bytes, dict[str, Any]] = defaultdict(dict)
        for key, value in memory.keep.scan("overlap"):
            if json.loads(value)[0] == MATCH:
                self._matches[key[:_SIZE]].append(key[_SIZE:])
        for key, value in memory.keep.scan("told"):
            self._told[key[:_SIZE]][key[_SIZE:].decode()] = json.loads(value)

    def matches(self, handle: bytes) -> list[bytes]:
        return self._matches.get(handle, [])

    def told(self, handle: bytes) -> dict[str, Any]:
        return self._told.get(handle, {})


def _tell_of(session: Session, known: _Looked, handle: bytes, challenges: list[tuple[bytes, bytes, int]]) -> bool:
    """Bring what the partner was told of a record to what it may know; return whether nothing is left to do."""
    memory = session.memory
    record = memory.record(handle)
    matches, there = known.matches(handle), known.told(handle)
    wanted = _wanted(session, record) if record is not None and matches else {}
    theirs = matches[0] if matches else b""
    for population, told in there.items():
        if population not in wanted or bytes.fromhex(told["theirs"]) not in matches:
            _take_back(session, handle, population)
    new = {
        population: item
        for population, item in wanted.items()
        if population not in there
        or there[population]["digest"] != item.digest()
        or bytes.fromhex(there[population]["theirs"]) not in matches
    }
    if not new or record is None:
        return True
    kinds = _agreed_kinds(session, handle, theirs)
    proof = memory.json("proof", handle + theirs)
    if proof is None or proof["kinds"] != kinds:
        challenges.append((handle, theirs, kinds))
        return False
    if proof["state"] != "proved":
        return False
    let_go = [item for item in new.values() if _may(session, record, item)]
    if let_go:
        _release(session, (record, handle, theirs), let_go)
    return len(let_go) == len(new)


def _wanted(session: Session, record: str) -> dict[str, _Item]:
    """Return what the grants let the partner know of a record, by population."""
    mine, found = session.mine, {}
    values: Mapping[str, str] | None = None
    for offer in mine.offers:
        is_over = offer.until is not None and offer.until <= session.now
        if offer.level is not Level.OVERLAPS or is_over or record not in mine.members.get(offer.population, ()):
            continue
        if offer.fields and values is None:
            values = mine.fields_of(record)
        fields = {name: str(values[name]) for name in offer.fields if values and values.get(name)}
        if len(json.dumps(fields)) > MOST // 2:
            session.trouble("The fields of an account are too long for a message: grant fewer of them.")
            continue
        found[offer.population] = _Item(offer, fields)
    return found


def _may(session: Session, record: str, item: _Item) -> bool:
    return session.mine.may_release(record, item.offer.population, tuple(sorted(item.fields))).let is Let.RELEASE


def _agreed_kinds(session: Session, handle: bytes, theirs: bytes) -> int:
    memory = session.memory
    told = agreement(memory.pair(handle, theirs), memory.has(handle))
    return told.kinds if told else 0


def _challenge(session: Session, pairs: Iterable[tuple[bytes, bytes, int]]) -> None:
    """Ask the partner to prove that it has the tokens that are said to agree, before it is told anything of them."""
    nonce = session.us.dice(_SIZE)
    parts = []
    for handle, theirs, kinds in pairs:
        asked = {"kinds": kinds, "state": "asked", "nonce": nonce.hex(), "epoch": session.epochs[-1].epoch}
        session.memory.set_json("proof", handle + theirs, asked)
        parts.append(handle + theirs + kinds.to_bytes(2, "big"))
    session.queue("challenge", nonce + b"".join(parts))
    session.worked = True


def hear_challenge(session: Session, payload: bytes, keys: EpochKeys) -> None:
    """Prove what the escrow told us, too; of anything else nothing is said but that it cannot be proved."""
    memory, size = session.memory, 2 * _SIZE + 2
    nonce, asked = payload[:_SIZE], payload[_SIZE:]
    if len(nonce) != _SIZE or len(asked) % size:
        raise ValueError("not whole challenges")
    answers = []
    tokeniser = Tokeniser(keys.token)
    for at in range(0, len(asked), size):
        theirs, ours = asked[at : at + _SIZE], asked[at + _SIZE : at + 2 * _SIZE]
        kinds = int.from_bytes(asked[at + 2 * _SIZE : at + size], "big")
        record, pair = memory.record(ours), memory.pair(ours, theirs)
        made: list[bytes] = []
        own = session.mine.records.get(record) if record is not None else None
        if own is not None and pair.ours is not None and kinds and not kinds & ~pair.ours.kinds:
            made = [
                pairing.prove(keys, nonce, theirs, [wire.Row(ours, kind, token) for kind, token in tokens])
                for tokens in _choices(tokeniser.tokens(own), kinds)
            ]
        answers.append(ours + theirs + bytes([len(made)]) + b"".join(made))
    part: list[bytes] = []
    length = 0
    for answer in answers:
        if length + len(answer) > MOST - _SIZE:
            session.queue("proof", nonce + b"".join(part))
            part, length = [], 0
        part.append(answer)
        length += len(answer)
    session.queue("proof", nonce + b"".join(part))


def _choices(tokens: Mapping[bytes, int], kinds: int) -> list[list[tuple[int, bytes]]]:
    """Return the sets of tokens that are proved: those of single kinds together, those of others one by one."""
    agreeing = sorted((kind, token) for token, kind in tokens.items() if kinds >> kind & 1)
    single = [(kind, token) for kind, token in agreeing if kind not in _SEVERAL]
    return ([single] if single else []) + [[one] for one in agreeing if one[0] in _SEVERAL]


def hear_proof(session: Session, payload: bytes) -> None:
    """Take proofs: a pair is proved where every kind that is said to agree is."""
    memory = session.memory
    nonce, at, failed = payload[:_SIZE], _SIZE, 0
    while at < len(payload):
        theirs, handle = payload[at : at + _SIZE], payload[at + _SIZE : at + 2 * _SIZE]
        count = payload[at + 2 * _SIZE]
        start = at + 2 * _SIZE + 1
        at = start + count * _PROOF
        if at > len(payload):
            raise ValueError("not whole proofs")
        asked = memory.json("proof", handle + theirs)
        if asked is None or asked["state"] != "asked" or asked["nonce"] != nonce.hex():
            continue
        given = [payload[place : place + _PROOF] for place in range(start, at, _PROOF)]
        is_good = _is_proved(session, (handle, theirs), asked, given)
        memory.set_json("proof", handle + theirs, {**asked, "state": "proved" if is_good else "failed"})
        memory.keep.put("tell", handle, b"")
        failed += not is_good
    if failed:
        session.trouble(
            f"Your partner could not prove {failed} of the matches that the escrow told: nothing was told of them. "
            "If this goes on, the escrow may be making them up."
        )


def is_unproved(memory: Memory) -> bool:
    """Tell whether the partner could not prove a pair that the escrow still tells."""
    return any(json.loads(value)["state"] == "failed" for _, value in memory.keep.scan("proof"))


def _is_proved(session: Session, pair: tuple[bytes, bytes], asked: Mapping[str, Any], given: Iterable[bytes]) -> bool:
    handle, _ = pair
    record, kinds, proofs = session.memory.record(handle), int(asked["kinds"]), list(given)
    own = session.mine.records.get(record) if record is not None else None
    keys = next((keys for keys in session.epochs if keys.epoch == asked["epoch"]), None)
    if own is None or keys is None:
        return False
    nonce = bytes.fromhex(asked["nonce"])
    proved = 0
    for tokens in _choices(Tokeniser(keys.token).tokens(own), kinds):
        rows = [wire.Row(handle, kind, token) for kind, token in tokens]
        if any(pairing.is_proved(keys, nonce, handle, rows, proof) for proof in proofs):
            proved |= sum({1 << kind for kind, _ in tokens})
    return bool(kinds) and proved == kinds


def _release(session: Session, of: tuple[str, bytes, bytes], items: Iterable[_Item]) -> None:
    """Tell the partner of a record: an entry and a commitment an item, one message of them all."""
    memory = session.memory
    _, handle, theirs = of
    told = [_entered(session, of, item) for item in items]
    body = {"handle": handle.hex(), "yours": theirs.hex(), "items": told}
    if len(json.dumps(body)) <= MOST:
        session.tell("facts", body, handle)
    else:
        for one in told:
            session.tell("facts", {**body, "items": [one]}, handle)
    memory.set_number("owe heads", 1)
    session.worked = True


def _entered(session: Session, of: tuple[str, bytes, bytes], item: _Item) -> dict[str, Any]:
    record, handle, theirs = of
    offer, now = item.offer, session.now
    since = now
    held = session.memory.json("told", handle + offer.population.encode())
    if held and bytes.fromhex(held["theirs"]) == theirs:
        since = held["since"]
    said = {"population": offer.population, "says": offer.says, "fields": dict(item.fields), "since": since}
    entry, salt = books.enter(session, handle, (offer.population, *sorted(item.fields)), said)
    session.memory.set_json(
        "told",
        handle + offer.population.encode(),
        {"theirs": theirs.hex(), "digest": item.digest(), "entry": entry.number, "since": since},
    )
    told = Told(
        record=record, handle=handle, population=offer.population, says=offer.says, fields=item.fields, since=since
    )
    session.heard.disclosed(told, grant=entry.disclosure.grant, entry=entry.number, at=now)
    return {**said, "entry": books.entry_json(entry), "salt": salt.hex()}


def _take_back(session: Session, handle: bytes, population: str) -> None:
    session.memory.keep.drop("told", handle + population.encode())
    session.tell("withdrawn", {"handle": handle.hex(), "population": population}, handle)
    session.heard.taken_back(handle, population, session.now)
    session.memory.set_number("owe heads", 1)
    session.worked = True


def hear_facts(session: Session, body: Mapping[str, Any]) -> None:
    """Take what the partner tells of an account: into the ledger first, and to the owner where the account is ours."""
    theirs = wire.digits(body["handle"], _SIZE)
    ours = wire.digits(body["yours"], _SIZE)
    record = session.memory.record(ours)
    for item in body["items"]:
        fields = {str(name): str(value) for name, value in item["fields"].items()}
        population, says, since = str(item["population"]), str(item["says"]), int(item["since"])
        said = {"population": population, "says": says, "fields": fields, "since": since}
        books.take(session, theirs, item, said)
        if record is None or session.memory.keep.get("known", ours) is None:
            continue  # we took that record out meanwhile; the entry stands
        told = Told(
            record=record, handle=theirs, population=population, says=says, fields=fields, since=min(since, session.now)
        )
        session.heard.learnt(told)


def hear_withdrawn(session: Session, body: Mapping[str, Any]) -> None:
    """Take that something does not hold any more."""
    session.heard.withdrawn(wire.digits(body["handle"], _SIZE), str(body["population"]))
