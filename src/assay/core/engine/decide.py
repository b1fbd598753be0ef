"""One rule of one subject: the flips of its criteria merged into spells, and what opened and closed them."""

from __future__ import annotations

from typing import Final

from assay.core.engine.arrays import (
    BIRTH,
    BIRTH_CAUSE,
    CAUSES,
    EACH_PARTNER,
    FULL,
    QUALIFY,
    ROWS,
    ROWS_END,
    RULE,
    SEQUENCE,
    SPELLS,
    STAY,
    STEPS,
    STEPS_END,
    TRACK,
    Book,
    Case,
    Int64s,
)
from assay.core.engine.causes import EXPIRED, SINCE_EVER
from assay.core.engine.compiled import NEVER, NO_VALUE, inner
from assay.core.engine.forms.distinct import OF_VALUE

_HOLDS: Final = 1
_STAYS: Final = 2
_EXCLUDED: Final = 4


@inner
def judge(case: Case, rule: int) -> int:
    """Return what the criteria's truths decide: bits for "qualify holds", "stay_qualified holds", "excluded"."""
    items, groups, truth, of_group = case.plan.items, case.plan.groups, case.desk.truth, case.desk.group
    of = case.plan.rules[rule]
    holds = True
    stays = of.stays == 1
    excluded = False
    first = of.groups
    for g in range(first, of.groups_end):
        group = groups[g]
        true = 0
        for k in range(group.members, group.members_end):
            member = items[k]
            true += truth[member].true if member >= 0 else of_group[-1 - member]
        good = group.least <= true <= group.most
        of_group[g - first] = good
        if group.role == QUALIFY:
            holds &= good
            # Only a none_of allows no true member.
            excluded |= group.most == 0 and not good
        elif group.role == STAY:
            stays &= good
    return int(_HOLDS * holds + _STAYS * stays + _EXCLUDED * excluded)


@inner
def note_cause(book: Book, cause: int) -> None:
    """Write one cause at the end of the book's causes, or ask for larger buffers."""
    end = book.ends[CAUSES]
    if end == len(book.causes):
        book.ends[FULL] = 1
        return
    book.causes[end] = cause
    book.ends[CAUSES] = end + 1


@inner
def has_begun(case: Case, slot: int, now: int) -> bool:
    """Return whether a criterion counts yet: with `since`, not before the first event of that name."""
    of = case.plan.slots[slot]
    begun = True
    if of.since >= 0 and of.form != SEQUENCE:
        first = case.desk.feed_lo[of.since]
        begun = first < case.desk.feed_lo[of.since + 1] and bool(case.rows.at[case.desk.posted[first]] <= now)
    return begun


@inner
def feeds_slot(case: Case, slot: int, row: int) -> bool:
    """Return whether an event feeds a criterion: it counts for it, is one of its steps, or resets it."""
    plan = case.plan
    of = plan.slots[slot]
    kind = case.rows.kind[row]
    # A distinct ignores events without the value; a sum takes them as 0.
    ignored = of.column >= 0 and of.unit == OF_VALUE and case.rows.values[of.column, row] == NO_VALUE
    ignored |= not has_begun(case, slot, case.rows.at[row])
    for k in range(plan.kind_lo[kind], plan.kind_lo[kind + 1]):
        feed = plan.items[k]
        if feed == of.since:
            return True
        for j in range(of.feeds, of.feeds_end):
            if plan.items[j] == feed and not ignored:
                return True
    return False


@inner
def first_row_at(at: Int64s, begin: int, end: int, now: int) -> int:
    """Return the first row in [begin, end) whose instant is not before `now`."""
    while begin < end:
        middle = (begin + end) // 2
        if at[middle] < now:
            begin = middle + 1
        else:
            end = middle
    return begin


@inner
def upstream_causes(case: Case, rule: int, now: int) -> int:
    """Write the events that opened or closed another rule's spell at `now`; return the best other cause (or 0)."""
    best = 0
    book = case.book
    for k in range(case.desk.rule[rule].spells, case.desk.rule[rule].spells_end):
        for side in range(2):
            if book.spells[k, 2 + side] == now:
                for j in range(book.spells[k, 4 + 2 * side], book.spells[k, 5 + 2 * side]):
                    if book.causes[j] < 0:
                        best = min(best, book.causes[j])
                    else:
                        note_cause(book, book.causes[j])
    return best


@inner
def step_causes(case: Case, slot: int, now: int) -> int:
    """Write the events behind a track's steps at `now`; return the best other cause (or 0)."""
    best = 0
    for k in range(case.desk.now[STEPS], case.desk.now[STEPS_END]):
        step = case.steps.step[k]
        if step.slot == slot and step.at == now:
            if step.cause >= 0:
                note_cause(case.book, step.cause)
            elif step.cause != EXPIRED and step.cause != SINCE_EVER:
                best = min(best, step.cause)
    return best


@inner
def leaf_causes(case: Case, slot: int, now: int) -> int:
    """Write the events that changed one slot at `now`; return the best cause that is no event (or 0)."""
    form = case.plan.slots[slot].form
    if form == RULE:
        return upstream_causes(case, case.plan.slots[slot].of, now)
    if form == TRACK or form == EACH_PARTNER:
        return step_causes(case, slot, now)
    end = case.desk.now[ROWS_END]
    row = first_row_at(case.rows.at, case.desk.now[ROWS], end, now)
    while row < end and case.rows.at[row] == now:
        if feeds_slot(case, slot, row):
            note_cause(case.book, case.rows.event[row])
        row += 1
    return 0


@inner
def explain_change(case: Case, rule: int, now: int) -> None:
    """Write what made the flipped criteria change at `now`: all the events that did, or else the preferred cause."""
    plan, desk, book = case.plan, case.desk, case.book
    start = book.ends[CAUSES]
    best = 0
    first = plan.rules[rule].criteria
    for k in range(first, plan.rules[rule].criteria_end):
        if not desk.truth[k - first].flipped:
            continue
        slot = plan.slots[plan.criteria[k].slot]
        before = book.ends[CAUSES]
        mine = 0
        for j in range(slot.leaves, slot.leaves_end):
            mine = min(mine, leaf_causes(case, plan.items[j], now))
        if book.ends[CAUSES] == before and mine == 0:
            mine = plan.numbers[BIRTH_CAUSE] if now == desk.now[BIRTH] else plan.criteria[k].expiry
        best = min(best, mine)
    if book.ends[CAUSES] == start:
        # At birth a rule of none_of alone may hold although nothing flipped.
        note_cause(book, best if best < 0 else plan.numbers[BIRTH_CAUSE])


@inner
def begin_at_birth(case: Case, rule: int) -> None:
    """Set each criterion's truth as of birth; what is true then counts as flipped, for nothing held before."""
    flips, truth, slots, criteria = case.book.flips, case.desk.truth, case.desk.slot, case.plan.criteria
    birth = case.desk.now[BIRTH]
    first, end = case.plan.rules[rule].criteria, case.plan.rules[rule].criteria_end
    for k in range(first, end):
        state = slots[criteria[k].slot]
        upcoming = state.flips
        while upcoming < state.flips_end and flips[upcoming] <= birth:
            upcoming += 1
        truth[k - first].next = upcoming
        truth[k - first].true = (upcoming - state.flips) & 1
        truth[k - first].flipped = (upcoming - state.flips) & 1


@inner
def step_on(case: Case, rule: int) -> int:
    """Apply the next flips of a rule's criteria; return their instant, or NEVER."""
    flips, truth, slots, criteria = case.book.flips, case.desk.truth, case.desk.slot, case.plan.criteria
    first, end = case.plan.rules[rule].criteria, case.plan.rules[rule].criteria_end
    now = NEVER
    for k in range(first, end):
        if truth[k - first].next < slots[criteria[k].slot].flips_end:
            now = min(now, flips[truth[k - first].next])
    for k in range(first, end):
        of = truth[k - first]
        here = now != NEVER and of.next < slots[criteria[k].slot].flips_end and flips[of.next] == now
        of.flipped = here
        if here:
            of.true ^= 1
            of.next += 1
    return now


@inner
def open_spell(book: Book, rule: int, subject: int, now: int, before: int) -> None:
    """Write a spell that starts now, opened by the causes from `before` on, or ask for larger buffers."""
    end = book.ends[SPELLS]
    if end == len(book.spells):
        book.ends[FULL] = 1
        return
    told = book.ends[CAUSES]
    spell = book.spells[end]
    spell[0], spell[1], spell[2], spell[3] = rule, subject, now, NEVER
    spell[4], spell[5], spell[6], spell[7] = before, told, told, told
    book.ends[SPELLS] = end + 1


@inner
def decide(case: Case, rule: int, subject: int) -> None:
    """Write the spells of one rule and the subject in hand."""
    book = case.book
    begin_at_birth(case, rule)
    now = case.desk.now[BIRTH]
    inside = False
    while now != NEVER and not book.ends[FULL]:
        verdict = judge(case, rule)
        holds = verdict & _HOLDS != 0 or (inside and verdict & _STAYS != 0 and verdict & _EXCLUDED == 0)
        if holds != inside:
            before = book.ends[CAUSES]
            explain_change(case, rule, now)
            if holds:
                open_spell(book, rule, subject, now, before)
            else:
                last = book.ends[SPELLS] - 1
                book.spells[last, 3] = now
                book.spells[last, 6], book.spells[last, 7] = before, book.ends[CAUSES]
            inside = holds
        now = step_on(case, rule)
