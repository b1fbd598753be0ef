"""Whom an outcome reaches: through the membership in force at that instant, first outcomes first."""

from __future__ import annotations

import pytest

from assay.core import tables
from assay.core.errors import BadRequest
from assay.core.io.store import Store
from assay.core.io.store import name as quoted
from assay.core.outcomes import conversions
from assay.core.outcomes.arrays import NEVER

AS_OF = 1000


@pytest.fixture
def store():
    """Ann stays at account 0; Ben leaves it for 1 at 500; Cid comes to 0 at 300; Dee belongs to nobody."""
    with Store(on_disk=False) as store:
        for table, columns in tables.PREPARED.items():
            store.run(f"CREATE TABLE prepared.{table} ({', '.join(f'{quoted(c)} {t}' for c, t in columns.items())})")
        store.run("INSERT INTO prepared.people VALUES (0, 'ann'), (1, 'ben'), (2, 'cid'), (3, 'dee')")
        store.run("INSERT INTO prepared.accounts VALUES (0, 'a', NULL, NULL), (1, 'b', NULL, NULL)")
        store.run("INSERT INTO prepared.memberships VALUES (0, NULL, 0), (1, NULL, 0), (1, 500, 1), (2, 300, 0)")
        yield store


def happen(store, *rows):
    """Add outcomes: (person, account, at), all won."""
    for person, account, at in rows:
        store.run(f"INSERT INTO prepared.outcomes VALUES ({account}, {person}, {at}, 'won', NULL, 'crm')")


def of_people(store, **settings):
    return conversions.first(store, "won", "person", subjects=4, as_of=AS_OF, **settings).at.tolist()


def of_accounts(store):
    return conversions.first(store, "won", "account", subjects=2, as_of=AS_OF).at.tolist()


@pytest.mark.parametrize(
    ("at", "reached"),
    [
        (200, [200, 200, NEVER, NEVER]),
        (300, [300, 300, 300, NEVER]),
        (499, [499, 499, 499, NEVER]),
        (500, [500, NEVER, 500, NEVER]),
    ],
)
def test_an_accounts_outcome_reaches_who_belongs_to_it_then(at, reached, store):
    happen(store, (-1, 0, at))
    assert of_people(store) == reached


def test_a_person_who_comes_later_is_reached_by_the_next_outcome_of_the_account(store):
    happen(store, (-1, 0, 200), (-1, 0, 400))
    assert of_people(store) == [200, 200, 400, NEVER]


def test_who_moves_is_reached_by_each_account_in_its_time(store):
    happen(store, (-1, 1, 450), (-1, 1, 600))
    assert of_people(store) == [NEVER, 600, NEVER, NEVER]


def test_an_outcome_that_names_a_person_reaches_it_whatever_its_account(store):
    happen(store, (3, 0, 100))
    assert of_people(store) == [100, 100, NEVER, 100]


def test_asked_for_own_outcomes_alone_an_account_reaches_nobody(store):
    happen(store, (3, 0, 100), (-1, 0, 200))
    assert of_people(store, reach="person") == [NEVER, NEVER, NEVER, 100]


def test_a_persons_outcome_is_one_of_the_account_it_belongs_to_then(store):
    happen(store, (1, -1, 400), (1, -1, 700))
    assert of_accounts(store) == [400, 700]


def test_an_outcome_that_names_its_account_is_of_no_other(store):
    happen(store, (1, 1, 400))
    assert of_accounts(store) == [NEVER, 400]


def test_outcomes_after_the_instant_asked_about_are_not_known(store):
    happen(store, (0, -1, AS_OF), (3, -1, AS_OF + 1))
    assert of_people(store) == [AS_OF, NEVER, NEVER, NEVER]


def test_outcomes_that_all_lie_later_are_told_as_such(store):
    happen(store, (0, -1, AS_OF + 1))
    with pytest.raises(BadRequest, match="after the instant"):
        conversions.check_name(store, "won", as_of=AS_OF)


def test_a_name_that_is_near_nothing_is_answered_with_those_there_are(store):
    happen(store, (0, -1, 5))
    with pytest.raises(BadRequest, match="These there are: won"):
        conversions.check_name(store, "zzz", as_of=AS_OF)
