"""Two companies deal over an escrow: from the invitation to what each learns, and back."""

from __future__ import annotations

from tests.partners.dealing.companies import account, pair, rounds


def test_both_sides_find_what_they_share_and_learn_what_was_granted(acme, birch):
    pair(acme, birch)
    acme.grant(fields=("owner",))
    rounds(acme, birch)
    assert set(acme.shared) == {"a1", "a2"}
    assert set(birch.shared) == {"b1", "b2"}
    assert birch.known == {("b1", "customers"): {"owner": "Ann of a1"}, ("b2", "customers"): {"owner": "Ann of a2"}}
    assert acme.known == {}
    assert acme.log.told("receipted")[-1] == 2
    assert acme.log.told("trouble") == birch.log.told("trouble") == []


def test_a_new_account_is_compared_at_the_next_step(acme, birch):
    pair(acme, birch)
    birch.grant(fields=())
    rounds(acme, birch)
    acme.accounts["a4"] = account("Birch Secret", "only-birch.com", "FR", "Lyon")
    rounds(acme, birch)
    assert ("a4", "customers") in acme.known
    assert set(acme.shared) == {"a1", "a2", "a4"}
