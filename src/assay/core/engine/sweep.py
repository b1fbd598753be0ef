"""The kernel: one pass over each subject's history decides every rule of a stage at every instant.

For a subject in hand, its events are sorted to the criteria they feed; a criterion's flips are found by its form's
function, only when a rule needs them; a rule merges the flips of its few criteria and opens and closes spells. Spells
and causes go to growing buffers.
"""

from __future__ import annotations

import numpy as np

from assay.core.engine.arrays import (
    CAUSES,
    COUNT,
    DISTINCT,
    FLIPS,
    RULE,
    SCORE,
    SEQUENCE,
    SPELLS,
    TOTAL,
    TRACK,
    Book,
    Bounds,
    Case,
    Desk,
    Feed,
    Int64s,
    Plan,
    Rows,
    Steps,
)
from assay.core.engine.compiled import NEVER, compiled
from assay.core.engine.decide import decide
from assay.core.engine.forms.count import count_at_least, count_between
from assay.core.engine.forms.crossings import room_for_flips, score_between
from assay.core.engine.forms.distinct import OF_VALUE, days_at_least, distinct_between
from assay.core.engine.forms.flips import turn
from assay.core.engine.forms.score import feed_of
from assay.core.engine.forms.sequence import chain
from assay.core.engine.forms.total import total_between


@compiled
def fresh_desk(plan: Plan, most_posted: int, most_values: int) -> Desk:
    """Return empty scratch paper: for `most_posted` places of one subject's events, and values below `most_values`."""
    slots = len(plan.slot_form)
    rules = len(plan.rule_lo) - 1
    criteria = len(plan.rule_slots) + 1
    return Desk(
        np.zeros(feeds_in(plan) + 1, np.int64), np.empty(most_posted + 1, np.int32), np.zeros(slots, np.int64),
        np.zeros(slots, np.int64), np.zeros(slots, np.int64), np.zeros(rules, np.int64), np.zeros(rules, np.int64),
        np.full(most_values + 1, -1, np.int64), np.zeros(1, np.int64), np.zeros(5, np.int64),
        np.zeros(criteria, np.int64), np.zeros(criteria, np.uint8), np.zeros(criteria, np.uint8),
        np.zeros(len(plan.group_least) + 1, np.uint8),
    )


@compiled
def feeds_in(plan: Plan) -> int:
    """Return the number of feeds."""
    most = -1
    for feed in plan.slot_feeds:
        most = max(most, feed)
    for feed in plan.slot_since:
        most = max(most, feed)
    return most + 1


@compiled
def most_posted(plan: Plan, rows: Rows) -> int:
    """Return the most places that the events of one subject take when sorted to feeds."""
    most = 0
    for s in range(len(rows.lo) - 1):
        places = 0
        for row in range(rows.lo[s], rows.lo[s + 1]):
            places += plan.kind_lo[rows.kind[row] + 1] - plan.kind_lo[rows.kind[row]]
        most = max(most, places)
    return most


@compiled
def post(case: Case) -> None:
    """Sort the subject's events to the feeds they belong to, each in time order."""
    plan, desk = case.plan, case.desk
    lo = desk.feed_lo
    lo[:] = 0
    for row in range(desk.subject[0], desk.subject[1]):
        kind = case.rows.kind[row]
        for k in range(plan.kind_lo[kind], plan.kind_lo[kind + 1]):
            lo[plan.kind_feeds[k] + 1] += 1
    for feed in range(len(lo) - 1):
        lo[feed + 1] += lo[feed]
    # lo[feed] runs to the end of the feed while it fills; then everything is moved back by one feed.
    for row in range(desk.subject[0], desk.subject[1]):
        kind = case.rows.kind[row]
        for k in range(plan.kind_lo[kind], plan.kind_lo[kind + 1]):
            feed = plan.kind_feeds[k]
            desk.posted[lo[feed]] = row
            lo[feed] += 1
    for feed in range(len(lo) - 1, 0, -1):
        lo[feed] = lo[feed - 1]
    lo[0] = 0


@compiled
def track_flips(case: Case, slot: int, flips: Int64s, start: int) -> int:
    """Write the flips of a track; return their end."""
    pos = start
    for k in range(case.desk.subject[2], case.desk.subject[3]):
        if case.steps.slot[k] == slot:
            pos = turn(flips, start, pos, case.steps.at[k], case.steps.value[k] != 0)
    return pos


@compiled
def rule_flips(case: Case, rule: int, book: Book) -> int:
    """Write the flips of "another rule of this stage holds"; return their end."""
    pos = int(book.ends[FLIPS])
    for k in range(case.desk.spell_lo[rule], case.desk.spell_hi[rule]):
        for side in range(2, 4):
            if book.spells[k, side] != NEVER:
                book.flips[pos] = book.spells[k, side]
                pos += 1
    return pos


@compiled
def counted_flips(case: Case, slot: int, flips: Int64s, pos: int) -> int:
    """Write the flips of a criterion that counts events; return their end."""
    plan = case.plan
    feed = feed_of(case, slot)
    form = plan.slot_form[slot]
    if form != TOTAL and plan.slot_low[slot] > len(feed.events):
        return pos
    bounds = Bounds(
        plan.slot_low[slot], plan.slot_high[slot], plan.slot_within[slot], plan.slot_since[slot] >= 0,
        plan.slot_unit[slot],
    )
    simple = not bounds.since and bounds.low >= 1 and bounds.high == NEVER
    if form == TOTAL:
        return total_between(flips, pos, feed, bounds)
    if form == COUNT:
        if simple:
            return count_at_least(flips, pos, feed, bounds)
        return count_between(flips, pos, feed, bounds)
    if simple and bounds.unit != OF_VALUE:
        return days_at_least(flips, pos, feed, bounds)
    case.desk.counter[0] += 1
    return distinct_between(flips, pos, feed, bounds, (case.desk.last, case.desk.counter[0] << 32))


@compiled
def chain_flips(case: Case, slot: int, flips: Int64s, pos: int) -> int:
    """Write the flips of a sequence; return their end."""
    plan, desk = case.plan, case.desk
    first, end = plan.slot_lo[slot], plan.slot_lo[slot + 1]
    begins = np.empty(end - first, np.int64)
    ends = np.empty(end - first, np.int64)
    for k in range(first, end):
        feed = plan.slot_feeds[k]
        begins[k - first] = desk.feed_lo[feed]
        ends[k - first] = desk.feed_lo[feed + 1]
        if begins[k - first] == ends[k - first]:
            return pos
    first_step = feed_of(case, slot)
    feed = Feed(first_step.at, first_step.values, desk.posted, first_step.resets)
    bounds = Bounds(0, 0, plan.slot_within[slot], plan.slot_since[slot] >= 0, 0)
    return chain(flips, pos, feed, bounds, (begins, ends))


@compiled
def most_flips(case: Case, slot: int) -> int:
    """Return no fewer than the flips that a slot can have (a score makes its own room)."""
    plan, desk = case.plan, case.desk
    form = plan.slot_form[slot]
    if form == RULE:
        rule = plan.slot_of[slot]
        return int(2 * (desk.spell_hi[rule] - desk.spell_lo[rule]) + 2)
    if form == TRACK:
        return int(desk.subject[3] - desk.subject[2] + 2)
    places = 0
    for k in range(plan.slot_lo[slot], plan.slot_lo[slot + 1]):
        places += desk.feed_lo[plan.slot_feeds[k] + 1] - desk.feed_lo[plan.slot_feeds[k]]
    if plan.slot_since[slot] >= 0:
        places += desk.feed_lo[plan.slot_since[slot] + 1] - desk.feed_lo[plan.slot_since[slot]]
    return 2 * places + 4


@compiled
def find_flips(case: Case, slot: int, book: Book) -> Book:
    """Write one slot's flips; return the book."""
    book = room_for_flips(book, most_flips(case, slot))
    pos = book.ends[FLIPS]
    case.desk.flip_lo[slot] = pos
    form = case.plan.slot_form[slot]
    if form == COUNT or form == TOTAL or form == DISTINCT:
        book.ends[FLIPS] = counted_flips(case, slot, book.flips, pos)
    elif form == SEQUENCE:
        book.ends[FLIPS] = chain_flips(case, slot, book.flips, pos)
    elif form == RULE:
        book.ends[FLIPS] = rule_flips(case, case.plan.slot_of[slot], book)
    elif form == TRACK:
        book.ends[FLIPS] = track_flips(case, slot, book.flips, pos)
    elif form == SCORE:
        book = score_between(case, slot, book)
    case.desk.flip_hi[slot] = book.ends[FLIPS]
    return book


@compiled
def know(case: Case, slot: int, book: Book, subject: int) -> Book:
    """See that a slot's flips, and those it needs, are known of the subject in hand; return the book."""
    plan, desk = case.plan, case.desk
    if desk.known[slot] == subject + 1:
        return book
    for k in range(plan.need_lo[slot], plan.need_lo[slot + 1]):
        other = plan.need_slots[k]
        if desk.known[other] != subject + 1:
            book = find_flips(case, other, book)
            desk.known[other] = subject + 1
    book = find_flips(case, slot, book)
    desk.known[slot] = subject + 1
    return book


@compiled
def take_subject(case: Case, born: Int64s, subject: int) -> None:
    """Put a subject on the desk: its rows, its steps, its birth, its events sorted to feeds."""
    rows, desk = case.rows, case.desk
    first, end = rows.lo[subject - rows.first], rows.lo[subject - rows.first + 1]
    desk.subject[0], desk.subject[1] = first, end
    desk.subject[2], desk.subject[3] = case.steps.lo[subject], case.steps.lo[subject + 1]
    birth = born[subject]
    if end > first:
        birth = min(birth, rows.at[first])
    desk.subject[4] = 0 if birth == NEVER else birth
    post(case)


@compiled
def is_possible(case: Case, rule: int, book: Book, subject: int) -> tuple[Book, bool]:
    """Return whether every criterion that a rule cannot do without is ever true; their flips are known then."""
    plan, desk = case.plan, case.desk
    for k in range(plan.must_lo[rule], plan.must_lo[rule + 1]):
        slot = plan.rule_slots[plan.rule_lo[rule] + plan.must[k]]
        book = know(case, slot, book, subject)
        if desk.flip_lo[slot] == desk.flip_hi[slot]:
            return book, False
    return book, True


@compiled
def decide_subject(case: Case, born: Int64s, book: Book, subject: int) -> Book:
    """Write the spells of every rule of one subject; return the book."""
    take_subject(case, born, subject)
    book.ends[FLIPS] = 0
    for rule in range(len(case.plan.rule_lo) - 1):
        case.desk.spell_lo[rule] = book.ends[SPELLS]
        book, possible = is_possible(case, rule, book, subject)
        if possible:
            for k in range(case.plan.rule_lo[rule], case.plan.rule_lo[rule + 1]):
                book = know(case, case.plan.rule_slots[k], book, subject)
            book = decide(case, rule, book, subject)
        case.desk.spell_hi[rule] = book.ends[SPELLS]
    return book


@compiled
def fresh_book() -> Book:
    """Return empty buffers to write to."""
    return Book(
        np.empty(4096, np.int64), np.empty((1024, 8), np.int64), np.empty(2048, np.int64), np.zeros(3, np.int64)
    )


@compiled
def sweep_subjects(plan: Plan, rows: Rows, steps: Steps, born: Int64s, values: int) -> tuple[Int64s, Int64s]:
    """Return the spells and causes of the subjects of `rows`.

    `born[s]` is the earliest instant known of subject s apart from its events, or NEVER; `values` bounds the codes in
    `rows.values` that a distinct reads. Spells: int64 of shape (n, 8): rule, subject, start, end or NEVER, and the
    two ranges in the causes of what opened and what closed it.
    """
    case = Case(plan, rows, steps, fresh_desk(plan, most_posted(plan, rows), values))
    book = fresh_book()
    for subject in range(rows.first, rows.first + len(rows.lo) - 1):
        book = decide_subject(case, born, book, subject)
    return book.spells[: book.ends[SPELLS]].copy(), book.causes[: book.ends[CAUSES]].copy()
