"""What criteria see in a sample of generated events, so that rules can be made that so many subjects enter.

Written apart from the engine and much simpler: one number a criterion after every event. That tells where thresholds
must lie; which subjects enter is for the engine and the baselines to find.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numba
import numpy as np
import numpy.typing as npt

from assay.core.definitions.model import Count, Score, Sequence, Sum, Window
from benchmarks.generate import EVENT_NAMES, FEATURES, Chunk, Size, chunks

DAY: Final = 86_400_000_000
_SAMPLE: Final = Size(events=500_000, people=10_000, accounts=1_000, seed=11)

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Sample:
    """Events of a sample ordered by subject and instant: parallel arrays, and where each subject starts."""

    subject: npt.NDArray[np.int32]
    events: Chunk
    starts: npt.NDArray[np.int64]

    def share(self, holds: Flags) -> float:
        """Return the share of subjects for which `holds` is true after some event."""
        return float(np.logical_or.reduceat(holds, self.starts).mean())

    def highest(self, seen: Numbers) -> Numbers:
        """Return the highest value of each subject."""
        return np.asarray(np.maximum.reduceat(seen, self.starts))


def _events() -> Chunk:
    parts = list(chunks(_SAMPLE))
    names = Chunk.__dataclass_fields__
    return Chunk(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def samples() -> tuple[Sample, Sample]:
    """Return the same sample of events ordered by person and by account."""
    events = _events()
    return _ordered(events, events.person), _ordered(events, events.account)


def _ordered(events: Chunk, subject: npt.NDArray[np.int32]) -> Sample:
    order = np.lexsort((events.at, subject))
    ordered = Chunk(**{name: getattr(events, name)[order] for name in Chunk.__dataclass_fields__})
    found = subject[order]
    starts = np.flatnonzero(np.concatenate([[True], found[1:] != found[:-1]]))
    return Sample(found, ordered, starts)


def feeds(sample: Sample, names: tuple[str, ...], where: str = "") -> Flags:
    """Return which events have one of these names (none: any), and the feature `where` if given."""
    if not names:
        return np.ones(len(sample.subject), dtype=np.bool_)
    found = np.isin(sample.events.event, [EVENT_NAMES.index(name) for name in names])
    if where:
        found &= sample.events.feature == [f"feature_{i:02d}" for i in range(FEATURES)].index(where)
    return np.asarray(found)


@numba.njit(cache=True)
def _window_sum(
    subject: npt.NDArray[np.int32], at: npt.NDArray[np.int64], weight: npt.NDArray[np.int64], within: int
) -> Numbers:
    """Return the sum of `weight` over (at - within, at] of the same subject, after each row."""
    seen = np.zeros(len(at), dtype=np.float64)
    first, total = 0, 0
    for i in range(len(at)):
        total += weight[i]
        while subject[first] != subject[i] or at[first] <= at[i] - within:
            total -= weight[first]
            first += 1
        seen[i] = total
    return seen


@numba.njit(cache=True)
def _window_distinct(
    subject: npt.NDArray[np.int32], at: npt.NDArray[np.int64], value: npt.NDArray[np.int64], within: int
) -> Numbers:
    """Return the number of different values of 0 or more over (at - within, at] of the same subject."""
    seen = np.zeros(len(at), dtype=np.float64)
    held = np.zeros(value.max() + 2, dtype=np.int64)
    first, total = 0, 0
    for i in range(len(at)):
        if value[i] >= 0:
            total += held[value[i]] == 0
            held[value[i]] += 1
        while subject[first] != subject[i] or at[first] <= at[i] - within:
            if value[first] >= 0:
                held[value[first]] -= 1
                total -= held[value[first]] == 0
            first += 1
        seen[i] = total
    return seen


@numba.njit(cache=True)
def _chain(
    subject: npt.NDArray[np.int32], at: npt.NDArray[np.int64], step: npt.NDArray[np.int64], steps: int, within: int
) -> Numbers:
    """Return 1 where a chain of all steps lies in (at - within, at], else 0. Ties are read in row order."""
    seen = np.zeros(len(at), dtype=np.float64)
    start = np.full(steps + 1, -1, dtype=np.int64)
    for i in range(len(at)):
        if i == 0 or subject[i] != subject[i - 1]:
            start[:] = -1
        k = step[i]
        if k == 0:
            start[1] = at[i]
        elif k > 0:
            start[k + 1] = max(start[k + 1], start[k])
        seen[i] = start[steps] > at[i] - within
    return seen


@numba.njit(cache=True)
def _faded(
    subject: npt.NDArray[np.int32], at: npt.NDArray[np.int64], feeding: Flags, each: float, half: int
) -> Numbers:
    """Return points that halve every `half`, after each row."""
    seen = np.zeros(len(at), dtype=np.float64)
    total = 0.0
    for i in range(len(at)):
        if i == 0 or subject[i] != subject[i - 1]:
            total = 0.0
        else:
            total *= 2.0 ** (-(at[i] - at[i - 1]) / half)
        if feeding[i]:
            total += each
        seen[i] = total
    return seen


def _within(window: Window) -> int:
    return window.within or 1_000 * DAY


def distinct_values(sample: Sample, distinct: str) -> npt.NDArray[np.int64]:
    """Return the value each event brings to a distinct count, -1 where absent."""
    events = sample.events
    values = {
        "day": events.at // DAY - events.at.min() // DAY,
        "week": (events.at // DAY + 3) // 7 - 2900,
        "person": events.person,
        "account": events.account,
        "feature": events.feature,
        "project": events.project,
    }
    return np.asarray(values[distinct], dtype=np.int64)


def seen(sample: Sample, form: Count | Sum | Sequence | Score) -> Numbers:
    """Return what a criterion sees after each event of a sample; a sequence sees 0 or 1, fading is by halves."""
    at = sample.events.at
    if isinstance(form, Score):
        return _score(sample, form)
    if isinstance(form, Sequence):
        step = np.full(len(at), -1, dtype=np.int64)
        for i, name in enumerate(form.steps):
            step[feeds(sample, (name,))] = i
        return np.asarray(_chain(sample.subject, at, step, len(form.steps), _within(form.window)))
    if isinstance(form, Sum):
        weight = np.where(feeds(sample, form.events), np.maximum(sample.events.amount, 0), 0).astype(np.int64)
        return np.asarray(_window_sum(sample.subject, at, weight, _within(form.window)) / 100)
    where = str(form.where[0][1].values[0]) if form.where else ""
    feeding = feeds(sample, form.events, where)
    if form.distinct is None:
        return np.asarray(_window_sum(sample.subject, at, feeding.astype(np.int64), _within(form.window)))
    value = np.where(feeding, distinct_values(sample, form.distinct), -1)
    return np.asarray(_window_distinct(sample.subject, at, value, _within(form.window)))


def _score(sample: Sample, score: Score) -> Numbers:
    total = np.zeros(len(sample.subject))
    for line in score.points:
        assert isinstance(line.form, Count) and line.fades and line.each and line.up_to
        half = line.fades.duration if line.fades.kind == "half_life" else line.fades.duration // 2
        points = _faded(sample.subject, sample.events.at, feeds(sample, line.form.events), float(line.each), half)
        total += np.minimum(points, float(line.up_to))
    return np.asarray(total)


def people_holding(person: Sample, account: Sample, holds: Flags) -> tuple[Numbers, Numbers]:
    """Return, after each event of an account, how many of its people hold a rule and how many were ever seen.

    Whoever holds the rule after an event is taken to hold it until the next one of theirs, or for a week.
    """
    following = np.concatenate([person.subject[1:] == person.subject[:-1], [False]])
    until = np.where(following, np.roll(person.events.at, -1), person.events.at + 7 * DAY)
    until = np.minimum(until, person.events.at + 7 * DAY)
    whose = person.events.account.astype(np.int64)[holds]
    starts, ends = person.events.at[holds], until[holds]
    span = np.int64(2) ** 50  # longer than any instant: orders by account, then by time
    origin = account.events.at.min()
    moments = account.subject.astype(np.int64) * span + (account.events.at - origin)
    opened = np.sort(whose * span + (starts - origin))
    closed = np.sort(whose * span + (ends - origin))
    holding = np.searchsorted(opened, moments, side="right") - np.searchsorted(closed, moments, side="right")
    before = np.searchsorted(opened, account.subject * span) - np.searchsorted(closed, account.subject * span)
    everybody = distinct_values(account, "person")
    return (holding - before).astype(np.float64), np.asarray(
        _window_distinct(account.subject, account.events.at, everybody, 1_000 * DAY)
    )
