"""Memberships, and the tracks of accounts seen by their people."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.definitions.model import Definitions, SubjectType
from assay.core.engine import memberships, tracks
from assay.core.engine.causes import SINCE_EVER
from assay.core.engine.memberships import Memberships
from assay.core.engine.tracks import ABSENT, BEGINNING, Tracks
from tests.core.engine.reading_tracks import (
    INSTANTS,
    Row,
    assert_tidy,
    causes_at,
    codes_of,
    rows,
    stored,
    tracks_of,
    value_at,
)
from tests.model.comparing import examples
from tests.model.history import History
from tests.model.world import Membership, World
from tests.model.worlds import START, STEP, as_ofs, instants, worlds

CODES = codes_of("attribute:account.plan", "fact:globex")
PLAN, FACT, MOVED = CODES["attribute:account.plan"], CODES["fact:globex"], CODES["membership"]

some_worlds = worlds(people=3, accounts=3, events=0, partners=False)


@st.composite
def account_tracks(draw: st.DrawFn) -> Tracks:
    """Return tracks of up to three accounts: slots 0 and 1 of truth, slot 2 with members."""
    steps: dict[tuple[int, int, int, int], int] = {}
    causes: dict[tuple[int, int, int, int], int] = {}
    for account, slot, at in draw(
        st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.just(BEGINNING) | instants), max_size=14)
    ):
        member = draw(st.integers(1, 2)) if slot == 2 else 0
        values = [ABSENT, BEGINNING + 1, START, START + STEP] if member else [0, 1]
        steps[account, slot, member, at] = draw(st.sampled_from(values))
        causes[account, slot, member, at] = SINCE_EVER if at == BEGINNING else draw(st.sampled_from([PLAN, FACT]))
    return tracks.drop_idle(tracks.sort(tracks_of([(*key, value, causes[key]) for key, value in steps.items()])))


@examples(60)
@given(some_worlds, as_ofs)
def test_memberships_are_the_models_at_every_instant(world: World, as_of: int) -> None:
    found = memberships.load(stored(world), as_of=as_of)
    history = History(world, Definitions(folder="-"), as_of)
    for number, person in enumerate(world.people):
        for x in INSTANTS:
            covering = (found.person == number) & (found.at <= x) & (x < found.until)
            names = [world.accounts[a] for a in found.account[covering].tolist() if a >= 0]
            account = history.account_of_person(person, x)
            assert names == ([] if account is None else [account])


@examples(150)
@given(some_worlds, account_tracks(), as_ofs)
def test_people_see_the_tracks_of_their_account_at_that_instant(world: World, given: Tracks, as_of: int) -> None:
    belongs = memberships.load(stored(world), as_of=as_of)
    seen = memberships.through(given, belongs, CODES)
    assert_tidy(seen)
    of_accounts, of_people = rows(given), rows(seen)
    history = History(world, Definitions(folder="-"), as_of)
    for number, person in enumerate(world.people):
        for slot, member in [(0, 0), (1, 0), (2, 1), (2, 2)]:
            for x in INSTANTS:
                account = history.account_of_person(person, x)
                theirs = -1 if account is None else world.accounts.index(account)
                assert value_at(of_people, number, slot, x, member) == value_at(of_accounts, theirs, slot, x, member)
                causes = causes_at(of_people, (number, slot, member), x, CODES)
                if causes:
                    moved = {"membership"} if account != history.account_of_person(person, x - 1) else set()
                    assert causes == moved | causes_at(of_accounts, (theirs, slot, member), x, CODES)


@examples(60)
@given(account_tracks(), st.lists(st.integers(-1, 4), max_size=6))
def test_each_pair_has_its_subjects_tracks(given: Tracks, subjects: list[int]) -> None:
    found = memberships.onto_pairs(given, np.array(subjects, np.int32))
    wanted = [(pair, *row[1:]) for pair, subject in enumerate(subjects) for row in rows(given) if row[0] == subject]
    assert rows(found) == wanted


@pytest.mark.parametrize("kind", ["person", "account"])
def test_births_are_the_first_dated_memberships(kind: SubjectType) -> None:
    @examples(40)
    @given(some_worlds)
    def compare(world: World) -> None:
        found, at = memberships.births(stored(world), kind)
        for number, subject in enumerate(world.people if kind == "person" else world.accounts):
            dated = [m.at for m in world.memberships if subject == getattr(m, kind) and m.at is not None]
            assert at[found == number].tolist() == ([min(dated)] if dated else [])

    compare()


@examples(40)
@given(some_worlds)
def test_pairs_are_born_with_the_first_dated_membership_in_that_account(world: World) -> None:
    people, accounts, at = memberships.pair_births(stored(world))
    found = {(p, a): x for p, a, x in zip(people.tolist(), accounts.tolist(), at.tolist(), strict=True)}
    wanted: dict[tuple[int, int], int] = {}
    for m in world.memberships:
        if m.at is not None and m.account is not None:
            key = world.people.index(m.person), world.accounts.index(m.account)
            wanted[key] = min(m.at, wanted.get(key, m.at))
    assert found == wanted


def _seen(belongs: World, given: list[Row]) -> list[Row]:
    return rows(memberships.through(tracks_of(given), memberships.load(stored(belongs), as_of=START + 99), CODES))


def test_an_undated_membership_keeps_since_ever_and_its_accounts_causes() -> None:
    world = World(people=("p",), accounts=("a",), memberships=(Membership(person="p", account="a"),))
    given = [(0, 0, 0, BEGINNING, 1, SINCE_EVER), (0, 0, 0, START, 0, PLAN)]
    assert _seen(world, given) == given


def test_whoever_moves_names_what_changed_in_the_new_account_right_then() -> None:
    world = World(
        people=("p",),
        accounts=("a", "b"),
        memberships=(Membership(person="p", account="a"), Membership(person="p", at=START + 5, account="b")),
    )
    found = _seen(world, [(1, 0, 0, START, 1, PLAN), (1, 0, 0, START + 5, 1, PLAN)])
    assert found == [(0, 0, 0, START + 5, 1, PLAN), (0, 0, 0, START + 5, 1, MOVED)]


def test_whoever_leaves_sees_nothing_more() -> None:
    world = World(
        people=("p",),
        accounts=("a",),
        memberships=(Membership(person="p", at=START, account="a"), Membership(person="p", at=START + 5)),
    )
    found = _seen(world, [(0, 0, 0, BEGINNING, 1, SINCE_EVER), (0, 2, 1, START + 9, 7, FACT)])
    assert found == [(0, 0, 0, START, 1, MOVED), (0, 0, 0, START + 5, 0, MOVED)]


def test_asking_for_one_person_gives_that_persons_memberships() -> None:
    world = World(
        people=("p", "q"),
        accounts=("a",),
        memberships=(Membership(person="p", account="a"), Membership(person="q", account="a")),
    )
    found: Memberships = memberships.load(stored(world), as_of=START, subjects=np.array([1], np.int32))
    assert found.person.tolist() == [1]
    assert len(memberships.load(stored(world), as_of=START)) == 2
