"""Whether named subjects differ from random ones, and how far what follows from them would change with others.

Left out one at a time, each is looked for with the help of the rest of them: if they have something in common, it comes
ahead of most other subjects. Random sets of as many are put through the very same, choice of traits and all, so that
what chance alone can do among hundreds of traits is known and not assumed: a permutation test, exact for any number of
names (Phipson and Smyth 2010, SAGMB 9:39).

How much hangs on who happened to be named is told by naming again: of the same names as many are drawn, some of them
twice (Efron 1979, Ann. Stat. 7:1), and everything is done anew.

People of one account are no independent names: they are left out, drawn and counted together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from assay.core.outcomes.arrays import Floats, Int64s, scattered
from assay.core.outcomes.likeness import Crowd, ahead_of, points

#: Above this chance the named are not told from random ones.
LEVEL: Final = 0.05
#: Random sets that the named are held beside, and times that they are named again.
SETS: Final = 999
AGAIN: Final = 400
#: Others among whom somebody left out is looked for, at most.
_OTHERS: Final = 2_000
_AT_ONCE: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Separation:
    """Of how many others each named subject comes ahead when left out (`ahead`), and what random sets come to.

    `mean` is the mean over independent names, `usual` the middle one of random sets, `seldom` what one in twenty of
    them exceeds, `chance` how often a random set does as well.
    """

    ahead: tuple[float, ...]
    mean: float
    usual: float
    seldom: float
    chance: float

    @property
    def holds(self) -> bool:
        """Whether the named differ from random ones by more than chance would have it."""
        return self.chance <= LEVEL


def separation(crowd: Crowd, named: Int64s, *, seed: int, sets: int = SETS) -> Separation:
    """Return how the named stand apart; `seed` says which random sets they are held beside."""
    everybody = np.arange(len(crowd))
    among = everybody
    if len(crowd) > _OTHERS:
        among = np.sort(np.argsort(scattered(everybody, seed), kind="stable")[:_OTHERS])
    looking = _Looking(crowd, among)
    ahead, mean = looking.ahead(named)
    means = np.array([looking.ahead(drawn)[1] for drawn in random_sets(crowd, named, seed=seed, sets=sets)])
    # A hair below, lest the last digit of a sum decide.
    as_good = int(np.count_nonzero(means >= mean - 1e-9))
    return Separation(
        ahead=tuple(ahead.tolist()),
        mean=mean,
        usual=float(np.median(means)),
        seldom=float(np.quantile(means, 1 - LEVEL, method="inverted_cdf")),
        chance=(as_good + 1) / (len(means) + 1),
    )


class _Looking:
    """Looks for subjects that were left out, `among` some of everybody."""

    def __init__(self, crowd: Crowd, among: Int64s) -> None:
        self.crowd, self.among = crowd, among
        self._held = np.asfortranarray(crowd.has[among].astype(np.float64))

    def ahead(self, named: Int64s) -> tuple[Floats, float]:
        """Return of what share of the others each of the named comes ahead when left out, and the mean over units."""
        shares, whose = self.crowd.of_units(named)
        left = points(shares.sum(0) - shares, len(shares) - 1, self.crowd.rest(named), self.crowd.family)
        used = np.flatnonzero(left.any(0))
        weights = left[:, used]
        others = (self._held[:, used] @ weights.T)[~np.isin(self.among, named)]
        own = np.einsum("st,st->s", self.crowd.has[named][:, used].astype(np.float64), weights[whose])
        ahead = np.array([ahead_of(own[[at]], others[:, unit])[0] for at, unit in enumerate(whose)])
        by_unit = np.bincount(whose, weights=ahead) / np.bincount(whose)
        return ahead, float(by_unit.mean())


def random_sets(crowd: Crowd, named: Int64s, *, seed: int, sets: int) -> Iterator[Int64s]:
    """Yield random subjects, as many as were named and as many of them together in one unit."""
    sizes = np.sort(np.unique(crowd.unit[named], return_counts=True)[1])[::-1].tolist()
    members = np.argsort(crowd.unit, kind="stable")
    ordered = crowd.unit[members]
    starts = np.searchsorted(ordered, crowd.unit, "left")
    room = np.searchsorted(ordered, crowd.unit, "right") - starts
    eligible = {size: np.flatnonzero(room >= size) for size in set(sizes)}
    for number in range(sets):
        dice = _draws(seed, number)
        taken: set[int] = set()
        drawn: list[int] = []
        for size in sizes:
            one = _first_new(eligible[size], crowd.unit, taken, dice)
            taken.add(int(crowd.unit[one]))
            mates = members[starts[one] : starts[one] + room[one]]
            others = mates[mates != one]
            further = np.argsort(scattered(others, seed + number + 1), kind="stable")[: size - 1]
            drawn += [one, *others[further].tolist()]
        yield np.array(drawn, np.int64)


def _first_new(eligible: Int64s, unit: Int64s, taken: set[int], dice: Iterator[int]) -> int:
    while True:
        one = int(eligible[next(dice) % len(eligible)])
        if int(unit[one]) not in taken:
            return one


def _draws(seed: int, number: int) -> Iterator[int]:
    """Yield whole numbers as good as random: the same ones for the same seed and number."""
    begin = number << 32
    while True:
        yield from scattered(np.arange(begin, begin + 64), seed).tolist()
        begin += 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Steadiness:
    """What becomes of subjects and traits when as many are named again out of the same names.

    `in_top` is how often each of some subjects is among the first; `low` and `high` hold its place in 95 of 100 cases,
    wherever among its equals it stands (shapes: those subjects); `counts` is how often each family counts (shape:
    families).
    """

    in_top: Floats
    low: Int64s
    high: Int64s
    counts: Floats


def steadiness(crowd: Crowd, named: Int64s, those: Int64s, *, top: int, seed: int, times: int = AGAIN) -> Steadiness:
    """Return how steady the places of `those` are among all that are not named."""
    shares, _ = crowd.of_units(named)
    dice = scattered(np.arange(times * len(shares)), seed).reshape(times, len(shares)) % np.uint64(len(shares))
    again = np.zeros((times, len(shares)))
    np.add.at(again, (np.arange(times)[:, None], dice.astype(np.int64)), 1.0)
    rest = crowd.rest(named)
    others = np.ones(len(crowd), np.bool_)
    others[named] = False
    in_top, firsts, lasts, counts = np.zeros(len(those)), [], [], np.zeros(crowd.family.max(initial=-1) + 1)
    for start in range(0, times, _AT_ONCE):
        weights = points(again[start : start + _AT_ONCE] @ shares, len(shares), rest, crowd.family)
        np.add.at(counts, crowd.family, np.count_nonzero(weights, axis=0))
        scores = crowd.scores(weights)
        for column in scores.T:
            ordered = np.sort(column[others])
            above = len(ordered) - np.searchsorted(ordered, column[those], "right")
            equal = len(ordered) - above - np.searchsorted(ordered, column[those], "left")
            in_top += np.clip((top - above) / equal, 0.0, 1.0)
            firsts.append(above + 1)
            lasts.append(above + equal)
    return Steadiness(
        in_top=in_top / times,
        low=_bound(firsts, len(those), 0.025),
        high=_bound(lasts, len(those), 0.975),
        counts=counts / times,
    )


def _bound(found: Sequence[Int64s], size: int, share: float) -> Int64s:
    """Return the place below which so large a share of those found lies (shape: size)."""
    by_draw = np.array(found, np.int64).reshape(len(found), size)
    return np.asarray(np.quantile(by_draw, share, axis=0, method="inverted_cdf"), np.int64)
