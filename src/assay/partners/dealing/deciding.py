"""What becomes of pairs that were touched: decided with all that hang together with them, the same on both sides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

import numpy as np
import pyarrow as pa

from assay.escrow import wire
from assay.partners import matching
from assay.partners.dealing.comparing import agreement
from assay.partners.dealing.contract import Shared
from assay.partners.dealing.memory import Memory, Overlap, Pair
from assay.partners.dealing.session import Session
from assay.partners.evidence import Agreement, Evidence, Ruling, Terms, judge, weigh

#: Beyond so many records all pairs are read at once, which is quicker than looking for each.
_MANY: Final = 2_000
MATCH: Final = "match"
ASK: Final = "ask"
DENIED: Final = "denied"
_Key = tuple[bytes, bytes]
_Decided = tuple[Ruling, float, Evidence]


def decide(session: Session, terms: Terms) -> None:
    """Decide of everything touched, once the partner has told all that it was told."""
    memory = session.memory
    if memory.number("is telling") or not memory.number("was told"):
        return
    touched = [handle for handle, _ in memory.keep.scan("touched")]
    if not touched:
        return
    known = _Whole(memory) if len(touched) > _MANY else _Looked(memory)
    ours, linked = _open_components(known, terms, touched)
    decided = _decided(linked, terms)
    with memory.together():
        for handle in sorted(ours):
            _settle(session, handle, decided.get(handle, {}))
            memory.keep.drop("touched", handle)
    session.worked = session.worked or bool(ours)


class _Looked:
    """Pairs as they lie in the memory, looked for one by one."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def pairs_of(self, ours: bytes) -> Iterable[tuple[bytes, Pair]]:
        return self._memory.pairs_of(ours)

    def ours_of(self, theirs: bytes) -> Iterable[bytes]:
        return self._memory.ours_of(theirs)

    def has(self, ours: bytes) -> int:
        return self._memory.has(ours)

    def overlaps_of(self, ours: bytes) -> Iterable[bytes]:
        return [theirs for theirs, _ in self._memory.overlaps_of(ours)]

    def is_changing(self, ours: bytes) -> bool:
        return self._memory.keep.get("again", ours) is not None


class _Whole(_Looked):
    """The same, read at once."""

    def __init__(self, memory: Memory) -> None:
        super().__init__(memory)
        self._ours: dict[bytes, list[tuple[bytes, Pair]]] = defaultdict(list)
        self._theirs: dict[bytes, list[bytes]] = defaultdict(list)
        self._overlaps: dict[bytes, list[bytes]] = defaultdict(list)
        for key, value in memory.keep.scan("pair"):
            ours, theirs = key[: wire.HANDLE_BYTES], key[wire.HANDLE_BYTES :]
            self._ours[ours].append((theirs, Pair.unpacked(value)))
            self._theirs[theirs].append(ours)
        for key, _ in memory.keep.scan("overlap"):
            self._overlaps[key[: wire.HANDLE_BYTES]].append(key[wire.HANDLE_BYTES :])
        self._has = {key: int.from_bytes(value, "big") for key, value in memory.keep.scan("has")}
        self._changing = {key for key, _ in memory.keep.scan("again")}

    def pairs_of(self, ours: bytes) -> Iterable[tuple[bytes, Pair]]:
        return self._ours.get(ours, ())

    def ours_of(self, theirs: bytes) -> Iterable[bytes]:
        return self._theirs.get(theirs, ())

    def has(self, ours: bytes) -> int:
        return self._has.get(ours, 0)

    def overlaps_of(self, ours: bytes) -> Iterable[bytes]:
        return self._overlaps.get(ours, ())

    def is_changing(self, ours: bytes) -> bool:
        return ours in self._changing


def _open_components(
    known: _Looked, terms: Terms, touched: Iterable[bytes]
) -> tuple[set[bytes], dict[_Key, Agreement]]:
    """Return our records that hang together with touched ones, and their pairs that may be something.

    Where a record of ours is being compared anew, all that hangs together with it waits, so that nothing that is told
    lapses meanwhile.
    """
    ours: set[bytes] = set()
    linked: dict[_Key, Agreement] = {}
    looked_at: set[bytes] = set()
    for start in touched:
        if start in looked_at:
            continue
        component, found = _component(known, terms, start)
        looked_at |= component
        if not any(known.is_changing(handle) for handle in component):
            ours |= component
            linked |= found
    return ours, linked


def _component(known: _Looked, terms: Terms, start: bytes) -> tuple[set[bytes], dict[_Key, Agreement]]:
    component, found, ahead = {start}, {}, [start]
    seen_theirs: set[bytes] = set()
    while ahead:
        ours = ahead.pop()
        reached = set(known.overlaps_of(ours))
        has = known.has(ours)
        for theirs, pair in known.pairs_of(ours):
            told = agreement(pair, has)
            if told is not None and _judged(told, terms) is not Ruling.NO_MATCH:
                found[ours, theirs] = told
                reached.add(theirs)
        for theirs in reached - seen_theirs:
            seen_theirs.add(theirs)
            new = set(known.ours_of(theirs)) - component
            component |= new
            ahead += sorted(new)
    return component, found


@lru_cache(maxsize=65_536)
def _judged(told: Agreement, terms: Terms) -> Ruling:
    return judge(weigh(told, terms.relation), terms)


def _decided(linked: Mapping[_Key, Agreement], terms: Terms) -> dict[bytes, dict[bytes, _Decided]]:
    """Return the decisions by our handle and theirs."""
    keys = list(linked)
    handles = pa.binary(wire.HANDLE_BYTES)
    numbers = {
        name: np.array([getattr(linked[key], name) for key in keys], np.int64)
        for name in ("kinds", "both", "domain_frequency", "name_frequency")
    }
    candidates = matching.Candidates(
        ours=pa.array([ours for ours, _ in keys], handles),
        theirs=pa.array([theirs for _, theirs in keys], handles),
        **numbers,
    )
    made = matching.decide(candidates, terms)
    found: dict[bytes, dict[bytes, _Decided]] = defaultdict(dict)
    for row, (ours, theirs) in enumerate(keys):
        found[ours][theirs] = (made.ruling(row), float(made.bits[row]), made.reasons(row))
    return found


def _settle(session: Session, ours: bytes, decided: Mapping[bytes, _Decided]) -> None:
    """Bring what is remembered of a record's overlaps to what was decided, and tell the owner."""
    memory = session.memory
    before = dict(memory.overlaps_of(ours))
    for theirs, (ruling, bits, evidence) in sorted(decided.items()):
        old = before.pop(theirs, None)
        if ruling is Ruling.NO_MATCH:
            _end(session, ours, theirs, old)
            continue
        answers = (old.ours, old.theirs) if old else (None, None)
        new = Overlap(_standing(ruling, answers), bits, *answers)
        if new == old:
            continue
        memory.set_overlap(ours, theirs, new)
        told = Shared(
            record=memory.record(ours) or "",
            handle=ours,
            their_handle=theirs,
            ruling=Ruling.MATCH if new.ruling == MATCH else Ruling.ASK,
            bits=bits,
            reasons=evidence.reasons,
        )
        if new.ruling == MATCH:
            session.heard.overlap(told)
        elif new.ruling == ASK:
            session.heard.question(told)
        elif old is None or old.ruling != DENIED:
            session.heard.gone(ours, theirs)
    for theirs, left in before.items():
        _end(session, ours, theirs, left)


def _end(session: Session, ours: bytes, theirs: bytes, old: Overlap | None) -> None:
    if old is not None:
        session.memory.set_overlap(ours, theirs, None)
        session.memory.keep.drop("proof", ours + theirs)
        if old.ruling != DENIED:
            session.heard.gone(ours, theirs)


def _standing(ruling: Ruling, answers: tuple[bool | None, bool | None]) -> str:
    """Return what a pair is, with what people answered; a question is asked of both, and one no is enough."""
    if ruling is Ruling.MATCH:
        return MATCH
    if False in answers:
        return DENIED
    return MATCH if answers == (True, True) else ASK
