"""One rule of one subject: the flips of its criteria merged into spells, and what opened and closed them."""

from __future__ import annotations

from typing import Final

import numpy as np

from assay.core.engine.arrays import (
    CAUSES,
    EACH_PARTNER,
    QUALIFY,
    RULE,
    SEQUENCE,
    SPELLS,
    STAY,
    TRACK,
    Book,
    Case,
    Int64s,
)
from assay.core.engine.causes import EXPIRED, SINCE_EVER
from assay.core.engine.compiled import NEVER, NO_VALUE, compiled
from assay.core.engine.forms.distinct import OF_VALUE

_HOLDS: Final = 1
_STAYS: Final = 2
_EXCLUDED: Final = 4


@compiled
def judge(case: Case, rule: int) -> int:
    """Return what the criteria's truths decide: bits for "qualify holds", "stay_qualified holds", "excluded"."""
    plan, desk = case.plan, case.desk
    holds = True
    stays = plan.rule_stays[rule] == 1
    excluded = False
    first = plan.group_of_rule[rule]
    for g in range(first, plan.group_of_rule[rule + 1]):
        true = 0
        for k in range(plan.member_lo[g], plan.member_lo[g + 1]):
            member = plan.members[k]
            true += desk.truth[member] if member >= 0 else desk.group[-1 - member]
        good = plan.group_least[g] <= true <= plan.group_most[g]
        desk.group[g - first] = good
        if plan.group_role[g] == QUALIFY:
            holds &= good
            # Only a none_of allows no true member.
            excluded |= plan.group_most[g] == 0 and not good
        elif plan.group_role[g] == STAY:
            stays &= good
    return int(_HOLDS * holds + _STAYS * stays + _EXCLUDED * excluded)


@compiled
def note_cause(book: Book, cause: int) -> Book:
    """Write one cause at the end of the book's causes; return the book."""
    end = book.ends[CAUSES]
    if end == len(book.causes):
        larger = np.empty(2 * end, np.int64)
        larger[:end] = book.causes
        book = Book(book.flips, book.spells, larger, book.ends)
    book.causes[end] = cause
    book.ends[CAUSES] = end + 1
    return book


@compiled
def has_begun(case: Case, slot: int, now: int) -> bool:
    """Return whether a criterion counts yet: with `since`, not before the first event of that name."""
    since = case.plan.slot_since[slot]
    if since < 0 or case.plan.slot_form[slot] == SEQUENCE:
        return True
    first = case.desk.feed_lo[since]
    return first < case.desk.feed_lo[since + 1] and bool(case.rows.at[case.desk.posted[first]] <= now)


@compiled
def feeds_slot(case: Case, slot: int, row: int) -> bool:
    """Return whether an event feeds a criterion: it counts for it, is one of its steps, or resets it."""
    plan = case.plan
    kind = case.rows.kind[row]
    column = plan.slot_column[slot]
    # A distinct ignores events without the value; a sum takes them as 0.
    ignored = column >= 0 and plan.slot_unit[slot] == OF_VALUE and case.rows.values[column, row] == NO_VALUE
    ignored |= not has_begun(case, slot, case.rows.at[row])
    for k in range(plan.kind_lo[kind], plan.kind_lo[kind + 1]):
        feed = plan.kind_feeds[k]
        if feed == plan.slot_since[slot]:
            return True
        for j in range(plan.slot_lo[slot], plan.slot_lo[slot + 1]):
            if plan.slot_feeds[j] == feed and not ignored:
                return True
    return False


@compiled
def first_row_at(at: Int64s, begin: int, end: int, now: int) -> int:
    """Return the first row in [begin, end) whose instant is not before `now`."""
    while begin < end:
        middle = (begin + end) // 2
        if at[middle] < now:
            begin = middle + 1
        else:
            end = middle
    return begin


@compiled
def upstream_causes(case: Case, rule: int, book: Book, now: int) -> tuple[Book, int]:
    """Write the events that opened or closed another rule's spell at `now`; return the book, best other cause."""
    best = 0
    for k in range(case.desk.spell_lo[rule], case.desk.spell_hi[rule]):
        for side in range(2):
            if book.spells[k, 2 + side] == now:
                for j in range(book.spells[k, 4 + 2 * side], book.spells[k, 5 + 2 * side]):
                    if book.causes[j] < 0:
                        best = min(best, book.causes[j])
                    else:
                        book = note_cause(book, book.causes[j])
    return book, best


@compiled
def leaf_causes(case: Case, slot: int, book: Book, now: int) -> tuple[Book, int]:
    """Write the events that changed one slot at `now`; return the book and the best cause that is no event (or 0)."""
    best = 0
    form = case.plan.slot_form[slot]
    if form == RULE:
        return upstream_causes(case, case.plan.slot_of[slot], book, now)
    if form == TRACK or form == EACH_PARTNER:
        steps = case.steps
        for k in range(case.desk.subject[2], case.desk.subject[3]):
            if steps.slot[k] != slot or steps.at[k] != now:
                continue
            if steps.cause[k] >= 0:
                book = note_cause(book, steps.cause[k])
            elif steps.cause[k] != EXPIRED and steps.cause[k] != SINCE_EVER:
                best = min(best, steps.cause[k])
        return book, best
    row = first_row_at(case.rows.at, case.desk.subject[0], case.desk.subject[1], now)
    while row < case.desk.subject[1] and case.rows.at[row] == now:
        if feeds_slot(case, slot, row):
            book = note_cause(book, case.rows.event[row])
        row += 1
    return book, best


@compiled
def explain_change(case: Case, rule: int, book: Book, now: int) -> Book:
    """Write what made the flipped criteria change at `now`: all the events that did, or else the preferred cause."""
    plan, desk = case.plan, case.desk
    start = book.ends[CAUSES]
    best = 0
    first = plan.rule_lo[rule]
    for k in range(first, plan.rule_lo[rule + 1]):
        if not desk.flipped[k - first]:
            continue
        slot = plan.rule_slots[k]
        before = book.ends[CAUSES]
        mine = 0
        for j in range(plan.leaf_lo[slot], plan.leaf_lo[slot + 1]):
            book, other = leaf_causes(case, plan.leaf_slots[j], book, now)
            mine = min(mine, other)
        if book.ends[CAUSES] == before and mine == 0:
            mine = plan.birth_cause[0] if now == desk.subject[4] else plan.rule_expiry[k]
        best = min(best, mine)
    if book.ends[CAUSES] == start:
        # At birth a rule of none_of alone may hold although nothing flipped.
        book = note_cause(book, best if best < 0 else plan.birth_cause[0])
    return book


@compiled
def begin_at_birth(case: Case, rule: int, flips: Int64s) -> None:
    """Set each criterion's truth as of birth; what is true then counts as flipped, for nothing held before."""
    plan, desk = case.plan, case.desk
    first = plan.rule_lo[rule]
    for k in range(first, plan.rule_lo[rule + 1]):
        slot = plan.rule_slots[k]
        cursor = desk.flip_lo[slot]
        while cursor < desk.flip_hi[slot] and flips[cursor] <= desk.subject[4]:
            cursor += 1
        desk.cursor[k - first] = cursor
        desk.truth[k - first] = (cursor - desk.flip_lo[slot]) & 1
        desk.flipped[k - first] = desk.truth[k - first]


@compiled
def step_on(case: Case, rule: int, flips: Int64s) -> int:
    """Apply the next flips of a rule's criteria; return their instant, or NEVER."""
    plan, desk = case.plan, case.desk
    first, end = plan.rule_lo[rule], plan.rule_lo[rule + 1]
    now = NEVER
    for k in range(first, end):
        if desk.cursor[k - first] < desk.flip_hi[plan.rule_slots[k]]:
            now = min(now, flips[desk.cursor[k - first]])
    if now == NEVER:
        return now
    for k in range(first, end):
        i = k - first
        here = desk.cursor[i] < desk.flip_hi[plan.rule_slots[k]] and flips[desk.cursor[i]] == now
        desk.flipped[i] = here
        if here:
            desk.truth[i] ^= 1
            desk.cursor[i] += 1
    return now


@compiled
def open_spell(book: Book, rule: int, subject: int, now: int, before: int) -> Book:
    """Write a spell that starts now, opened by the causes from `before` on; return the book."""
    end = book.ends[SPELLS]
    if end == len(book.spells):
        larger = np.empty((2 * end, 8), np.int64)
        larger[:end] = book.spells
        book = Book(book.flips, larger, book.causes, book.ends)
    told = book.ends[CAUSES]
    spell = book.spells[end]
    spell[0], spell[1], spell[2], spell[3] = rule, subject, now, NEVER
    spell[4], spell[5], spell[6], spell[7] = before, told, told, told
    book.ends[SPELLS] = end + 1
    return book


@compiled
def decide(case: Case, rule: int, book: Book, subject: int) -> Book:
    """Write the spells of one rule and the subject in hand; return the book."""
    begin_at_birth(case, rule, book.flips)
    now = case.desk.subject[4]
    inside = False
    while now != NEVER:
        verdict = judge(case, rule)
        holds = verdict & _HOLDS != 0 or (inside and verdict & _STAYS != 0 and verdict & _EXCLUDED == 0)
        if holds != inside:
            before = book.ends[CAUSES]
            book = explain_change(case, rule, book, now)
            if holds:
                book = open_spell(book, rule, subject, now, before)
            else:
                last = book.ends[SPELLS] - 1
                book.spells[last, 3] = now
                book.spells[last, 6], book.spells[last, 7] = before, book.ends[CAUSES]
            inside = holds
        now = step_on(case, rule, book.flips)
    return book
