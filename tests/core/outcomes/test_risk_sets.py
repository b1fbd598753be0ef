"""Everybody else: the same as counting one by one, and right where the truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from assay.core.outcomes import estimates, risk_sets, survival
from assay.core.outcomes.arrays import NEVER
from assay.core.outcomes.landmarks import Group

DAY = 86_400_000_000
WITHIN = 90 * DAY
AS_OF = 300 * DAY


def world(seed, number, *, conversion=0.002, entry=0.004):
    """Subjects born over 200 days, who enter and convert at daily rates that have nothing to do with each other."""
    rng = np.random.default_rng(seed)
    born = (rng.uniform(0, 200, number) * DAY).astype(np.int64)
    entered = born + (rng.exponential(1 / entry, number) * DAY).astype(np.int64)
    converted = born + (rng.exponential(1 / conversion, number) * DAY).astype(np.int64)
    return born, np.where(entered <= AS_OF, entered, NEVER), np.where(converted <= AS_OF, converted, NEVER)


def asked(born, entered, converted):
    cohort = (entered <= AS_OF) & (converted > entered)
    risk = risk_sets.stretches(born, entered, converted)
    others = risk_sets.others(risk, entered[cohort], subjects=len(born), within=WITHIN, as_of=AS_OF)
    return others, cohort


def one_by_one(born, entered, converted, meets=lambda _: True):
    """Return the share of everybody else by going through entrants, pieces and subjects."""
    stays = 1.0
    entrants = [e for e, c in zip(entered, converted, strict=True) if e <= AS_OF and c > e]
    for piece in range(risk_sets.PIECES):
        low, high = (WITHIN * k // risk_sets.PIECES for k in (piece, piece + 1))
        at_risk = happened = 0.0
        for at in entrants:
            there = (born <= at) & (entered > at) & (converted > at) & meets(at)
            if at + high > AS_OF or not there.any():
                continue
            lag = np.where(converted == NEVER, NEVER, converted - at)[there]
            at_risk += np.count_nonzero(lag > low) / there.sum()
            happened += np.count_nonzero((lag > low) & (lag <= high)) / there.sum()
        stays *= 1 - (happened / at_risk if at_risk else 0.0)
    return 1 - stays


@pytest.mark.parametrize("seed", range(6))
def test_sums_over_sorted_instants_equal_counting_one_by_one(seed):
    found, _ = asked(*world(seed, 80, conversion=0.01, entry=0.005))
    assert found.share[-1] == pytest.approx(one_by_one(*world(seed, 80, conversion=0.01, entry=0.005)), abs=1e-12)


def test_instants_that_fall_together_are_told_apart_as_promised():
    """Who converts or enters at the very instant of a lead is no "other"; who is born then is one."""
    born = np.array([0, 0, 0, 50, 0]) * DAY
    entered = np.array([50, 50, NEVER // DAY, NEVER // DAY, NEVER // DAY]) * DAY
    entered[2:] = NEVER
    converted = np.array([NEVER, NEVER, 50 * DAY, NEVER, 60 * DAY])
    found, _ = asked(born, entered, converted)
    assert found.number == 2  # the one born at that instant, and the one who converts ten days later
    assert found.share[-1] == pytest.approx(0.5)


@pytest.mark.parametrize("seed", range(3))
def test_others_among_those_who_meet_a_criterion_are_counted_as_one_by_one(seed):
    born, entered, converted = world(seed, 80, conversion=0.01, entry=0.005)
    rng = np.random.default_rng(seed)
    since = born + (rng.uniform(0, 40, 80) * DAY).astype(np.int64)
    until = since + (rng.uniform(5, 60, 80) * DAY).astype(np.int64)
    again = until + 20 * DAY
    who = np.concatenate([np.arange(80), np.arange(80)])
    group = Group(subject=who, since=np.concatenate([since, again]), until=np.concatenate([until, again + 30 * DAY]))
    risk = risk_sets.while_in(risk_sets.stretches(born, entered, converted), group, subjects=80)
    cohort = (entered <= AS_OF) & (converted > entered)
    found = risk_sets.others(risk, entered[cohort], subjects=80, within=WITHIN, as_of=AS_OF)
    meets = lambda at: ((since <= at) & (at < until)) | ((again <= at) & (at < again + 30 * DAY))  # noqa: E731
    assert found.share[-1] == pytest.approx(one_by_one(born, entered, converted, meets=meets), abs=1e-12)


def test_influences_of_everybody_else_sum_to_nought():
    found, _ = asked(*world(3, 2000))
    assert np.sum(found.influence) == pytest.approx(0, abs=1e-9)


def test_where_the_rule_says_nothing_both_groups_convert_alike_and_intervals_cover_the_truth():
    truth = 1 - np.exp(-0.002 * 90)
    others_cover = lift_covers = 0
    for seed in range(200):
        born, entered, converted = world(seed, 1500)
        found, cohort = asked(born, entered, converted)
        others_cover += estimates.conversion(float(found.share[-1]), found.influence).holds(truth)
        group = survival.follow(entered[cohort], converted[cohort], within=WITHIN, as_of=AS_OF)
        limit = survival.ProductLimit(group, np.flatnonzero(cohort))
        own = np.zeros(len(born))
        own[cohort] = limit.influences(WITHIN)
        lift = estimates.ratio(limit.rate().value, float(found.share[-1]), own, found.influence)
        lift_covers += lift.holds(1.0)
    assert 182 <= others_cover <= 198
    assert 182 <= lift_covers <= 198


def test_nobody_followed_for_the_whole_horizon_gives_no_others():
    born, entered, converted = world(1, 100)
    late = np.where(entered <= AS_OF, np.maximum(entered, AS_OF - 10 * DAY), entered)
    assert asked(born, late, converted)[0] is None


def test_without_anybody_else_there_are_no_others():
    born, entered = np.zeros(3, np.int64), np.full(3, 50 * DAY)
    assert asked(born, entered, np.full(3, NEVER))[0] is None
