"""Each rung of the ladder takes the lead or says why not; somebody always has it in the end."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from tests.node.leads.knowing import NOON

from assay.node.leads.routing import CATCH_ALL, Area, Asking, Roster, Taker, route

ANN, BOB, CYD = 1, 2, 3
NAMES = {ANN: "Ann", BOB: "Bob", CYD: "Cyd"}


def _roster(**more):
    takers = {"sales": (Taker(user=ANN, capacity=10), Taker(user=BOB, capacity=10))}
    return Roster(**{"names": NAMES, "takers": takers, **more})


def _goes_to(asking, roster):
    found = route(asking, roster)
    return found.user, found.steps[-1].said


def test_the_account_owner_comes_first_where_they_work_the_queue():
    roster = _roster(owners={"globex": BOB}, loads={BOB: 9})
    assert _goes_to(Asking(queue="sales", account_id="globex"), roster) == (BOB, "Bob")


def test_an_account_owner_of_another_queue_is_passed_by():
    found = route(Asking(queue="sales", account_id="globex"), _roster(owners={"globex": CYD}))
    assert (found.user, found.steps[0].said) == (ANN, "Cyd does not work this queue")


def test_a_handoff_to_the_account_owner_asks_nobody_else():
    found = route(Asking(queue="account_owner", account_id="globex"), _roster(owners={"globex": CYD}))
    assert found.user == CYD


def test_a_territory_takes_what_lies_in_it():
    areas = (Area(queue="", attribute="country", values="DE, AT", user=CYD),)
    asking = Asking(queue="sales", attributes={"country": "at"})
    assert _goes_to(asking, _roster(areas=areas)) == (CYD, "country at: Cyd")


def test_a_territory_may_be_a_range_of_numbers():
    areas = (Area(queue="", attribute="employees", values="500..", user=CYD),)
    assert route(Asking(queue="sales", attributes={"employees": "499"}), _roster(areas=areas)).user == ANN
    assert route(Asking(queue="sales", attributes={"employees": "500"}), _roster(areas=areas)).user == CYD
    assert route(Asking(queue="sales", attributes={"employees": "many"}), _roster(areas=areas)).user == ANN


def test_in_a_queue_whoever_has_most_room_comes_first():
    takers = {"sales": (Taker(user=ANN, capacity=4), Taker(user=BOB, capacity=10))}
    found = _goes_to(Asking(queue="sales"), _roster(takers=takers, loads={ANN: 2, BOB: 4}))
    assert found == (BOB, "Bob has most room in sales (4 of 10)")


def test_of_two_with_as_much_room_whoever_waited_longer_comes_first():
    takers = (Taker(user=ANN, capacity=5, last_given_at=NOON), Taker(user=BOB, capacity=5))
    assert route(Asking(queue="sales"), _roster(takers={"sales": takers})).user == BOB


def test_who_is_away_gets_nothing_and_who_stands_in_gets_it():
    roster = _roster(owners={"globex": ANN}, away={ANN: CYD})
    assert _goes_to(Asking(queue="sales", account_id="globex"), roster) == (CYD, "Cyd stands in for Ann")


def test_who_is_full_gets_nothing_and_the_catch_all_gets_it():
    found = route(Asking(queue="sales"), _roster(loads={ANN: 10, BOB: 10}))
    assert (found.user, found.queue) == (None, CATCH_ALL)
    assert found.why.endswith(
        "everybody in sales is away, full or had it already; catch-all: nobody else could take it"
    )


def test_who_had_it_already_does_not_get_it_again():
    assert route(Asking(queue="sales", not_to={ANN}), _roster()).user == BOB


def test_twenty_leads_are_dealt_out_evenly():
    roster, got = _roster(), {ANN: 0, BOB: 0}
    for n in range(20):
        found = route(Asking(queue="sales"), roster)
        got[found.user] += 1
        roster = roster.having_given(found.user, found.queue, NOON + timedelta(minutes=n))
    assert got == {ANN: 10, BOB: 10}


USERS = st.integers(1, 4)


@given(
    owner=st.none() | USERS,
    away=st.dictionaries(USERS, st.none() | USERS),
    capacities=st.dictionaries(USERS, st.integers(1, 3)),
    loads=st.dictionaries(USERS, st.integers(0, 3)),
    had=st.sets(USERS),
    area=st.none() | USERS,
)
def test_whoever_gets_it_is_here_and_did_not_have_it_before(owner, away, capacities, loads, had, area):
    roster = Roster(
        names={n: str(n) for n in range(1, 4)},  # the fourth has left
        away=away,
        owners={"globex": owner} if owner else {},
        areas=(Area(queue="", attribute="country", values="de", user=area),) if area else (),
        takers={"sales": tuple(Taker(user=u, capacity=c) for u, c in capacities.items())},
        loads=loads,
    )
    found = route(Asking(queue="sales", account_id="globex", attributes={"country": "de"}, not_to=had), roster)
    assert all(step.said for step in found.steps)
    if found.user is None:
        assert found.queue == CATCH_ALL
        free = [u for u in capacities if u in roster.names and u not in away and u not in had]
        assert all(loads.get(u, 0) >= capacities[u] for u in free)
    else:
        assert found.user in roster.names
        assert found.user not in away
        assert found.user not in had
