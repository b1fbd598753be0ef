"""How many conversions a rule saw coming, and by how long; and which it did not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.core.outcomes import estimates
from assay.core.outcomes.arrays import NEVER, Int64s, scattered
from assay.core.outcomes.conversions import Conversions
from assay.core.outcomes.entries import Period
from assay.core.outcomes.estimates import Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """Conversions of a period by whether the rule had held of somebody whom they reached, before them.

    A conversion is an outcome that is somebody's first: one deal, however many people it reaches. `in_time` began no
    longer than the horizon before. `lead_times` are quartiles (microseconds) from the first spell to the conversion.
    """

    conversions: int
    preceded: int
    in_time: int
    share: Estimate | None
    share_in_time: Estimate | None
    lead_times: tuple[int, int, int] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deals:
    """The conversions of a period: parallel arrays. `began` is the first spell of whom it reached (NEVER: none before).

    `subject` is one whom it reached, the least.
    """

    row: Int64s
    at: Int64s
    subject: Int64s
    began: Int64s


def deals(converted: Conversions, ever: Int64s, period: Period) -> Deals:
    """Return the conversions of a period, and the earliest spell before each; `ever` is by subject."""
    who = np.flatnonzero(period.holds(converted.at))
    rows, first, place = np.unique(converted.row[who], return_index=True, return_inverse=True)
    began = np.full(len(rows), NEVER, np.int64)
    before = ever[who] < converted.at[who]
    np.minimum.at(began, place[before], ever[who][before])
    return Deals(row=rows, at=converted.at[who][first], subject=who[first], began=began)


def reached(found: Deals, *, within: int) -> Reached:
    """Return how many of the conversions a spell preceded, with Wilson's interval, and by how long."""
    preceded = found.began != NEVER
    lead = found.at[preceded] - found.began[preceded]
    in_time = int(np.count_nonzero(lead <= within))
    lead = lead[found.began[preceded] > 0]
    quartiles = np.quantile(lead, [0.25, 0.5, 0.75], method="inverted_cdf").tolist() if len(lead) else None
    total, seen = len(found.row), int(np.count_nonzero(preceded))
    return Reached(
        conversions=total,
        preceded=seen,
        in_time=in_time,
        share=estimates.share(seen, total),
        share_in_time=estimates.share(in_time, total),
        lead_times=None if quartiles is None else (quartiles[0], quartiles[1], quartiles[2]),
    )


def sample(subject: Int64s, size: int) -> Int64s:
    """Return the places of `size` subjects, chosen by a hash of their number: the same ones each time, of all kinds."""
    return np.sort(np.argsort(scattered(subject), kind="stable")[:size])
