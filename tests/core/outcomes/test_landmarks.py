"""A group beside others at landmarks: the same as counting one by one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from assay.core.outcomes import landmarks
from assay.core.outcomes.landmarks import AGES, Landmarks
from assay.core.values import DAY
from tests.core.outcomes.simulating import AS_OF, WITHIN, world

AT = np.arange(1, 25, dtype=np.int64) * 14 * DAY


def looked_at(made, known=AS_OF, only=None):
    return Landmarks(AT[known >= AT], made.those, within=WITHIN, known=known, only=only)


def belongs(group, i, at):
    mine = group.subject == i
    return bool(np.any((group.since[mine] <= at) & (group.until[mine] > at)))


def one_by_one(made, group, known, only=None):
    """Return by stratum (landmark and age) subjects with whether they stand in the group, and convert in time."""
    those, strata = made.those, {}
    for place, at in enumerate(AT[known >= AT]):
        for i in range(len(those)):
            if those.born[i] > at or those.converted_at[i] <= at:
                continue
            if only is not None and not belongs(only, i, at):
                continue
            age = max(k for k, since in enumerate(AGES) if at - those.born[i] >= since)
            inside = belongs(group, i, at)
            converts = those.converted_at[i] <= min(known, at + WITHIN)
            if those.converted_at[i] == at + WITHIN:
                converts = True
            strata.setdefault((place, age), []).append((i, inside, bool(converts)))
    return strata


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("known", [AS_OF, 200 * DAY])
@pytest.mark.parametrize("is_narrowed", [False, True])
def test_differences_of_sums_equal_counting_one_by_one(seed, known, is_narrowed):
    made = world(seed, 60, kinds=2, a_day=0.003)
    group, only = made.group("event_0", 2, 30 * DAY), made.group("event_1", 1, 40 * DAY) if is_narrowed else None
    found = looked_at(made, known, only).beside(group)
    observed = expected = excess = 0.0
    moved = np.zeros(len(made.those))
    people, converting = set(), set()
    for rows in one_by_one(made, group, known, only).values():
        inside, outside = [r for r in rows if r[1]], [r for r in rows if not r[1]]
        people |= {i for i, _, _ in inside}
        converting |= {i for i, _, converts in inside if converts}
        rate, part = np.mean([r[2] for r in rows]), len(inside) / len(rows)
        excess += sum(r[2] for r in inside) - len(inside) * rate
        for i, is_in, converts in rows:
            moved[i] += (is_in - part) * (converts - rate)
        if outside:
            observed += sum(r[2] for r in inside)
            expected += len(inside) * np.mean([r[2] for r in outside])
    assert (found.people, found.conversions) == (len(people), len(converting))
    spread = np.sqrt(np.sum(np.bincount(made.those.clusters, moved) ** 2))
    assert found.score == pytest.approx(excess / spread)
    assert found.chance == pytest.approx(stats.norm.sf(excess / spread))
    assert (found.lift.value if found.lift else 0.0) == pytest.approx(observed / expected if expected else 0.0)


def test_where_nothing_is_a_signal_the_lift_is_one_and_intervals_cover_it():
    covered = 0
    for seed in range(100):
        made = world(seed, 1200, kinds=1)
        covered += looked_at(made).beside(made.group("event_0", 1, 30 * DAY)).lift.holds(1.0)
    assert 90 <= covered <= 99


def test_a_group_that_nobody_belongs_to_is_no_signal():
    made = world(1, 60, kinds=1)
    empty = landmarks.Group(subject=np.empty(0, int), since=np.empty(0, int), until=np.empty(0, int))
    found = looked_at(made).beside(empty)
    assert (found.people, found.conversions, found.score, found.lift) == (0, 0, 0.0, None)


def test_discoveries_are_those_of_the_step_up_procedure():
    chances = np.array([0.9, 0.001, 0.012, 0.02, 0.04])
    assert landmarks.discoveries(chances, 0.05).tolist() == [False, True, True, True, True]
    assert landmarks.discoveries(chances, 0.01).tolist() == [False, True, False, False, False]
    assert landmarks.discoveries(np.array([]), 0.05).tolist() == []


def test_a_family_has_one_chance_however_many_belong_to_it():
    assert landmarks.of_family(np.array([0.01])) == 0.01
    assert landmarks.of_family(np.array([0.01, 0.01, 0.01])) == pytest.approx(0.01)
    assert landmarks.of_family(np.array([0.01, 0.9, 0.9])) == pytest.approx(0.03)
