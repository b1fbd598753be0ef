"""Pairing: what two people compare, what keys come of it, and what does not get through."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.escrow import wire
from assay.partners import pairing
from assay.partners.identities import Distrust
from tests.partners.two_companies import SETTING, Dice, company, paired

TOKENS = [wire.Row(b"h" * 16, 1, b"1" * 32), wire.Row(b"h" * 16, 3, b"3" * 32)]


def test_both_sides_come_to_the_same_keys_and_nobody_needs_to_send_them():
    acme, birch = paired()
    assert (acme.token, acme.confirm, acme.seal) == (birch.token, birch.confirm, birch.seal)
    assert len({acme.token, acme.confirm, acme.seal}) == 3


def test_both_people_see_the_same_sixty_digits():
    acme, birch = company("acme"), company("birch")
    digits = pairing.comparison(SETTING, [acme.identity.public, birch.identity.public])
    assert digits == pairing.comparison(SETTING, [birch.identity.public, acme.identity.public])
    assert len(digits.replace(" ", "")) == 60 and len(digits.split()) == 12


@pytest.mark.parametrize(
    "other",
    [{"escrow": "https://evil.example"}, {"terms": b"t" * 32}, {"canonicaliser": 2}, {"partnership": b"q" * 16}],
)
def test_other_terms_escrow_or_version_show_in_the_digits(other):
    both = [company("acme").identity.public, company("birch").identity.public]
    assert pairing.comparison(SETTING, both) != pairing.comparison(replace(SETTING, **other), both)


@pytest.mark.attack
def test_a_swapped_key_shows_in_the_digits(leak):
    """The operator answers each side in the other's name, with its own key."""
    acme, birch, operator = company("acme"), company("birch"), company("operator")
    seen_by_acme = pairing.comparison(SETTING, [acme.identity.public, operator.identity.public])
    seen_by_birch = pairing.comparison(SETTING, [birch.identity.public, operator.identity.public])
    same = sum(one == other for one, other in zip(seen_by_acme.split(), seen_by_birch.split(), strict=True))
    leak("the operator answers each side with its own key", f"{same} of 12 groups of digits agree")
    assert seen_by_acme != seen_by_birch


def test_a_key_swapped_after_comparing_is_refused():
    acme, birch, operator = company("acme"), company("birch"), company("operator")
    with pytest.raises(Distrust, match="not from the company"):
        pairing.agree(acme.greeting, acme.secret, operator.greeting, birch.identity.public)
    forged = replace(birch.greeting, ephemeral=operator.greeting.ephemeral)
    with pytest.raises(Distrust, match="not signed by your partner"):
        pairing.agree(acme.greeting, acme.secret, forged, birch.identity.public)


def test_a_greeting_for_other_terms_cannot_be_passed_off():
    told = company("birch", replace(SETTING, terms=b"t" * 32)).greeting.packed()
    with pytest.raises(Distrust, match="not signed for these terms"):
        pairing.unpack(told, SETTING)


def test_a_company_does_not_pair_with_itself():
    acme = company("acme")
    with pytest.raises(Distrust, match="not from the company"):
        pairing.agree(acme.greeting, acme.secret, acme.greeting, acme.identity.public)


def test_a_key_that_shares_one_secret_with_everybody_is_refused():
    with pytest.raises(Distrust, match="cannot be shared"):
        company("acme").secret.shared(bytes(32))


def test_another_epoch_has_other_keys():
    acme, birch = company("acme", epoch=2), company("birch", epoch=2)
    later = pairing.agree(acme.greeting, acme.secret, birch.greeting, birch.identity.public)
    assert later.token != paired()[0].token


def test_an_escrow_cannot_confirm_in_a_partners_name():
    acme, birch, operator = company("acme"), company("birch"), company("operator")
    pairing.demand_confirmed(
        acme.greeting, birch.greeting, pairing.confirm(birch.identity, birch.greeting, acme.greeting)
    )
    with pytest.raises(Distrust, match="not confirmed"):
        forged = pairing.confirm(operator.identity, birch.greeting, acme.greeting)
        pairing.demand_confirmed(acme.greeting, birch.greeting, forged)


def test_a_partner_that_holds_key_and_tokens_proves_it():
    acme, birch = paired()
    theirs = [row._replace(handle=b"x" * 16) for row in TOKENS]
    proof = pairing.prove(birch, b"nonce", b"h" * 16, theirs)
    assert pairing.is_proved(acme, b"nonce", b"h" * 16, TOKENS, proof)


@pytest.mark.parametrize("change", ["nonce", "handle", "tokens", "no tokens", "reflected"])
def test_a_match_that_an_operator_made_up_is_not_proved(change):
    acme, birch = paired()
    proof = pairing.prove(acme if change == "reflected" else birch, b"nonce", b"h" * 16, TOKENS)
    other = [TOKENS[0]._replace(hash=b"2" * 32), TOKENS[1]]
    nonce, handle = b"other" if change == "nonce" else b"nonce", (b"i" if change == "handle" else b"h") * 16
    agreeing = {"tokens": other, "no tokens": []}.get(change, TOKENS)
    assert not pairing.is_proved(acme, nonce, handle, agreeing, proof)


def test_old_keys_go_on_until_both_sides_lists_are_complete_under_new_ones():
    assert pairing.epoch_to_compare([1], [1]) == 1
    assert pairing.epoch_to_compare([1, 2], [1]) == 1
    assert pairing.epoch_to_compare([1, 2], [1, 2]) == 2
    assert pairing.epoch_to_compare([], [1]) is None


@given(st.binary(max_size=300))
def test_no_bytes_but_a_greeting_are_taken_for_one(told):
    with pytest.raises(Distrust):
        pairing.unpack(told, SETTING)


@given(st.integers(0), st.integers(0))
def test_what_two_companies_share_others_do_not(one, other):
    acme, birch, third = company("acme"), company(("b", one)), company(("c", other))
    with_birch = pairing.agree(acme.greeting, acme.secret, birch.greeting, birch.identity.public)
    with_third = pairing.agree(acme.greeting, acme.secret, third.greeting, third.identity.public)
    assert with_birch.token != with_third.token


def test_secrets_show_in_no_text_of_the_keys():
    keys, _ = paired()
    shown = f"{keys!r} {company('acme').identity!r}"
    for secret in (keys.token, keys.confirm, keys.seal, keys.secret.key):
        assert repr(secret) not in shown and secret.hex() not in shown
    assert Dice(1)(4) == Dice(1)(4)
