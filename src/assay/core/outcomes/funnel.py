"""From stage to stage: how many get on, how soon, and where they came from.

A step is judged as a rule is (`survival`): those who got to a stage for the first time in the period, followed until
they first get to the next one or until `as_of`. Getting on at the same instant counts. Who had got on before is left
out of the step: they came by another way. The next stage is theirs if it is their account's, or of one of its people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assay.core.definitions.model import SubjectType
from assay.core.io.store import Store
from assay.core.outcomes import conversions, narrowing, subjects, survival
from assay.core.outcomes.arrays import Bools, Int64s
from assay.core.outcomes.entries import Period
from assay.core.outcomes.estimates import Estimate
from assay.core.outcomes.milestones import Milestone
from assay.core.outcomes.narrowing import Meeting
from assay.core.outcomes.subjects import STAYS

#: By what the people of a step are told apart.
DIMENSIONS: Final = ("rule", "version", "motion", "month", "source", "partner")
KINDS: Final[tuple[SubjectType, ...]] = ("person", "account")
#: Points in time at which cohorts are told.
COHORT_POINTS: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """How a group gets from one stage to the next: the rate within the horizon, and when half of those have (us)."""

    entered: int
    followed: int
    passed: int
    rate: Estimate | None
    half_time: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """Those who got to the stage in one month: `shares` by equal parts of the horizon, None where nobody got so far."""

    month: str
    entered: int
    shares: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """From one stage to another: all together, by dimension and value, and by month of entry.

    `before` had got to the later stage first. Values of a dimension stand by name, months in order; one who has
    several partners stands under each.
    """

    start: str
    end: str
    whole: Passage
    before: int
    parts: dict[str, dict[str, Passage]]
    cohorts: tuple[Cohort, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """The stages of a period, how many got to each (people and accounts), and the steps between them.

    `steps` has neighbours first, then each stage's way to the last one. `designated` counts leads by stage as of month
    ends and `as_of` (see `designation`). `among` names the criterion that those met who count at a stage, if any.
    """

    period: Period
    within: int
    among: str
    stages: tuple[tuple[str, int], ...]
    steps: tuple[Step, ...]
    designated: pa.Table


@dataclass(frozen=True, slots=True)
class _Arrivals:
    """Who first got to a stage in the period: parallel arrays; `cluster` as in `subjects.clusters`."""

    kind: Bools  # true: a person
    subject: Int64s
    at: Int64s
    mark: Int64s
    cluster: Int64s


def steps(
    store: Store, stages: Sequence[Milestone], period: Period, *, within: int, among: Meeting | None = None
) -> tuple[Step, ...]:
    """Return the steps between neighbours, and from each stage to the last where those are no neighbours.

    With `among` those alone set out who meet it as they get to the first stage.
    """
    pairs = [(i, i + 1) for i in range(len(stages) - 1)]
    pairs += [(i, len(stages) - 1) for i in range(len(stages) - 2)]
    arrived = [arrivals(store, stage, period, among=among) for stage in stages]
    return tuple(_step(store, (stages[i], stages[j]), arrived[i], period, within=within) for i, j in pairs)


def arrivals(store: Store, stage: Milestone, period: Period, *, among: Meeting | None = None) -> _Arrivals:
    """Return who got to a stage for the first time in the period, of those who met `among` then."""
    parts = []
    for kind in KINDS:
        own = np.flatnonzero(stage.marks[kind].to_numpy() >= 0)
        subject, at = stage.marks[kind].to_numpy()[own], stage.marks["at"].to_numpy()[own]
        order = np.lexsort((own, at, subject))
        first = order[np.diff(subject[order], prepend=-1) != 0]
        first = first[period.holds(at[first])]
        if among is not None:
            first = first[narrowing.met(store, among, kind, subject[first], at[first], as_of=period.as_of)]
        clusters = subjects.clusters(store, kind, as_of=period.as_of)[subject[first]]
        parts.append((np.full(len(first), kind == "person"), subject[first], at[first], own[first], clusters))
    return _Arrivals(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _step(store: Store, ends: tuple[Milestone, Milestone], here: _Arrivals, period: Period, *, within: int) -> Step:
    start, end = ends
    reached = np.empty(len(here.at), np.int64)
    for kind, mine in zip(KINDS, (here.kind, ~here.kind), strict=True):
        count = store.number(f"SELECT count(*) FROM prepared.{'people' if kind == 'person' else 'accounts'}")
        found = conversions.first_marks(store, end.marks, kind, subjects=count, as_of=period.as_of)
        reached[mine] = found.at[here.subject[mine]]
    kept = reached >= here.at
    journey = _Journey(here.at[kept], reached[kept], here.cluster[kept], within, period.as_of)
    marks = start.marks.take(pa.array(here.mark[kept]))
    months = _months(here.at[kept])
    labels = {name: marks[name].combine_chunks() for name in ("rule", "version", "motion", "source")}
    parts = {name: journey.parted(values) for name, values in {**labels, "month": months}.items()}
    parts["partner"] = _by_partner(store, here, kept, journey)
    return Step(
        start=start.stage,
        end=end.stage,
        whole=journey.passage(np.ones(len(journey.at), np.bool_)),
        before=int(np.count_nonzero(~kept)),
        parts={name: parts[name] for name in DIMENSIONS},
        cohorts=journey.cohorts(months),
    )


@dataclass(frozen=True, slots=True)
class _Journey:
    """Those who set out on a step: when they did, when they arrived (NEVER: not yet), and their cluster."""

    at: Int64s
    arrived: Int64s
    cluster: Int64s
    within: int
    as_of: int

    def limit(self, which: Bools) -> survival.ProductLimit:
        group = survival.follow(self.at[which], self.arrived[which], within=self.within, as_of=self.as_of)
        return survival.ProductLimit(group, self.cluster[which])

    def passage(self, which: Bools) -> Passage:
        limit = self.limit(which)
        group = limit.group
        return Passage(
            entered=len(group),
            followed=group.throughout,
            passed=group.converted_within,
            rate=limit.rate(),
            half_time=limit.half_time(),
        )

    def parted(self, labels: pa.Array) -> dict[str, Passage]:
        coded = labels.dictionary_encode()
        names, codes = coded.dictionary.to_pylist(), coded.indices.to_numpy()
        return {name: self.passage(codes == names.index(name)) for name in sorted(names) if name}

    def cohorts(self, months: pa.Array) -> tuple[Cohort, ...]:
        after = self.within * np.arange(1, COHORT_POINTS + 1, dtype=np.int64) // COHORT_POINTS
        found = []
        for month in sorted(pc.unique(months).to_pylist()):
            mine = pc.equal(months, month).to_numpy(zero_copy_only=False)
            shares = self.limit(mine).shares(after)
            known = int(self.at[mine].min()) + after <= self.as_of
            told = tuple(float(s) if k else None for s, k in zip(shares, known, strict=True))
            found.append(Cohort(month=month, entered=int(mine.sum()), shares=told))
        return tuple(found)


def _months(at: Int64s) -> pa.Array:
    """Return the month of each instant: "2026-02"."""
    return pc.strftime(pa.array(at).cast(pa.timestamp("us")), format="%Y-%m")


def _by_partner(store: Store, here: _Arrivals, kept: Bools, journey: _Journey) -> dict[str, Passage]:
    """Return the passages by partner whose fact held of the account when the stage was reached; "none" of nobody."""
    table = pa.table(
        {
            "place": np.arange(len(journey.at)),
            "person": np.where(here.kind[kept], here.subject[kept], -1),
            "account": np.where(here.kind[kept], -1, here.subject[kept]),
            "at": journey.at,
        }
    )
    store.register("funnel_arrivals", table)
    found = store.table(
        f"WITH stays AS ({STAYS}), placed AS ("
        'SELECT place, "at", account FROM funnel_arrivals WHERE account >= 0 UNION ALL '
        'SELECT a.place, a."at", s.account FROM funnel_arrivals a JOIN stays s ON s.person = a.person '
        'AND s.since <= a."at" AND a."at" < s.until) '
        "SELECT DISTINCT p.place, f.partner FROM placed p JOIN prepared.partner_facts f ON f.account = p.account "
        'AND coalesce(f.since, p."at") <= p."at" AND coalesce(f."until", p."at" + 1) > p."at" ORDER BY 2, 1',
        [journey.as_of],
    )
    places, partners = found["place"].to_numpy(), found["partner"]
    if not found.num_rows:
        return {}
    passages = {}
    for partner in pc.unique(partners).to_pylist():
        which = np.zeros(len(journey.at), np.bool_)
        which[places[pc.equal(partners, partner).to_numpy(zero_copy_only=False)]] = True
        passages[str(partner)] = journey.passage(which)
    alone = np.ones(len(journey.at), np.bool_)
    alone[places] = False
    return {**passages, "none": journey.passage(alone)} if alone.any() else passages
