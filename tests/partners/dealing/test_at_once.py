"""A new lead compared with all partners in one request: as the steps would have found it, only sooner."""

from __future__ import annotations

import pytest

from assay.partners.dealing import at_once
from tests.partners.dealing.companies import Company, account, pair, rounds


class Ring:
    """Acme with several partners over one escrow, each with a memory of its own and the same identity."""

    def __init__(self, house, folder, partners):
        self.house, self.sides, self.asked = house, [], []
        for number in range(partners):
            ours, theirs = Company(f"acme {number}", folder, house), Company(f"partner {number}", folder, house)
            if self.sides:
                first = self.sides[0][0]
                ours.identity, ours.count = first.identity, first.count
            ours.wrap_send = self._noting
            ours.accounts = {"a1": account("Initech Ltd", "initech.com", "GB", "Leeds")}
            theirs.accounts = {
                "b1": account("Initech Limited", "initech.com", "GB", "Leeds"),
                "b2": account(f"Hooli {number}", f"hooli{number}.com", "US", "Austin"),
            }
            pair(ours, theirs)
            ours.grant()
            theirs.grant()
            rounds(ours, theirs)
            self.sides.append((ours, theirs))
        self.asked.clear()

    def _noting(self, send):
        def sending(method, path, headers, body):
            self.asked.append((method, path))
            return send(method, path, headers, body)

        return sending

    def compare(self, *records):
        """Compare records as they are now, and let them be in the list that the next steps bring."""
        return at_once.compare(
            [
                (ours.deal, {name: ours.mine.records[name] for name in records if name in ours.accounts}, ours.log)
                for ours, _ in self.sides
            ]
        )

    def add(self, name, record):
        for ours, _ in self.sides:
            ours.accounts[name] = record
            ours.members["customers"].add(name)

    def close(self):
        for side in self.sides:
            for company in side:
                company.rows.close()


@pytest.fixture
def ring(house, tmp_path):
    made = Ring(house, tmp_path, 3)
    yield made
    made.close()


def _rest(ring):
    for side in ring.sides:
        rounds(*side)


def _highest(ring):
    return ring.house.rows("SELECT max(number) FROM records")


def test_a_new_account_is_compared_with_every_partner_in_one_request(ring):
    ring.add("a2", account("Hooli 1", "hooli1.com", "US", "Austin"))
    assert ring.compare("a2") == {1}
    assert ring.asked == [("POST", "/v1/rows/compared")]


def test_what_one_request_found_is_what_steps_would_have_found_and_nothing_is_uploaded_again(ring):
    ring.add("a2", account("Hooli 1", "hooli1.com", "US", "Austin"))
    ring.compare("a2")
    before = _highest(ring)
    _rest(ring)
    assert _highest(ring) == before
    assert [sorted(ours.shared) for ours, _ in ring.sides] == [["a1"], ["a1", "a2"], ["a1"]]
    assert [sorted(theirs.shared) for _, theirs in ring.sides] == [["b1"], ["b1", "b2"], ["b1"]]
    assert [ours.deal.shared() for ours, _ in ring.sides] == [1, 2, 1]


def test_an_account_that_changed_takes_the_place_of_what_it_was(ring):
    ring.add("a1", account("Hooli 2", "hooli2.com", "US", "Austin"))
    assert ring.compare("a1") == {2}
    _rest(ring)
    assert [sorted(theirs.shared) for _, theirs in ring.sides] == [[], [], ["b2"]]
    ring.add("a1", account("Initech Ltd", "initech.com", "GB", "Leeds"))
    assert ring.compare("a1") == {0, 1, 2}
    _rest(ring)
    assert [sorted(theirs.shared) for _, theirs in ring.sides] == [["b1"]] * 3


def test_what_did_not_change_is_not_asked_about_again(ring):
    assert ring.compare("a1") == set()
    assert ring.asked == []


def test_one_partners_allowance_keeps_nobody_else_from_hearing(ring):
    """The one request is refused whole, has no effect, and each partner's own step goes on."""
    owner = ring.sides[0][1]
    owner.deal._line.allow(owner.deal._setting, 18, 18)
    ring.add("a2", account("Hooli 1", "hooli1.com", "US", "Austin"))
    before = _highest(ring)
    assert ring.compare("a2") == set()
    assert _highest(ring) == before
    rounds(*ring.sides[1])
    assert sorted(ring.sides[1][0].shared) == ["a1", "a2"]


def test_a_partner_that_left_keeps_nobody_else_from_hearing(ring):
    ring.sides[2][1].deal.revoke()
    ring.add("a2", account("Hooli 1", "hooli1.com", "US", "Austin"))
    assert ring.compare("a2") == set()
    for at in (1, 2):
        rounds(*ring.sides[at])
    assert sorted(ring.sides[1][0].shared) == ["a1", "a2"]
    ring.add("a3", account("Hooli 0", "hooli0.com", "US", "Austin"))
    assert ring.compare("a3") == {0}


def test_more_than_fits_into_one_request_goes_in_several_and_very_much_is_left_to_the_steps(ring):
    for number in range(20):
        ring.add(f"new {number}", account(f"New {number}", f"new{number}.com", "US", "Austin"))
    ring.compare(*(f"new {number}" for number in range(20)))
    assert ring.asked == [("POST", "/v1/rows/compared")]
    for number in range(21):
        ring.add(f"more {number}", account(f"More {number}", f"more{number}.com", "US", "Austin"))
    ring.compare(*(f"more {number}" for number in range(21)))
    assert len(ring.asked) == 1
    _rest(ring)
    assert [len(ours.accounts) for ours, _ in ring.sides] == [42] * 3
