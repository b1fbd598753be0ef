"""A chain of events with strictly increasing instants, wholly inside a window."""

from __future__ import annotations

from assay.core.engine.arrays import Bounds, Feed, Int64s
from assay.core.engine.compiled import NEVER, inner
from assay.core.engine.forms.count import resets_at
from assay.core.engine.forms.flips import after, turn
from assay.core.engine.tracks import BEGINNING


@inner
def next_link(feed: Feed, bounds: Bounds, upcoming: Int64s, ends: Int64s, reset: int) -> int:
    """Return when the next event of any step arrives, or the next reset, or NEVER."""
    now = NEVER
    for k in range(len(ends)):
        if upcoming[k] < ends[k]:
            now = min(now, feed.at[feed.events[upcoming[k]]])
    if bounds.since and reset < len(feed.resets):
        now = min(now, feed.at[feed.resets[reset]])
    return now


@inner
def link(feed: Feed, upcoming: Int64s, ends: Int64s, best: Int64s, now: int) -> None:
    """Lengthen the chains by the events of instant `now`.

    `best[k]` is the latest start of a chain of the first k + 1 steps: the one that stays longest in the window.
    """
    for k in range(len(ends) - 1, -1, -1):  # backwards: a step may not build on another of the same instant
        if upcoming[k] < ends[k] and feed.at[feed.events[upcoming[k]]] == now:
            best[k] = now if k == 0 else max(best[k], best[k - 1])
            while upcoming[k] < ends[k] and feed.at[feed.events[upcoming[k]]] == now:
                upcoming[k] += 1


@inner
def chain(flips: Int64s, start: int, feed: Feed, bounds: Bounds, steps: tuple[Int64s, Int64s, Int64s]) -> int:
    """Write the flips of "a whole chain lies in the window"; return their end.

    `feed.events` holds the events of all feeds; those of step k stand from `steps[0][k]` to `steps[1][k]`;
    `steps[2]` is scratch. With `since` a chain must start at or after the latest reset.
    """
    upcoming, ends, best = steps
    best[:] = BEGINNING
    reset = 0
    floor = NEVER if bounds.since else BEGINNING + 1
    pos = start
    while True:
        now = next_link(feed, bounds, upcoming, ends, reset)
        whole = best[len(ends) - 1]
        # The window closes on the chain before anything else happens.
        if (pos - start) & 1 == 1 and after(whole, bounds.within) < now:
            pos = turn(flips, start, pos, after(whole, bounds.within), False)
        if now == NEVER:
            return pos
        link(feed, upcoming, ends, best, now)
        if resets_at(feed, bounds, reset, now) > reset:
            reset = resets_at(feed, bounds, reset, now)
            floor = now
        whole = best[len(ends) - 1]
        pos = turn(flips, start, pos, now, whole >= floor and after(whole, bounds.within) > now)
