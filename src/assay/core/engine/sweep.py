"""The kernel: one pass over each subject's history decides every rule of a stage at every instant.

For a subject in hand, its events are sorted to the criteria they feed; a criterion's flips are found by its form's
function, only when a rule needs them; a rule merges the flips of its few criteria and opens and closes spells. Spells
and causes go to growing buffers. Questions about an instant are answered on the way, from the same flips.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from assay.core.engine.arrays import (
    BIRTH,
    CAUSES,
    COUNT,
    DISTINCT,
    EVIDENCE,
    FLIPS,
    FULL,
    MARKS,
    READINGS,
    ROWS,
    ROWS_END,
    RULE,
    SCORE,
    SEQUENCE,
    SPELLS,
    STEPS,
    STEPS_END,
    TAKEN,
    TOTAL,
    TRACK,
    Book,
    Bools,
    Bounds,
    Case,
    Feed,
    Int64s,
    Plan,
    Rows,
    Steps,
)
from assay.core.engine.bundles import keep, refer_to
from assay.core.engine.compiled import NEVER, compiled, inner
from assay.core.engine.decide import decide
from assay.core.engine.desk import fresh_desk
from assay.core.engine.forms.count import count_at_least, count_between
from assay.core.engine.forms.crossings import has_room, score_between
from assay.core.engine.forms.distinct import OF_VALUE, days_at_least, distinct_between
from assay.core.engine.forms.feeds import feed_of
from assay.core.engine.forms.flips import turn
from assay.core.engine.forms.sequence import chain
from assay.core.engine.forms.total import total_between
from assay.core.engine.seen import read_score, read_slot

#: No choice among subjects: all are asked for.
EVERYBODY: Final = np.empty(0, np.bool_)


@inner
def post(case: Case) -> None:
    """Sort the subject's events to the feeds they belong to, each in time order."""
    kind_lo, items, kinds = case.plan.kind_lo, case.plan.items, case.rows.kind
    lo, posted = case.desk.feed_lo, case.desk.posted
    first, end = case.desk.now[ROWS], case.desk.now[ROWS_END]
    lo[:] = 0
    for row in range(first, end):
        for k in range(kind_lo[kinds[row]], kind_lo[kinds[row] + 1]):
            lo[items[k] + 1] += 1
    for feed in range(len(lo) - 1):
        lo[feed + 1] += lo[feed]
    # lo[feed] runs to the end of the feed while it fills; then everything is moved back by one feed.
    for row in range(first, end):
        for k in range(kind_lo[kinds[row]], kind_lo[kinds[row] + 1]):
            feed = items[k]
            posted[lo[feed]] = row
            lo[feed] += 1
    for feed in range(len(lo) - 1, 0, -1):
        lo[feed] = lo[feed - 1]
    lo[0] = 0


@inner
def track_flips(case: Case, slot: int, start: int) -> int:
    """Write the flips of a track; return their end."""
    end = start
    for k in range(case.desk.now[STEPS], case.desk.now[STEPS_END]):
        step = case.steps.step[k]
        if step.slot == slot:
            end = turn(case.book.flips, start, end, step.at, step.value != 0)
    return end


@inner
def rule_flips(case: Case, rule: int, start: int) -> int:
    """Write the flips of "another rule of this stage holds"; return their end."""
    end = start
    for k in range(case.desk.rule[rule].spells, case.desk.rule[rule].spells_end):
        for side in range(2, 4):
            if case.book.spells[k, side] != NEVER:
                case.book.flips[end] = case.book.spells[k, side]
                end += 1
    return end


@inner
def counted_flips(case: Case, slot: int, start: int) -> int:
    """Write the flips of a criterion that counts events; return their end."""
    of = case.plan.slots[slot]
    flips = case.book.flips
    feed = feed_of(case, slot)
    bounds = Bounds(of.low, of.high, of.within, of.since >= 0, of.unit)
    simple = not bounds.since and bounds.low >= 1 and bounds.high == NEVER
    if of.form == TOTAL:
        return total_between(flips, start, feed, bounds)
    if of.low > len(feed.events):
        return start
    if of.form == COUNT:
        return count_at_least(flips, start, feed, bounds) if simple else count_between(flips, start, feed, bounds)
    if simple and of.unit != OF_VALUE:
        return days_at_least(flips, start, feed, bounds, case.desk.days)
    case.desk.now[MARKS] += 1
    return distinct_between(flips, start, feed, bounds, (case.desk.last, case.desk.now[MARKS] << 32))


@inner
def chain_flips(case: Case, slot: int, start: int) -> int:
    """Write the flips of a sequence; return their end."""
    plan, desk = case.plan, case.desk
    of = plan.slots[slot]
    count = of.feeds_end - of.feeds
    for k in range(count):
        step = plan.items[of.feeds + k]
        desk.chain[0, k] = desk.feed_lo[step]
        desk.chain[1, k] = desk.feed_lo[step + 1]
        if desk.feed_lo[step] == desk.feed_lo[step + 1]:
            return start
    first = feed_of(case, slot)
    feed = Feed(first.at, first.values, desk.posted, first.resets)
    steps = (desk.chain[0, :count], desk.chain[1, :count], desk.chain[2, :count])
    return chain(case.book.flips, start, feed, Bounds(0, 0, of.within, of.since >= 0, 0), steps)


@inner
def most_flips(case: Case, slot: int) -> int:
    """Return no fewer than the flips that a slot can have (a score makes sure of room by itself)."""
    desk, items, lo = case.desk, case.plan.items, case.desk.feed_lo
    of = case.plan.slots[slot]
    most = 4
    if of.form == RULE:
        most += 2 * (desk.rule[of.of].spells_end - desk.rule[of.of].spells)
    elif of.form == TRACK:
        most += desk.now[STEPS_END] - desk.now[STEPS]
    for k in range(of.feeds, of.feeds_end):
        most += 2 * (lo[items[k] + 1] - lo[items[k]])
    if of.since >= 0:
        most += 2 * (lo[of.since + 1] - lo[of.since])
    return most


@inner
def find_flips(case: Case, slot: int) -> None:
    """See that one slot's flips are known of the subject in hand."""
    state = case.desk.slot[slot]
    if state.known == case.desk.now[TAKEN] or not has_room(case, most_flips(case, slot)):
        return
    of = case.plan.slots[slot]
    start = case.book.ends[FLIPS]
    end = start
    if of.form == COUNT or of.form == TOTAL or of.form == DISTINCT:
        end = counted_flips(case, slot, start)
    elif of.form == SEQUENCE:
        end = chain_flips(case, slot, start)
    elif of.form == RULE:
        end = rule_flips(case, of.of, start)
    elif of.form == TRACK:
        end = track_flips(case, slot, start)
    elif of.form == SCORE:
        end = score_between(case, slot, start)
    case.book.ends[FLIPS] = end
    state.flips, state.flips_end, state.known = start, end, case.desk.now[TAKEN]


@inner
def take_subject(case: Case, born: Int64s, subject: int) -> None:
    """Put a subject on the desk: its rows, its steps, its birth, its events sorted to feeds."""
    rows, now = case.rows, case.desk.now
    first, end = rows.lo[subject - rows.first], rows.lo[subject - rows.first + 1]
    now[TAKEN] += 1
    now[ROWS], now[ROWS_END] = first, end
    now[STEPS], now[STEPS_END] = case.steps.lo[subject], case.steps.lo[subject + 1]
    birth = born[subject]
    if end > first:
        birth = min(birth, rows.at[first])
    now[BIRTH] = 0 if birth == NEVER else birth
    post(case)


@inner
def is_possible(case: Case, rule: int) -> bool:
    """Find what a rule asks; return whether every criterion without which it never holds is ever true."""
    for k in range(case.plan.rules[rule].asks, case.plan.rules[rule].asks_end):
        slot = case.plan.asks[k].slot
        find_flips(case, slot)
        if case.plan.asks[k].must and case.desk.slot[slot].flips == case.desk.slot[slot].flips_end:
            return False
    return bool(case.plan.rules[rule].groups_end > case.plan.rules[rule].groups)


@inner
def answer(case: Case, rule: int, instant: int) -> None:
    """Write what the criteria of a rule (or the lines of a score) see at an instant."""
    plan = case.plan
    of = plan.rules[rule]
    for k in range(of.asks, of.asks_end):
        find_flips(case, plan.asks[k].slot)
    for k in range(of.criteria, of.criteria_end):
        if of.groups == of.groups_end:
            read_score(case, plan.criteria[k].slot, instant)
        else:
            read_slot(case, plan.criteria[k].slot, instant)


@inner
def decide_subject(case: Case, born: Int64s, subject: int, asked: tuple[Int64s, int]) -> None:
    """Write the spells of every rule of a subject, and the answers to questions about it.

    `asked` is (places of rules, instant).
    """
    desk, ends = case.desk, case.book.ends
    take_subject(case, born, subject)
    ends[FLIPS] = 0
    for rule in range(len(case.plan.rules)):
        desk.rule[rule].spells = ends[SPELLS]
        if is_possible(case, rule) and not ends[FULL]:
            decide(case, rule, subject)
        desk.rule[rule].spells_end = ends[SPELLS]
    for rule in asked[0]:
        answer(case, rule, asked[1])


@compiled
def longer(buffer: Int64s, used: int) -> Int64s:
    """Return what is used of a buffer in one twice as long."""
    found = np.empty(2 * len(buffer), np.int64)
    for i in range(used):
        found[i] = buffer[i]
    return found


@compiled
def taller(buffer: Int64s, used: int) -> Int64s:
    """Return the rows used of a buffer in one with twice as many."""
    found = np.empty((2 * len(buffer), buffer.shape[1]), np.int64)
    for i in range(used):
        for k in range(buffer.shape[1]):
            found[i, k] = buffer[i, k]
    return found


@compiled
def larger(book: Book) -> Book:
    """Return the book with what is written in it, in buffers twice as large."""
    ends = book.ends
    return Book(
        longer(book.flips, 0),
        taller(book.spells, ends[SPELLS]),
        longer(book.causes, ends[CAUSES]),
        taller(book.readings, ends[READINGS]),
        longer(book.evidence, ends[EVIDENCE]),
        ends,
    )


@compiled
def sweep_subjects(
    plan: Plan, rows: Rows, steps: Steps, born: Int64s, asked: tuple[int, Bools, Int64s, int]
) -> tuple[Int64s, Int64s, Int64s, Int64s]:
    """Return (spells, causes, readings, evidence) of the subjects of `rows`.

    `born[s]` is the earliest instant known of subject s apart from its events, or NEVER. `asked` is (a bound of the
    codes that a distinct reads, which subjects are swept or empty for all, questions, the instant they are about); a
    question is (subject, place of a rule), sorted by subject, and where there are any only their subjects are swept.
    Spells: int64 of shape (n, 8): rule, subject, start, end or NEVER, and the two ranges in the causes of what opened
    and what closed it. Readings: see `seen`.
    """
    most_values, only, questions, instant = asked
    desk = fresh_desk(plan, rows, most_values)
    book = Book(
        np.empty(4096, np.int64),
        np.empty((1024, 8), np.int64),
        np.empty(2048, np.int64),
        np.empty((64, 5), np.int64),
        np.empty(64, np.int64),
        np.zeros(6, np.int64),
    )
    places = questions[:, 1].copy()
    case = refer_to(Case(plan, rows, steps, desk, book))
    q = 0
    for subject in range(rows.first, rows.first + len(rows.lo) - 1):
        begin = q
        while q < len(questions) and questions[q, 0] == subject:
            q += 1
        if (len(questions) and q == begin) or (len(only) and not only[subject]):
            continue
        before = book.ends.copy()
        decide_subject(case, born, subject, (places[begin:q], instant))
        while book.ends[FULL]:
            book.ends[:] = before
            book = larger(book)
            case = refer_to(Case(plan, rows, steps, desk, book))
            decide_subject(case, born, subject, (places[begin:q], instant))
    keep(desk)
    return (
        book.spells[: book.ends[SPELLS]].copy(),
        book.causes[: book.ends[CAUSES]].copy(),
        book.readings[: book.ends[READINGS]].copy(),
        book.evidence[: book.ends[EVIDENCE]].copy(),
    )
