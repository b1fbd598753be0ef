"""Putting rows in order: by subject and instant, a chunk of subjects at a time.

Subjects are dense, so a counting sort compares nothing. A chunk's rows are first dealt to buckets of neighbouring
subjects, and then each bucket is put in order in the processor's cache. Only a subject whose events do not lie in time
order yet is sorted by instant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from assay.core.engine.arrays import Bools, Int32s, Int64s, Rows
from assay.core.engine.compiled import compiled
from assay.core.io.store import Store

#: Rows that one bucket aims at: they stay in a core's cache.
_BUCKET: Final = 32_768

#: Rows that are sorted by inserting one after the other.
_FEW: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Every (person, account) seen together in an event or a membership, sorted by person, account."""

    person: Int32s
    account: Int32s
    lo: Int64s  # person -> pairs

    def __len__(self) -> int:
        return len(self.person)


def load_pairs(store: Store, *, as_of: int, people: int, where: str = "", members: str = "") -> Pairs:
    """Return the pairs known at `as_of`; `where` (over events `e`) and `members` narrow them."""
    found = store.arrays(
        f"SELECT person, account FROM (SELECT DISTINCT e.person, e.account FROM prepared.events e "
        f"WHERE e.at <= ? AND e.person >= 0 AND e.account >= 0 {where} UNION "
        f"SELECT DISTINCT person, account FROM prepared.memberships m "
        f"WHERE account >= 0 AND (m.at IS NULL OR m.at <= ?) {members}) ORDER BY person, account",
        [as_of, as_of],
    )
    person = found["person"].astype(np.int32)
    lo = np.zeros(people + 1, np.int64)
    np.cumsum(np.bincount(person, minlength=people), out=lo[1:])
    return Pairs(person=person, account=found["account"].astype(np.int32), lo=lo)


@compiled
def pair_of(person: Int32s, account: Int32s, lo: Int64s, accounts: Int32s) -> Int32s:
    """Return each event's pair, or -1 where person or account is missing or the pair unknown."""
    found = np.full(len(person), -1, np.int32)
    for i in range(len(person)):
        if person[i] < 0 or account[i] < 0:
            continue
        begin, end = lo[person[i]], lo[person[i] + 1]
        while end - begin > 1:
            middle = (begin + end) // 2
            if accounts[middle] <= account[i]:
                begin = middle
            else:
                end = middle
        if begin < end and accounts[begin] == account[i]:
            found[i] = begin
    return found


@compiled
def count_rows(subject: Int32s, kind: Int32s, wanted: Bools, subjects: int) -> Int64s:
    """Return where each subject's rows of wanted kinds start when ordered by subject: int64 of length subjects + 1."""
    lo = np.zeros(subjects + 1, np.int64)
    for i in range(len(subject)):
        if subject[i] >= 0 and wanted[kind[i]]:
            lo[subject[i] + 1] += 1
    for s in range(subjects):
        lo[s + 1] += lo[s]
    return lo


@compiled
def deal(subject: Int32s, kind: Int32s, wanted: Bools, lo: Int64s, starts: Int64s) -> Int32s:
    """Return the places of all rows of wanted kinds by chunk; those of a chunk, which starts with a subject, ascend."""
    chunk_of = np.zeros(len(lo) - 1, np.int32)
    for chunk in range(len(starts) - 1):
        chunk_of[starts[chunk] : starts[chunk + 1]] = chunk
    cursor = lo[starts]
    places = np.empty(lo[starts[-1]], np.int32)
    for i in range(len(subject)):
        s = subject[i]
        if starts[0] <= s < starts[-1] and wanted[kind[i]]:
            chunk = chunk_of[s]
            places[cursor[chunk] - lo[starts[0]]] = i
            cursor[chunk] += 1
    return places


@compiled
def note_births(subject: Int32s, at: Int64s, born: Int64s) -> None:
    """Bring each subject's birth forward to its first event."""
    for i in range(len(subject)):
        if subject[i] >= 0 and at[i] < born[subject[i]]:
            born[subject[i]] = at[i]


@compiled
def time_order(at: Int64s, begin: int, end: int) -> Int64s:
    """Return the places [begin, end) by instant, equal ones as they lie: few are inserted, runs of them are merged."""
    order = np.arange(begin, end)
    for first in range(0, len(order), _FEW):
        for i in range(first + 1, min(first + _FEW, len(order))):
            place, k = order[i], i
            while k > first and at[order[k - 1]] > at[place]:
                order[k] = order[k - 1]
                k -= 1
            order[k] = place
    left = order.copy()
    width = _FEW
    while width < len(order):
        for first in range(0, len(order) - width, 2 * width):
            middle, last = first + width, min(first + 2 * width, len(order))
            if at[order[middle - 1]] <= at[order[middle]]:
                continue
            for i in range(first, middle):
                left[i] = order[i]
            i, j, k = first, middle, first
            while i < middle:
                if j < last and at[order[j]] < at[left[i]]:
                    order[k] = order[j]
                    j += 1
                else:
                    order[k] = left[i]
                    i += 1
                k += 1
        width *= 2
    return order


@compiled
def reorder(column: Int32s | Int64s, order: Int64s, spare: Int64s) -> None:
    """Put the places named in `order`, which are consecutive ones of a column, in that order."""
    first = order[0]
    for k in range(len(order)):
        first = min(first, order[k])
        spare[k] = column[order[k]]
    for k in range(len(order)):
        column[first + k] = spare[k]


@compiled
def sort_subject(rows: Rows, begin: int, end: int) -> None:
    """Put one subject's rows, [begin, end), in time order, in place."""
    for i in range(begin + 1, end):
        if rows.at[i] < rows.at[i - 1]:
            order = time_order(rows.at, begin, end)
            spare = np.empty(end - begin, np.int64)
            reorder(rows.at, order, spare)
            reorder(rows.kind, order, spare)
            reorder(rows.event, order, spare)
            for v in range(len(rows.values)):
                reorder(rows.values[v], order, spare)
            return


class Room(NamedTuple):
    """Memory for the rows of one chunk, used again for the next: the system gives memory out slowly."""

    at: Int64s
    kind: Int32s
    event: Int32s
    values: Int64s  # flat

    @classmethod
    def of(cls, rows: int, columns: int) -> Room:
        """Return room for so many rows with so many columns of values."""
        return cls(
            np.empty(rows, np.int64),
            np.empty(rows, np.int32),
            np.empty(rows, np.int32),
            np.empty(rows * columns, np.int64),
        )


@compiled
def rows_in(room: Room, first: int, lo: Int64s, columns: int) -> Rows:
    """Return room for the rows of subjects from `first` on, whose places `lo` gives, as rows."""
    n = lo[-1]
    values = room.values[: columns * n].reshape((columns, n))
    return Rows(first, lo, room.at[:n], room.kind[:n], room.event[:n], values)


@compiled
def gather(subject: Int32s, source: Rows, lo: Int64s, chunk: tuple[int, int, Int32s], rooms: tuple[Room, Room]) -> Rows:
    """Return the rows of a chunk, ordered by subject and instant, in the first of the rooms.

    `source` holds all events in any order (its `lo` is unused); `lo` is what `count_rows` gave. A chunk is (its first
    subject, the one after its last, the places of its rows).
    """
    first, end, places = chunk
    columns = len(source.values)
    rows = rows_in(rooms[0], first, lo[first : end + 1] - lo[first], columns)
    shift = 0  # a bucket is of 2 ** shift subjects
    while (end - first) >> shift > max(rows.lo[-1] // _BUCKET, 1):
        shift += 1
    dealt = rows_in(rooms[1], first, rows.lo, columns)
    whose = np.empty(rows.lo[-1], np.int32)
    cursor = rows.lo[: -1 : 1 << shift].copy()
    for i in places:
        s = subject[i] - first
        place = cursor[s >> shift]
        cursor[s >> shift] = place + 1
        whose[place] = s
        dealt.at[place] = source.at[i]
        dealt.kind[place] = source.kind[i]
        dealt.event[place] = source.event[i]
        for v in range(columns):
            dealt.values[v, place] = source.values[v, i]
    cursor = rows.lo[:-1].copy()
    for i in range(len(whose)):
        place = cursor[whose[i]]
        cursor[whose[i]] = place + 1
        rows.at[place] = dealt.at[i]
        rows.kind[place] = dealt.kind[i]
        rows.event[place] = dealt.event[i]
        for v in range(columns):
            rows.values[v, place] = dealt.values[v, i]
    for s in range(end - first):
        sort_subject(rows, rows.lo[s], rows.lo[s + 1])
    return rows
