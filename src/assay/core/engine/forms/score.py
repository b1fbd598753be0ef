"""The lines of an additive score, as of an instant.

Lines are rounded half-even to millionths, so contributions add up exactly. What fades is never accumulated over time:
a linear line keeps the exact integer sum of its events' instants, a half-life line one decayed sum that is carried from
change to change in time order.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from assay.core.engine.arrays import (
    BASE,
    EACH_EVENT,
    EACH_PARTNER,
    EACH_VALUE,
    HALF_LIFE,
    LINEAR,
    MARKS,
    ROWS,
    ROWS_END,
    STAYS,
    STEPS,
    STEPS_END,
    VALUES,
    Bounds,
    Case,
    Feed,
    Int64s,
)
from assay.core.engine.compiled import NEVER, NO_VALUE, inner
from assay.core.engine.forms.count import gone, next_instant, resets_at
from assay.core.engine.forms.distinct import OF_VALUE, bucket, is_last, is_new
from assay.core.engine.tracks import ABSENT, BEGINNING

_SPLIT: Final = 20
_LOW: Final = (1 << _SPLIT) - 1


@inner
def counts_events(form: int) -> bool:
    """Return whether a line counts events or their values."""
    return form == EACH_EVENT or form == EACH_VALUE


@inner
def begin_lines(case: Case, score: int) -> None:
    """Set the lines on the desk to those of a score to which nothing has happened."""
    plan, now, lines = case.plan, case.desk.now, case.desk.lines
    first = plan.scores[score].lines
    for i in range(plan.scores[score].lines_end - first):
        now[MARKS] += 1
        lines.mark[i] = now[MARKS] << 32
        lines.arrived[i] = lines.left[i] = lines.reset[i] = lines.number[i] = 0
        lines.age_high[i] = lines.age_low[i] = lines.heated[i] = 0
        lines.heat[i] = 0.0
        lines.floor[i] = NEVER if plan.slots[plan.lines[first + i].slot].since >= 0 else BEGINNING
    now[BASE] = case.rows.at[now[ROWS]] if now[ROWS_END] > now[ROWS] else 0


@inner
def stretch_of(case: Case, i: int) -> int:
    """Return where line i's values start in `last`: the lines of a score advance side by side, each with its own."""
    return int((i + 1) * case.desk.now[VALUES])


@inner
def feed_of(case: Case, slot: int) -> Feed:
    """Return the events that feed a slot with one feed."""
    plan, desk = case.plan, case.desk
    feed = plan.items[plan.slots[slot].feeds]
    since = plan.slots[slot].since
    resets = desk.posted[0:0]
    if since >= 0:
        resets = desk.posted[desk.feed_lo[since] : desk.feed_lo[since + 1]]
    return Feed(
        case.rows.at,
        case.rows.values[max(plan.slots[slot].column, 0)],
        desk.posted[desk.feed_lo[feed] : desk.feed_lo[feed + 1]],
        resets,
    )


@inner
def bounds_of(case: Case, line: int) -> Bounds:
    """Return how long an event counts for a line, and since when."""
    plan = case.plan
    slot = plan.slots[plan.lines[line].slot]
    within = slot.within
    if plan.lines[line].fade == LINEAR:
        within = min(within, plan.lines[line].length)
    return Bounds(0, 0, within, slot.since >= 0, slot.unit)


@inner
def weigh(case: Case, line: int, event_at: int, now: int, sign: int) -> None:
    """Count an event of instant `event_at` for a line (sign 1), or no longer (sign -1), as of `now`."""
    lines = case.desk.lines
    i = line - case.plan.scores[case.plan.lines[line].score].lines
    lines.number[i] += sign
    if case.plan.lines[line].fade == LINEAR:
        age = event_at - case.desk.now[BASE]
        lines.age_high[i] += sign * (age >> _SPLIT)
        lines.age_low[i] += sign * (age & _LOW)
    elif case.plan.lines[line].fade == HALF_LIFE:
        length = case.plan.lines[line].length
        if lines.number[i] == 0:
            lines.heat[i] = 0.0
        else:
            lines.heat[i] *= 2.0 ** (-(now - lines.heated[i]) / length)
            lines.heat[i] += sign * 2.0 ** (-(now - event_at) / length)
        lines.heated[i] = now


@inner
def newest_before(feed: Feed, unit: int, seen: tuple[Int64s, int], left: int, arrived: int) -> int:
    """Return the place of the newest earlier event in the window with the arriving event's value, or -1."""
    last, mark = seen
    value = bucket(feed.at, feed.values, feed.events[arrived], unit)
    if unit != OF_VALUE:
        same = arrived > left and bucket(feed.at, feed.values, feed.events[arrived - 1], unit) == value
        return arrived - 1 if same else -1
    if value == NO_VALUE or last[value] < mark + left:
        return -1
    return int(last[value] - mark)


@inner
def let_in(case: Case, line: int, feed: Feed, now: int) -> None:
    """Let the next event of a line into its window; a value seen again counts from its newest event."""
    lines = case.desk.lines
    i = line - case.plan.scores[case.plan.lines[line].score].lines
    slot = case.plan.slots[case.plan.lines[line].slot]
    place = lines.arrived[i]
    lines.arrived[i] += 1
    if slot.form == EACH_EVENT:
        weigh(case, line, now, now, 1)
        return
    unit = slot.unit
    if unit == OF_VALUE and feed.values[feed.events[place]] == NO_VALUE:
        return
    seen = (case.desk.last[stretch_of(case, i) :], lines.mark[i])
    before = newest_before(feed, unit, seen, lines.left[i], place)
    is_new(feed, unit, seen, lines.left[i], place)
    if before >= 0:
        weigh(case, line, feed.at[feed.events[before]], now, -1)
    weigh(case, line, now, now, 1)


@inner
def let_out(case: Case, line: int, feed: Feed, now: int) -> None:
    """Take the oldest event of a line out of its window."""
    lines = case.desk.lines
    i = line - case.plan.scores[case.plan.lines[line].score].lines
    slot = case.plan.slots[case.plan.lines[line].slot]
    place = lines.left[i]
    if slot.form == EACH_EVENT or is_last(
        feed, slot.unit, (case.desk.last[stretch_of(case, i) :], lines.mark[i]), place, lines.arrived[i]
    ):
        weigh(case, line, feed.at[feed.events[place]], now, -1)
    lines.left[i] += 1


@inner
def apply_changes(case: Case, score: int, now: int) -> None:
    """Apply everything that happens to a score's lines at `now`: arrivals, resets, departures."""
    plan, desk, lines, flips = case.plan, case.desk, case.desk.lines, case.book.flips
    first = plan.scores[score].lines
    for line in range(first, plan.scores[score].lines_end):
        i = line - first
        slot = plan.lines[line].slot
        form = plan.slots[slot].form
        if counts_events(form):
            feed = feed_of(case, slot)
            bounds = bounds_of(case, line)
            while lines.arrived[i] < len(feed.events) and feed.at[feed.events[lines.arrived[i]]] == now:
                let_in(case, line, feed, now)
            reset = resets_at(feed, bounds, lines.reset[i], now)
            if reset > lines.reset[i]:
                lines.reset[i] = reset
                lines.floor[i] = now
            while lines.left[i] < lines.arrived[i] and gone(feed, bounds, lines.left[i], now, lines.floor[i]):
                let_out(case, line, feed, now)
        elif form != EACH_PARTNER:
            place = desk.slot[slot].flips + lines.reset[i]
            if place < desk.slot[slot].flips_end and flips[place] == now:
                lines.reset[i] += 1


@inner
def next_change(case: Case, score: int, now: int) -> int:
    """Return the next instant after `now` at which a line changes other than by fading, or NEVER."""
    plan, desk, lines, flips = case.plan, case.desk, case.desk.lines, case.book.flips
    first = plan.scores[score].lines
    soonest = NEVER
    for line in range(first, plan.scores[score].lines_end):
        i = line - first
        slot = plan.lines[line].slot
        form = plan.slots[slot].form
        if form == EACH_PARTNER:
            for k in range(desk.now[STEPS], desk.now[STEPS_END]):
                if case.steps.step[k].slot == slot and case.steps.step[k].at > now:
                    soonest = min(soonest, case.steps.step[k].at)
        elif counts_events(form):
            soonest = min(
                soonest,
                next_instant(
                    feed_of(case, slot), bounds_of(case, line), lines.arrived[i], lines.left[i], lines.reset[i]
                ),
            )
        elif desk.slot[slot].flips + lines.reset[i] < desk.slot[slot].flips_end:
            soonest = min(soonest, flips[desk.slot[slot].flips + lines.reset[i]])
    return soonest


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
        high = lines.number[i] * (since >> _SPLIT) - lines.age_high[i]
        low = lines.number[i] * (since & _LOW) - lines.age_low[i]
        amount -= (float(high) * float(1 << _SPLIT) + float(low)) / float(of.length)
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
def score_value(case: Case, score: int, now: int) -> int:
    """Return the score at `now`, in millionths, dimension caps applied."""
    plan = case.plan
    of = plan.scores[score]
    sums = case.desk.lines.sums
    sums[: of.caps_end - of.caps] = 0
    for line in range(of.lines, of.lines_end):
        sums[plan.lines[line].dimension] += line_value(case, line, now)
    total = 0
    for d in range(of.caps_end - of.caps):
        total += min(sums[d], plan.caps[of.caps + d])
    return total


@inner
def lines_at(case: Case, score: int, at: int) -> None:
    """Bring the lines on the desk to how a score's stand at an instant."""
    begin_lines(case, score)
    now = BEGINNING
    while True:
        apply_changes(case, score, now)
        soonest = next_change(case, score, now)
        if soonest > at or soonest == NEVER:
            return
        now = soonest
