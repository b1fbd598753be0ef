"""The first microsecond at which a score that only falls is below an edge.

A score is a staircase in time, since lines are whole millionths. Its steps are bracketed first, by drawing a line
through what is known (regula falsi), and the last is found by bisection, of those lines alone that still change.
"""

from __future__ import annotations

from typing import Final

from assay.core.engine.arrays import Case, Int64s
from assay.core.engine.compiled import inner
from assay.core.engine.forms.score import capped, line_value, score_value

#: Below so many millionths a straight line tells nothing, and after so many tries a curve is too far from one.
_FLAT: Final = 8
_TRIES: Final = 8


@inner
def guess(ends: tuple[int, int], values: tuple[int, int], edge: int, tries: int) -> int:
    """Return an instant inside (begin, end), near where a line through both values meets the edge.

    Every other guess lies a little before and a little after, so that both ends close in.
    """
    begin, end = ends
    drop = values[0] - values[1]
    if drop <= _FLAT or tries >= _TRIES:
        return begin + (end - begin) // 2
    step = float(end - begin) / float(drop)
    aside = 2.0 * step if tries & 1 else -2.0 * step
    middle = begin + int(step * (float(values[0] - edge) + 0.5) + aside)
    return min(max(middle, begin + 1), end - 1)


@inner
def between(case: Case, score: int, now: int, points: tuple[Int64s, Int64s, Int64s]) -> int:
    """Return the score at an instant between two, whose lines' points are known; its own go to the third."""
    early, late, here = points
    of = case.plan.scores[score]
    for line in range(of.lines, of.lines_end):
        i = line - of.lines
        here[i] = early[i] if early[i] == late[i] else line_value(case, line, now)
    return capped(case, score, here)


@inner
def first_below(case: Case, score: int, edge: int, ends: tuple[int, int]) -> int:
    """Return the first instant in (begin, end] at which the score is below the edge; at `end` it is, at `begin` not."""
    begin, end = ends
    lines = case.desk.lines
    early, late, here = lines.early, lines.late, lines.between
    of = case.plan.scores[score]
    count = of.lines_end - of.lines
    high = score_value(case, score, begin, early)
    low = score_value(case, score, end, late)
    tries = 0
    while end - begin > 1:
        middle = guess((begin, end), (high, low), edge, tries)
        tries += 1
        value = between(case, score, middle, (early, late, here))
        if value < edge:
            end, low = middle, value
            for i in range(count):
                late[i] = here[i]
        else:
            begin, high = middle, value
            for i in range(count):
                early[i] = here[i]
    return end
