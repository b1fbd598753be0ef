"""Chunks of subjects with their rows in order, for threads to take."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Final

import numpy as np

from assay.core.engine.arrays import Bools, Int32s, Int64s, Rows
from assay.core.engine.events import Events
from assay.core.engine.rows import Room, count_rows, deal, gather

#: Rows that one chunk aims at: some 50 MB, a fair share of memory and enough to do for a thread.
CHUNK: Final = 2_000_000

#: Subjects that one chunk has at most: those without rows cost something, too.
_SUBJECTS: Final = 200_000

Range = tuple[int, int]


class Gathering:
    """The rows of wanted kinds by subject, `ranges` of subjects [first, end) at a time.

    Ranges have about `size` rows; where `only` is given it is the one range.
    """

    def __init__(
        self,
        events: Events,
        subject: Int32s,
        *,
        wanted: Bools,
        subjects: int,
        size: int = CHUNK,
        only: Range | None = None,
    ) -> None:
        self._subject = subject
        self._lo = count_rows(subject, events.kind, wanted, subjects)
        self._source = Rows(0, self._lo[:1], events.at, events.kind, events.event, events.values)
        self.ranges: list[Range] = [only] if only else list(chunks(self._lo, size)) or [(0, 0)]
        starts = np.array([*(first for first, _ in self.ranges), self.ranges[-1][1]], np.int64)
        self._places = deal(subject, events.kind, wanted, self._lo, starts)
        self._most = max(int(self._lo[end] - self._lo[first]) for first, end in self.ranges)
        self._free: SimpleQueue[tuple[Room, Room]] = SimpleQueue()

    def take(self, ends: Range) -> Rows:
        """Return the rows of a range."""
        return self._gather(ends, self._rooms())

    @contextmanager
    def lend(self, ends: Range) -> Iterator[Rows]:
        """Give the rows of a range for as long as the context lasts; then their memory serves another."""
        try:
            rooms = self._free.get_nowait()
        except Empty:
            rooms = self._rooms()
        yield self._gather(ends, rooms)
        self._free.put(rooms)

    def _rooms(self) -> tuple[Room, Room]:
        columns = len(self._source.values)
        return Room.of(self._most, columns), Room.of(self._most, columns)

    def _gather(self, ends: Range, rooms: tuple[Room, Room]) -> Rows:
        first, end = ends
        before = self._lo[self.ranges[0][0]]
        places = self._places[self._lo[first] - before : self._lo[end] - before]
        return gather(self._subject, self._source, self._lo, (first, end, places), rooms)


def chunks(lo: Int64s, size: int) -> Iterator[Range]:
    """Yield ranges of subjects that have about `size` rows together, at least one subject each."""
    first, subjects = 0, len(lo) - 1
    while first < subjects:
        end = int(np.searchsorted(lo, lo[first] + size, side="right")) - 1
        end = min(max(end, first + 1), first + _SUBJECTS, subjects)
        yield first, end
        first = end
