"""When each subject first began to hold a rule in a period, and when ever."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assay.core.definitions.model import SubjectType
from assay.core.outcomes import subjects
from assay.core.outcomes.arrays import NEVER, Bools, Int64s, instants, whole
from assay.core.outcomes.landmarks import Group

#: The column of dense numbers that `numbered` adds; no column of a run's spells has this name.
_NUMBER: Final = "subject"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The instants [start, end) that a question is about, as known at `as_of`; microseconds."""

    start: int
    end: int
    as_of: int

    def holds(self, at: Int64s) -> Bools:
        """Return which instants lie in the period and are not after `as_of`."""
        return (at >= self.start) & (at < self.end) & (at <= self.as_of)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """Subjects by when they began to hold a rule.

    `ever` is each subject's first instant of holding it (NEVER: none; shape: subjects). Parallel arrays, one place a
    subject that entered in the period: `subject` (dense, ascending), `at` (its first entry in the period) and `spell`
    (that row of the rule's spells).
    """

    ever: Int64s
    subject: Int64s
    at: Int64s
    spell: Int64s


def entries(spells: pa.Table, known: pa.Array, period: Period) -> Entries:
    """Return the entries of one rule's spells (tables.SPELLS) by subjects of these ids.

    A spell since ever (1970: nothing dated is known of its subject) begins at no known instant, and is no entry.
    """
    at = instants(spells["starts_at"])
    subject = _subjects(spells, known)
    ever = np.full(len(known), NEVER, np.int64)
    np.minimum.at(ever, subject, at)
    inside = np.flatnonzero(period.holds(at) & (at > 0))
    order = inside[np.lexsort((at[inside], subject[inside]))]
    first = order[np.diff(subject[order], prepend=-1) != 0]
    return Entries(ever=ever, subject=subject[first], at=at[first], spell=first)


def numbered(spells: pa.Table, known: Mapping[SubjectType, pa.Array]) -> pa.Table:
    """Return spells with a further column: their subjects' dense numbers by these ids, -1 of other kinds.

    Looking texts up costs by how many there are to look among, so it is done for all rules at once.
    """
    subject = np.full(spells.num_rows, -1, np.int64)
    for kind, ids in known.items():
        mine = pc.equal(spells["subject_type"], kind).to_numpy()
        subject[mine] = subjects.numbers(spells["subject_id"].filter(pa.array(mine)), ids)
    return spells.append_column(_NUMBER, pa.array(subject))


def _subjects(spells: pa.Table, known: pa.Array) -> Int64s:
    if _NUMBER in spells.column_names:
        return whole(spells[_NUMBER].to_numpy())
    return subjects.numbers(spells["subject_id"], known)


def of_rule(spells: pa.Table, rule: str) -> pa.Table:
    """Return the spells of one rule."""
    return spells.filter(pc.equal(spells["rule"], rule))


def group(spells: pa.Table, known: pa.Array) -> Group:
    """Return when one rule's spells (tables.SPELLS) hold of subjects of these ids."""
    return Group(
        subject=_subjects(spells, known), since=instants(spells["starts_at"]), until=instants(spells["ends_at"])
    )


def weekly(spells: pa.Table, period: Period) -> pa.Table:
    """Return entries and exits of a rule by week in the period: week (its Monday), entered, left."""
    week = 7 * 86_400_000_000
    monday = 4 * 86_400_000_000  # 1970-01-05

    def weeks(column: str) -> Int64s:
        at = instants(spells[column])
        at = at[period.holds(at) & (at > 0)]
        return (at - monday) // week

    entered, left = weeks("starts_at"), weeks("ends_at")
    both = np.concatenate([entered, left])
    if not len(both):
        return WEEKLY.empty_table()
    first, count = int(both.min()), int(both.max() - both.min()) + 1
    return pa.table(
        [
            pa.array((np.arange(count) + first) * week + monday).cast(WEEKLY.field("week").type),
            np.bincount(entered - first, minlength=count),
            np.bincount(left - first, minlength=count),
        ],
        schema=WEEKLY,
    )


WEEKLY = pa.schema([("week", pa.timestamp("us", tz="UTC")), ("entered", pa.int64()), ("left", pa.int64())])
