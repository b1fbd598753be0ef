"""Sum of a property over the events in a window, in integer millionths."""

from __future__ import annotations

from assay.core.engine.arrays import Bounds, Feed, Int64s
from assay.core.engine.compiled import NEVER, NO_VALUE, inner
from assay.core.engine.forms.count import gone, next_instant, resets_at
from assay.core.engine.forms.flips import turn
from assay.core.engine.tracks import BEGINNING


@inner
def amount(feed: Feed, event: int) -> int:
    """Return an event's value; an absent one is nothing."""
    value = feed.values[feed.events[event]]
    return 0 if value == NO_VALUE else value


@inner
def total_between(flips: Int64s, start: int, feed: Feed, bounds: Bounds) -> int:
    """Write the flips of "the sum is in an interval"; return their end.

    Sums are exact: 64-bit integers added and taken away.
    """
    pos = turn(flips, start, start, BEGINNING, bounds.low <= 0 <= bounds.high)
    arrived = left = reset = 0
    total = 0
    floor = NEVER if bounds.since else BEGINNING
    while True:
        now = next_instant(feed, bounds, arrived, left, reset)
        if now == NEVER:
            return pos
        while arrived < len(feed.events) and feed.at[feed.events[arrived]] == now:
            total += amount(feed, arrived)
            arrived += 1
        if resets_at(feed, bounds, reset, now) > reset:
            reset = resets_at(feed, bounds, reset, now)
            floor = now
        while left < arrived and gone(feed, bounds, left, now, floor):
            total -= amount(feed, left)
            left += 1
        pos = turn(flips, start, pos, now, bounds.low <= total <= bounds.high)
