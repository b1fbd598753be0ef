"""Who was where at instants of the past, and what became of them: the arrays behind signals.

History is looked at from landmarks: instants L at which a subject counts that is born by L and has not converted by
then (van Houwelingen 2007, Scand. J. Stat. 34:70). A subject stands at many landmarks, in a group or not, as of that
very instant; from each it is followed for the horizon, or for as long as anything is known. All that stand at one
landmark are followed alike, so those who are young are cut off in the group and beside it, never taken for lost.

Beside each other are held only those of one landmark who are alike: known for about as long, and in the same of some
groups, such as who did as much of anything lately. The new and the busy do more of everything, and convert more; where
that is all there is to an event, it says nothing of its own.

Nothing walks over subjects: where somebody stands is a run of landmarks, and all counts are differences of sums.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import stats

from assay.core.outcomes import survival
from assay.core.outcomes.arrays import NEVER, Bools, Floats, Int64s, sums
from assay.core.outcomes.estimates import Estimate, interval_of_ratio
from assay.core.values import DAY

#: How long somebody has been known: these ages part those of a landmark.
AGES: Final = (0, 7 * DAY, 30 * DAY, 90 * DAY, 180 * DAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """When subjects belong to a group: parallel arrays, stretches [since, until), no two of one subject touching."""

    subject: Int64s
    since: Int64s
    until: Int64s


@dataclass(frozen=True, slots=True, kw_only=True)
class Subjects:
    """All subjects of a kind: when born, when converted (NEVER: not), and which of them count as one (`clusters`)."""

    born: Int64s
    converted_at: Int64s
    clusters: Int64s

    def __len__(self) -> int:
        return len(self.born)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """A group beside all others at the same landmarks who are alike.

    `score` is the excess of conversions over what the group would have if it converted as all do, in standard errors;
    `chance` is how often so much comes about by chance (one-sided). `lift` is None where it cannot be told. `people`
    stood in the group at a landmark, `rest` beside it; `conversions` of the group's were within the horizon.
    """

    people: int
    rest: int
    conversions: int
    score: float
    chance: float
    lift: Estimate | None


@dataclass(frozen=True, slots=True)
class _Runs:
    """Runs [first, last) of landmarks at which a subject is of one `stratum`, in order of subject and time.

    From `near` on a conversion is within the horizon.
    """

    subject: Int64s
    first: Int64s
    last: Int64s
    near: Int64s
    stratum: Int64s

    def counts(self, strata: int, size: int) -> tuple[Floats, Floats]:
        """Return by stratum and landmark how many stand there, and how many of them convert in time."""
        return self._covered(self.first, strata, size), self._covered(self.near, strata, size)

    def _covered(self, first: Int64s, strata: int, size: int) -> Floats:
        shape = (strata, size + 1)
        opened, closed = (
            np.bincount(self.stratum * (size + 1) + at, minlength=strata * (size + 1)).reshape(shape)
            for at in (first, self.last)
        )
        return np.cumsum(opened - closed, axis=1)[:, :size].astype(np.float64)

    def total(self, of_each: Floats, of_converting: Floats) -> Floats:
        """Return by run the sum of `of_converting` over landmarks from which it converts, less all `of_each`."""
        each, converting = _running(of_each), _running(of_converting)
        row = self.stratum * each.shape[1]
        last = row + self.last
        # One index a run: two would be looked up twice as slowly, and most of the time goes here.
        each, converting = each.ravel(), converting.ravel()
        found: Floats = (converting[last] - converting[row + self.near]) - (each[last] - each[row + self.first])
        return found


def _running(weights: Floats) -> Floats:
    return np.pad(np.cumsum(weights, axis=1), ((0, 0), (1, 0)))


class Landmarks:
    """Landmarks `at` (ascending), a horizon, and the instant up to which conversions are known.

    Subjects are alike at a landmark that are of one age and belong to the same of the groups `alike`. With `only` a
    group, nobody else stands at a landmark.
    """

    def __init__(
        self,
        at: Int64s,
        those: Subjects,
        *,
        within: int,
        known: int,
        alike: Sequence[Group] = (),
        only: Group | None = None,
    ) -> None:
        self.at, self.those, self.within, self.known = at, those, within, known
        self.alike, self.only = tuple(alike), only
        near = np.searchsorted(at, those.converted_at - within, "left")
        self._near = np.where(those.converted_at <= known, near, len(at))
        self._all = self._everybody()
        self._strata = int(self._all.stratum.max(initial=0)) + 1
        self._counts = self._all.counts(self._strata, len(at))
        self._people = _different(self._all.subject, len(those))
        self._ends = self._all.subject * (len(at) + 1) + self._all.last
        self._starts = self._all.subject * (len(at) + 1) + self._all.first

    def among(self, *groups: Group) -> Landmarks:
        """Return the same landmarks where those alone are alike that also belong to the same of some further groups."""
        alike = (*self.alike, *groups)
        return Landmarks(self.at, self.those, within=self.within, known=self.known, alike=alike, only=self.only)

    def _everybody(self) -> _Runs:
        born = np.where(self.those.born == NEVER, self.known + 1, self.those.born)
        place = np.arange(len(self.at))
        stratum = np.zeros((len(self.those), len(self.at)), np.int64)
        for since in AGES[1:]:
            stratum += place >= np.searchsorted(self.at, born + since, "left")[:, None]
        for group in self.alike:
            stratum = 2 * stratum + self._belong(group)
        found = np.unique(stratum, return_inverse=True)[1].reshape(stratum.shape)
        there = place >= np.searchsorted(self.at, born, "left")[:, None]
        there &= place < np.searchsorted(self.at, self.those.converted_at, "left")[:, None]
        if self.only is not None:
            there &= self._belong(self.only)
        found[~there] = -1
        edge = np.ones((len(self.those), len(self.at) + 1), np.bool_)
        edge[:, 1:-1] = found[:, 1:] != found[:, :-1]
        subject, first = np.nonzero(edge[:, :-1])
        last = np.nonzero(edge[:, 1:])[1] + 1
        kept = found[subject, first] >= 0
        subject, first, last = subject[kept], first[kept], last[kept]
        return self._runs(subject, first, last, found[subject, first])

    def _belong(self, group: Group) -> Bools:
        """Return who belongs to a group when (shape: subjects, landmarks)."""
        steps = np.zeros((len(self.those), len(self.at) + 1), np.int32)
        np.add.at(steps, (group.subject, np.searchsorted(self.at, group.since, "left")), 1)
        np.add.at(steps, (group.subject, np.searchsorted(self.at, group.until, "left")), -1)
        return np.asarray(np.cumsum(steps, axis=1)[:, :-1] > 0)

    def _runs(self, subject: Int64s, first: Int64s, last: Int64s, stratum: Int64s) -> _Runs:
        return _Runs(subject, first, last, np.clip(self._near[subject], first, last), stratum)

    def _of(self, group: Group) -> _Runs:
        """Return the runs of a group: where its stretches and everybody's runs overlap."""
        first, last = (np.searchsorted(self.at, end, "left") for end in (group.since, group.until))
        some = np.flatnonzero(last > first)
        subject, first, last = group.subject[some], first[some], last[some]
        key = subject * (len(self.at) + 1)
        begins, ends = np.searchsorted(self._ends, key + first, "right"), np.searchsorted(self._starts, key + last)
        stretch, run = _each(np.maximum(ends - begins, 0), begins)
        first, last = np.maximum(first[stretch], self._all.first[run]), np.minimum(last[stretch], self._all.last[run])
        return self._runs(subject[stretch], first, last, self._all.stratum[run])

    def conversions(self) -> int:
        """Return how many independent subjects convert within the horizon of a landmark at which they stand."""
        return len(np.unique(self.those.clusters[_converting(self._all)]))

    def beside(self, group: Group) -> Beside:
        """Return the group beside everybody else who is alike at the same landmarks."""
        inside = self._of(group)
        counts = inside.counts(self._strata, len(self.at))
        score = self._score(inside, counts)
        people = _different(inside.subject, len(self.those))
        return Beside(
            people=people,
            rest=self._people - people,
            conversions=len(_converting(inside)),
            score=score,
            chance=float(stats.norm.sf(score)),
            lift=self._lift(inside, counts),
        )

    def _score(self, inside: _Runs, counts: tuple[Floats, Floats]) -> float:
        """Return the stratified excess of conversions in standard errors; its variance is that between clusters."""
        (n1, _), (n, d) = counts, self._counts
        rate, part = _shares(d, n), _shares(n1, n)
        size = len(self.those)
        moved = sums(inside.subject, inside.total(rate, np.ones(n.shape)), size)
        moved -= sums(self._all.subject, self._all.total(part * rate, part), size)
        by_cluster = sums(self.those.clusters, moved)
        spread = math.sqrt(float(np.sum(by_cluster * by_cluster)))
        return float(np.sum(by_cluster)) / spread if spread else 0.0

    def _lift(self, inside: _Runs, counts: tuple[Floats, Floats]) -> Estimate | None:
        """Return how many times as often the group converts as those beside it would in its place."""
        (n1, d1), (n, d) = counts, self._counts
        beside = n - n1
        told = (beside > 0).astype(np.float64)
        rate, weight = _shares(d - d1, beside), _shares(n1, beside)
        observed, expected = float(np.sum(told * d1)), float(np.sum(n1 * rate))
        if not observed or not expected:
            return None
        size = len(self.those)
        own = inside.total(told * rate / expected, told / observed)
        own += inside.total(weight * rate, weight) / expected
        moved = sums(inside.subject, own, size)
        moved -= sums(self._all.subject, self._all.total(weight * rate, weight), size) / expected
        return interval_of_ratio(observed / expected, sums(self.those.clusters, moved))

    def rate(self, group: Group) -> Estimate | None:
        """Return the share of the group, at its landmarks, that converts within the horizon; None of nobody so old."""
        inside = self._of(group)
        run, place = _each(inside.last - inside.first, inside.first)
        subject = inside.subject[run]
        followed = survival.follow(
            self.at[place], self.those.converted_at[subject], within=self.within, as_of=self.known
        )
        return survival.ProductLimit(followed, self.those.clusters[subject]).rate()


def _different(subject: Int64s, subjects: int) -> int:
    """Return how many different ones there are."""
    return int(np.count_nonzero(np.bincount(subject, minlength=subjects)))


def _converting(runs: _Runs) -> Int64s:
    return np.unique(runs.subject[runs.near < runs.last])


def _each(length: Int64s, first: Int64s) -> tuple[Int64s, Int64s]:
    """Return the members first, first + 1 ... of stretches so long one by one: which stretch, and which member."""
    starts = np.cumsum(length) - length
    return np.repeat(np.arange(len(length)), length), np.arange(int(length.sum())) - np.repeat(starts - first, length)


def _shares(part: Floats, of: Floats) -> Floats:
    return np.divide(part, of, out=np.zeros(of.shape), where=of > 0)


def discoveries(chances: Floats, rate: float) -> Bools:
    """Return which are taken for real so that, of those taken, at most this share is chance in the long run.

    Benjamini and Hochberg (1995), JRSS B 57:289; also where the tests depend on each other positively, as those of
    things that busy people do (Benjamini and Yekutieli 2001, Ann. Stat. 29:1165).
    """
    if not len(chances):
        return np.zeros(0, np.bool_)
    order = np.argsort(chances, kind="stable")
    below = np.flatnonzero(chances[order] <= rate * np.arange(1, len(chances) + 1) / len(chances))
    taken = np.zeros(len(chances), np.bool_)
    if len(below):
        taken[order[: below[-1] + 1]] = True
    return taken


def of_family(chances: Floats) -> float:
    """Return the chance of a family in which each member asks much the same: Simes (1986), Biometrika 73:751."""
    ordered = np.sort(chances)
    return float(np.min(ordered * len(ordered) / np.arange(1, len(ordered) + 1)))
