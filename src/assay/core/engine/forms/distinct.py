"""Number of different values among the events in a window."""

from __future__ import annotations

from typing import Final

from assay.core.engine.arrays import Bounds, Feed, Int64s
from assay.core.engine.compiled import NEVER, NO_VALUE, inner
from assay.core.engine.forms.count import gone, next_instant, resets_at
from assay.core.engine.forms.flips import after, hold_until, turn
from assay.core.engine.tracks import BEGINNING

DAY: Final = 86_400_000_000

# What is counted: codes of a property (or of people, or accounts), UTC days, or ISO weeks.
OF_VALUE: Final = 0
OF_DAY: Final = 1
OF_WEEK: Final = 2


@inner
def bucket(at: Int64s, values: Int64s, row: int, unit: int) -> int:
    """Return the value of an event: its UTC day, its ISO week (1970-01-05 was a Monday) or its property's code."""
    if unit == OF_DAY:
        return int(at[row] // DAY)
    if unit == OF_WEEK:
        return int((at[row] // DAY + 3) // 7)
    return int(values[row])


@inner
def days_at_least(flips: Int64s, start: int, feed: Feed, bounds: Bounds, newest: Int64s) -> int:
    """Write the flips of "on at least so many different days (or weeks) within a window"; return their end.

    Days ascend with time, so the truth holds until the last event of the n-th latest day leaves; `newest[d % n]`,
    scratch, is that event's instant for each of the n latest days.
    """
    pos = start
    until = BEGINNING
    days = 0
    latest = BEGINNING
    for i in range(len(feed.events)):
        now = feed.at[feed.events[i]]
        day = bucket(feed.at, feed.values, feed.events[i], bounds.unit)
        if day != latest:
            latest = day
            days += 1
        newest[(days - 1) % bounds.low] = now
        if days < bounds.low:
            continue
        leaves = after(newest[days % bounds.low], bounds.within)
        if leaves > now:
            pos = hold_until(flips, start, pos, now, until)
            until = leaves
    if pos > start and until != NEVER:
        flips[pos] = until
        pos += 1
    return pos


@inner
def is_new(feed: Feed, unit: int, seen: tuple[Int64s, int], left: int, arrived: int) -> bool:
    """Return whether the arriving event brings a value that none in the window has, and remember the event.

    `seen` is (last, mark): `last[value]` keeps mark + place of a value's newest event. Days and weeks ascend with
    time: for them the neighbour tells.
    """
    last, mark = seen
    value = bucket(feed.at, feed.values, feed.events[arrived], unit)
    if unit != OF_VALUE:
        return bool(arrived == left or bucket(feed.at, feed.values, feed.events[arrived - 1], unit) != value)
    if value == NO_VALUE:
        return False
    fresh = bool(last[value] < mark + left)
    last[value] = mark + arrived
    return fresh


@inner
def is_last(feed: Feed, unit: int, seen: tuple[Int64s, int], left: int, arrived: int) -> bool:
    """Return whether the leaving event is the last of its value in the window; `seen` as in `is_new`."""
    last, mark = seen
    value = bucket(feed.at, feed.values, feed.events[left], unit)
    if unit != OF_VALUE:
        return left + 1 == arrived or bucket(feed.at, feed.values, feed.events[left + 1], unit) != value
    return bool(value != NO_VALUE and last[value] == mark + left)


@inner
def distinct_between(flips: Int64s, start: int, feed: Feed, bounds: Bounds, seen: tuple[Int64s, int]) -> int:
    """Write the flips of "the number of different values is in an interval"; return their end.

    A value leaves with its last event. `seen` is (last, mark): see `is_new`; the mark is above all earlier ones.
    """
    pos = turn(flips, start, start, BEGINNING, bounds.low <= 0 <= bounds.high)
    arrived = left = reset = 0
    number = 0
    floor = NEVER if bounds.since else BEGINNING
    while True:
        now = next_instant(feed, bounds, arrived, left, reset)
        if now == NEVER:
            return pos
        while arrived < len(feed.events) and feed.at[feed.events[arrived]] == now:
            number += is_new(feed, bounds.unit, seen, left, arrived)
            arrived += 1
        if resets_at(feed, bounds, reset, now) > reset:
            reset = resets_at(feed, bounds, reset, now)
            floor = now
        while left < arrived and gone(feed, bounds, left, now, floor):
            number -= is_last(feed, bounds.unit, seen, left, arrived)
            left += 1
        pos = turn(flips, start, pos, now, bounds.low <= number <= bounds.high)
