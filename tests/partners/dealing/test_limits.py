"""What the escrow sees to for a company: how long its partner's list may be, and numbers without accounts."""

from __future__ import annotations

import pytest

from assay.partners.asking import Refused
from assay.partners.dealing import Allowance, Level
from assay.partners.dealing.keys import TOO_SOON
from tests.partners.dealing.companies import account, pair, rounds

A_WEEK = 7 * 86_400 * 1_000_000


def _company(number):
    return account(f"Company{number:03}", f"company{number:03}.example", "DE")


@pytest.fixture
def many(acme, birch):
    """Forty companies in common and ten that one side alone has."""
    acme.accounts = {f"a{n}": _company(n) for n in range(50)}
    birch.accounts = {f"b{n}": _company(n) for n in range(10, 60)}
    return acme, birch


def test_counts_are_told_alike_once_a_week_and_no_account_is(many):
    acme, birch = many
    acme.is_compared = birch.is_compared = False
    pair(acme, birch)
    acme.grant("customers", level=Level.COUNTS)
    birch.grant("prospects", says="prospect", level=Level.COUNTS)
    rounds(acme, birch)
    ((ours, theirs, about),) = acme.log.told("counted")[-1]
    assert (ours, theirs) == ("customers", "prospects")
    assert birch.log.told("counted")[-1] == [("prospects", "customers", about)]
    assert about is not None
    assert about % 10 == 0
    assert abs(about - 40) <= 30  # noise
    assert (acme.shared, birch.shared, acme.known, birch.known) == ({}, {}, {}, {})
    rounds(acme, birch)
    assert len(acme.log.told("counted")) == 1
    acme.clock.now += A_WEEK  # the one clock of all
    rounds(acme, birch)
    assert len(acme.log.told("counted")) == len(birch.log.told("counted")) == 2


def test_where_nobody_offers_counts_nothing_is_counted(many, house):
    acme, birch = many
    pair(acme, birch)
    acme.grant("customers")
    birch.grant("prospects", says="prospect")
    rounds(acme, birch)
    assert acme.log.told("counted") == []
    assert house.rows("SELECT count(*) FROM counted") == [(0,)]


def test_a_list_that_is_longer_than_the_partner_allows_is_refused_and_matches_nothing(many):
    acme, birch = many
    acme.allowance = Allowance(49, 100)
    with pytest.raises(Refused, match="longer than agreed"):
        pair(acme, birch)
    assert acme.shared == {}
    acme.allowance = Allowance(50, 100)
    acme.step()
    birch.grant("prospects", says="prospect")
    acme.grant("customers")
    rounds(birch, acme)
    assert len(acme.shared) == 40


def test_a_partners_first_list_is_no_growth_however_late_it_comes(many):
    acme, birch = many
    acme.allowance = Allowance(60, 5)
    acme.is_compared = birch.is_compared = False
    pair(acme, birch)
    rounds(acme, birch)
    birch.is_compared = True
    rounds(birch, acme)
    acme.is_compared = True
    acme.grant("customers")
    rounds(acme, birch)
    assert len(acme.shared) == len(birch.shared) == 40
    birch.accounts |= {f"c{n}": _company(n) for n in range(100, 106)}
    with pytest.raises(Refused, match="grows faster"):
        birch.step()


def test_a_list_that_was_emptied_grows_when_it_comes_back(many):
    acme, birch = many
    acme.allowance = Allowance(50, 20)
    pair(acme, birch)
    birch.grant("prospects", says="prospect")
    acme.grant("customers")
    rounds(birch, acme)
    birch.is_compared = False
    rounds(birch, acme)
    birch.is_compared = True
    with pytest.raises(Refused, match="grows faster"):
        birch.step()


def _epochs(company):
    return len(list(company.rows.scan("epoch")))


@pytest.mark.attack
def test_a_partner_that_turns_keys_over_and_over_brings_one_list_in_four_weeks(many, leak):
    """Under new keys a whole list comes anew, and nobody can tell it from new guesses."""
    acme, birch = many
    acme.allowance = Allowance(50, 5)
    pair(acme, birch)
    rounds(acme, birch)
    birch.deal.rotate()
    rounds(birch, acme)
    assert acme.log.told("trouble") == []
    birch.deal.rotate()
    rounds(birch, acme)
    assert acme.log.told("trouble") == [TOO_SOON]
    leak("new keys over and over, each with a whole list of guesses", f"{acme.deal.shared()} matched, as before it")
    assert _epochs(acme) == 1
    assert acme.deal.shared() == birch.deal.shared() == 40  # under the keys that both have
    acme.clock.now += 4 * A_WEEK
    rounds(birch, acme)
    assert acme.log.told("trouble") == [TOO_SOON, ""]
    assert acme.deal.shared() == birch.deal.shared() == 40


def test_new_keys_that_both_begin_are_taken_up_however_soon(many):
    acme, birch = many
    pair(acme, birch)
    rounds(acme, birch)
    for _ in range(3):
        birch.deal.rotate()
        birch.step()
        acme.deal.rotate()
        rounds(birch, acme)
    assert acme.log.told("trouble") == birch.log.told("trouble") == []
    assert _epochs(acme) == _epochs(birch) == 1
    assert acme.deal.shared() == 40
