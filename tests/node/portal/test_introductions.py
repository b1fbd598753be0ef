"""A partner asks for introductions and answers ours, in one thread."""

from __future__ import annotations

import re
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


def test_we_ask_a_partner_that_has_the_lead_and_its_people_are_told(north, lead, hand, user_of, client_of):
    hand(lead, north)
    client = client_of(Role.REP)
    assert "Ask for an introduction" in client.get(f"/leads/{lead.pk}/").content.decode()
    client.post(f"/handoffs/lead/{lead.pk}/ask/", {"partner": "northwind", "wanted": "The CTO, please"})
    one = Introduction.objects.get()
    assert (one.by_us, one.ours, one.account_id) == (True, user_of(Role.REP), "globex")
    told = Message.objects.get(user=north.user, event="portal.introduction")
    assert told.content["path"] == f"/portal/introductions/{one.public_id}/"
    assert "Ask for an introduction" not in client.get(f"/leads/{lead.pk}/").content.decode()


def test_a_partner_that_does_not_know_of_the_account_is_not_asked_about_it(north, south, lead, hand, user_of):
    hand(lead, north)
    with pytest.raises(BadRequest, match="does not know of the account"):
        introducing.ask_partner(user_of(Role.REP), lead.pk, "southridge", "The CTO, please", NOW)
    assert not Introduction.objects.exists()


def test_what_we_answer_and_write_on_our_page_reaches_the_partners_people(north, key, client_of):
    one = introducing.ask(north.user, key, "Please", NOW)
    ours = client_of(Role.REP)
    for typed in ({"do": "accepted"}, {"do": "write", "text": "Gladly, on Monday"}):
        assert ours.post(f"/partners/introductions/{one.pk}/do/", typed).status_code == 302
    lines = [
        message.content["line"] for message in Message.objects.filter(user=north.user, event="portal.introduction")
    ]
    assert lines == ["Acme says of an introduction: accepted", "Acme writes to you about an introduction"]
    assert "Gladly, on Monday" in north.client.get(f"/portal/introductions/{one.public_id}/").content.decode()


def test_nothing_is_asked_without_words(north, key):
    assert north.client.post(f"/portal/accounts/{key}/", {"wanted": " "}).status_code == 422
    assert not Introduction.objects.exists()


@pytest.mark.parametrize(
    ("verbs", "state"), [(["accepted"], "accepted"), (["declined"], "declined"), (["accepted", "made"], "made")]
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
    for verb in ("accepted", "declined", "made", "nonsense"):
        assert north.client.post(f"/portal/introductions/{one.public_id}/{verb}/").status_code == 422
    one.refresh_from_db()
    assert one.state == "asked"


def test_many_introductions_come_page_by_page_those_that_wait_first(north, ours):
    given = {"partner": north.partner, "account_id": "globex", "made_at": NOW, "changed_at": NOW, "state": "closed"}
    Introduction.objects.bulk_create(
        Introduction(public_id=f"{n:032x}", by_us=False, wanted=f"Over {n}", **given) for n in range(119)
    )
    pages = [north.client.get(f"/portal/introductions/?page={n}").content.decode() for n in (1, 2, 3)]
    assert [ours.wanted in page for page in pages] == [True, False, False]
    seen = [words for page in pages for words in re.findall(r"<p>(Over \d+)</p>", page)]
    assert sorted(seen) == sorted(f"Over {n}" for n in range(119))
    assert "2 of 3" in pages[1]


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
