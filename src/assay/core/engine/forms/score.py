"""The lines of an additive score, as of an instant.

Lines are rounded half-even to millionths, so contributions add up exactly. What fades is never accumulated over time:
a linear line keeps the exact integer sum of its events' instants, a half-life line one decayed sum that is carried from
change to change in time order.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from assay.core.engine.arrays import (
    EACH_EVENT,
    EACH_PARTNER,
    EACH_VALUE,
    HALF_LIFE,
    LINEAR,
    STAYS,
    Bounds,
    Case,
    Feed,
    Floats,
    Int64s,
)
from assay.core.engine.compiled import NEVER, NO_VALUE, compiled
from assay.core.engine.forms.count import gone, next_instant, resets_at
from assay.core.engine.forms.distinct import OF_VALUE, bucket, is_last, is_new
from assay.core.engine.tracks import ABSENT, BEGINNING

_SPLIT: Final = 20
_LOW: Final = (1 << _SPLIT) - 1


class Lines(NamedTuple):
    """The state of a score's lines: parallel arrays, one element a line."""

    arrived: Int64s  # events seen so far
    left: Int64s  # events no longer in the window
    reset: Int64s  # resets (of a `once` line: flips) seen so far
    floor: Int64s  # the latest reset: NEVER before the first, BEGINNING where there is no `since`
    number: Int64s  # events (or values) that count
    age_high: Int64s  # linear: the sum of (instant - base) of those, in two halves that cannot overflow
    age_low: Int64s
    heat: Floats  # half-life: the sum of 2^-(age / half-life) at `heated`
    heated: Int64s
    base: Int64s  # one value: the instant that ages are counted from
    mark: Int64s  # `last[value]` of a line keeps its mark + place (see forms.distinct.is_new)


@compiled
def counts_events(form: int) -> bool:
    """Return whether a line counts events or their values."""
    return form == EACH_EVENT or form == EACH_VALUE


@compiled
def fresh_lines(case: Case, score: int) -> Lines:
    """Return lines to which nothing has happened."""
    first, end = case.plan.line_lo[score], case.plan.line_lo[score + 1]
    count = end - first
    floor = np.full(count, BEGINNING, np.int64)
    mark = np.zeros(count, np.int64)
    for i in range(count):
        case.desk.counter[0] += 1
        mark[i] = case.desk.counter[0] << 32
        if case.plan.slot_since[case.plan.line_slot[first + i]] >= 0:
            floor[i] = NEVER
    base = np.zeros(1, np.int64)
    if case.desk.subject[1] > case.desk.subject[0]:
        base[0] = case.rows.at[case.desk.subject[0]]
    return Lines(
        np.zeros(count, np.int64), np.zeros(count, np.int64), np.zeros(count, np.int64), floor,
        np.zeros(count, np.int64), np.zeros(count, np.int64), np.zeros(count, np.int64), np.zeros(count, np.float64),
        np.zeros(count, np.int64), base, mark,
    )


@compiled
def feed_of(case: Case, slot: int) -> Feed:
    """Return the events that feed a slot with one feed."""
    plan, desk = case.plan, case.desk
    feed = plan.slot_feeds[plan.slot_lo[slot]]
    since = plan.slot_since[slot]
    resets = desk.posted[0:0]
    if since >= 0:
        resets = desk.posted[desk.feed_lo[since] : desk.feed_lo[since + 1]]
    return Feed(
        case.rows.at, case.rows.values[max(plan.slot_column[slot], 0)],
        desk.posted[desk.feed_lo[feed] : desk.feed_lo[feed + 1]], resets,
    )


@compiled
def bounds_of(case: Case, line: int) -> Bounds:
    """Return how long an event counts for a line, and since when."""
    plan = case.plan
    slot = plan.line_slot[line]
    within = plan.slot_within[slot]
    if plan.line_fade[line] == LINEAR:
        within = min(within, plan.line_length[line])
    return Bounds(0, 0, within, plan.slot_since[slot] >= 0, plan.slot_unit[slot])


@compiled
def weigh(case: Case, lines: Lines, line: int, i: int, event_at: int, now: int, sign: int) -> None:
    """Count an event of instant `event_at` for a line (sign 1), or no longer (sign -1), as of `now`."""
    lines.number[i] += sign
    if case.plan.line_fade[line] == LINEAR:
        age = event_at - lines.base[0]
        lines.age_high[i] += sign * (age >> _SPLIT)
        lines.age_low[i] += sign * (age & _LOW)
    elif case.plan.line_fade[line] == HALF_LIFE:
        length = case.plan.line_length[line]
        if lines.number[i] == 0:
            lines.heat[i] = 0.0
        else:
            lines.heat[i] *= 2.0 ** (-(now - lines.heated[i]) / length)
            lines.heat[i] += sign * 2.0 ** (-(now - event_at) / length)
        lines.heated[i] = now


@compiled
def newest_before(feed: Feed, unit: int, last: Int64s, mark: int, left: int, arrived: int) -> int:
    """Return the place of the newest earlier event in the window with the arriving event's value, or -1."""
    value = bucket(feed.at, feed.values, feed.events[arrived], unit)
    if unit != OF_VALUE:
        same = arrived > left and bucket(feed.at, feed.values, feed.events[arrived - 1], unit) == value
        return arrived - 1 if same else -1
    if value == NO_VALUE or last[value] < mark + left:
        return -1
    return int(last[value] - mark)


@compiled
def let_in(case: Case, lines: Lines, line: int, feed: Feed, now: int) -> None:
    """Let the next event of a line into its window; a value seen again counts from its newest event."""
    i = line - case.plan.line_lo[case.plan.score_of_line[line]]
    slot = case.plan.line_slot[line]
    place = lines.arrived[i]
    lines.arrived[i] += 1
    if case.plan.slot_form[slot] == EACH_EVENT:
        weigh(case, lines, line, i, now, now, 1)
        return
    unit = case.plan.slot_unit[slot]
    if unit == OF_VALUE and feed.values[feed.events[place]] == NO_VALUE:
        return
    before = newest_before(feed, unit, case.desk.last, lines.mark[i], lines.left[i], place)
    is_new(feed, unit, case.desk.last, lines.mark[i], lines.left[i], place)
    if before >= 0:
        weigh(case, lines, line, i, feed.at[feed.events[before]], now, -1)
    weigh(case, lines, line, i, now, now, 1)


@compiled
def let_out(case: Case, lines: Lines, line: int, feed: Feed, now: int) -> None:
    """Take the oldest event of a line out of its window."""
    i = line - case.plan.line_lo[case.plan.score_of_line[line]]
    slot = case.plan.line_slot[line]
    place = lines.left[i]
    if case.plan.slot_form[slot] == EACH_EVENT or is_last(
        feed, case.plan.slot_unit[slot], case.desk.last, lines.mark[i], place, lines.arrived[i]
    ):
        weigh(case, lines, line, i, feed.at[feed.events[place]], now, -1)
    lines.left[i] += 1


@compiled
def apply_changes(case: Case, score: int, lines: Lines, flips: Int64s, now: int) -> None:
    """Apply everything that happens to a score's lines at `now`: arrivals, resets, departures."""
    plan, desk = case.plan, case.desk
    first = plan.line_lo[score]
    for line in range(first, plan.line_lo[score + 1]):
        i = line - first
        slot = plan.line_slot[line]
        form = plan.slot_form[slot]
        if counts_events(form):
            feed = feed_of(case, slot)
            bounds = bounds_of(case, line)
            while lines.arrived[i] < len(feed.events) and feed.at[feed.events[lines.arrived[i]]] == now:
                let_in(case, lines, line, feed, now)
            reset = resets_at(feed, bounds, lines.reset[i], now)
            if reset > lines.reset[i]:
                lines.reset[i] = reset
                lines.floor[i] = now
            while lines.left[i] < lines.arrived[i] and gone(feed, bounds, lines.left[i], now, lines.floor[i]):
                let_out(case, lines, line, feed, now)
        elif form != EACH_PARTNER:
            place = desk.flip_lo[slot] + lines.reset[i]
            if place < desk.flip_hi[slot] and flips[place] == now:
                lines.reset[i] += 1


@compiled
def next_change(case: Case, score: int, lines: Lines, flips: Int64s, now: int) -> int:
    """Return the next instant after `now` at which a line changes other than by fading, or NEVER."""
    plan, desk = case.plan, case.desk
    first = plan.line_lo[score]
    soonest = NEVER
    for line in range(first, plan.line_lo[score + 1]):
        i = line - first
        slot = plan.line_slot[line]
        form = plan.slot_form[slot]
        if form == EACH_PARTNER:
            for k in range(desk.subject[2], desk.subject[3]):
                if case.steps.slot[k] == slot and case.steps.at[k] > now:
                    soonest = min(soonest, case.steps.at[k])
        elif counts_events(form):
            soonest = min(soonest, next_instant(
                feed_of(case, slot), bounds_of(case, line), lines.arrived[i], lines.left[i], lines.reset[i]
            ))
        elif desk.flip_lo[slot] + lines.reset[i] < desk.flip_hi[slot]:
            soonest = min(soonest, flips[desk.flip_lo[slot] + lines.reset[i]])
    return soonest


@compiled
def faded(case: Case, line: int, anchor: int, now: int) -> float:
    """Return what is left at `now` of one point given at `anchor`; one given since ever stays whole."""
    if case.plan.line_fade[line] == STAYS or anchor == ABSENT + 1:
        return 1.0
    age = float(now - anchor) / float(case.plan.line_length[line])
    if case.plan.line_fade[line] == LINEAR:
        return max(0.0, 1.0 - age)
    return float(2.0 ** (-age))


@compiled
def partners_weight(case: Case, line: int, now: int) -> float:
    """Return the faded number of partners that contribute to a line at `now`."""
    steps = case.steps
    slot = case.plan.line_slot[line]
    total = 0.0
    anchor = ABSENT
    for k in range(case.desk.subject[2], case.desk.subject[3]):
        if steps.slot[k] != slot:
            continue
        if steps.at[k] <= now:
            anchor = steps.value[k]
        following = k + 1
        same = (
            following < case.desk.subject[3]
            and steps.slot[following] == slot
            and steps.member[following] == steps.member[k]
        )
        if not same:
            if anchor != ABSENT:
                total += faded(case, line, anchor, now)
            anchor = ABSENT
    return total


@compiled
def line_value(case: Case, lines: Lines, line: int, now: int) -> int:
    """Return the points of a line at `now`, in millionths, rounded half-even."""
    plan = case.plan
    i = line - plan.line_lo[plan.score_of_line[line]]
    form = plan.slot_form[plan.line_slot[line]]
    if form == EACH_PARTNER:
        amount = partners_weight(case, line, now)
    elif counts_events(form):
        amount = float(lines.number[i])
        if plan.line_fade[line] == LINEAR and lines.number[i] > 0:
            since = now - lines.base[0]
            high = lines.number[i] * (since >> _SPLIT) - lines.age_high[i]
            low = lines.number[i] * (since & _LOW) - lines.age_low[i]
            amount -= (float(high) * float(1 << _SPLIT) + float(low)) / float(plan.line_length[line])
        elif plan.line_fade[line] == HALF_LIFE:
            amount = lines.heat[i] * 2.0 ** (-(now - lines.heated[i]) / plan.line_length[line])
    else:
        amount = float(lines.reset[i] & 1)
    points = plan.line_points[line] * amount
    if plan.line_points[line] < 0:
        points = max(points, plan.line_up_to[line])
    else:
        points = min(points, plan.line_up_to[line])
    return int(np.rint(points * 1e6))


@compiled
def score_value(case: Case, score: int, lines: Lines, now: int) -> int:
    """Return the score at `now`, in millionths, dimension caps applied."""
    plan = case.plan
    caps = plan.caps[plan.cap_lo[score] : plan.cap_lo[score + 1]]
    sums = np.zeros(len(caps), np.int64)
    for line in range(plan.line_lo[score], plan.line_lo[score + 1]):
        sums[plan.line_dimension[line]] += line_value(case, lines, line, now)
    total = 0
    for d in range(len(caps)):
        total += min(sums[d], caps[d])
    return total


@compiled
def lines_at(case: Case, score: int, flips: Int64s, at: int, points: Int64s) -> None:
    """Write what each line of a score contributes at an instant into `points`, in millionths."""
    lines = fresh_lines(case, score)
    now = BEGINNING
    while now <= at:
        apply_changes(case, score, lines, flips, now)
        soonest = next_change(case, score, lines, flips, now)
        if soonest > at or soonest == NEVER:
            break
        now = soonest
    first = case.plan.line_lo[score]
    for line in range(first, case.plan.line_lo[score + 1]):
        points[line - first] = line_value(case, lines, line, at)
