"""The model keeps its own promises, whatever the world: it looks at every instant that matters, and never ahead."""

from __future__ import annotations

import itertools

from hypothesis import given

from assay.core.definitions.model import Definitions
from tests.model.comparing import examples
from tests.model.naive import is_in, judge, met_criteria, naive
from tests.model.strategies import any_definitions
from tests.model.world import World
from tests.model.worlds import START, STEP, STEPS, instants, worlds

LAST = START + (STEPS + 1) * STEP
DENSE = [START + i * STEP // 2 + shift for i in range(-2, 70) for shift in (-1, 0, 1)]


@examples(15)
@given(worlds(), any_definitions(fading=True))
def test_spells_cover_exactly_the_instants_at_which_a_rule_holds(world: World, definitions: Definitions) -> None:
    history = judge(world, definitions, LAST)
    for rule in definitions.rules:
        for subject in history.subjects(rule.subject) if not rule.stay_qualified else ():
            for x in DENSE:
                if x >= history.birth(subject):
                    expected = is_in(rule, met_criteria(history, rule, subject, x), False)
                    assert history.rule_holds(rule.name, subject, x) == expected


@examples(25)
@given(worlds(), any_definitions(fading=True), instants)
def test_what_comes_later_changes_no_earlier_answer(world: World, definitions: Definitions, x: int) -> None:
    late, early = judge(world, definitions, LAST), judge(world, definitions, x)
    for rule in definitions.rules:
        for subject in late.subjects(rule.subject):
            assert late.rule_holds(rule.name, subject, x) == early.rule_holds(rule.name, subject, x)


@examples(25)
@given(worlds(), any_definitions(fading=True))
def test_spells_of_a_rule_never_touch(world: World, definitions: Definitions) -> None:
    found = naive(world, definitions, LAST)
    for one, other in itertools.pairwise(found):
        assert one.ends_at is None or one.starts_at < one.ends_at
        if one[:3] == other[:3]:
            assert one.ends_at is not None and one.ends_at < other.starts_at
