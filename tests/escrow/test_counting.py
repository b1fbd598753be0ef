"""Counts: how many, to both sides alike, once a week, with noise; never which."""

from __future__ import annotations

import os
from collections import Counter

import pytest
from tests.escrow.parties import NOW, House, paired
from tests.partners.two_companies import Dice
from tests.partners.two_companies import paired as keys_of_both

from assay.escrow import counting as escrow_counting
from assay.escrow import wire
from assay.partners import counting
from assay.partners.asking import Refused
from assay.partners.canonical import Record, keys_of

WEEK = wire.week(NOW)
A_WEEK = 7 * 86_400 * 1_000_000


def companies(*numbers, country="DE"):
    return [
        keys_of(Record(name=f"Company{number:05} GmbH", website=f"company{number:05}.example", country=country))
        for number in numbers
    ]


def told(house, mine, theirs):
    """Return the numbers as both sides see them, after both brought their populations."""
    acme, birch = paired(house)
    ours, others = keys_of_both()
    counting.snapshot(acme.line, ours, mine, os.urandom)
    second = counting.snapshot(birch.line, others, theirs, os.urandom)
    return counting.snapshot(acme.line, ours, mine, os.urandom), second


def test_both_sides_see_the_same_number_near_the_true_one(house):
    first, second = told(house, {"customers": companies(*range(600))}, {"leads": companies(*range(300, 900))})
    assert [(one.ours, one.theirs, one.about) for one in first] == [(b.theirs, b.ours, b.about) for b in second]
    (one,) = first
    ours, others = keys_of_both()
    assert (one.ours, one.theirs) == (
        counting.tag(others, ours.mine, "customers"),
        counting.tag(ours, others.mine, "leads"),
    )
    assert abs(one.about - 300) <= 80  # the noise passes 75 less than once in 100,000


def test_a_small_number_is_not_told(house):
    (one,), _ = told(house, {"customers": companies(1, 2, 3)}, {"leads": companies(3, 4)})
    assert one.about is None or one.about <= 80
    assert [wire.about(number) for number in (-9, 0, 14, 15, 24, 25)] == [None, None, None, 20, 20, 30]


def test_a_company_with_domain_and_name_is_counted_once_and_one_with_either_too():
    def exact(mine, theirs):
        key = keys_of_both()[0]
        both = [
            {(row.kind, row.hash) for row in counting.rows_of(key, 1, {"p": one}, os.urandom)} for one in (mine, theirs)
        ]
        return sum(wire.COUNT_SIGNS[kind] for kind, _ in both[0] & both[1])

    full, bare = Record(name="Acme", website="acme.example", country="DE"), Record(name="Acme", country="DE")
    other = Record(name="Acme Holding Berlin", website="acme.example")
    assert [
        exact([keys_of(a)], [keys_of(b)]) for a, b in ((full, full), (full, bare), (full, other), (bare, other))
    ] == [1, 1, 1, 0]


def test_no_number_is_told_before_both_sides_are_all_there(house):
    acme, birch = paired(house)
    ours, others = keys_of_both()
    assert counting.snapshot(acme.line, ours, {"a": companies(1)}, os.urandom) is None
    birch.line.count_in(birch.setting, WEEK, 1, counting.rows_of(others, WEEK, {"b": companies(1)}, os.urandom))
    assert counting.snapshot(acme.line, ours, {"a": companies(1)}, os.urandom) is None
    assert acme.line.counts(acme.setting, WEEK)["counts"] == []


def test_the_numbers_of_a_week_are_drawn_once_and_the_rows_are_gone(house):
    first, _ = told(house, {"a": companies(*range(100))}, {"b": companies(*range(100))})
    assert house.rows("SELECT count(*) FROM counting") == [(0,)]
    acme, ours = paired(house)[0], keys_of_both()[0]
    assert counting.snapshot(acme.line, ours, {"a": companies(*range(50))}, os.urandom) == first
    with pytest.raises(Refused, match="all there"):
        acme.line.count_in(acme.setting, WEEK, 1, counting.rows_of(ours, WEEK, {"a": companies(1)}, os.urandom))


def test_another_week_than_this_is_refused_and_what_was_left_of_the_last_is_deleted(house):
    acme, _ = paired(house)
    ours = keys_of_both()[0]
    counting.snapshot(acme.line, ours, {"a": companies(1, 2)}, os.urandom)
    assert house.rows("SELECT count(*) FROM counting") == [(6,)]
    for week in (WEEK - 1, WEEK + 1):
        with pytest.raises(Refused, match="week"):
            acme.line.counted(acme.setting, week, 1)
    house.clock.now = acme.clock.now = NOW + A_WEEK
    acme.line.recount(acme.setting, WEEK + 1, 1)
    assert house.rows("SELECT count(*) FROM counting") == [(0,)]


def test_a_company_in_two_populations_is_counted_in_the_first():
    key = keys_of_both()[0]
    rows = list(counting.rows_of(key, 1, {"first": companies(1), "second": companies(1, 2)}, os.urandom))
    assert Counter(row.handle for row in rows) == {counting.tag(key, key.mine, n): 3 for n in ("first", "second")}


def test_the_escrow_itself_keeps_a_token_in_one_population_alone(house):
    acme, _ = paired(house)
    row = wire.Row(b"1" * 16, 0, b"t" * 16)
    acme.line.count_in(acme.setting, WEEK, 1, [row, wire.Row(b"2" * 16, 0, b"t" * 16)])
    assert house.rows("SELECT count(*) FROM counting") == [(1,)]


def test_a_year_has_a_budget_of_counts(house):
    acme, birch = paired(house)
    ours, others = keys_of_both()

    def count_once():
        counting.snapshot(acme.line, ours, {"a": companies(1)}, os.urandom)
        return counting.snapshot(birch.line, others, {"b": companies(1)}, os.urandom)

    for _ in range(wire.COUNT_BUDGET):
        assert count_once() is not None
        for clock in (house.clock, acme.clock, birch.clock):
            clock.now += A_WEEK
    with pytest.raises(Refused, match="budget"):
        count_once()


def test_neither_pairs_nor_sweeps_tell_anything_of_what_is_counted(house):
    acme, birch = paired(house)
    ours, others = keys_of_both()
    counting.snapshot(acme.line, ours, {"a": companies(*range(30))}, os.urandom)
    birch.line.count_in(
        birch.setting, WEEK, 1, counting.rows_of(others, WEEK, {"b": companies(*range(30))}, os.urandom)
    )
    assert acme.line.all_pairs(acme.setting, 1) == acme.pairs() == acme.pairs(of="theirs") == []
    # Not even where a company sends the same rows as a list.
    birch.upload(counting.rows_of(others, WEEK, {"b": companies(*range(30))}, os.urandom))
    assert birch.pairs() == []


def test_malformed_rows_other_versions_and_too_many_populations_are_refused(house):
    acme, _ = paired(house)
    path = f"/v1/partnerships/{acme.setting.partnership.hex()}/counting/{WEEK}/1"
    row = wire.Row(b"1" * 16, len(wire.COUNT_SIGNS), b"t" * 16)
    for version, rows, code in (
        (1, b"x", "unreadable"),
        (2, b"", "canonicaliser"),
        (1, wire.packed([row]), "unreadable"),
    ):
        with pytest.raises(Refused) as caught:
            acme.line.ask("POST", path, wire.joined([version.to_bytes(4, "big"), rows]))
        assert caught.value.code == code
    many = [wire.Row(bytes([n]) * 16, 0, bytes([n]) * 16) for n in range(wire.COUNT_POPULATIONS + 1)]
    acme.line.count_in(acme.setting, WEEK, 1, many)
    with pytest.raises(Refused, match="populations"):
        acme.line.counted(acme.setting, WEEK, 1)


def test_revoking_deletes_counts_and_what_was_counted(house):
    told(house, {"a": companies(*range(40))}, {"b": companies(*range(40))})
    acme, _ = paired(house)
    acme.line.revoke(acme.setting)
    assert [house.rows(f"SELECT count(*) FROM {table}") for table in ("counting", "counted", "counts")] == [[(0,)]] * 3


def test_noise_is_drawn_by_the_law_that_is_stated():
    dice = Dice("noise")
    drawn = Counter(escrow_counting.noise(dice) for _ in range(20_000))
    stay = wire.COUNT_STAY[0] / wire.COUNT_STAY[1]
    for number in range(-12, 13):
        expected = 20_000 * (1 - stay) / (1 + stay) * stay ** abs(number)
        assert abs(drawn[number] - expected) < 5 * expected**0.5


def test_a_kill_while_rows_are_brought_is_made_up_for(tmp_path):
    house = House(tmp_path, os.urandom)
    acme, birch = paired(house)
    ours, others = keys_of_both()
    rows = list(counting.rows_of(ours, WEEK, {"a": companies(*range(200))}, os.urandom))
    acme.line.count_in(acme.setting, WEEK, 1, rows[:50])
    house.start()
    counting.snapshot(birch.line, others, {"b": companies(*range(100, 300))}, os.urandom)
    (one,) = counting.snapshot(acme.line, ours, {"a": companies(*range(100, 300))}, os.urandom)
    house.store.close()
    assert abs(one.about - 200) <= 80
