"""Estimates with intervals: shares, their ratios and differences.

All intervals are two-sided, of 95 %.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import stats

from assay.core.outcomes.arrays import Floats, Int64s, sums

LEVEL: Final = 0.95
_Z: Final = float(stats.norm.ppf(0.5 + LEVEL / 2))


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with the interval that it may as well be."""

    value: float
    low: float
    high: float

    def holds(self, number: float) -> bool:
        """Return whether the interval covers a number."""
        return self.low <= number <= self.high


def share(part: int, of: int) -> Estimate | None:
    """Return a share of independent subjects with Wilson's interval; None of nobody.

    Wilson (1927), JASA 22:209; recommended for small numbers by Brown, Cai and DasGupta (2001), Stat. Sci. 16:101.
    """
    if not of:
        return None
    interval = stats.binomtest(part, of).proportion_ci(LEVEL, method="wilson")
    return Estimate(part / of, float(interval.low), float(interval.high))


def exact_share(part: int, of: int) -> Estimate | None:
    """Return a share with the interval of Clopper and Pearson (1934), Biometrika 26:404; None of nobody."""
    if not of:
        return None
    interval = stats.binomtest(part, of).proportion_ci(LEVEL, method="exact")
    return Estimate(part / of, float(interval.low), float(interval.high))


def _root_of_squares(influence: Floats) -> float:
    # Not np.dot: it shares the work among threads, so that the last digit depends on the machine.
    return math.sqrt(float(np.sum(influence * influence)))


def by_cluster(influence: Floats, clusters: Int64s) -> Floats:
    """Return the influence of each cluster as a whole (shape: clusters, whose numbers are 0, 1, 2 ... without a gap).

    People of one account convert together, so they are one independent unit and not many (Liang and Zeger 1986,
    Biometrika 73:13); the factor G / (G - 1) is the usual one for a finite number G of clusters. Where clusters happen
    to be more alike than single subjects would be, the influence of each subject stays: no interval gains by them.
    """
    moved = sums(clusters, influence)
    together = moved * math.sqrt(len(moved) / (len(moved) - 1)) if len(moved) > 1 else moved
    return together if _root_of_squares(together) >= _root_of_squares(influence) else influence


def conversion(value: float, influence: Floats) -> Estimate:
    """Return a conversion rate with a log-log interval from what each subject moves it by.

    The variance is the sum of squared influences (infinitesimal jackknife: Jaeckel 1972; for Kaplan-Meier: Reid 1981,
    Ann. Stat. 9:78); the interval is symmetric in log(-log(1 - rate)) (Kalbfleisch and Prentice 1980), so that it
    stays within 0 and 1.
    """
    stays = 1.0 - value
    spread = _root_of_squares(influence)
    if not 0.0 < stays < 1.0 or spread == 0.0:
        return Estimate(value, value, value)
    width = _Z * spread / (stays * abs(math.log(stays)))
    return Estimate(value, 1.0 - stays ** math.exp(-width), 1.0 - stays ** math.exp(width))


def ratio(above: float, below: float, above_influence: Floats, below_influence: Floats) -> Estimate | None:
    """Return above / below with an interval that is symmetric in the logarithm; None where either is nought.

    Both influences are by subject, so that subjects who stand on both sides count as one.
    """
    if above <= 0.0 or below <= 0.0:
        return None
    return interval_of_ratio(above / below, above_influence / above - below_influence / below)


def interval_of_ratio(value: float, influence: Floats) -> Estimate:
    """Return a ratio with an interval that is symmetric in its logarithm, which each unit moves by its influence."""
    width = _Z * _root_of_squares(influence)
    return Estimate(value, value * math.exp(-width), value * math.exp(width))


def difference(one: float, other: float, one_influence: Floats, other_influence: Floats) -> Estimate:
    """Return one - other for the same subjects, by the paired influences of each.

    A subject in both groups moves both rates at once, and what it moves alike falls out. Analytic, so no dice: the
    variance at one point in time of two product limits of the same subjects (Su, Chi, Li, Shyr and Liao 2011, CSDA
    55:1617), written in Reid's influences.
    """
    moved = one_influence - other_influence
    width = _Z * _root_of_squares(moved)
    return Estimate(one - other, one - other - width, one - other + width)
