"""Which records agree: what the escrow told either side, laid beside each other, so that both decide of the same.

Each side tells the other what it was told of a pair. Only kinds that both were told count, and of two frequencies the
greater, so that an escrow that tells the two sides different things makes no match.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

from assay.escrow import wire
from assay.partners import asking
from assay.partners.canonical import KINDS
from assay.partners.dealing.memory import Pair, Seen
from assay.partners.dealing.session import MOST, Session, batched
from assay.partners.evidence import Agreement, Terms, weigh
from assay.partners.pairing import epoch_to_compare

_ITEM: Final = struct.Struct(f">{wire.HANDLE_BYTES}s{wire.HANDLE_BYTES}sHHBBQ")
_ITEMS: Final = MOST // _ITEM.size
_DOMAIN, _NAME = KINDS.index("domain"), KINDS.index("name")
_AT_ONCE: Final = 5_000


def walk(session: Session, state: Mapping[str, Any], terms: Terms) -> bool:
    """Ask for the pairs of whatever is new in either list; return whether there was anything to compare."""
    lists = {(of["of"], of["epoch"]): of for of in state["lists"]}
    ours, theirs = session.line.identity.public.hex(), session.partner.hex()
    done = [
        {epoch for (whose, epoch), of in lists.items() if whose == side and of["is_complete"]}
        for side in (ours, theirs)
    ]
    epoch = epoch_to_compare(*done)
    if epoch is None:
        return False
    memory = session.memory
    newest_ours, newest_theirs = lists[ours, epoch]["newest"], lists[theirs, epoch]["newest"]
    is_first = min(newest_ours, newest_theirs) > 0 and min(map(memory.number, ("ours through", "theirs through"))) == 0
    if memory.number("epoch compared") != epoch or is_first:
        pairs = session.line.all_pairs(session.setting, epoch)
        for part in batched(pairs, _AT_ONCE):
            with memory.together():
                take(session, part, newest_theirs, terms)
        with memory.together():
            memory.set_number("ours through", newest_ours)
            memory.set_number("theirs through", newest_theirs)
            memory.set_number("epoch compared", epoch)
            memory.set_number("owe walked", 1)
        session.worked = True
    if newest_theirs > memory.number("theirs through"):
        _go_on(session, epoch, "theirs", terms)
    if newest_ours > memory.number("ours through"):
        _go_on(session, epoch, "mine", terms)
    if memory.number("owe walked"):
        with memory.together():
            session.tell("walked", {"heard": memory.number("read")})
            memory.set_number("owe walked", 0)
            session.worked = True
    return True


def _go_on(session: Session, epoch: int, of: str, terms: Terms) -> None:
    memory = session.memory
    name = {"mine": "ours through", "theirs": "theirs through"}[of]
    for cursor, pairs in session.line.pairs(session.setting, epoch, memory.number(name), of=of):
        with memory.together():
            memory.set_number(name, cursor)
            # What we ask after their list was walked reflects all of it up to there.
            take(session, pairs, memory.number("theirs through"), terms)
        session.worked = True


def take(session: Session, pairs: Iterable[asking.Pair], as_of: int, terms: Terms) -> None:
    """Remember what the escrow told of pairs, and tell the partner; what could be no match in any case is left out."""
    memory, told = session.memory, []
    for pair in pairs:
        seen = seen_of(pair, as_of)
        known = memory.pair(pair.mine, pair.theirs)
        if known.ours == seen:
            continue  # the partner was told, in the transaction in which this was remembered
        if memory.record(pair.mine) is None or not _may_be(seen.kinds, seen.domain, seen.name, terms):
            continue
        memory.set_pair(pair.mine, pair.theirs, replace(known, ours=seen))
        has = memory.has(pair.mine)
        told.append(_ITEM.pack(pair.mine, pair.theirs, has, seen.kinds, seen.domain, seen.name, seen.as_of))
    for part in batched(told, _ITEMS):
        session.queue("seen", b"".join(part))
        memory.set_number("owe walked", 1)


def seen_of(pair: asking.Pair, as_of: int) -> Seen:
    """Return what an escrow told of a pair, as evidence is weighed."""
    common = dict(zip(pair.kinds, pair.common, strict=True))
    kinds = sum(1 << kind for kind in pair.kinds)
    return Seen(kinds, common.get(_DOMAIN, 0), common.get(_NAME, 0), as_of)


@lru_cache(maxsize=65_536)
def _may_be(kinds: int, domain: int, name: int, terms: Terms) -> bool:
    """Tell whether a pair could be a match or a question where nothing speaks against it."""
    found = Agreement(kinds=kinds, both=0, domain_frequency=domain, name_frequency=name)
    return weigh(found, terms.relation).bits >= terms.ask_from


def agreement(pair: Pair, has: int) -> Agreement | None:
    """Return what both sides were told of a pair; None before both were."""
    if pair.ours is None or pair.theirs is None:
        return None
    kinds = pair.ours.kinds & pair.theirs.kinds
    return Agreement(
        kinds=kinds,
        both=has & pair.has,
        domain_frequency=max(pair.ours.domain, pair.theirs.domain) if kinds >> _DOMAIN & 1 else 0,
        name_frequency=max(pair.ours.name, pair.theirs.name) if kinds >> _NAME & 1 else 0,
    )


def hear_seen(session: Session, payload: bytes) -> None:
    """Take what the partner was told of pairs; what it saw of a record of ours before its last change is left out."""
    memory = session.memory
    if len(payload) % _ITEM.size:
        raise ValueError("not whole items")
    for theirs, ours, has, kinds, domain, name, as_of in _ITEM.iter_unpack(payload):
        if memory.keep.get("known", ours) is None or (as_of <= memory.above(ours) and memory.above(ours)):
            continue
        told = replace(memory.pair(ours, theirs), theirs=Seen(kinds, domain, name, as_of), has=has)
        memory.set_pair(ours, theirs, told)
    memory.set_number("is telling", 1)


def hear_changed(session: Session, body: Mapping[str, Any]) -> None:
    """Take that what is known of some of the partner's records, up to a height of its list, is out of date."""
    memory, above = session.memory, int(body["above"])
    for text in body["handles"]:
        theirs = wire.digits(text, wire.HANDLE_BYTES)
        for ours in memory.ours_of(theirs):
            pair = memory.pair(ours, theirs)
            seen = pair.ours if pair.ours and pair.ours.as_of > above else None
            memory.set_pair(ours, theirs, Pair(ours=seen))
    memory.set_number("owe walked", 1)
    memory.set_number("is telling", 1)


def hear_walked(session: Session, body: Mapping[str, Any]) -> None:
    """Take that the partner has told all that it was told, having read our messages up to a number."""
    memory, through = session.memory, int(body["heard"])
    done = [handle for handle, number in memory.keep.scan("again") if int.from_bytes(number, "big") <= through]
    for handle in done:
        memory.keep.drop("again", handle)
    memory.set_number("is telling", 0)
    memory.set_number("was told", 1)
