"""The ledger: every disclosure, by a chain that shows what was left out, added, changed or told twice."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.partners import ledger
from assay.partners.identities import Distrust
from assay.partners.ledger import Disclosure, Head
from tests.partners.two_companies import Dice, company

ACME, BIRCH = company("acme").identity, company("birch").identity
START = Head()
PARTIES = ledger.Parties(partnership=b"p" * 16, discloser=ACME.public, receiver=BIRCH.public)


def _chain(count, head=START, said=b"value"):
    entries = []
    for number in range(head.number + 1, head.number + count + 1):
        _, commitment = ledger.commit(said, Dice(number))
        told = Disclosure(handle=bytes([number]) * 16, grant=1, epoch=1, fields=("name",), commitment=commitment)
        entries.append(ledger.write(ACME, PARTIES, head, told, at=number))
        head = entries[-1].head()
    return entries


def _kinds(entries, receipts=(), heads=()):
    return [trouble.kind for trouble in ledger.verify(PARTIES, entries, receipts, heads)]


def _receipt(entries):
    return ledger.receipt(BIRCH, PARTIES, entries[-1].head())


def test_a_whole_chain_has_nothing_wrong():
    chain = _chain(4)
    assert _kinds(chain, [_receipt(chain)], [chain[1].head()]) == []
    assert ledger.unreceipted(PARTIES, chain, [_receipt(chain[:3])]) == [4]


@pytest.mark.attack
def test_what_was_cut_off_shows_in_a_receipt_and_in_a_head_told_in_private(leak):
    chain = _chain(4)
    leak("a ledger that was cut", f"found as {_kinds(chain[:3], [_receipt(chain)])[0]}")
    assert _kinds(chain[:3], [_receipt(chain)]) == ["truncated"]
    assert _kinds(chain[:3], [], [chain[3].head()]) == ["truncated"]


@pytest.mark.attack
def test_two_tellings_of_one_chain_show_as_a_fork(leak):
    chain = _chain(3)
    other = [*chain[:2], *_chain(1, chain[1].head(), b"something else")]
    leak("a ledger that was told twice, differently", f"found as {_kinds(other, [_receipt(chain)])[0]}")
    assert _kinds(other, [_receipt(chain)]) == ["forked"]


@pytest.mark.parametrize(
    ("order", "kind"), [([0, 1, 1, 2], "replayed"), ([0, 2, 1], "missing"), ([1, 2], "missing"), ([0, 2], "missing")]
)
def test_entries_replayed_reordered_or_left_out_are_found(order, kind):
    chain = _chain(3)
    assert kind in _kinds([chain[at] for at in order])


def test_an_entry_that_comes_too_late_is_told_as_reordered():
    chain = _chain(3)
    assert "reordered" in _kinds([chain[0], chain[2], chain[1]])


def test_a_changed_entry_and_a_forged_receipt_are_found():
    chain = _chain(2)
    changed = replace(chain[0], disclosure=replace(chain[0].disclosure, fields=("email",)))
    assert _kinds([changed, chain[1]])[0] == "unsigned"
    forged = replace(_receipt(chain), signature=bytes(64))
    assert _kinds(chain, [forged]) == ["bad_receipt"]


def test_a_receipt_counts_only_where_the_receiver_signed_it_for_this_chain():
    chain = _chain(3)
    forged = replace(_receipt(chain), signature=bytes(64))
    of_another = _receipt(_chain(3, said=b"something else"))
    assert ledger.unreceipted(PARTIES, chain, [forged, of_another]) == [1, 2, 3]


def test_an_old_entry_told_differently_does_not_set_the_chain_back():
    chain = _chain(4)
    other = _chain(1, chain[0].head(), b"something else")
    assert _kinds([*chain[:3], *other, chain[3]]) == ["forked"]


def test_an_entry_of_another_partnership_is_foreign():
    assert _kinds([replace(_chain(1)[0], partnership=b"q" * 16)]) == ["foreign"]


def test_the_receiver_takes_only_what_follows():
    chain = _chain(3)
    head = ledger.take(PARTIES, Head(), chain[0])
    assert ledger.take(PARTIES, head, chain[1]) == chain[1].head()
    for wrong in (chain[0], chain[2]):
        with pytest.raises(Distrust):
            ledger.take(PARTIES, head, wrong)


def test_a_commitment_shows_a_value_only_with_its_salt():
    salt, commitment = ledger.commit(b"initech.example", Dice(1))
    assert ledger.is_committed(commitment, salt, b"initech.example")
    assert not ledger.is_committed(commitment, salt, b"other.example")
    assert not ledger.is_committed(commitment, bytes(32), b"initech.example")


def test_a_chain_stays_whole_when_its_salts_are_erased():
    """The commitment stays in the chain; what it commits to can no longer be told."""
    assert _kinds(_chain(3)) == []


def test_only_the_discloser_writes_and_only_the_receiver_receipts():
    with pytest.raises(Distrust, match="Only the discloser"):
        ledger.write(BIRCH, PARTIES, Head(), _chain(1)[0].disclosure, at=1)
    with pytest.raises(Distrust, match="Only the receiver"):
        ledger.receipt(ACME, PARTIES, Head())


@given(st.data())
def test_no_other_selection_of_entries_passes_for_the_chain(data):
    chain = _chain(5)
    told = data.draw(st.lists(st.sampled_from(chain), max_size=7))
    is_whole = told == chain
    assert (_kinds(told, [_receipt(chain)]) == []) == is_whole
