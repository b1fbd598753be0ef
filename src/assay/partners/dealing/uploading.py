"""The own list at the escrow: every record's tokens once, and after that only what changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

from assay.escrow import wire
from assay.partners.canonical import KINDS, Keys
from assay.partners.dealing.memory import Pair
from assay.partners.dealing.session import Session, batched
from assay.partners.pairing import EpochKeys
from assay.partners.tokens import SLOTS, Tokeniser

_RECORDS: Final = wire.ROWS_A_PART // SLOTS
_HANDLES: Final = 1_500
_DOMAIN: Final = KINDS.index("domain")
#: What was last said of a list that is all there: that it holds nothing, or that it holds something.
EMPTY: Final = 1
FULL: Final = 2

#: A record of ours: its id, handle and keys, and a digest of those.
New = tuple[str, bytes, Keys, bytes]


def rows_of(tokeniser: Tokeniser, handle: bytes, keys: Keys, padding: Callable[[int], bytes]) -> list[wire.Row]:
    """Return a record's rows: as many as every other record has, and of every kind at least one."""
    tokens = tokeniser.tokens(keys)
    there = set(tokens.values())
    lacking = [kind for kind in range(len(KINDS)) if kind not in there]
    lacking = (lacking + [_DOMAIN] * SLOTS)[: SLOTS - len(tokens)]
    filling = padding(wire.HASH_BYTES * len(lacking))
    rows = [wire.Row(handle, kind, token) for token, kind in tokens.items()]
    for at, kind in enumerate(lacking):
        rows.append(wire.Row(handle, kind, filling[at * wire.HASH_BYTES : (at + 1) * wire.HASH_BYTES]))
    return rows


def upload(session: Session, epochs: Iterable[EpochKeys], state: Callable[[], Mapping[str, Any]]) -> None:
    """Bring the lists of these epochs to what our records are now."""
    for keys in epochs:
        _upload(session, keys, state)


def _upload(session: Session, keys: EpochKeys, state: Callable[[], Mapping[str, Any]]) -> None:
    memory, epoch = session.memory, keys.epoch.to_bytes(4, "big")
    said = memory.number(f"complete {keys.epoch}")
    looked_at = session.mine.touched if said else None
    gone = _gone(session, epoch, looked_at)
    for part in batched(gone, _RECORDS):
        _note_height(session, state())
        session.line.remove(session.setting, keys.epoch, part)
        with memory.together():
            _forget_records(session, epoch, part)
        session.worked = True
    for new in batched(changed(session, epoch, looked_at), _RECORDS):
        above = _note_height(session, state())
        session.line.upload(session.setting, keys.epoch, rows(session, keys, new))
        with memory.together():
            remember(session, epoch, new, above)
        session.worked = True
    # The first rows of a list that was said to be empty begin it anew at the escrow.
    now = said if said == FULL else FULL if next(memory.under("list", epoch), None) else EMPTY
    if now != said:
        session.line.complete(session.setting, keys.epoch)
        memory.set_number(f"complete {keys.epoch}", now)
        session.worked = True


def rows(session: Session, keys: EpochKeys, new: Iterable[New]) -> list[wire.Row]:
    """Return the rows of records under the keys of an epoch."""
    tokeniser, padding = Tokeniser(keys.token), session.memory.padding
    return [
        row for _, handle, of, _ in new for row in rows_of(tokeniser, handle, of, partial(padding, handle, keys.epoch))
    ]


def changed(session: Session, epoch: bytes, looked_at: frozenset[str] | None) -> Iterator[New]:
    """Yield (record, handle, keys, digest) of records that are not in the list as they are now."""
    memory, records = session.memory, session.mine.records
    there = dict(memory.under("list", epoch)) if looked_at is None else None
    for record in records if looked_at is None else sorted(looked_at & records.keys()):
        keys = records[record]
        if not keys.values:
            continue
        handle, digest = memory.handle(record), _digest(keys)
        held = there.get(handle) if there is not None else memory.keep.get("list", epoch + handle)
        if held != digest:
            yield record, handle, keys, digest


def _gone(session: Session, epoch: bytes, looked_at: frozenset[str] | None) -> list[bytes]:
    """Return the handles in the list whose records we do not bring any more, or of which nothing can be compared."""
    memory, records = session.memory, session.mine.records
    if looked_at is not None:
        left = [record for record in looked_at if record not in records or not records[record].values]
        return [handle for record in left if memory.keep.get("list", epoch + (handle := memory.handle(record)))]
    ours = {memory.handle(record) for record, keys in records.items() if keys.values}
    return [handle for handle, _ in memory.under("list", epoch) if handle not in ours]


def _digest(keys: Keys) -> bytes:
    return hashlib.blake2b(json.dumps([keys.values, keys.has]).encode(), digest_size=16).digest()


def _note_height(session: Session, state: Mapping[str, Any]) -> int:
    """Remember how high our lists ever reached at the escrow, and return it: what comes now lies above."""
    ours = session.line.identity.public.hex()
    reached = max((of["newest"] for of in state["lists"] if of["of"] == ours), default=0)
    height = max(reached, session.memory.number("height"))
    session.memory.set_number("height", height)
    return height


def remember(session: Session, epoch: bytes, new: Iterable[New], above: int) -> None:
    """Note what was uploaded; of records that were there before, what was known of their pairs is out of date."""
    memory, others = session.memory, []
    for record, handle, keys, digest in new:
        if memory.keep.get("known", handle) not in (None, digest):
            others.append(handle)
            memory.keep.put("above", handle, above.to_bytes(8, "big"))
        memory.keep.put("known", handle, digest)
        memory.keep.put("list", epoch + handle, digest)
        memory.keep.put("record", handle, record.encode())
        memory.keep.put("has", handle, keys.has.to_bytes(4, "big"))
        memory.keep.put("tell", handle, b"")
    for handle in others:
        for theirs, pair in memory.pairs_of(handle):
            told = pair.theirs if pair.theirs and pair.theirs.as_of > above else None
            memory.set_pair(handle, theirs, replace(pair, ours=None, theirs=told))
    for part in batched(others, _HANDLES):
        number = tell_changed(session, part, above, is_gone=False)
        for handle in part:
            memory.keep.put("again", handle, number.to_bytes(8, "big"))
            memory.keep.put("touched", handle, b"")


def _forget_records(session: Session, epoch: bytes, gone: Iterable[bytes]) -> None:
    """Forget records that left the list, and their pairs."""
    memory = session.memory
    left = list(gone)
    above = memory.number("height")
    for handle in left:
        memory.keep.drop("list", epoch + handle)
        for kind in ("has", "again", "known"):
            memory.keep.drop(kind, handle)
        memory.keep.put("above", handle, above.to_bytes(8, "big"))
        for theirs, _ in memory.pairs_of(handle):
            memory.set_pair(handle, theirs, Pair())
        memory.keep.put("touched", handle, b"")
    for part in batched(left, _HANDLES):
        tell_changed(session, part, above, is_gone=True)


def tell_changed(session: Session, handles: Iterable[bytes], above: int, *, is_gone: bool) -> int:
    """Tell the partner that what it knows of these records, up to a height of our list, is out of date."""
    session.memory.set_number("owe walked", 1)
    body = {"handles": [handle.hex() for handle in handles], "above": above, "gone": is_gone}
    return session.tell("changed", body)
