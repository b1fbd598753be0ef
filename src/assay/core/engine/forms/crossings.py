"""When a score enters and leaves an interval.

Between changes a score only falls, so the first microsecond at which a comparison flips is found by bisection.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from assay.core.engine.arrays import (
    EACH_EVENT,
    EACH_PARTNER,
    EACH_VALUE,
    FLIPS,
    FULL,
    HALF_LIFE,
    STAYS,
    STEPS,
    STEPS_END,
    Case,
)
from assay.core.engine.compiled import NEVER, inner
from assay.core.engine.forms.flips import after, turn
from assay.core.engine.forms.score import apply_changes, begin_lines, next_change, score_value
from assay.core.engine.tracks import BEGINNING

#: After so many half-lives a line is below every rounding.
_SETTLED: Final = 64


@inner
def settled_after(case: Case, score: int, now: int) -> int:
    """Return an instant by which nothing fades any more if nothing changes after `now` (`now` if nothing fades)."""
    plan = case.plan
    longest = 0
    for line in range(plan.scores[score].lines, plan.scores[score].lines_end):
        if plan.lines[line].fade == HALF_LIFE:
            longest = max(longest, _SETTLED * plan.lines[line].length)
        elif plan.lines[line].fade != STAYS:
            longest = max(longest, plan.lines[line].length)
    return after(now, longest)


@inner
def region(case: Case, slot: int, now: int) -> int:
    """Return where the score is at `now`: 0 below the slot's interval, 1 in it, 2 above."""
    of = case.plan.slots[slot]
    value = score_value(case, of.of, now)
    if value < of.low:
        return 0
    return 1 if value <= of.high else 2


@inner
def first_below(case: Case, slot: int, where: int, ends: tuple[int, int]) -> int:
    """Return the first instant in (begin, end] at which the score is in a lower region than `where`; at `end` it is."""
    begin, end = ends
    while end - begin > 1:
        middle = begin + (end - begin) // 2
        if region(case, slot, middle) < where:
            end = middle
        else:
            begin = middle
    return end


@inner
def has_room(case: Case, more: int) -> bool:
    """Return whether so many more flips can be written; if not, ask for larger buffers."""
    room = bool(case.book.ends[FLIPS] + more <= len(case.book.flips))
    if not room:
        case.book.ends[FULL] = 1
    return room


@inner
def highest(case: Case, score: int) -> int:
    """Return what a score of the subject in hand can reach at most, in millionths: every line at its best at once."""
    plan, desk = case.plan, case.desk
    of = plan.scores[score]
    sums = desk.lines.sums
    sums[: of.caps_end - of.caps] = 0
    for k in range(of.lines, of.lines_end):
        line = plan.lines[k]
        slot = plan.slots[line.slot]
        if line.points <= 0:
            continue
        times = 1.0
        if slot.form == EACH_EVENT or slot.form == EACH_VALUE:
            feed = plan.items[slot.feeds]
            times = float(desk.feed_lo[feed + 1] - desk.feed_lo[feed])
        elif slot.form == EACH_PARTNER:
            times = float(desk.now[STEPS_END] - desk.now[STEPS])
        sums[line.dimension] += int(np.ceil(min(line.points * times, line.up_to) * 1e6))
    total = 0
    for d in range(of.caps_end - of.caps):
        total += min(sums[d], plan.caps[of.caps + d])
    return total


@inner
def score_between(case: Case, slot: int, start: int) -> int:
    """Write the flips of "the score is in an interval"; return their end."""
    score = case.plan.slots[slot].of
    if highest(case, score) < case.plan.slots[slot].low:
        return start
    begin_lines(case, score)
    fading = settled_after(case, score, 0) > 0
    flips = case.book.flips
    end = start
    now = BEGINNING
    while True:
        apply_changes(case, score, now)
        soonest = next_change(case, score, now)
        if not has_room(case, end - start + 4):
            return end
        where = region(case, slot, now)
        end = turn(flips, start, end, now, where == 1)
        if fading and now != BEGINNING:
            until = soonest - 1 if soonest != NEVER else settled_after(case, score, now)
            lowest = region(case, slot, until)
            while where > lowest:
                now = first_below(case, slot, where, (now, until))
                where = region(case, slot, now)
                end = turn(flips, start, end, now, where == 1)
        if soonest == NEVER:
            return end
        now = soonest
