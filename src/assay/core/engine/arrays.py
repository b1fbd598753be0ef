"""The arrays that compiled code works on. No Python objects, no strings: only numbers with a meaning written here."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

# Forms of a slot. The first six give flips; the last three feed the lines of a score.
COUNT: Final = 0
TOTAL: Final = 1
DISTINCT: Final = 2
SEQUENCE: Final = 3
SCORE: Final = 4
RULE: Final = 5
TRACK: Final = 6
EACH_EVENT: Final = 7
EACH_VALUE: Final = 8
EACH_PARTNER: Final = 9

# How the points of a line fade.
STAYS: Final = 0
LINEAR: Final = 1
HALF_LIFE: Final = 2

# What a group of criteria decides.
INNER: Final = 0
QUALIFY: Final = 1
STAY: Final = 2


class Plan(NamedTuple):
    """A stage, compiled: which events feed which criteria, and how criteria make rules and scores.

    `x_lo` arrays are offsets: the items of i stand in `[x_lo[i], x_lo[i + 1])`.
    """

    kind_lo: Int64s  # kind of event -> feeds
    kind_feeds: Int32s
    slot_form: Int32s  # slot: one criterion form, shared by all rules that say the same
    slot_low: Int64s  # threshold as a closed interval of whole numbers (sums, scores: millionths)
    slot_high: Int64s
    slot_within: Int64s  # microseconds, or NEVER
    slot_since: Int32s  # the feed that resets, or -1
    slot_lo: Int64s  # slot -> its feeds (one, or one a step)
    slot_feeds: Int32s
    slot_column: Int32s  # the column of `Rows.values` that a distinct or a sum reads, or -1
    slot_unit: Int32s  # distinct: OF_VALUE, OF_DAY, OF_WEEK
    slot_of: Int32s  # RULE: the rule's place in this stage; SCORE: the score's
    leaf_lo: Int64s  # slot -> the slots whose changes are its causes (itself, or a score's lines)
    leaf_slots: Int32s
    need_lo: Int64s  # slot -> slots whose flips must be known before
    need_slots: Int32s
    line_lo: Int64s  # score -> lines
    score_of_line: Int32s
    line_slot: Int32s
    line_points: Floats
    line_up_to: Floats  # infinity where unlimited; a floor for negative points
    line_dimension: Int32s
    line_fade: Int32s
    line_length: Int64s  # microseconds of the fade
    cap_lo: Int64s  # score -> dimensions
    caps: Int64s  # millionths, or NEVER
    rule_lo: Int64s  # rule -> criteria
    rule_slots: Int32s
    rule_expiry: Int64s  # the cause `expiry:<criterion>` of each
    must_lo: Int64s  # rule -> places of the criteria without which it never holds
    must: Int32s
    group_of_rule: Int64s  # rule -> groups, inner ones first
    group_least: Int32s  # how many members must be true ...
    group_most: Int32s  # ... and how many may be
    group_role: Int32s
    member_lo: Int64s  # group -> members: a criterion's place in the rule, or -1 - place of an inner group
    members: Int32s
    rule_stays: Int32s  # 1 where stay_qualified is given
    birth_cause: Int64s  # one value


class Rows(NamedTuple):
    """Events of consecutive subjects, each subject's in time order.

    Subject `first + i` has the rows `[lo[i], lo[i + 1])`.
    """

    first: int
    lo: Int64s
    at: Int64s
    kind: Int32s
    event: npt.NDArray[np.signedinteger[Any]]  # rowid in prepared.events
    values: npt.NDArray[np.int64]  # shape (columns, rows)


class Steps(NamedTuple):
    """`Tracks` with offsets: subject s has the steps `[lo[s], lo[s + 1])`, sorted by (slot, member, at)."""

    lo: Int64s
    slot: Int32s
    member: Int32s
    at: Int64s
    value: Int64s
    cause: Int64s


class Desk(NamedTuple):
    """Scratch paper of one thread: what is known of the subject in hand."""

    feed_lo: Int64s  # feed -> places in `posted`
    posted: Int32s  # rows of this subject that feed each feed, in time order
    flip_lo: Int64s  # slot -> flips
    flip_hi: Int64s
    known: Int64s  # slot -> subject + 1 for which its flips are known
    spell_lo: Int64s  # rule -> spells of this subject
    spell_hi: Int64s
    last: Int64s  # value -> stamp and place of its last event (see forms.distinct)
    counter: Int64s  # [0] stamp
    subject: Int64s  # [first row, end of rows, first step, end of steps, birth]
    cursor: Int64s  # criterion -> next flip
    truth: npt.NDArray[np.uint8]
    flipped: npt.NDArray[np.uint8]
    group: npt.NDArray[np.uint8]


class Case(NamedTuple):
    """Everything a form may look at while one subject is in hand."""

    plan: Plan
    rows: Rows
    steps: Steps
    desk: Desk


class Book(NamedTuple):
    """What the sweep writes. The buffers grow: functions that may write return the book to go on with."""

    flips: Int64s
    spells: npt.NDArray[np.int64]  # shape (n, 8): see `sweep.sweep_subjects`
    causes: Int64s
    ends: Int64s  # how much of each buffer is written: [FLIPS], [SPELLS], [CAUSES]


FLIPS: Final = 0
SPELLS: Final = 1
CAUSES: Final = 2


class Feed(NamedTuple):
    """The events that feed one criterion: places in `at` and `values`, in time order; `resets` are those of `since`."""

    at: Int64s
    values: Int64s
    events: Int32s
    resets: Int32s


class Bounds(NamedTuple):
    """What a criterion asks: a closed interval of whole numbers, over which events.

    With `since` only events at or after the latest reset count, and none do before the first.
    """

    low: int
    high: int
    within: int
    since: bool
    unit: int
