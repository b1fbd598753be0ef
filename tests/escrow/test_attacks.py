"""What a partner who probes gets out of an escrow, measured: each test says how much leaks, and holds it there."""

from __future__ import annotations

import os
import random

import pytest
from tests.escrow.parties import NOW, paired
from tests.partners.two_companies import Dice
from tests.partners.two_companies import paired as keys_of_both

from assay.escrow import counting as escrow_counting
from assay.escrow import wire
from assay.partners import counting
from assay.partners.asking import Refused
from assay.partners.canonical import Record, keys_of
from assay.partners.tokens import SLOTS

pytestmark = pytest.mark.attack

A_WEEK = 7 * 86_400 * 1_000_000
#: Every company on earth, as far as an attacker can guess; the victim has one of a thousand.
ON_EARTH, HAS = 1_000_000, 1_000


def _row(number):
    return wire.Row(b"h" + number.to_bytes(15, "big"), 0, number.to_bytes(16, "big"))


def _learnt(birch):
    """Return the victim's records of which the attacker can tell now that the victim has them."""
    return {pair.theirs for pair in birch.line.all_pairs(birch.setting, 1)}


def test_enumerating_a_million_domains_learns_no_more_than_the_allowance_lets_through(house, leak):
    acme, birch = paired(house)
    acme.upload(_row(number) for number in range(0, ON_EARTH, ON_EARTH // HAS))
    # What a node allows unless somebody says otherwise: 20,000 records, of which each may be guesses throughout, and a
    # fifth of that in a week.
    rows, weekly = 20_000 * SLOTS, 4_000 * SLOTS
    acme.line.allow(acme.setting, rows, weekly)
    with pytest.raises(Refused, match="longer than agreed"):
        birch.upload(_row(number) for number in range(rows + 1))
    birch.upload(_row(number) for number in range(2 * wire.ROWS_A_PART, rows))  # the parts before were taken
    birch.line.complete(birch.setting, 1)
    learnt = _learnt(birch)
    first = len(learnt)
    # Other rows in the place of the old ones, week by week, are as many as may be new and no more.
    at = rows
    for _ in range(4):
        for clock in (house.clock, acme.clock, birch.clock):
            clock.now += A_WEEK
        old = range(at - rows, at - rows + 2 * weekly)
        birch.line.remove(birch.setting, 1, [_row(number).handle for number in old])
        birch.upload(_row(number) for number in range(at, at + weekly))
        at += weekly
        with pytest.raises(Refused, match="grows faster"):
            birch.upload([_row(at)])
        learnt |= _learnt(birch)
    leak("a partner lists a million domains", f"{first} of {HAS:,} accounts at once, {len(learnt)} after four weeks")
    assert (first, len(learnt)) == (rows * HAS // ON_EARTH, (rows + 4 * weekly) * HAS // ON_EARTH)


def test_a_list_that_is_dropped_and_brought_anew_does_not_begin_its_allowance_anew(house):
    acme, birch = paired(house)
    acme.line.allow(acme.setting, 100, 10)
    birch.upload([_row(number) for number in range(60)])
    birch.line.drop(birch.setting, 1)
    with pytest.raises(Refused, match="longer than agreed"):
        birch.upload([_row(number) for number in range(60, 120)])
    birch.line.complete(birch.setting, 1)
    birch.upload([_row(1000)])
    birch.line.drop(birch.setting, 1)
    with pytest.raises(Refused, match="grows faster"):
        birch.upload([_row(number) for number in range(60, 70)])


def test_rows_sent_again_after_a_kill_cost_nothing_of_the_allowance(house):
    acme, birch = paired(house)
    acme.line.allow(acme.setting, 100, 10)
    for _ in range(5):
        birch.upload([_row(number) for number in range(100)])
    birch.line.complete(birch.setting, 1)
    for _ in range(5):
        birch.upload([_row(number) for number in range(90)])


def test_an_allowance_is_the_partners_to_give_and_malformed_ones_are_refused(house):
    acme, birch = paired(house)
    birch.line.allow(birch.setting, 10, 10)
    birch.upload([_row(number) for number in range(20)])
    with pytest.raises(Refused):
        acme.upload([_row(number) for number in range(20)])
    for told in ((0, 1), (1, -1), ("many", 1), (True and 1 << 50, 1)):
        with pytest.raises(Refused):
            acme.line.allow(acme.setting, *told)


def _guessed(weeks, trials, dice):
    """Return how often an attacker says rightly whether a company is in the other's population.

    It knows all the rest of it, and how the escrow draws. Its own list holds the company's domain in one record and its
    name in another, which changes the number by two: the most that one company changes one number.
    """
    known = 300
    middle = known + 1
    right = 0
    for trial in range(trials):
        there = 2 * (trial % 2)
        told = [wire.about(known + there + escrow_counting.noise(dice)) for _ in range(weeks)]
        right += (sum(told) / weeks > middle) == bool(there)
    return right / trials


def test_the_difference_attack_on_counts_is_little_better_than_a_coin(leak):
    dice = Dice("difference")
    once, year = _guessed(1, 6_000, dice), _guessed(wire.COUNT_BUDGET, 1_500, dice)
    leak(
        "counts with and without one company", f"right in {once:.0%} after a week, in {year:.0%} after a year's budget"
    )
    assert once < 0.60
    assert year < 0.80


def test_the_difference_attack_over_the_escrow_learns_no_account(house, leak):
    """The same list with and without one company, in two weeks: the difference of the numbers says nothing of it."""
    acme, birch = paired(house)
    ours, others = keys_of_both()
    companies = [keys_of(Record(name=f"C{n} Ltd", website=f"c{n}.example", country="GB")) for n in range(200)]
    seen = []
    for with_target in (False, True) * 6:
        counting.snapshot(acme.line, ours, {"customers": companies}, os.urandom)
        guess = companies if with_target else companies[1:]
        (one,) = counting.snapshot(birch.line, others, {"guesses": guess}, os.urandom)
        seen.append((with_target, one.about))
        for clock in (house.clock, acme.clock, birch.clock):
            clock.now += A_WEEK
    numbers = ", ".join(f"{about} {'with' if is_with else 'without'}" for is_with, about in seen)
    leak("200 companies counted with one of them and without, twelve weeks", numbers)
    assert all(about % wire.COUNT_STEP == 0 for _, about in seen)
    assert len({about for _, about in seen}) > 1  # nobody sees the true number, of 199 or 200, twelve times


def test_many_populations_of_one_company_each_tell_no_more_than_one(house, leak):
    """A number for each guessed company would be a list: all of them are few, and a company is counted in one alone."""
    acme, birch = paired(house)
    ours, others = keys_of_both()
    companies = [keys_of(Record(name=f"C{n} Ltd", website=f"c{n}.example", country="GB")) for n in range(200)]
    counting.snapshot(acme.line, ours, {"customers": companies}, os.urandom)
    guesses = {f"guess {n}": [companies[n]] for n in range(wire.COUNT_POPULATIONS - 1)}
    guesses["the first, again"] = [companies[0]] * 50
    told = counting.snapshot(birch.line, others, guesses, os.urandom)
    few = sum(one.about is None for one in told)
    leak("a population for each guess", f"{few} of {len(told)} numbers are few, the others noise")
    assert few > wire.COUNT_POPULATIONS // 2  # one in twenty is noise alone


def test_what_a_partner_learns_by_guessing_costs_rows_and_not_questions(house):
    """Comparing a few new records at once goes by the same allowance as uploading a list."""
    acme, birch = paired(house)
    acme.line.allow(acme.setting, 5, 5)
    dice = random.Random(1)
    with pytest.raises(Refused, match="longer than agreed"):
        birch.line.compare([(birch.setting, 1, [_row(dice.randrange(ON_EARTH)) for _ in range(6)])])
    assert house.rows("SELECT count(*) FROM tokens") == [(0,)]
    assert wire.week(NOW + A_WEEK) == wire.week(NOW) + 1
