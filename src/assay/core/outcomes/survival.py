"""Conversion by time since qualifying, where young leads are not lost leads.

A lead that is followed for ten days says what happens within ten days and nothing about the ninetieth. Kaplan and
Meier (1958), JASA 53:457, take from each lead just that. Leads are followed up to `as_of` and for no other reason any
shorter: a deal that is lost stays among those that have not converted, so 1 - S(t) is the share that converts by t, and
not what it would be if nobody ever lost (Kalbfleisch and Prentice 1980, ch. 8: competing risks).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
from scipy import stats

from assay.core.outcomes import estimates
from assay.core.outcomes.arrays import Bools, Floats, Int64s
from assay.core.outcomes.estimates import Estimate

#: Points at which a curve is told.
POINTS: Final = 90

#: Conversion by time: `after` in microseconds since qualifying; `at_risk` were followed so long without converting.
CURVE: Final = pa.schema(
    [
        pa.field("after", pa.int64(), nullable=False),
        pa.field("share", pa.float64(), nullable=False),
        pa.field("low", pa.float64(), nullable=False),
        pa.field("high", pa.float64(), nullable=False),
        pa.field("at_risk", pa.int64(), nullable=False),
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A group of n subjects, each followed for `length` microseconds; `converted` at the end of it, or not yet.

    `throughout` of them could be followed up to `within`, whether or not they converted.
    """

    length: Int64s
    converted: Bools
    within: int
    throughout: int

    def __len__(self) -> int:
        return len(self.length)

    @property
    def converted_within(self) -> int:
        """How many are known to have converted within the horizon."""
        return int(np.count_nonzero(self.converted & (self.length <= self.within)))


def follow(start: Int64s, converted_at: Int64s, *, within: int, as_of: int) -> Followed:
    """Return how long each subject was followed from `start` on, and whether it then converted (shapes n and n)."""
    converted = converted_at <= as_of
    return Followed(
        length=np.where(converted, converted_at, as_of) - start,
        converted=converted,
        within=within,
        throughout=int(np.count_nonzero(start <= as_of - within)),
    )


class ProductLimit:
    """The share of a group that has converted by each time: 1 - S, by Kaplan and Meier (SciPy's `ecdf`).

    `clusters` (shape n) names the independent unit of each subject; `estimates.by_cluster` says why.
    """

    def __init__(self, group: Followed, clusters: Int64s) -> None:
        self.group, self.clusters = group, np.unique(clusters, return_inverse=True)[1]
        lasting = stats.CensoredData.right_censored(group.length, ~group.converted) if len(group) else None
        self._share = None if lasting is None else stats.ecdf(lasting).cdf
        here = group.converted & (group.length <= group.within)
        self._times, d = np.unique(group.length[here], return_counts=True)
        n = len(group) - np.searchsorted(np.sort(group.length), self._times, "left")
        self._stays = (n - d).astype(np.float64)
        self._until = np.searchsorted(self._times, np.minimum(group.length, group.within), "right")
        self._converts = here
        with np.errstate(divide="ignore"):
            self._own = np.concatenate([[0.0], 1.0 / self._stays])
            self._shared = np.concatenate([[0.0], np.cumsum(d / (n * self._stays))])

    def shares(self, after: Int64s) -> Floats:
        """Return the share converted by each time since qualifying (microseconds)."""
        return np.zeros(len(after)) if self._share is None else np.asarray(self._share.evaluate(after), np.float64)

    def influences(self, after: int) -> Floats:
        """Return by how much each subject moves the share converted by a time up to the horizon; they sum to nought.

        Influence functions of the product limit (Reid 1981, Ann. Stat. 9:78): S(t) times (1 / (n - d) at one's own
        conversion, less the sum of d / (n (n - d)) over the times up to which one was followed). Their squares sum to
        Greenwood's variance, up to terms of lower order.
        """
        known = int(np.searchsorted(self._times, after, "right"))
        if not known or not self._stays[:known].all():
            return np.zeros(len(self.group))
        until = np.minimum(self._until, known)
        own = np.where(self._converts & (self._until <= known), self._own[until], 0.0)
        stays = 1.0 - float(self.shares(np.array([after]))[0])
        return np.asarray(stays * (own - self._shared[until]))

    def estimate(self, after: int) -> Estimate:
        """Return the share converted by a time, with its interval.

        Where nobody, or everybody, has, it is the exact binomial one of those followed so far.
        """
        share = float(self.shares(np.array([after]))[0])
        if 0.0 < share < 1.0:
            return estimates.conversion(share, estimates.by_cluster(self.influences(after), self.clusters))
        followed = int(np.count_nonzero(self.group.length >= after)) if share == 0.0 else len(self.group)
        return estimates.exact_share(round(share) * followed, followed) or Estimate(share, 0.0, 1.0)

    def rate(self) -> Estimate | None:
        """Return the share converted within the horizon; None where nobody could be followed so far."""
        return self.estimate(self.group.within) if self.group.throughout else None

    def half_time(self) -> int | None:
        """Return the time (microseconds) by which half of those have converted who do within the horizon."""
        if not len(self._times) or not self.group.throughout:
            return None
        share = self.shares(self._times)
        return int(self._times[np.searchsorted(share, share[-1] / 2, "left")])

    def curve(self) -> pa.Table:
        """Return the share converted at POINTS + 1 times from nought to the horizon (CURVE), as far as anybody is."""
        after = self.group.within * np.arange(POINTS + 1, dtype=np.int64) // POINTS
        if not self.group.throughout:
            after = after[after <= self.group.length.max(initial=-1)]
        at_risk = len(self.group) - np.searchsorted(np.sort(self.group.length), after, "left")
        found = [Estimate(0.0, 0.0, 0.0) if at == 0 else self.estimate(int(at)) for at in after]
        columns = [[getattr(one, name) for one in found] for name in ("value", "low", "high")]
        return pa.table([after, *columns, at_risk], schema=CURVE)
