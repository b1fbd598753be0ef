"""Everybody else: what became, from the same instants on, of those who had not qualified yet.

For each entrant, at the very instant of its entry, "everybody else" are the subjects that are known by then (born),
have not converted, and have never yet held the rule. That is risk-set matching (Li, Propert and Rosenbaum 2001, JASA
96:870) with all the matches there are. From that instant on they are followed as the entrant is, up to `as_of`,
whatever they do later: some will qualify (landmarking, van Houwelingen 2007, Scand. J. Stat. 34:70; one trial an
entrant as in Hernan et al. 2008, Epidemiology 19:766). The answer is "how likely would somebody have converted of whom
the rule said nothing just then", and not what qualifying causes.

Each entrant's others weigh together as much as one entrant, so that the weeks, and how long one could look on, are
those of the entrants. Time since entry is cut into equal pieces (a life table); a piece counts those entrants alone
whose follow-up covers it whole. Nobody is counted one by one but those who converted: all else is sums over instants.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from assay.core.outcomes.arrays import NEVER, Floats, Int64s, sums
from assay.core.outcomes.landmarks import Group

#: Pieces that the horizon is cut into.
PIECES: Final = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class AtRisk:
    """Stretches [since, until) in which a subject could have entered and had not: parallel arrays.

    `converted_at` is the subject's conversion, NEVER where there is none. Stretches end at the latest then.
    """

    subject: Int64s
    since: Int64s
    until: Int64s
    converted_at: Int64s


@dataclass(frozen=True, slots=True, kw_only=True)
class Others:
    """What became of everybody else: the share converted `after` so long (shapes: PIECES + 1), and influences.

    `number` is how many others an entrant has in the middle (the median). `influence` is by subject: how much it moves
    the last share, the entrants' instants taken as given.
    """

    after: Int64s
    share: Floats
    influence: Floats
    number: int


def others(risk: AtRisk, entered_at: Int64s, *, subjects: int, within: int, as_of: int) -> Others | None:
    """Return the conversion of everybody else over `within` (microseconds); None where nobody was followed so far."""
    at = np.sort(entered_at)
    first, last = np.searchsorted(at, risk.since, "left"), np.searchsorted(at, risk.until, "left")
    some = last > first
    first, last, converted_at, subject = first[some], last[some], risk.converted_at[some], risk.subject[some]
    size = _sizes(first, last, len(at))
    sound = size > 0
    weight = np.concatenate([[0.0], np.cumsum(np.where(sound, 1.0 / np.maximum(size, 1), 0.0))])
    strata = np.concatenate([[0], np.cumsum(sound)])
    after = within * np.arange(PIECES + 1, dtype=np.int64) // PIECES
    covered = np.searchsorted(at, as_of - after, "right")
    if not strata[covered[-1]]:
        return None
    did = np.flatnonzero(converted_at <= as_of)
    did = did[np.argsort(converted_at[did], kind="stable")]  # in order, so that searches run through memory once
    instants, place = np.unique(converted_at[did], return_inverse=True)
    events = _Converts(at, weight, first[did], last[did], instants, place)
    hazard, at_risk, moved = _life_table(events, strata, after, covered)
    stays = np.cumprod(1.0 - hazard)
    if stays[-1] <= 0.0:
        return None
    pull = hazard / ((1.0 - hazard) * at_risk)
    shared = sum(g * weight[np.minimum(np.arange(len(at) + 1), n)] for g, n in zip(pull, covered[1:], strict=True))
    own = -(shared[last] - shared[first])
    own[did] += moved
    influence = sums(subject, own * stays[-1], subjects)
    return Others(
        after=after, share=np.concatenate([[0.0], 1.0 - stays]), influence=influence, number=int(np.median(size[sound]))
    )


def _sizes(first: Int64s, last: Int64s, entrants: int) -> Int64s:
    """Return how many stretches cover each entrant's instant."""
    opened = np.bincount(first, minlength=entrants + 1)
    closed = np.bincount(last, minlength=entrants + 1)
    return np.cumsum(opened - closed)[:entrants]


@dataclass(frozen=True, slots=True)
class _Converts:
    """Stretches whose subject converted, among entrants sorted by instant with summed weights.

    `instants` are those of conversions, and `place` says which each stretch's is: a deal converts a whole company.
    """

    at: Int64s
    weight: Floats
    first: Int64s
    last: Int64s
    instants: Int64s
    place: Int64s

    def near(self, within: int) -> Int64s:
        """Return each stretch's first entrant that it converted `within` of."""
        return np.maximum(self.first, np.searchsorted(self.at, self.instants - within, "left")[self.place])

    def converted(self, near: Int64s, further: Int64s, covered: int) -> tuple[Floats, Floats]:
        """Return the weight of each stretch's entrants from `near`, and from `further` on, of the first `covered`."""
        last = np.minimum(self.last, covered)
        through = self.weight[last]
        return through - self.weight[np.minimum(near, last)], through - self.weight[np.minimum(further, last)]


def _life_table(events: _Converts, strata: Int64s, after: Int64s, covered: Int64s) -> tuple[Floats, Floats, Floats]:
    """Return hazard and number at risk by piece, and by stretch how its conversion moves the logarithm of staying.

    `moved` has for each stretch the sum over pieces of (converted - hazard x (0 - converted before)) / at risk / (1 -
    hazard): what the stretches that never convert do not have.
    """
    hazard, at_risk = np.zeros(len(after) - 1), np.ones(len(after) - 1)
    moved, further = np.zeros(len(events.first)), events.near(0)
    for piece in range(len(after) - 1):
        n = int(covered[piece + 1])
        near, further = further, events.near(int(after[piece + 1]))
        before, by = events.converted(near, further, n)
        staying = strata[n] - before.sum()
        if staying <= 0.0:
            continue
        d = by - before
        at_risk[piece], hazard[piece] = staying, d.sum() / staying
        moved += (d + hazard[piece] * before) / (staying * (1.0 - hazard[piece])) if hazard[piece] < 1.0 else 0.0
    return hazard, at_risk, moved


def stretches(born: Int64s, ever: Int64s, converted_at: Int64s) -> AtRisk:
    """Return for each subject the time from its birth to its first entry or conversion (shapes: subjects)."""
    until = np.minimum(ever, converted_at)
    known = np.flatnonzero((born < until) & (born != NEVER))
    return AtRisk(subject=known, since=born[known], until=until[known], converted_at=converted_at[known])


def while_in(risk: AtRisk, group: Group, *, subjects: int) -> AtRisk:
    """Return the parts of stretches, one a subject, during which the subject belongs to a group."""
    place = np.full(subjects, -1, np.int64)
    place[risk.subject] = np.arange(len(risk.subject))
    known = np.flatnonzero(place[group.subject] >= 0)
    own = place[group.subject[known]]
    since = np.maximum(risk.since[own], group.since[known])
    until = np.minimum(risk.until[own], group.until[known])
    some = np.flatnonzero(since < until)
    own = own[some]
    return AtRisk(subject=risk.subject[own], since=since[some], until=until[some], converted_at=risk.converted_at[own])
