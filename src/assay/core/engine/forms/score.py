"""What the lines of an additive score give at an instant.

Lines are rounded half-even to millionths, so contributions add up exactly.
"""

from __future__ import annotations

import numpy as np

from assay.core.engine.arrays import BASE, EACH_PARTNER, HALF_LIFE, LINEAR, STAYS, STEPS, STEPS_END, Case, Int64s
from assay.core.engine.compiled import NEVER, inner
from assay.core.engine.forms.flips import beginning
from assay.core.engine.forms.lines import LOW, SPLIT, apply_changes, begin_lines, counts_events, next_change
from assay.core.engine.tracks import ABSENT


@inner
def faded(case: Case, line: int, anchor: int, now: int) -> float:
    """Return what is left at `now` of one point given at `anchor`; of one given since ever nothing is."""
    fade = case.plan.lines[line].fade
    if fade == STAYS:
        return 1.0
    if anchor == ABSENT + 1:
        return 0.0
    age = float(now - anchor) / float(case.plan.lines[line].length)
    if fade == LINEAR:
        return max(0.0, 1.0 - age)
    return float(2.0 ** (-age))


@inner
def partners_weight(case: Case, line: int, now: int) -> float:
    """Return the faded number of partners that contribute to a line at `now`."""
    step = case.steps.step
    end = case.desk.now[STEPS_END]
    slot = case.plan.lines[line].slot
    total = 0.0
    anchor = ABSENT
    for k in range(case.desk.now[STEPS], end):
        if step[k].slot != slot:
            continue
        if step[k].at <= now:
            anchor = step[k].value
        following = k + 1
        if following == end or step[following].slot != slot or step[following].member != step[k].member:
            if anchor != ABSENT:
                total += faded(case, line, anchor, now)
            anchor = ABSENT
    return total


@inner
def counted_weight(case: Case, line: int, i: int, now: int) -> float:
    """Return the faded number of events (or values) that count for a line at `now`."""
    lines = case.desk.lines
    amount = float(lines.number[i])
    of = case.plan.lines[line]
    if of.fade == LINEAR and lines.number[i] > 0:
        since = now - case.desk.now[BASE]
        high = lines.number[i] * (since >> SPLIT) - lines.age_high[i]
        low = lines.number[i] * (since & LOW) - lines.age_low[i]
        amount -= (float(high) * float(1 << SPLIT) + float(low)) / float(of.length)
    elif of.fade == HALF_LIFE:
        amount = lines.heat[i] * 2.0 ** (-(now - lines.heated[i]) / of.length)
    return amount


@inner
def line_value(case: Case, line: int, now: int) -> int:
    """Return the points of a line at `now`, in millionths, rounded half-even."""
    of = case.plan.lines[line]
    i = line - case.plan.scores[of.score].lines
    form = case.plan.slots[of.slot].form
    if form == EACH_PARTNER:
        amount = partners_weight(case, line, now)
    elif counts_events(form):
        amount = counted_weight(case, line, i, now)
    else:
        amount = float(case.desk.lines.reset[i] & 1)
    points = of.points * amount
    points = max(points, of.up_to) if of.points < 0 else min(points, of.up_to)
    return int(np.rint(points * 1e6))


@inner
def capped(case: Case, score: int, points: Int64s) -> int:
    """Return the score that these points of its lines make, in millionths, dimension caps applied."""
    lines, caps, sums = case.plan.lines, case.plan.caps, case.desk.lines.sums
    of = case.plan.scores[score]
    sums[: of.caps_end - of.caps] = 0
    for line in range(of.lines, of.lines_end):
        sums[lines[line].dimension] += points[line - of.lines]
    total = 0
    for d in range(of.caps_end - of.caps):
        total += min(sums[d], caps[of.caps + d])
    return total


@inner
def score_value(case: Case, score: int, now: int, points: Int64s) -> int:
    """Return the score at `now`, in millionths, dimension caps applied; those of its lines go to `points`."""
    of = case.plan.scores[score]
    for line in range(of.lines, of.lines_end):
        points[line - of.lines] = line_value(case, line, now)
    return capped(case, score, points)


@inner
def lines_at(case: Case, score: int, at: int) -> None:
    """Bring the lines on the desk to how a score's stand at an instant."""
    begin_lines(case, score)
    now = beginning()
    while True:
        apply_changes(case, score, now)
        soonest = next_change(case, score, now, False)
        if soonest > at or soonest == NEVER:
            return
        now = soonest
