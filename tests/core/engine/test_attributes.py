"""Attribute criteria as tracks."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.definitions.model import Attribute, Condition, Definitions, SubjectType, Threshold
from assay.core.engine import attributes
from assay.core.engine.causes import SINCE_EVER
from assay.core.engine.tracks import BEGINNING
from tests.core.engine.reading_tracks import INSTANTS, assert_tidy, causes_at, codes_of, rows, stored, value_at
from tests.model.comparing import examples
from tests.model.conditions import meets
from tests.model.history import History
from tests.model.world import AttributeRow, World
from tests.model.worlds import START, STEP, STEPS, as_ofs, worlds

LISTS = {"good": ("seats", "trial", Decimal(10), True), "numbers": (Decimal(10), Decimal(3))}
CODES = codes_of("attribute:plan", "attribute:size", "attribute:account.plan")
LATE = START + (STEPS + 1) * STEP

conditions = st.sampled_from(
    [
        Condition(kind="is", values=("trial",)),
        Condition(kind="is", values=(Decimal(10),)),
        Condition(kind="is_not", values=("trial",)),
        Condition(kind="one_of", values=("seats", Decimal("7.5"))),
        Condition(kind="in_list", list_name="good"),
        Condition(kind="exists", values=(True,)),
        Condition(kind="exists", values=(False,)),
        Condition(kind="range", threshold=Threshold(low=Decimal(8))),
    ]
)
forms = st.builds(Attribute, name=st.sampled_from(["plan", "size"]), condition=conditions)
kinds: st.SearchStrategy[SubjectType] = st.sampled_from(["person", "account"])


def _subjects(world: World, kind: SubjectType) -> Sequence[str]:
    return world.people if kind == "person" else world.accounts


@examples(80)
@given(worlds(events=0, partners=False), st.lists(forms, min_size=1, max_size=3), kinds, as_ofs)
def test_the_truth_and_its_cause_are_the_models(
    world: World, wanted: list[Attribute], kind: SubjectType, as_of: int
) -> None:
    tracks = attributes.attribute_tracks(
        stored(world), list(enumerate(wanted)), subject_type=kind, as_of=as_of, lists=LISTS, causes=CODES
    )
    found = rows(tracks)
    history = History(world, Definitions(folder="-"), as_of)
    assert_tidy(tracks)
    for slot, form in enumerate(wanted):
        for number, subject in enumerate(_subjects(world, kind)):
            for x in INSTANTS:
                value = history.attribute(kind, subject, form.name, x)
                assert value_at(found, number, slot, x) == meets(form.condition, value, LISTS)
                assert causes_at(found, (number, slot, 0), x, CODES) <= {f"attribute:{form.name}"}


@examples(40)
@given(worlds(events=0, partners=False), forms, kinds, as_ofs)
def test_asking_for_one_subject_gives_its_part_of_all(
    world: World, form: Attribute, kind: SubjectType, as_of: int
) -> None:
    store = stored(world)
    everybody, some = (
        rows(
            attributes.attribute_tracks(
                store, [(0, form)], subject_type=kind, as_of=as_of, lists=LISTS, causes=CODES, subjects=subjects
            )
        )
        for subjects in (None, np.array([0], np.int32))
    )
    assert some == [row for row in everybody if row[0] == 0]


@examples(40)
@given(worlds(events=0, partners=False), kinds)
def test_subjects_are_born_with_their_first_dated_attribute(world: World, kind: SubjectType) -> None:
    found, at = attributes.births(stored(world), kind)
    for number, subject in enumerate(_subjects(world, kind)):
        dated = [a.at for a in world.attributes if (a.subject_type, a.subject) == (kind, subject) and a.at is not None]
        assert at[found == number].tolist() == ([min(dated)] if dated else [])


def _world(*given: tuple[str | None, int | None]) -> World:
    return World(
        people=("p", "q"),
        attributes=tuple(
            AttributeRow(
                subject_type="person",
                subject="p",
                name="plan",
                at=None if at is None else START + at * STEP,
                value=value,
            )
            for value, at in given
        ),
    )


def _found(world: World, condition: Condition, *, keep_idle: bool = False) -> list[tuple[int, int, int, int]]:
    tracks = attributes.attribute_tracks(
        stored(world),
        [(0, Attribute(name="plan", condition=condition))],
        subject_type="person",
        as_of=LATE,
        lists=LISTS,
        causes=CODES,
        keep_idle=keep_idle,
    )
    return [(row[0], row[3], row[4], row[5]) for row in rows(tracks)]


def test_an_undated_value_holds_since_ever_until_the_first_dated_one() -> None:
    world = _world(("trial", None), ("pro", 3))
    assert _found(world, Condition(kind="is", values=("trial",))) == [
        (0, BEGINNING, 1, SINCE_EVER),
        (0, START + 3 * STEP, 0, CODES["attribute:plan"]),
    ]


def test_what_is_absent_since_ever_does_not_exist_since_ever() -> None:
    world = _world(("trial", 3))
    assert _found(world, Condition(kind="exists", values=(False,))) == [
        (0, BEGINNING, 1, SINCE_EVER),
        (0, START + 3 * STEP, 0, CODES["attribute:plan"]),
        (1, BEGINNING, 1, SINCE_EVER),
    ]


def test_idle_changes_are_kept_on_demand_and_repeats_never() -> None:
    world = _world(("trial", 1), ("pro", 3), ("pro", 4), (None, 5))
    condition = Condition(kind="one_of", values=("trial", "pro"))
    assert [row[1] for row in _found(world, condition)] == [START + STEP, START + 5 * STEP]
    assert [row[1] for row in _found(world, condition, keep_idle=True)] == [
        START + STEP,
        START + 3 * STEP,
        START + 5 * STEP,
    ]


def test_an_attribute_of_the_account_is_named_as_written() -> None:
    world = World(
        accounts=("a",),
        attributes=(AttributeRow(subject_type="account", subject="a", name="plan", at=START, value="pro"),),
    )
    form = Attribute(name="plan", condition=Condition(kind="is", values=("pro",)), of_account=True)
    tracks = attributes.attribute_tracks(
        stored(world), [(0, form)], subject_type="account", as_of=LATE, lists=LISTS, causes=CODES
    )
    assert rows(tracks)[0][5] == CODES["attribute:account.plan"]


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        (Condition(kind="range", threshold=Threshold(low=Decimal(1))), {"plan": 2}),
        (Condition(kind="in_list", list_name="numbers"), {"plan": 2}),
        (Condition(kind="in_list", list_name="good"), {}),
        (Condition(kind="is", values=("trial",)), {}),
    ],
)
def test_values_that_are_no_numbers_are_counted_where_numbers_are_wanted(
    condition: Condition, count: dict[str, int]
) -> None:
    world = _world(("1,000", None), ("7.5", 1), (None, 2), ("many", 3), ("lots", STEPS + 5))
    wanted = [(0, Attribute(name="plan", condition=condition))]
    assert attributes.unparsed_numbers(stored(world), wanted, subject_type="person", as_of=LATE, lists=LISTS) == count
