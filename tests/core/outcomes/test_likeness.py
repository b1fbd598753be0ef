"""Points are what a plain model says, add up exactly, and one family counts once."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.outcomes.likeness import POINT, PRIOR, Crowd, ahead_of, points
from tests.core.outcomes.crowds import world


def plain_points(having, of, rest):
    """Return the points of one trait, and how much likelier the names are if it is one, both written out."""
    expected = PRIOR * rest
    odds = (having + expected) / (of - having + PRIOR - expected)
    told = math.log2(odds / (rest / (1 - rest)))

    def logs(a, b):
        return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)

    as_a_trait = logs(having + expected, of - having + PRIOR - expected) - logs(expected, PRIOR - expected)
    return told, as_a_trait - having * math.log(rest) - (of - having) * math.log(1 - rest)


@st.composite
def named_and_rest(draw):
    of = draw(st.integers(5, 12))
    traits = draw(st.integers(1, 8))
    having = draw(st.lists(st.integers(0, of), min_size=traits, max_size=traits))
    rest = draw(st.lists(st.floats(0.01, 0.99), min_size=traits, max_size=traits))
    family = sorted(draw(st.lists(st.integers(0, 2), min_size=traits, max_size=traits)))
    return np.array(having, float), of, np.array(rest), np.unique(family, return_inverse=True)[1]


@settings(max_examples=150, deadline=None)
@given(named_and_rest())
def test_points_are_those_of_a_plain_model_and_the_best_of_each_family_alone_counts(asked):
    having, of, rest, family = asked
    found = points(having[None], of, rest, family)[0]
    for one in set(family.tolist()):
        members = np.flatnonzero(family == one)
        told = [plain_points(having[at], of, rest[at]) for at in members]
        counting = np.flatnonzero(found[members])
        evidence = [surer if more > 0 else 0.0 for more, surer in told]
        assert len(counting) <= 1
        if max(evidence) > 1e-6:
            best = counting[0]
            assert abs(evidence[best] - max(evidence)) < 1e-6
            assert abs(found[members][best] - told[best][0] * POINT) <= 1
        elif max(evidence) < -1e-6:
            assert len(counting) == 0


def test_what_the_named_have_as_often_as_the_rest_has_no_points():
    rest = np.array([0.5, 0.9, 0.2])
    assert not points(np.array([[5.0, 9.0, 2.0]]), 10, rest, np.arange(3)).any()


def test_what_the_named_have_seldomer_has_no_points():
    assert not points(np.array([[0.0, 1.0]]), 10, np.array([0.5, 0.9]), np.arange(2)).any()


def test_few_names_are_believed_less_than_many():
    rest, family = np.array([0.1]), np.arange(1)
    few, many = (points(np.array([[0.8 * of]]), of, rest, family)[0, 0] for of in (5, 50))
    assert 0 < few < many


def test_as_many_points_in_one_family_count_the_first():
    twice = points(np.array([[8.0, 8.0]]), 10, np.array([0.1, 0.1]), np.zeros(2, np.int64))[0]
    assert (twice[0] > 0, twice[1]) == (True, 0.0)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_the_points_of_a_subject_are_the_sum_of_those_of_its_traits(seed):
    made = world(seed, 80, families=4, each=3, strength=2.0, names=6)
    shares, _ = made.crowd.of_units(made.named)
    weights = points(shares.sum(0)[None], len(shares), made.crowd.rest(made.named), made.crowd.family)
    scores = made.crowd.scores(weights)[:, 0]
    assert [int(one) for one in scores] == [
        sum(int(weight) for weight, met in zip(weights[0], row, strict=True) if met) for row in made.crowd.has
    ]
    assert np.array_equal(made.crowd.scores(weights, made.named)[:, 0], scores[made.named])


def test_people_of_one_account_count_together_as_one():
    crowd = Crowd(has=np.array([[1], [0], [1], [0]], bool), family=np.zeros(1, np.int64), unit=np.array([7, 7, 3, 9]))
    shares, whose = crowd.of_units(np.array([0, 1, 2]))
    assert shares[:, 0].tolist() == [1.0, 0.5]
    assert whose.tolist() == [1, 1, 0]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=20), st.lists(st.integers(0, 5), min_size=1, max_size=20))
def test_being_ahead_is_counted_one_by_one_and_equals_count_half(scores, others):
    found = ahead_of(np.array(scores, float), np.array(others, float))
    plain = [sum((one > other) + 0.5 * (one == other) for other in others) / len(others) for one in scores]
    assert np.allclose(found, plain)
