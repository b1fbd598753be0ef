"""Events in memory, and their order.

Events are read once, in whatever order they lie, as a few integers each. Every stage wants them by subject and
instant: a counting sort of the subjects of one chunk at a time, into arrays small enough to stay near the processor.
Subjects are dense, so nothing is compared; only a subject whose events are not in time order yet is sorted by instant.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from assay.core.engine.arrays import Int32s, Int64s, Rows
from assay.core.engine.compiled import compiled
from assay.core.engine.kinds import Kinds
from assay.core.io.store import Store

#: Rows that one chunk aims at: some 50 MB, a fair share of memory and enough to do for a thread.
CHUNK = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """Events up to as_of: parallel arrays of length n, in no order; `values` has shape (columns, n)."""

    at: Int64s
    person: Int32s
    account: Int32s
    kind: Int32s
    event: Int32s  # rowid in prepared.events
    values: Int64s

    def __len__(self) -> int:
        return len(self.at)


def load_events(store: Store, kinds: Kinds, *, as_of: int, where: str = "") -> Events:
    """Return the events at or before `as_of` (and meeting `where`, SQL over `e`)."""
    condition = f"WHERE e.at <= ? {where}"
    count = store.rows(f"SELECT count(*) FROM prepared.events e {condition}", [as_of])[0][0]
    events = Events(
        at=np.empty(count, np.int64),
        person=np.empty(count, np.int32),
        account=np.empty(count, np.int32),
        kind=np.empty(count, np.int32),
        event=np.empty(count, np.int32),
        values=np.empty((max(len(kinds.columns), 1), count), np.int64),
    )
    targets: dict[str, npt.NDArray[Any]] = {
        "at": events.at,
        "person": events.person,
        "account": events.account,
        "kind": events.kind,
        "event": events.event,
        **{f"v{i}": events.values[i] for i in range(len(kinds.columns))},
    }
    done = 0
    for batch in store.batches(f"{kinds.sql} {condition}", [as_of]):
        for column, target in targets.items():
            target[done : done + len(batch)] = batch.column(column).to_numpy(zero_copy_only=False)
        done += len(batch)
    return events


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
def count_rows(subject: Int32s, subjects: int) -> Int64s:
    """Return where each subject's rows start when ordered by subject: int64 of length subjects + 1."""
    lo = np.zeros(subjects + 1, np.int64)
    for s in subject:
        if s >= 0:
            lo[s + 1] += 1
    for s in range(subjects):
        lo[s + 1] += lo[s]
    return lo


@compiled
def note_births(subject: Int32s, at: Int64s, born: Int64s) -> None:
    """Bring each subject's birth forward to its first event."""
    for i in range(len(subject)):
        if subject[i] >= 0 and at[i] < born[subject[i]]:
            born[subject[i]] = at[i]


@compiled
def sort_subject(at: Int64s, kind: Int32s, event: Int64s, values: Int64s, ends: tuple[int, int]) -> None:
    """Put one subject's rows in time order, in place."""
    begin, end = ends
    for i in range(begin + 1, end):
        if at[i] < at[i - 1]:
            order = np.argsort(at[begin:end], kind="mergesort") + begin
            at[begin:end] = at[order]
            kind[begin:end] = kind[order]
            event[begin:end] = event[order]
            for v in range(len(values)):
                values[v, begin:end] = values[v][order]
            return


@compiled
def gather(subject: Int32s, source: Rows, lo: Int64s, first: int, end: int) -> Rows:
    """Return the rows of the subjects [first, end), ordered by subject and instant.

    `source` holds all events in any order (its `lo` is unused); `lo` is what `count_rows` gave.
    """
    offset = lo[first]
    count = lo[end] - offset
    cursor = lo[first:end] - offset
    at = np.empty(count, np.int64)
    kind = np.empty(count, np.int32)
    event = np.empty(count, np.int64)
    values = np.empty((len(source.values), count), np.int64)
    for i in range(len(subject)):
        s = subject[i]
        if first <= s < end:
            place = cursor[s - first]
            cursor[s - first] = place + 1
            at[place] = source.at[i]
            kind[place] = source.kind[i]
            event[place] = source.event[i]
            for v in range(len(values)):
                values[v, place] = source.values[v, i]
    own = lo[first : end + 1] - offset
    for s in range(end - first):
        sort_subject(at, kind, event, values, (own[s], own[s + 1]))
    return Rows(first, own, at, kind, event, values)


def chunks(lo: Int64s, size: int = CHUNK) -> Iterator[tuple[int, int]]:
    """Yield ranges of subjects that have about `size` rows together, at least one subject each."""
    first, subjects = 0, len(lo) - 1
    while first < subjects:
        end = int(np.searchsorted(lo, lo[first] + size, side="right")) - 1
        end = min(max(end, first + 1), first + 200_000, subjects)
        yield first, end
        first = end
