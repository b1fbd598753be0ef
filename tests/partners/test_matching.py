"""Matching: both sides come to the same, one to one, whatever order rows and spellings have."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.errors import BadRequest
from assay.core.io.store import Store
from assay.partners.canonical import Record, keys_of
from assay.partners.evidence import DEFAULT_TERMS, NAME_ALONE_TERMS, Relation, Ruling, Terms
from assay.partners.matching import decide, fields_of, join, match, refuse_other_version
from assay.partners.tokens import Tokeniser

KEY = bytes(range(32))
GROUP = Terms(relation=Relation.GROUP)


@pytest.fixture(scope="module")
def store():
    with Store(on_disk=False, threads=1) as opened:
        yield opened


def listed(records, seed=1):
    return Tokeniser(KEY).tokenise([keys_of(record) for record in records], seed=bytes([seed]) * 32)


def found(store, ours, theirs, *, terms=DEFAULT_TERMS, ruling=Ruling.MATCH):
    """Return the pairs of places in both lists that have a ruling, and the count of companies."""
    own, other = listed(ours, 1), listed(theirs, 2)
    decisions = match(store, own, other.upload, fields_of(other), terms)
    here, there = own.handles.to_pylist(), other.handles.to_pylist()
    pairs = {(here.index(r["ours"]), there.index(r["theirs"])) for r in decisions.pairs(ruling).to_pylist()}
    return pairs, decisions.count


def company(name, domain="", country="", city=""):
    return Record(name=name, website=domain, country=country, city=city)


RECORDS = st.builds(
    company,
    st.sampled_from(["Acme", "Acme Services", "Acme Ltd", "Blue Nova", "Nova Blue GmbH", "Zenith Oil", "Zenit Oil"]),
    st.sampled_from(["", "acme.com", "acme.de", "nova.io", "www.zenith.com", "facebook.com/x"]),
    st.sampled_from(["", "DE", "Germany", "US"]),
    st.sampled_from(["", "Berlin", "Boston"]),
)
LISTS = st.lists(RECORDS, max_size=12)


@settings(max_examples=25, deadline=None)
@given(LISTS, LISTS, st.sampled_from([DEFAULT_TERMS, NAME_ALONE_TERMS, GROUP, Terms(match_from=0.0)]))
def test_both_sides_decide_the_same_and_count_the_same(store, ours, theirs, terms):
    for ruling in (Ruling.MATCH, Ruling.ASK):
        here, count = found(store, ours, theirs, terms=terms, ruling=ruling)
        there, count_there = found(store, theirs, ours, terms=terms, ruling=ruling)
        assert here == {(a, b) for b, a in there}
        assert count == count_there


@settings(max_examples=25, deadline=None)
@given(LISTS, LISTS)
def test_no_record_is_in_two_matches(store, ours, theirs):
    pairs, count = found(store, ours, theirs, terms=Terms(match_from=0.0))
    assert count == len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})


@settings(max_examples=20, deadline=None)
@given(LISTS, LISTS, st.randoms(use_true_random=False))
def test_order_of_records_decides_nothing(store, ours, theirs, dice):
    order = list(range(len(ours)))
    dice.shuffle(order)
    straight, _ = found(store, ours, theirs)
    shuffled, _ = found(store, [ours[i] for i in order], theirs)
    assert straight == {(order[a], b) for a, b in shuffled}


def test_spelling_decides_nothing(store):
    ours = [company("Müller & Söhne GmbH", "mueller.de", "DE", "München"), company("Other Co", "other.com", "US")]
    theirs = [company("MULLER UND SOHNE G.m.b.H.", "https://www.MUELLER.de/en", "Germany", "Munich")]
    assert found(store, ours, theirs) == ({(0, 0)}, 1)


def test_the_pair_with_more_evidence_wins_a_record(store):
    ours = [company("Acme", "acme.com", "US", "Boston")]
    theirs = [company("Acme", "acme.com", "US"), company("Acme Inc.", "acme.com", "US", "Boston")]
    assert found(store, ours, theirs) == ({(0, 1)}, 1)


def test_two_that_are_equally_likely_are_a_question_and_no_match(store):
    ours, theirs = [company("Acme", "acme.com", "US", "Boston")], [company("Acme", "acme.com", "US", "Boston")] * 2
    assert found(store, ours, theirs) == (set(), 0)
    assert found(store, ours, theirs, ruling=Ruling.ASK)[0] == {(0, 0), (0, 1)}


def test_of_groups_many_records_are_one(store):
    ours = [company("Acme", "acme.com", "US"), company("Acme Digital", "acme.com", "DE")]
    theirs = [company("Acme Retail", "acme.com", "FR")]
    pairs, count = found(store, ours, theirs, terms=GROUP)
    assert pairs == {(0, 0), (1, 0)}
    assert count == 1


def test_empty_lists_have_nothing_in_common(store):
    assert found(store, [], [company("Acme", "acme.com")]) == (set(), 0)
    assert found(store, [], []) == (set(), 0)


def test_lists_under_two_keys_have_nothing_in_common(store):
    keys = [keys_of(company("Acme", "acme.com", "US"))]
    one = Tokeniser(KEY).tokenise(keys, seed=bytes(32))
    other = Tokeniser(KEY[::-1]).tokenise(keys, seed=bytes(32))
    assert join(store, one.upload, other.upload).num_rows == 0


def test_a_token_that_everybody_shares_makes_no_pairs_and_its_number_is_not_told(store):
    ours, theirs = (
        listed([company(f"Firm {i}", "portal.com") for i in range(70)]),
        listed([company("X", "portal.com")], 2),
    )
    assert join(store, ours.upload, theirs.upload).num_rows == 0
    ten = join(store, listed([company(f"Firm {i}", "portal.com") for i in range(10)]).upload, theirs.upload)
    assert set(ten["frequency"].to_pylist()) == {2}


def test_registry_ids_that_differ_keep_two_apart(store):
    record = {"name": "Acme", "website": "acme.com", "country": "US", "city": "Boston"}
    one, other = (Record(**record, registry=(("lei", number),)) for number in ("A1", "B2"))
    assert found(store, [one], [other]) == (set(), 0)
    assert found(store, [one], [one]) == ({(0, 0)}, 1)


def test_reasons_of_a_pair_can_be_read(store):
    own, other = listed([company("Acme", "acme.com", "US")]), listed([company("Acme", "acme.com", "US")], 2)
    decisions = match(store, own, other.upload, fields_of(other), DEFAULT_TERMS)
    assert decisions.ruling(0) is Ruling.MATCH
    assert decisions.reasons(0).bits == pytest.approx(decisions.bits[0])
    assert decide(decisions.candidates, DEFAULT_TERMS).count == 1


def test_another_version_is_refused_with_a_mend():
    with pytest.raises(BadRequest, match="update the older"):
        refuse_other_version(0)
