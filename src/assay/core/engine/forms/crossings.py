"""When a score enters and leaves an interval.

Between changes a score only falls, so the first microsecond at which a comparison flips is found by bisection.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from assay.core.engine.arrays import FLIPS, HALF_LIFE, STAYS, Book, Case
from assay.core.engine.compiled import NEVER, compiled
from assay.core.engine.forms.flips import after, turn
from assay.core.engine.forms.score import Lines, apply_changes, fresh_lines, next_change, score_value
from assay.core.engine.tracks import BEGINNING

#: After so many half-lives a line is below every rounding.
_SETTLED: Final = 64


@compiled
def settled_after(case: Case, score: int, now: int) -> int:
    """Return an instant by which nothing fades any more if nothing changes after `now` (`now` if nothing fades)."""
    plan = case.plan
    longest = 0
    for line in range(plan.line_lo[score], plan.line_lo[score + 1]):
        if plan.line_fade[line] == HALF_LIFE:
            longest = max(longest, _SETTLED * plan.line_length[line])
        elif plan.line_fade[line] != STAYS:
            longest = max(longest, plan.line_length[line])
    return after(now, longest)


@compiled
def region(case: Case, slot: int, lines: Lines, now: int) -> int:
    """Return where the score is at `now`: 0 below the slot's interval, 1 in it, 2 above."""
    value = score_value(case, case.plan.slot_of[slot], lines, now)
    if value < case.plan.slot_low[slot]:
        return 0
    return 1 if value <= case.plan.slot_high[slot] else 2


@compiled
def first_below(case: Case, slot: int, lines: Lines, where: int, ends: tuple[int, int]) -> int:
    """Return the first instant in (begin, end] at which the score is in a lower region than `where`; at `end` it is."""
    begin, end = ends
    while end - begin > 1:
        middle = begin + (end - begin) // 2
        if region(case, slot, lines, middle) < where:
            end = middle
        else:
            begin = middle
    return end


@compiled
def room_for_flips(book: Book, more: int) -> Book:
    """Return a book with room for so many more flips."""
    need = book.ends[FLIPS] + more
    if need <= len(book.flips):
        return book
    larger = np.empty(2 * need, np.int64)
    larger[: len(book.flips)] = book.flips
    return Book(larger, book.spells, book.causes, book.ends)


@compiled
def score_between(case: Case, slot: int, book: Book) -> Book:
    """Write the flips of "the score is in an interval" at the end of the book's flips; return the book."""
    score = case.plan.slot_of[slot]
    lines = fresh_lines(case, score)
    fading = settled_after(case, score, 0) > 0
    start = book.ends[FLIPS]
    now = BEGINNING
    while True:
        apply_changes(case, score, lines, book.flips, now)
        soonest = next_change(case, score, lines, book.flips, now)
        book = room_for_flips(book, 4)
        where = region(case, slot, lines, now)
        pos = turn(book.flips, start, book.ends[FLIPS], now, where == 1)
        if fading and now != BEGINNING:
            until = soonest - 1 if soonest != NEVER else settled_after(case, score, now)
            lowest = region(case, slot, lines, until)
            while where > lowest:
                now = first_below(case, slot, lines, where, (now, until))
                where = region(case, slot, lines, now)
                pos = turn(book.flips, start, pos, now, where == 1)
        book.ends[FLIPS] = pos
        if soonest == NEVER:
            return book
        now = soonest
