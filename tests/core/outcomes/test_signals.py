"""Signals that were planted are found, and noise is not taken for one."""

from __future__ import annotations

import numpy as np
import pytest

from assay.core.outcomes import signals
from assay.core.outcomes.caveats import Caveat
from assay.core.outcomes.landmarks import Group
from assay.core.values import DAY
from tests.core.outcomes.simulating import AS_OF, QUESTION, WITHIN, candidates, world


def nothing_to_mind(_):
    return ()


def searched(made, warn=nothing_to_mind):
    asked, decide = candidates(made)
    return signals.search(asked, decide, warn, made.those, QUESTION, subject="person", busy=made.busy())


def seeds_with_signals(seeds, people, **settings):
    found = {seed: searched(world(seed, people, **settings)) for seed in seeds}
    assert all(one.enough for one in found.values())
    return [seed for seed, one in found.items() if one.signals]


def test_pure_noise_gives_no_signal_in_20_histories():
    assert len(seeds_with_signals(range(20), 400, kinds=6, a_day=0.001)) <= 1


@pytest.mark.slow
def test_pure_noise_gives_a_signal_in_at_most_5_of_100_histories():
    assert len(seeds_with_signals(range(1000, 1100), 800)) <= 5


@pytest.mark.parametrize("seed", range(5))
def test_a_planted_signal_is_found_and_stands_first_though_busy_people_do_more_of_everything(seed):
    found = searched(world(seed, 2000, signal=0.12))
    assert found.signals[0].candidate.family == "event_0"
    assert found.signals[0].later.lift.low > 1
    assert len(found.signals) <= 2


def test_a_signal_is_told_from_the_later_part_alone():
    made = world(3, 2000, signal=0.12)
    found = searched(made)
    both = signals.parts(made.those, QUESTION, made.busy())
    one = found.signals[0]
    asked, decide = candidates(made)
    group = decide([next(c for c in asked if c.name == one.candidate.name)])[0]
    assert one.later == both.later.beside(group)
    assert both.later.at.min() >= both.split > both.earlier.at.max()
    assert one.rate.holds(both.later.rate(group).value)


def test_no_conversion_after_the_split_helps_to_find_a_signal():
    """Whoever lived at the split would have found the same: later conversions are not known then."""
    made = world(3, 2000, signal=0.12)
    asked, decide = candidates(made)
    both = signals.parts(made.those, QUESTION, made.busy())
    as_then = made.those.converted_at.copy()
    as_then[as_then > both.split] = both.split + 1
    then = signals.Landmarks(
        both.earlier.at,
        signals.Subjects(born=made.those.born, converted_at=as_then, clusters=made.those.clusters),
        within=WITHIN,
        known=both.split,
        alike=made.busy(),
    )
    assert signals.screen(asked, decide, then) == signals.screen(asked, decide, both.earlier)


def test_the_later_part_can_be_followed_for_the_whole_horizon():
    both = signals.parts(world(1, 600).those, QUESTION)
    assert both.split <= AS_OF - WITHIN


def test_a_leak_is_refused_before_it_is_confirmed():
    def warn(one):
        return (Caveat(code="leak", of=one.name, text="it is the outcome"),) if one.family == "event_0" else ()

    found = searched(world(3, 2000, signal=0.12), warn)
    assert "event_0" not in [one.candidate.family for one in found.signals]
    assert [(one.family, why.text) for one, why in found.refused] == [("event_0", "it is the outcome")]


def test_what_begins_together_with_the_outcome_is_refused():
    made = world(3, 600)
    asked, _ = candidates(made)
    who = np.flatnonzero(made.those.converted_at <= AS_OF)
    at = made.those.converted_at[who]
    caveat = signals.coinciding(asked[0], Group(subject=who, since=at - DAY // 2, until=at), made.those, outcome="won")
    assert caveat[0].code == "leak"


def test_too_few_conversions_are_not_searched():
    found = searched(world(3, 100, a_day=0.00005))
    assert (found.enough, found.tried, found.signals) == (False, 0, ())
