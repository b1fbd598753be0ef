"""When a score enters and leaves an interval."""

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
    LINEAR,
    STAYS,
    STEPS,
    STEPS_END,
    Case,
)
from assay.core.engine.compiled import NEVER, inner
from assay.core.engine.forms.falling import first_below
from assay.core.engine.forms.flips import after, beginning, turn
from assay.core.engine.forms.lines import apply_changes, begin_lines, counts_events, next_change
from assay.core.engine.forms.score import capped, score_value
from assay.core.engine.tracks import BEGINNING

#: After so many half-lives a line is below every rounding.
_SETTLED: Final = 64

_LN_2: Final = 0.6931471805599454  # rounded up

#: Microseconds beyond all instants.
_FOR_EVER: Final = 9e18


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
    value = score_value(case, of.of, now, case.desk.lines.between)
    if value < of.low:
        return 0
    return 1 if value <= of.high else 2


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
def unfaded(case: Case, score: int) -> int:
    """Return what the score would be now, in millionths, if nothing had faded: at least what it is."""
    lines, caps, of_lines, sums = case.plan.lines, case.plan.caps, case.desk.lines, case.desk.lines.sums
    of = case.plan.scores[score]
    sums[: of.caps_end - of.caps] = 0
    for k in range(of.lines, of.lines_end):
        line = lines[k]
        form = case.plan.slots[line.slot].form
        times = float(of_lines.reset[k - of.lines] & 1)
        if counts_events(form):
            times = float(of_lines.number[k - of.lines])
        elif form == EACH_PARTNER:
            times = float(case.desk.now[STEPS_END] - case.desk.now[STEPS]) if line.points > 0 else 0.0
        points = line.points * times
        points = max(points, line.up_to) if line.points < 0 else min(points, line.up_to)
        sums[line.dimension] += int(points * 1e6) + 1
    total = 0
    for d in range(of.caps_end - of.caps):
        total += min(sums[d], caps[of.caps + d])
    return total


@inner
def fall_rate(case: Case, score: int) -> float:
    """Return how fast a score can fall at most by fading, in millionths a microsecond, if nothing more happens."""
    lines, of_lines = case.plan.lines, case.desk.lines
    of = case.plan.scores[score]
    rate = 0.0
    for k in range(of.lines, of.lines_end):
        line = lines[k]
        if line.fade == LINEAR:
            rate += line.points * float(of_lines.number[k - of.lines]) / float(line.length)
        elif line.fade == HALF_LIFE:
            rate += line.points * of_lines.heat[k - of.lines] * _LN_2 / float(line.length)
    return rate * 1e6


@inner
def next_drop(case: Case, score: int, now: int) -> int:
    """Return the next instant after `now` at which a score may fall other than by fading, as far as is known now.

    A line of partners that fades counts as falling at once.
    """
    plan, desk, lines = case.plan, case.desk, case.desk.lines
    of = plan.scores[score]
    soonest = NEVER
    for k in range(of.lines, of.lines_end):
        i = k - of.lines
        line = plan.lines[k]
        form = plan.slots[line.slot].form
        if counts_events(form):
            soonest = min(soonest, lines.resets[i])
            if line.points < 0:
                soonest = min(soonest, lines.arrives[i])
            elif line.fade != LINEAR or plan.slots[line.slot].within < line.length:
                soonest = min(soonest, lines.leaves[i])
        elif form == EACH_PARTNER:
            if line.fade != STAYS:
                return now
            for step in range(desk.now[STEPS], desk.now[STEPS_END]):
                if case.steps.step[step].slot == line.slot and case.steps.step[step].at > now:
                    soonest = min(soonest, case.steps.step[step].at)
        elif desk.slot[line.slot].flips + lines.reset[i] < desk.slot[line.slot].flips_end:
            soonest = min(soonest, case.book.flips[desk.slot[line.slot].flips + lines.reset[i]])
    return soonest


@inner
def safe_until(case: Case, slot: int, where: int, now: int) -> int:
    """Return an instant up to which the score stays in its region for sure, whatever arrives; `now` if unknown.

    What arrives only adds to a line of positive points. The points of the lines at `now` stand in `between`.
    """
    of = case.plan.slots[slot]
    score = of.of
    if where == 0 or (where == 1 and of.high != NEVER):
        return now
    edge = of.low if where == 1 else of.high + 1
    lines = case.plan.scores[score].lines_end - case.plan.scores[score].lines
    spare = float(capped(case, score, case.desk.lines.between) - edge - lines - 1)  # a line is rounded to a millionth
    drop = next_drop(case, score, now)
    rate = fall_rate(case, score)
    if spare <= 0.0 or drop <= now:
        return now
    lasts = spare / rate if rate > 0.0 else float(NEVER)
    return min(drop - 1, NEVER if lasts >= _FOR_EVER else after(now, int(lasts)))


@inner
def score_between(case: Case, slot: int, start: int) -> int:
    """Write the flips of "the score is in an interval"; return their end."""
    score = case.plan.slots[slot].of
    low = case.plan.slots[slot].low
    if highest(case, score) < low:
        return start
    begin_lines(case, score)
    fading = settled_after(case, score, 0) > 0
    flips = case.book.flips
    end = start
    now = beginning()
    where = 0
    safe = beginning()
    while True:
        apply_changes(case, score, now)
        if now > safe or now == BEGINNING:
            where = 0 if unfaded(case, score) < low else region(case, slot, now)
            safe = now if now == BEGINNING else safe_until(case, slot, where, now)
        # Below the interval nothing matters until the score may rise, nor above it before it may have fallen.
        soonest = next_change(case, score, now, True)
        if where > 0 and soonest > safe:
            soonest = next_change(case, score, now, False)
        if not has_room(case, end - start + 4):
            return end
        end = turn(flips, start, end, now, where == 1)
        if fading and where > 0 and now != BEGINNING and soonest - 1 > safe:
            until = soonest - 1 if soonest != NEVER else settled_after(case, score, now)
            lowest = region(case, slot, until)
            while where > lowest:
                edge = low if where == 1 else case.plan.slots[slot].high + 1
                now = first_below(case, score, edge, (now, until))
                where = region(case, slot, now)
                end = turn(flips, start, end, now, where == 1)
        if soonest == NEVER:
            return end
        now = soonest
