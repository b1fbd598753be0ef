"""How like some named subjects everybody else is: points that add up, from as few as five names.

A trait is a criterion that subjects meet or do not. Its points say how much oftener the named have it than the rest do:
the logarithm to base 2 of an odds ratio, so that one point doubles the odds. Ten names say little of any one trait, so
each is judged as if PRIOR further names had been given that are just like the rest (the beta-binomial model: a share
whose prior has the rest's share for its mean). Whatever the names do not show shrinks to nothing.

Criteria of one family ask much the same: the one counts of which the names give the most evidence, and none where they
are likelier by chance. What the named lack is nobody's reason, so there are no points for it. Points are whole
millionths: sums are exact in any order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import betaln

from assay.core.outcomes.arrays import Bools, Floats, Int64s

#: So many names more, all like the rest, stand beside those given.
PRIOR: Final = 5.0
POINT: Final = 1_000_000
#: Rows that are added up at once.
_ROWS: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """Subjects and the traits they have (shape: subjects, traits).

    `family` numbers each trait's family, ascending; `unit` each subject's independent unit: people of one account have
    the same one.
    """

    has: Bools
    family: Int64s
    unit: Int64s

    def __len__(self) -> int:
        return len(self.unit)

    def of_units(self, named: Int64s) -> tuple[Floats, Int64s]:
        """Return by independent unit of the named the share of its named that has each trait, and each one's unit."""
        units, whose = np.unique(self.unit[named], return_inverse=True)
        shares = np.zeros((len(units), self.has.shape[1]))
        np.add.at(shares, whose, self.has[named])
        return shares / np.bincount(whose)[:, None], whose

    def rest(self, named: Int64s) -> Floats:
        """Return how often everybody else has each trait; half a subject has it and half a one has it not."""
        others = len(self) - len(named)
        return np.asarray((self.has.sum(0) - self.has[named].sum(0) + 0.5) / (others + 1.0))

    def scores(self, points: Floats, rows: Int64s | None = None) -> Floats:
        """Return the sum of points of these subjects, or of all (shape: subjects, sets of points)."""
        used = np.flatnonzero(points.any(0))
        weights = np.ascontiguousarray(points[:, used].T)
        size = len(self) if rows is None else len(rows)
        found = np.empty((size, len(points)))
        for start in range(0, size, _ROWS):
            some = slice(start, start + _ROWS) if rows is None else rows[start : start + _ROWS]
            # Whole numbers below 2^53: the same whatever order a matrix product adds them in.
            found[start : start + _ROWS] = self.has[some][:, used].astype(np.float64) @ weights
        return found


def points(having: Floats, of: int, rest: Floats, family: Int64s) -> Floats:
    """Return the points of each trait, whole millionths, 0 where it does not count (shape: sets, traits).

    `having` is how many of `of` independent named have each trait, for several sets of them; `rest` how often everybody
    else does.
    """
    expected = PRIOR * rest
    odds = np.log2((having + expected) / (of - having + PRIOR - expected)) - np.log2(rest / (1.0 - rest))
    evidence = np.zeros(having.shape)
    more = odds > 0
    where, a = np.nonzero(more)[1], having[more]
    prior, share = expected[where], rest[where]
    evidence[more] = (
        betaln(a + prior, of - a + PRIOR - prior)
        - betaln(prior, PRIOR - prior)
        - a * np.log(share)
        - (of - a) * np.log1p(-share)
    )
    counts = _best(np.round(evidence, 9), family)
    return np.where(counts, np.rint(odds * POINT), 0.0)


def _best(evidence: Floats, family: Int64s) -> Bools:
    """Return the first best of each family, where there is any evidence at all (shape: sets, traits)."""
    best = np.zeros(evidence.shape, np.bool_)
    if not evidence.size:
        return best
    starts = np.flatnonzero(np.diff(family, prepend=-1))
    top = np.maximum.reduceat(evidence, starts, axis=1)
    is_top = (evidence == np.repeat(top, np.diff(np.append(starts, len(family))), axis=1)) & (evidence > 0)
    before = np.cumsum(is_top, axis=1)
    # Of several that are as good, the first: those before it in the family are none.
    carried = np.repeat(before[:, starts] - is_top[:, starts], np.diff(np.append(starts, len(family))), axis=1)
    return np.asarray(is_top & (before - carried == 1))


def ahead_of(scores: Floats, others: Floats) -> Floats:
    """Return the share of others that each score is ahead of; those who stand equal count half (shape: scores)."""
    ordered = np.sort(others)
    below, upto = np.searchsorted(ordered, scores, "left"), np.searchsorted(ordered, scores, "right")
    return np.asarray((below + upto) / (2.0 * len(ordered)))
