"""Random names are told for random ones, true ones are not; draws are the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from assay.core.outcomes.likeness import Crowd, points
from assay.core.outcomes.separation import random_sets, separation, steadiness
from tests.core.outcomes.crowds import world

SETS = 199


def told_apart(seeds, **settings):
    made = [(seed, world(seed, **settings)) for seed in seeds]
    return sum(separation(one.crowd, one.named, seed=seed, sets=SETS).holds for seed, one in made)


def first(made, top=20):
    """Return those most like the named, and how steady that is."""
    shares, _ = made.crowd.of_units(made.named)
    weights = points(shares.sum(0)[None], len(shares), made.crowd.rest(made.named), made.crowd.family)
    scores = made.crowd.scores(weights)[:, 0]
    scores[made.named] = -1
    return np.argsort(-scores, kind="stable")[:top]


def test_random_names_are_hardly_ever_told_apart():
    assert told_apart(range(20), size=200, families=10) <= 2


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [{}, {"people_each": 4}, {"size": 120}, {"size": 200, "names": 20}],
    ids=["accounts", "colleagues", "few", "many_names"],
)
def test_of_200_random_sets_of_names_190_are_told_for_random_ones(settings):
    assert told_apart(range(200), **settings) <= 10


def test_names_that_have_something_in_common_are_told_apart():
    assert told_apart(range(8), size=600, strength=3.0) >= 7


def test_among_the_first_are_many_of_those_who_would_raise_their_hands_too():
    made = [world(seed, 1000, strength=3.0) for seed in range(8)]
    share = np.mean([np.isin(first(one), one.truly).mean() for one in made])
    assert share > 5 * 0.1


@pytest.mark.slow
def test_places_told_hold_those_that_all_true_names_would_give_in_more_than_85_of_100_cases():
    held = []
    for seed in range(60):
        made = world(seed, 1000, strength=3.0)
        those = first(made)
        shares, _ = made.crowd.of_units(made.truly)
        rest = made.crowd.rest(made.truly)
        scores = made.crowd.scores(points(shares.mean(0)[None] * 1000, 1000, rest, made.crowd.family))[:, 0]
        others = np.sort(np.delete(scores, made.named))
        upto = np.searchsorted(others, scores[those], "right")
        place = len(others) - upto + (upto - np.searchsorted(others, scores[those], "left") + 1) / 2
        steady = steadiness(made.crowd, made.named, those, top=20, seed=seed)
        held.append(np.mean((steady.low <= place) & (place <= steady.high)))
    assert np.mean(held) > 0.85


def test_the_chance_is_how_many_random_sets_come_as_far_the_named_being_one_of_them():
    made = world(3, 200, strength=1.0)
    found = separation(made.crowd, made.named, seed=5, sets=99)
    means = [
        separation(made.crowd, one, seed=5, sets=1).mean for one in random_sets(made.crowd, made.named, seed=5, sets=99)
    ]
    assert found.chance == (sum(one >= found.mean - 1e-9 for one in means) + 1) / 100
    assert found.usual == np.median(means)


def test_whoever_is_left_out_does_not_help_to_be_found():
    """Each name has a trait of its own that nobody else has: it would find itself, and the others do not find it."""
    has = np.zeros((200, 10), bool)
    has[np.arange(10), np.arange(10)] = True
    crowd = Crowd(has=has, family=np.arange(10), unit=np.arange(200))
    assert separation(crowd, np.arange(10), seed=0, sets=19).ahead == (0.5,) * 10


def test_random_sets_are_as_large_as_the_named_and_as_many_of_one_account():
    made = world(1, 200, people_each=4)
    named = np.array([0, 1, 2, 8, 9, 16, 24, 32])
    for drawn in random_sets(made.crowd, named, seed=1, sets=50):
        assert len(set(drawn.tolist())) == len(named)
        counts = np.unique(made.crowd.unit[drawn], return_counts=True)[1]
        assert sorted(counts.tolist()) == [1, 1, 1, 2, 3]


def test_random_sets_take_everybody_about_equally_often():
    made = world(1, 50, names=5)
    often = np.bincount(np.concatenate(list(random_sets(made.crowd, np.arange(10), seed=2, sets=500))), minlength=50)
    assert often.min() > 60
    assert often.max() < 145


def test_the_same_seed_draws_the_same_and_another_seed_something_else():
    made = world(1, 200, strength=1.5)
    one, same, other = (separation(made.crowd, made.named, seed=seed, sets=99) for seed in (4, 4, 5))
    assert one == same
    assert one.ahead == other.ahead
    assert one.usual != other.usual


def test_who_has_what_all_names_have_is_always_among_the_first():
    has = np.zeros((100, 1), bool)
    has[:15] = True
    crowd = Crowd(has=has, family=np.zeros(1, np.int64), unit=np.arange(100))
    found = steadiness(crowd, np.arange(10), np.array([10, 14, 50]), top=5, seed=0)
    assert found.in_top.tolist() == [1.0, 1.0, 0.0]
    assert found.low.tolist() == [1, 1, 6]
    assert found.high.tolist() == [5, 5, 90]
    assert found.counts.tolist() == [1.0]


def test_those_who_stand_equal_share_the_places_at_the_end_of_the_top():
    has = np.zeros((100, 1), bool)
    has[:20] = True
    crowd = Crowd(has=has, family=np.zeros(1, np.int64), unit=np.arange(100))
    assert steadiness(crowd, np.arange(10), np.array([15]), top=5, seed=0).in_top.tolist() == [0.5]
