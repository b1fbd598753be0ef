"""One step of a node's life: what arrived goes into the lake, whom it touched is decided of, leads follow."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

import pyarrow as pa

from assay.core.definitions.model import Definitions
from assay.core.io.store import Store
from assay.node.lake import draining, manifest
from assay.node.leads import arriving, timers
from assay.node.live import asking, checking, replaying, turning
from assay.node.live.changes import Change
from assay.node.live.index import Index
from assay.node.live.stories import micros
from assay.node.partnering import facts
from assay.node.rulebook import current
from assay.node.serving import alone
from assay.node.telling import outbox, tasks

_log: Final = logging.getLogger(__name__)
#: Rows that the index takes in at once.
_ROWS: Final = 100_000
#: Drains between two decisions: what arrives meanwhile waits no longer than that.
_DRAINS: Final = 5
#: Where a drain brought fewer rows than these, what arrived since can wait for the next turn: a drain has its own cost.
_MORE: Final = 2_000
#: Where more nodes wait than these, and than one for so many rows of the lake, a replay of everything costs less than
#: they do.
_MANY: Final = 20_000
_ROWS_A_NODE: Final = 100

Clock = Callable[[], datetime]


class Life:
    """The one process that decides: `step` is called again and again, and may be cut short anywhere."""

    CHECK_EVERY: Final = timedelta(minutes=10)  # between two self-checks, each in a turn that had nothing else to do
    CHECK_WITHIN: Final = timedelta(hours=1)  # where there is no such turn for so long

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._index: Index | None = None
        self._checked_at: datetime | None = None
        self._store = Store(on_disk=False, threads=1)  # of a few rows, threads cost more than they do
        self._partners = facts.Passing()

    def step(self) -> bool:
        """Do what there is to do; tell whether anything was. While somebody is forgotten, nothing is."""
        with alone.if_free() as is_mine:
            return is_mine and self._step()

    def _step(self) -> bool:
        index = self._opened()
        passed = self._partners.step(self._clock())
        drained = drain(self._clock)
        number, definitions = current.edition_and_definitions()
        if not number:
            return bool(drained or passed)
        taken = take_in(index, definitions, self._store)
        now = self._clock()
        takers = [_leads_of(definitions, now)]
        if index.mark("edition") != str(number) or index.waiting() > many(manifest.last_seq()):
            self._decide_all(index, number, definitions, takers)
        told = turning.settle(index, definitions, as_of=micros(now), takers=takers, store=self._store)
        worked = timers.due(definitions, now)
        is_busy = bool(drained or passed or taken or told or worked)
        return is_busy | self._check(index, definitions, now, is_busy=is_busy)

    def _check(self, index: Index, definitions: Definitions, now: datetime, *, is_busy: bool) -> bool:
        """Hold a sample against a replay, once in a while; tell whether there is anything to mend.

        What was decided bit by bit must be what all rows say. It may take seconds, and nobody should wait for it.
        """
        wait = self.CHECK_WITHIN if is_busy else self.CHECK_EVERY
        if self._checked_at is not None and now - self._checked_at < wait:
            return False
        self._checked_at = now
        lake = manifest.relation(manifest.paths())
        found = checking.check(index, definitions, lake, as_of=micros(now), seed=micros(now))
        if not found.is_well:
            _log.error(
                "self-check: %d rows and %d spells of %d subjects differ from a replay of the lake",
                found.rows,
                found.spells,
                found.subjects,
            )
        return not found.is_well

    def close(self) -> None:
        """Close the index, and what decisions are made in."""
        self._store.close()
        if self._index is not None:
            self._index.close()
            self._index = None

    def _opened(self) -> Index:
        if self._index is None:
            asking.forget_older()
            self._index = Index(asking.place())
        return self._index

    def _decide_all(self, index: Index, number: int, definitions: Definitions, takers: Sequence[turning.Taker]) -> None:
        """Decide of everybody at once: under another edition of the rules, or where something touched very many."""
        _log.info("edition %d is decided of everybody", number)
        touched = index.touched(1 << 60)
        as_of = micros(self._clock())
        with replaying.replaying(definitions, manifest.relation(manifest.paths()), as_of=as_of) as replay:
            replaying.store_and_give(replay, takers)
        index.note(edition=str(number))
        index.settle(touched)


def many(rows: int) -> int:
    """Return how many nodes may wait before a replay of so many rows costs less than deciding of them."""
    return max(_MANY, rows // _ROWS_A_NODE)


def drain(clock: Clock) -> int:
    """Take what waits in the inbox into the lake, a bounded number of times; return how often there was anything."""
    for done in range(_DRAINS):
        drained = draining.drain(clock())
        if drained is None:
            return done
        if len(drained) < _MORE:
            return done + 1
    return _DRAINS


def take_in(index: Index, definitions: Definitions, store: Store | None = None) -> int:
    """Take what is new in the lake into the index; return how many rows came."""
    return turning.take_in(index, definitions, _rows_after(turning.next_seq(index, definitions)), store=store)


def _rows_after(seq: int) -> Iterator[pa.Table]:
    """Yield the rows of the lake from a number on, in their order, a bounded number at a time."""
    last = manifest.last_seq()
    for before in range(seq - 1, last, _ROWS):
        rows = manifest.rows_between(before, min(before + _ROWS, last))
        if len(rows):
            yield rows


def _leads_of(definitions: Definitions, now: datetime) -> turning.Taker:
    def take(changes: Sequence[Change]) -> None:
        arriving.apply(changes, definitions, now)
        outbox.tell_changes(changes, definitions, now, tasks.on_their_way)

    return take
