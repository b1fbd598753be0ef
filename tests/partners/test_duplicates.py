"""Duplicates of one's own list are found by the evidence of two lists, with their reasons."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.io.store import Store
from assay.partners import duplicates
from assay.partners.canonical import keys_of
from assay.partners.evidence import Ruling, judge
from assay.partners.sharing import doubles, read_list
from tests.partners.test_matching import LISTS, company, listed
from tests.partners.test_matching import store as store

RECORDS = [
    company("Acme Inc", "acme.com", "US", "Boston"),
    company("Blue", "blue.de", "DE"),
    company("ACME", "www.acme.com", "USA", "Boston"),
    company("Acme Services", "acme.com", "FR"),
]


def found(records):
    return duplicates.find([keys_of(record) for record in records], threads=1)


def test_duplicates_of_ones_own_list_are_found_with_reasons():
    (one,) = found(RECORDS)
    assert (one.first, one.other) == (0, 2)
    assert "name agrees, at one domain" in [reason.finding for reason in one.evidence.reasons]
    assert found([]) == []
    assert found(RECORDS[:2]) == []


@settings(max_examples=25, deadline=None)
@given(LISTS)
def test_two_records_are_duplicates_where_two_lists_of_them_alone_would_match(store, records):
    alone = {
        (a, b)
        for a in range(len(records))
        for b in range(a + 1, len(records))
        if duplicates.pairs(store, listed([records[a], records[b]]))
    }
    told = duplicates.pairs(store, listed(records))
    # A name or a domain that others of the list have too says less: what is found in the list is found alone as well.
    assert {(one.first, one.other) for one in told} <= alone
    assert all(judge(one.evidence, duplicates.TERMS) is Ruling.MATCH for one in told)


@settings(max_examples=25, deadline=None)
@given(LISTS, st.randoms(use_true_random=False))
def test_the_order_of_a_list_decides_nothing(records, dice):
    order = list(range(len(records)))
    dice.shuffle(order)
    with Store(on_disk=False, threads=1) as store:
        straight = {frozenset((one.first, one.other)) for one in duplicates.pairs(store, listed(records))}
        shuffled = duplicates.pairs(store, listed([records[place] for place in order]))
    assert {frozenset((order[one.first], order[one.other])) for one in shuffled} == straight


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)).filter(lambda pair: pair[0] < pair[1]), max_size=12))
def test_whatever_hangs_together_by_pairs_is_one_group(pairs):
    groups = [{place} for place in range(10)]
    for a, b in pairs:
        joined = {place for group in groups if a in group or b in group for place in group}
        groups = [group for group in groups if not group & joined] + [joined]
    assert duplicates.groups(pairs) == sorted(tuple(sorted(group)) for group in groups if len(group) > 1)


def test_a_file_says_which_rows_are_one_company_twice_and_why(tmp_path):
    path = tmp_path / "customers.csv"
    path.write_text(
        "id,name,domain,country,city\n1,Acme Inc,acme.com,US,Boston\n2,Blue,blue.de,DE,\n"
        "3,Acme Incorporated Boston,acme.com,US,Boston\n4,ACME INC,acme.com,US,Boston\n"
    )
    told = doubles.table(read_list(path, {})).to_pylist()
    assert [(row["id"], row["other id"], row["other company"]) for row in told] == [
        ("1", "4", "ACME INC"),
        ("1", "3", "Acme Incorporated Boston"),
    ]
    assert "domain agrees +4.4" in told[1]["why"]
    path.write_text("id,name,domain\n1,Acme Inc,acme.com\n")
    assert doubles.table(read_list(path, {})).num_rows == 0
