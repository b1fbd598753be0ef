"""The state of an additive score's lines, carried from change to change in time order.

What fades is never accumulated over time: a linear line keeps the exact integer sum of its events' instants, a
half-life line one decayed sum.
"""

from __future__ import annotations

from typing import Final

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
    STEPS,
    STEPS_END,
    VALUES,
    Bounds,
    Case,
    Feed,
    Int64s,
)
from assay.core.engine.compiled import NEVER, NO_VALUE, inner
from assay.core.engine.forms.count import gone, resets_at
from assay.core.engine.forms.distinct import OF_VALUE, bucket, is_last, is_new
from assay.core.engine.forms.feeds import feed_of
from assay.core.engine.forms.flips import after
from assay.core.engine.tracks import BEGINNING

#: An age is kept as two halves, of which this many bits are the lower one.
SPLIT: Final = 20
LOW: Final = (1 << SPLIT) - 1


@inner
def counts_events(form: int) -> bool:
    """Return whether a line counts events or their values."""
    return form == EACH_EVENT or form == EACH_VALUE


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
def look_ahead(case: Case, line: int, feed: Feed) -> None:
    """Note when a line's next event arrives, when its oldest leaves, and when it is reset; NEVER for each if not."""
    lines = case.desk.lines
    i = line - case.plan.scores[case.plan.lines[line].score].lines
    lines.arrives[i] = lines.leaves[i] = lines.resets[i] = NEVER
    if lines.arrived[i] < len(feed.events):
        lines.arrives[i] = feed.at[feed.events[lines.arrived[i]]]
    if lines.left[i] < lines.arrived[i]:
        lines.leaves[i] = after(feed.at[feed.events[lines.left[i]]], bounds_of(case, line).within)
    if lines.reset[i] < len(feed.resets):
        lines.resets[i] = feed.at[feed.resets[lines.reset[i]]]


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
        if counts_events(plan.slots[plan.lines[first + i].slot].form):
            look_ahead(case, first + i, feed_of(case, plan.lines[first + i].slot))
    now[BASE] = case.rows.at[now[ROWS]] if now[ROWS_END] > now[ROWS] else 0


@inner
def stretch_of(case: Case, i: int) -> int:
    """Return where line i's values start in `last`: the lines of a score advance side by side, each with its own."""
    return int((i + 1) * case.desk.now[VALUES])


@inner
def weigh(case: Case, line: int, event_at: int, now: int, sign: int) -> None:
    """Count an event of instant `event_at` for a line (sign 1), or no longer (sign -1), as of `now`."""
    lines = case.desk.lines
    i = line - case.plan.scores[case.plan.lines[line].score].lines
    lines.number[i] += sign
    if case.plan.lines[line].fade == LINEAR:
        age = event_at - case.desk.now[BASE]
        lines.age_high[i] += sign * (age >> SPLIT)
        lines.age_low[i] += sign * (age & LOW)
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
def count_events(case: Case, line: int, now: int) -> None:
    """Apply arrivals and departures up to `now` to a line that counts every event and is never reset."""
    at, posted, lines = case.rows.at, case.desk.posted, case.desk.lines
    i = line - case.plan.scores[case.plan.lines[line].score].lines
    feed = case.plan.items[case.plan.slots[case.plan.lines[line].slot].feeds]
    first, end = case.desk.feed_lo[feed], case.desk.feed_lo[feed + 1]
    arrived, left = first + lines.arrived[i], first + lines.left[i]
    while arrived < end and at[posted[arrived]] == now:
        weigh(case, line, now, now, 1)
        arrived += 1
    within = bounds_of(case, line).within
    while left < arrived and after(at[posted[left]], within) <= now:
        weigh(case, line, at[posted[left]], now, -1)
        left += 1
    lines.arrived[i], lines.left[i] = arrived - first, left - first
    lines.arrives[i] = at[posted[arrived]] if arrived < end else NEVER
    lines.leaves[i] = after(at[posted[left]], within) if left < arrived else NEVER


@inner
def change_events(case: Case, line: int, now: int) -> None:
    """Apply what happens to a line that counts events, up to `now`: arrivals, then a reset, then departures."""
    lines = case.desk.lines
    i = line - case.plan.scores[case.plan.lines[line].score].lines
    if min(lines.arrives[i], lines.leaves[i], lines.resets[i]) > now:
        return
    slot = case.plan.slots[case.plan.lines[line].slot]
    if slot.form == EACH_EVENT and slot.since < 0:
        count_events(case, line, now)
        return
    feed = feed_of(case, case.plan.lines[line].slot)
    bounds = bounds_of(case, line)
    while lines.arrived[i] < len(feed.events) and feed.at[feed.events[lines.arrived[i]]] == now:
        let_in(case, line, feed, now)
    reset = resets_at(feed, bounds, lines.reset[i], now)
    if reset > lines.reset[i]:
        lines.reset[i] = reset
        lines.floor[i] = now
    while lines.left[i] < lines.arrived[i] and gone(feed, bounds, lines.left[i], now, lines.floor[i]):
        let_out(case, line, feed, now)
    look_ahead(case, line, feed)


@inner
def apply_changes(case: Case, score: int, now: int) -> None:
    """Apply everything that happens to a score's lines up to `now`; no arrival or reset before it may be pending."""
    plan, desk, lines, flips = case.plan, case.desk, case.desk.lines, case.book.flips
    first = plan.scores[score].lines
    for line in range(first, plan.scores[score].lines_end):
        slot = plan.lines[line].slot
        form = plan.slots[slot].form
        if counts_events(form):
            change_events(case, line, now)
        elif form != EACH_PARTNER:
            i = line - first
            place = desk.slot[slot].flips + lines.reset[i]
            if place < desk.slot[slot].flips_end and flips[place] == now:
                lines.reset[i] += 1


@inner
def next_change(case: Case, score: int, now: int, rises: bool) -> int:
    """Return the next instant after `now` at which a line changes other than by fading, or NEVER.

    With `rises` instants are left out at which the score cannot rise: where events leave a line of positive points.
    """
    plan, desk, lines, flips = case.plan, case.desk, case.desk.lines, case.book.flips
    first = plan.scores[score].lines
    soonest = NEVER
    for line in range(first, plan.scores[score].lines_end):
        i = line - first
        slot = plan.lines[line].slot
        form = plan.slots[slot].form
        if counts_events(form):
            soonest = min(soonest, lines.arrives[i], lines.resets[i])
            if not rises or plan.lines[line].points < 0:
                soonest = min(soonest, lines.leaves[i])
        elif form == EACH_PARTNER:
            for k in range(desk.now[STEPS], desk.now[STEPS_END]):
                if case.steps.step[k].slot == slot and case.steps.step[k].at > now:
                    soonest = min(soonest, case.steps.step[k].at)
        elif desk.slot[slot].flips + lines.reset[i] < desk.slot[slot].flips_end:
            soonest = min(soonest, flips[desk.slot[slot].flips + lines.reset[i]])
    return soonest
