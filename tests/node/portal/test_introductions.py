"""A partner asks for introductions and answers ours, in one thread."""

from __future__ import annotations

import secrets

import pytest
from tests.node.leads.knowing import NOON
from tests.node.portal.conftest import NOW

from assay.core.errors import BadRequest
from assay.node.access.permissions import Role
from assay.node.leads.models import AccountOwner
from assay.node.partnering.models import Introduction, Word
from assay.node.portal import introducing, sharing
from assay.node.telling.models import Message

pytestmark = pytest.mark.django_db


@pytest.fixture
def key(north, lead, hand):
    """What stands for Globex, which Northwind was handed."""
    hand(lead, north)
    return sharing.key_of(north.partner, "globex")


@pytest.fixture
def ours(north, lead, user_of):
    """An introduction that we ask Northwind for."""
    return Introduction.objects.create(
        partner=north.partner,
        public_id=secrets.token_hex(16),
        account_id="globex",
        by_us=True,
        ours=user_of(Role.REP),
        wanted="Who decides on analytics there?",
        made_at=NOON,
        changed_at=NOON,
    )


def test_a_partner_asks_and_our_owner_of_the_account_is_told(north, key, user_of):
    owner = user_of(Role.CSM)
    AccountOwner.objects.create(account_id="globex", user=owner)
    answer = north.client.post(f"/portal/accounts/{key}/", {"wanted": "Please introduce us to the CTO"})
    one = Introduction.objects.get()
    assert answer["Location"] == f"/portal/introductions/{one.public_id}/"
    assert (one.by_us, one.ours, one.account_id, one.state) == (False, owner, "globex", "asked")
    assert Message.objects.filter(user=owner, event__startswith="partner.introduction").exists()


def test_the_same_is_not_asked_twice_while_it_is_open(north, key):
    introducing.ask(north.user, key, "Please", NOW)
    with pytest.raises(BadRequest, match="already"):
        introducing.ask(north.user, key, "Please, please", NOW)
    assert Introduction.objects.count() == 1


def test_nothing_is_asked_without_words(north, key):
    assert north.client.post(f"/portal/accounts/{key}/", {"wanted": " "}).status_code == 422
    assert not Introduction.objects.exists()


@pytest.mark.parametrize(
    ("verbs", "state"), [(["accept"], "accepted"), (["decline"], "declined"), (["accept", "made"], "made")]
)
def test_a_partner_answers_what_we_ask_in_one_click(verbs, state, north, ours):
    assert "waits" in north.client.get("/portal/introductions/").content.decode()
    for verb in verbs:
        north.client.post(f"/portal/introductions/{ours.public_id}/{verb}/")
    ours.refresh_from_db()
    assert (ours.state, ours.theirs) == (state, str(north.user))
    assert Message.objects.filter(user=ours.ours, event=f"partner.introduction_{state}").exists()


def test_what_we_answer_is_not_for_the_partner_to_answer(north, key):
    one = introducing.ask(north.user, key, "Please", NOW)
    for verb in ("accept", "decline", "made", "nonsense"):
        assert north.client.post(f"/portal/introductions/{one.public_id}/{verb}/").status_code == 422
    one.refresh_from_db()
    assert one.state == "asked"


def test_both_sides_write_in_one_thread(north, ours):
    Word.objects.create(
        introduction=ours, public_id=secrets.token_hex(16), by_us=True, by=ours.ours, text="From us", at=NOON
    )
    path = f"/portal/introductions/{ours.public_id}/"
    north.client.post(f"{path}word/", {"text": "From them"})
    shown = north.client.get(path).content.decode()
    assert shown.index("From us") < shown.index("From them")
    assert Word.objects.filter(by_us=False, name=str(north.user), by=north.user).count() == 1


def test_an_empty_word_is_refused(north, ours):
    assert north.client.post(f"/portal/introductions/{ours.public_id}/word/", {"text": "\n"}).status_code == 422
    assert not Word.objects.exists()
