"""The arrays that compiled code works on. No Python objects, no strings: only numbers with a meaning written here.

Lists of lists lie in one array `items`: a record says where its own begin and end.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Records = npt.NDArray[Any]

# Forms of a slot. The first seven give flips; the last three feed the lines of a score.
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

#: One criterion form, shared by all rules that say the same.
SLOT: Final = np.dtype(
    [
        ("form", np.int64),
        ("low", np.int64),  # threshold as a closed interval of whole numbers (sums, scores: millionths)
        ("high", np.int64),
        ("within", np.int64),  # microseconds, or NEVER
        ("since", np.int64),  # the feed that resets, or -1
        ("feeds", np.int64),  # its feeds in `items`: one, or one a step
        ("feeds_end", np.int64),
        ("column", np.int64),  # the column of `Rows.values` that a distinct or a sum reads, or -1
        ("unit", np.int64),  # distinct: OF_VALUE, OF_DAY, OF_WEEK
        ("of", np.int64),  # RULE: the rule's place in this stage; SCORE: the score's
        (
            "leaves",
            np.int64,
        ),  # in `items`: the slots whose changes are its causes (itself, or those of a score's lines)
        ("leaves_end", np.int64),
    ]
)

#: One line of a score.
LINE: Final = np.dtype(
    [
        ("score", np.int64),
        ("slot", np.int64),
        ("points", np.float64),
        ("up_to", np.float64),  # infinity where unlimited; a floor for negative points
        ("dimension", np.int64),
        ("fade", np.int64),
        ("length", np.int64),  # microseconds of the fade
    ]
)

#: One score: its lines, and its dimensions' caps in `caps`.
SCORE_ENDS: Final = np.dtype([("lines", np.int64), ("lines_end", np.int64), ("caps", np.int64), ("caps_end", np.int64)])

#: One rule: its criteria, its groups, and what to find out about a subject, in which order.
RULE_ENDS: Final = np.dtype(
    [
        ("criteria", np.int64),
        ("criteria_end", np.int64),
        ("groups", np.int64),
        ("groups_end", np.int64),
        ("asks", np.int64),
        ("asks_end", np.int64),
        ("stays", np.int64),  # 1 where stay_qualified is given
    ]
)

#: One criterion of a rule: its slot, and the cause `expiry:<criterion>`.
CRITERION: Final = np.dtype([("slot", np.int64), ("expiry", np.int64)])

#: One slot whose flips a rule wants to know; where `must` is 1 the rule never holds unless it is true some time.
ASK: Final = np.dtype([("slot", np.int64), ("must", np.int64)])

#: One group of a rule: how many members must be true, how many may be, and the members in `items`: a criterion's
#: place in the rule, or -1 - the place of an inner group.
GROUP: Final = np.dtype(
    [("least", np.int64), ("most", np.int64), ("role", np.int64), ("members", np.int64), ("members_end", np.int64)]
)


class Plan(NamedTuple):
    """A stage, compiled: which events feed which criteria, and how criteria make rules and scores."""

    kind_lo: Int64s  # kind of event -> its feeds in `items`, from kind_lo[kind] to kind_lo[kind + 1]
    slots: Records
    lines: Records
    scores: Records
    caps: Int64s  # millionths, or NEVER
    rules: Records
    criteria: Records
    asks: Records
    groups: Records
    items: Int64s
    numbers: Int64s  # [FEEDS] how many feeds there are, [BIRTH_CAUSE] the cause `birth`


FEEDS: Final = 0
BIRTH_CAUSE: Final = 1


class Rows(NamedTuple):
    """Events of consecutive subjects, each subject's in time order.

    Subject `first + i` has the rows `[lo[i], lo[i + 1])`.
    """

    first: int
    lo: Int64s
    at: Int64s
    kind: Int32s
    event: Int32s  # rowid in prepared.events
    values: npt.NDArray[np.int64]  # shape (columns, rows)


#: One step of a track (see `tracks.Tracks`).
STEP: Final = np.dtype(
    [("slot", np.int64), ("member", np.int64), ("at", np.int64), ("value", np.int64), ("cause", np.int64)]
)


class Steps(NamedTuple):
    """`Tracks` by subject: subject s has the steps `[lo[s], lo[s + 1])`, sorted by (slot, member, at)."""

    lo: Int64s
    step: Records


#: What is known of a slot of the subject in hand: its flips, if `known` is this taking of a subject.
SLOT_STATE: Final = np.dtype([("flips", np.int64), ("flips_end", np.int64), ("known", np.int64)])

#: The spells of a rule of the subject in hand.
RULE_STATE: Final = np.dtype([("spells", np.int64), ("spells_end", np.int64)])

#: A criterion of the rule in hand: its next flip, its truth, and whether it flipped just now.
TRUTH: Final = np.dtype([("next", np.int64), ("true", np.int64), ("flipped", np.int64)])


class Lines(NamedTuple):
    """The state of a score's lines: parallel arrays, one element a line."""

    arrived: Int64s  # events seen so far
    left: Int64s  # events no longer in the window
    reset: Int64s  # resets (of a `once` line: flips) seen so far
    arrives: Int64s  # when the next event arrives, or NEVER; of lines that count events, like the next two
    leaves: Int64s  # when the oldest event in the window leaves it
    resets: Int64s  # when the line is reset next
    floor: Int64s  # the latest reset: NEVER before the first, BEGINNING where there is no `since`
    number: Int64s  # events (or values) that count
    age_high: Int64s  # linear: the sum of (instant - base) of those, in two halves that cannot overflow
    age_low: Int64s
    heat: Floats  # half-life: the sum of 2^-(age / half-life) at `heated`
    heated: Int64s
    mark: Int64s  # a line's `last[value]` keeps its mark + place (see forms.distinct.is_new)
    sums: Int64s  # scratch: points by dimension
    early: Int64s  # scratch: points of each line at three instants
    late: Int64s
    between: Int64s


class Desk(NamedTuple):
    """Scratch paper of one thread: what is known of the subject in hand."""

    feed_lo: Int64s  # feed -> places in `posted`
    posted: Int32s  # rows of this subject that feed each feed, in time order
    slot: Records
    rule: Records
    truth: Records
    group: Int64s  # whether each group of the rule in hand is good
    last: Int64s  # for criteria, then for each line: value -> mark and place of its last event (forms.distinct)
    chain: Int64s  # scratch of a sequence, shape (3, steps): next event, end of events, latest start of each step
    days: Int64s  # scratch of a distinct over days
    lines: Lines
    now: Int64s  # the constants below


ROWS: Final = 0  # first row and end of rows of the subject in hand
ROWS_END: Final = 1
STEPS: Final = 2  # first step and end of steps
STEPS_END: Final = 3
BIRTH: Final = 4
MARKS: Final = 5  # how many marks have been given
TAKEN: Final = 6  # how often a subject has been taken: what is known of a slot is known of this taking
BASE: Final = 7  # the instant that ages of a score's events are counted from
VALUES: Final = 8  # how long the stretch of `last` is for one criterion or line


class Book(NamedTuple):
    """What the sweep writes, in buffers. Where one is full, `ends[FULL]` is set and the subject is done again."""

    flips: Int64s
    spells: npt.NDArray[np.int64]  # shape (n, 8): see `sweep.sweep_subjects`
    causes: Int64s
    readings: npt.NDArray[np.int64]  # shape (n, 5): see `seen`
    evidence: Int64s  # rowids of events
    ends: Int64s  # how much of each buffer is written: the constants below


FLIPS: Final = 0
SPELLS: Final = 1
CAUSES: Final = 2
READINGS: Final = 3
EVIDENCE: Final = 4
FULL: Final = 5


class Case(NamedTuple):
    """Everything a form may look at, and write to, while one subject is in hand."""

    plan: Plan
    rows: Rows
    steps: Steps
    desk: Desk
    book: Book


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
