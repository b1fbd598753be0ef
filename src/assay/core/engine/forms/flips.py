"""Writing down when a truth changes.

Flips live in one int64 buffer: those of a criterion stand from `start` to `pos`, ascending. The truth after them is
whether their number is odd.
"""

from __future__ import annotations

from assay.core.engine.arrays import Int64s
from assay.core.engine.compiled import NEVER, inner


@inner
def turn(flips: Int64s, start: int, pos: int, at: int, truth: bool) -> int:
    """Return the new end of the flips once the truth from `at` on is `truth`.

    Instants must not descend. Two changes at one instant cancel: there are no zero-length truths.
    """
    if ((pos - start) & 1 == 1) == truth:
        return pos
    if pos > start and flips[pos - 1] == at:
        return pos - 1
    flips[pos] = at
    return pos + 1


@inner
def hold_until(flips: Int64s, start: int, pos: int, now: int, until: int) -> int:
    """Return the new end of the flips once a truth known to hold until `until` is found to hold at `now` as well.

    The end of the truth that is being extended is not written yet: an arrival just as another event leaves keeps it
    whole.
    """
    if now <= until:
        return pos
    if pos > start:
        flips[pos] = until
        pos += 1
    flips[pos] = now
    return pos + 1


@inner
def after(at: int, length: int) -> int:
    """Return the instant `length` after `at`, or NEVER where the length is NEVER."""
    if length == NEVER or at > NEVER - length:
        return NEVER
    return at + length


@inner
def beginning() -> int:
    """Return BEGINNING as a number like any other: for a constant the compiler would make each function anew."""
    return -NEVER - 1
