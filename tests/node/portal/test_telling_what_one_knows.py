"""A partner tells in two clicks what it knows of accounts that both know of, and takes it back."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone
from tests.node.leads.knowing import NOON
from tests.node.portal.conftest import NOW

from assay.core.errors import BadRequest
from assay.node.leads.models import Lead
from assay.node.leads.states import State
from assay.node.partnering.models import Account, Company, Disclosed, Insight, Overlap, Partnership, Told
from assay.node.portal import attesting, becoming, handing, opening, sharing
from assay.node.telling.models import Message

pytestmark = pytest.mark.django_db


@pytest.fixture
def shared(north, lead, hand):
    """The account of a lead that was handed to Northwind, as Northwind sees it."""
    hand(lead, north)
    (found,) = sharing.shared_with(north.partner)
    return found


@pytest.fixture
def live(db):
    """A function that returns a partnership that is live."""

    def make(partner, **more) -> Partnership:
        return Partnership.objects.create(
            partner=partner,
            state=more.pop("state", "live"),
            public_id=f"{partner.pk:032x}",
            escrow="https://escrow.example",
            made_at=NOON,
            **more,
        )

    return make


def _told(partnership, account_id="initech", **fields):
    return Told.objects.create(
        partnership=partnership,
        account_id=account_id,
        their_handle=f"t-{account_id}",
        population="customers",
        says="customer",
        fields=fields,
        since=NOON,
        confirmed_at=NOON,
    )


def _disclosed(partnership, account_id="initech", state="told", fields=()):
    return Disclosed.objects.create(
        partnership=partnership,
        account_id=account_id,
        handle=f"h-{account_id}",
        fields=list(fields),
        grant=1,
        state=state,
        at=NOON,
    )


def _accounts(partner) -> list[tuple[str, str]]:
    found = sharing.named(partner, sharing.shared_with(partner))
    return [(one.account_id, one.name) for one in found]


def test_an_insight_takes_two_clicks(north, shared):
    page = north.client.get("/portal/accounts/").content.decode()
    way = re.search(r'href="(/portal/accounts/\w+/budget/)"', page)[1]
    shown = north.client.get(way).content.decode()
    value = re.search(r'name="value" value="(\w+)"', shown)[1]
    answer = north.client.post(way, {"value": value}, follow=True)
    assert value in answer.content.decode()
    made = Insight.objects.get()
    assert (made.partner, made.account_id, made.letter, made.value) == (north.partner, "globex", "budget", value)
    assert made.by == north.user


def test_a_later_insight_takes_the_place_of_the_earlier_and_no_takes_it_back(north, shared):
    attesting.attest(north.user, shared.key, "need", "clearly", NOW)
    attesting.attest(north.user, shared.key, "need", "urgently", NOW)
    held = attesting.holding(north.partner, ["globex"])["globex"]
    assert {letter: one.value for letter, one in held.items()} == {"need": "urgently"}
    north.client.post(f"/portal/accounts/{shared.key}/need/", {"withdraw": "1"})
    assert attesting.holding(north.partner, ["globex"]) == {}
    assert Insight.objects.first().value == "no"


@pytest.mark.parametrize(
    ("letter", "value"),
    [("mood", "good"), ("need", "  "), ("need", "x" * 301), ("need", "ask ann@globex.example"), ("need", "No")],
)
def test_what_is_no_insight_is_refused_and_nothing_is_written(letter, value, north, shared):
    with pytest.raises(BadRequest):
        attesting.attest(north.user, shared.key, letter, value, NOW)
    assert not Insight.objects.exists()


def test_nothing_said_is_not_taken_back(north, shared):
    answer = north.client.post(f"/portal/accounts/{shared.key}/need/", {"withdraw": "1"})
    assert answer.status_code == 422
    assert not Insight.objects.exists()


def test_who_works_the_account_is_told(north, shared, lead, manager):
    attesting.attest(north.user, shared.key, "timing", "this quarter", NOW)
    lines = set(Message.objects.filter(event="partner.insight").values_list("user__email", "content__line"))
    said = "Northwind tells about Globex: timing, this quarter"
    assert lines == {(lead.owner.email, said), (manager.email, said)}


def test_what_became_of_an_insight_is_shown_where_we_let_it_be_seen(north, shared, manager):
    attesting.attest(north.user, shared.key, "need", "clearly", NOW)
    Lead.objects.filter(account_id="globex").update(state="opportunity")
    path = "/portal/accounts/"
    assert "opportunity" not in north.client.get(path).content.decode()
    opening.set_outcomes(manager, north.slug, True)
    assert "became an opportunity" in north.client.get(path).content.decode()


@pytest.mark.parametrize("state", list(State))
def test_every_state_of_our_leads_is_read_in_a_word_and_none_as_no_lead(state, north, shared, manager):
    opening.set_outcomes(manager, north.slug, True)
    Lead.objects.filter(account_id="globex").update(state=state)
    assert becoming.of_accounts(north.partner, ["globex"])["globex"] != "no lead yet"
    assert becoming.of_accounts(north.partner, ["globex"])["globex"] == becoming.of_lead(Lead.objects.get())
    Lead.objects.update(subject_type="account", subject_id="globex", account_id="")
    assert becoming.of_accounts(north.partner, ["globex"])["globex"] != "no lead yet", "a lead that is the account"


def test_an_account_counts_once_the_partner_told_us_of_it(north, live):
    _told(live(north.partner), name="Initech Ltd", domain="initech.example")
    assert _accounts(north.partner) == [("initech", "Initech Ltd")]


def test_an_account_that_we_told_of_counts_by_our_name_where_that_was_told(north, live):
    Account.objects.create(account_id="initech", name="Initech", attributes={"name": "Initech"})
    partnership = live(north.partner)
    _disclosed(partnership, "initech", fields=["name"])
    _disclosed(partnership, "hooli", fields=["country"])
    found = dict(_accounts(north.partner))
    assert found["initech"] == "Initech"
    assert re.fullmatch(r"Account [0-9a-f]{6}", found["hooli"])


@pytest.mark.parametrize("state", ["held", "refused", "withdrawn"])
def test_what_was_not_told_or_was_withdrawn_is_no_account_of_the_partner(state, north, live):
    partnership = live(north.partner)
    _disclosed(partnership, state=state)
    Overlap.objects.create(
        partnership=partnership, account_id="initech", handle="h", their_handle="t", ruling="match", bits=20, since=NOON
    )
    assert _accounts(north.partner) == []


def test_accounts_of_a_partnership_that_ended_count_no_more(north, live):
    partnership = live(north.partner)
    _told(partnership, name="Initech")
    _disclosed(partnership, "hooli")
    Partnership.objects.update(state="revoked")
    assert _accounts(north.partner) == []


def test_an_account_is_one_however_often_both_know_of_it(north, live, lead, hand):
    hand(lead, north)
    partnership = live(north.partner)
    _told(partnership, "globex", name="Globex Corp")
    _disclosed(partnership, "globex")
    assert _accounts(north.partner) == [("globex", "Globex")]


def test_addresses_of_an_account_differ_between_partners_and_hold_no_id(north, south, lead):
    assert sharing.key_of(north.partner, "globex") != sharing.key_of(south.partner, "globex")
    assert "globex" not in sharing.key_of(north.partner, "globex")


def test_accounts_are_found_by_name_and_the_name_stays_out_of_the_address(north, live):
    partnership = live(north.partner)
    for name in ("Initech", "Hooli"):
        _told(partnership, name.lower(), name=name)
    answer = north.client.post("/portal/accounts/search/", {"words": "hoo"}, follow=True)
    assert "Hooli" in answer.content.decode()
    assert "Initech" not in answer.content.decode()
    assert answer.redirect_chain == [("/portal/accounts/?found=1", 302)]


def test_many_accounts_come_page_by_page(north, live):
    partnership = live(north.partner)
    for n in range(120):
        _told(partnership, f"a{n}", name=f"Company {n}")
    seen = [
        name
        for page in (1, 2, 3)
        for name in re.findall(
            r">(Company \d+)</a>", north.client.get(f"/portal/accounts/?page={page}").content.decode()
        )
    ]
    assert sorted(seen) == sorted(f"Company {n}" for n in range(120))


def test_a_lead_that_was_taken_back_takes_its_account_along(north, lead, hand, manager):
    handoff = hand(lead, north)
    handing.take_back(manager, handoff.pk, timezone.now())
    assert _accounts(north.partner) == []


def test_without_a_company_of_our_own_pages_name_our_host(north, shared):
    Company.objects.all().delete()
    assert north.client.get("/portal/").status_code == 200
