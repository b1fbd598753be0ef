"""Number of events in a window."""

from __future__ import annotations

from assay.core.engine.arrays import Bounds, Feed, Int64s
from assay.core.engine.compiled import NEVER, inner
from assay.core.engine.forms.flips import after, hold_until, turn
from assay.core.engine.tracks import BEGINNING


@inner
def count_at_least(flips: Int64s, start: int, feed: Feed, bounds: Bounds) -> int:
    """Write the flips of "at least so many events within a window"; return their end.

    The truth needs no counting: from the n-th event on it holds until the n-th latest event leaves the window.
    """
    pos = start
    until = BEGINNING
    for i in range(bounds.low - 1, len(feed.events)):
        now = feed.at[feed.events[i]]
        leaves = after(feed.at[feed.events[i - bounds.low + 1]], bounds.within)
        if leaves > now:
            pos = hold_until(flips, start, pos, now, until)
            until = leaves
    if pos > start and until != NEVER:
        flips[pos] = until
        pos += 1
    return pos


@inner
def next_instant(feed: Feed, bounds: Bounds, arrived: int, left: int, reset: int) -> int:
    """Return when the next event arrives, leaves its window or resets, or NEVER."""
    now = NEVER
    if arrived < len(feed.events):
        now = feed.at[feed.events[arrived]]
    if left < arrived:
        now = min(now, after(feed.at[feed.events[left]], bounds.within))
    if bounds.since and reset < len(feed.resets):
        now = min(now, feed.at[feed.resets[reset]])
    return now


@inner
def resets_at(feed: Feed, bounds: Bounds, reset: int, now: int) -> int:
    """Return the place after the resets of instant `now`."""
    while bounds.since and reset < len(feed.resets) and feed.at[feed.resets[reset]] == now:
        reset += 1
    return reset


@inner
def gone(feed: Feed, bounds: Bounds, event: int, now: int, floor: int) -> bool:
    """Return whether an event no longer counts: out of its window, or before the latest reset."""
    at = feed.at[feed.events[event]]
    return at < floor or after(at, bounds.within) <= now


@inner
def count_between(flips: Int64s, start: int, feed: Feed, bounds: Bounds) -> int:
    """Write the flips of "the number of events is in an interval"; return their end."""
    pos = turn(flips, start, start, BEGINNING, bounds.low <= 0 <= bounds.high)
    arrived = left = reset = 0
    floor = NEVER if bounds.since else BEGINNING
    while True:
        now = next_instant(feed, bounds, arrived, left, reset)
        if now == NEVER:
            return pos
        while arrived < len(feed.events) and feed.at[feed.events[arrived]] == now:
            arrived += 1
        if resets_at(feed, bounds, reset, now) > reset:
            reset = resets_at(feed, bounds, reset, now)
            floor = now
        while left < arrived and gone(feed, bounds, left, now, floor):
            left += 1
        pos = turn(flips, start, pos, now, bounds.low <= arrived - left <= bounds.high)
