"""A thread's scratch paper, made once for all subjects of a chunk."""

from __future__ import annotations

import numpy as np

from assay.core.engine.arrays import EACH_VALUE, FEEDS, RULE_STATE, SLOT_STATE, TRUTH, VALUES, Desk, Lines, Plan, Rows
from assay.core.engine.compiled import compiled


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
def fresh_lines(plan: Plan) -> Lines:
    """Return room for the lines of any one score."""
    most = 1
    for score in range(len(plan.scores)):
        of = plan.scores[score]
        most = max(most, of.lines_end - of.lines, of.caps_end - of.caps)
    return Lines(
        np.zeros(most, np.int64),
        np.zeros(most, np.int64),
        np.zeros(most, np.int64),
        np.zeros(most, np.int64),
        np.zeros(most, np.int64),
        np.zeros(most, np.int64),
        np.zeros(most, np.int64),
        np.zeros(most, np.int64),
        np.zeros(most, np.int64),
        np.zeros(most, np.int64),
        np.zeros(most, np.float64),
        np.zeros(most, np.int64),
        np.zeros(most, np.int64),
        np.zeros(most, np.int64),
        np.zeros(most, np.int64),
        np.zeros(most, np.int64),
        np.zeros(most, np.int64),
    )


@compiled
def fresh_desk(plan: Plan, rows: Rows, most_values: int) -> Desk:
    """Return empty scratch paper for the subjects of `rows` and values below `most_values`."""
    places = most_posted(plan, rows)
    steps = 1
    stretches = 1
    for slot in range(len(plan.slots)):
        steps = max(steps, plan.slots[slot].feeds_end - plan.slots[slot].feeds)
    for line in range(len(plan.lines)):
        if plan.slots[plan.lines[line].slot].form == EACH_VALUE:
            stretches = max(stretches, line - plan.scores[plan.lines[line].score].lines + 2)
    now = np.zeros(9, np.int64)
    now[VALUES] = most_values
    return Desk(
        np.zeros(plan.numbers[FEEDS] + 1, np.int64),
        np.empty(places + 1, np.int32),
        np.zeros(len(plan.slots), SLOT_STATE),
        np.zeros(len(plan.rules), RULE_STATE),
        np.zeros(len(plan.criteria) + 1, TRUTH),
        np.zeros(len(plan.groups) + 1, np.int64),
        np.full(stretches * most_values + 1, -1, np.int64),
        np.zeros((3, steps), np.int64),
        np.zeros(places + 1, np.int64),
        fresh_lines(plan),
        now,
    )
