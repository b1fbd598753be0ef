"""Grants: nothing by default, more only by two people, less at once; and what pages say a partner can learn."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from assay.core.errors import BadRequest
from assay.node.access.permissions import Role
from assay.node.partnering import company, erasing, grants, matching, pairing, populations, releasing
from assay.node.partnering.memory import NodeKeep
from assay.node.partnering.models import Account, Disclosed, Errand, Grant, Member, Memory, Overlap, Partnership, Told
from assay.partners import probing
from assay.partners.dealing.invitation import Invitation
from assay.partners.evidence import Relation

pytestmark = pytest.mark.django_db
SOON = datetime.now(UTC).date() + timedelta(days=30)


@pytest.fixture
def customers(manager):
    return populations.make(manager, name="Customers", says="customer", how="list", lines="a1\na2\n")


@pytest.fixture
def prospects(manager):
    return populations.make(manager, name="Prospects", says="prospect", how="list", lines="a3\n")


@pytest.fixture
def birch_invited(manager):
    company.name(manager, "Acme")
    return pairing.invite(manager, name="Birch", escrow="https://escrow.example.com", review_on=SOON)


def test_nothing_is_let_out_by_default(birch_invited, customers):
    assert grants.effective(birch_invited) == {}


def test_more_waits_for_a_second_person_and_less_holds_at_once(manager, colleague, birch_invited, customers):
    asked = grants.ask(manager, birch_invited, customers, level="overlaps", fields=["name"])
    assert asked.state == Grant.State.ASKED
    assert grants.effective(birch_invited) == {}
    with pytest.raises(BadRequest, match="second person"):
        grants.agree(manager, asked.pk)
    grants.agree(colleague, asked.pk)
    assert grants.effective(birch_invited)[customers.pk].fields == ["name"]
    wider = grants.ask(manager, birch_invited, customers, level="overlaps", fields=["name", "plan"])
    assert wider.state == Grant.State.ASKED
    assert grants.effective(birch_invited)[customers.pk].fields == ["name"]
    less = grants.ask(manager, birch_invited, customers, level="counts")
    assert less.state == Grant.State.HOLDS
    wider.refresh_from_db()
    assert wider.state == Grant.State.OVER
    assert grants.effective(birch_invited)[customers.pk].level == "counts"


@pytest.mark.parametrize(
    ("before", "after", "is_wider"),
    [
        (None, {"level": "counts"}, True),
        (None, {"level": "hidden"}, False),
        ({"level": "counts"}, {"level": "overlaps"}, True),
        ({"level": "overlaps"}, {"level": "counts"}, False),
        ({"level": "overlaps", "fields": ["name"]}, {"level": "overlaps", "fields": []}, False),
        ({"level": "overlaps", "fields": ["name"]}, {"level": "overlaps", "fields": ["plan"]}, True),
        ({"level": "overlaps", "is_held": True}, {"level": "overlaps"}, True),
        ({"level": "overlaps"}, {"level": "overlaps", "is_held": True}, False),
        ({"level": "counts", "expires_on": SOON}, {"level": "counts"}, True),
        ({"level": "counts"}, {"level": "counts", "expires_on": SOON}, False),
    ],
)
def test_what_lets_a_partner_learn_more_is_known(before, after, is_wider):
    assert grants.widens(before and Grant(**before), Grant(**after)) is is_wider


def test_one_partners_own_grant_stands_in_the_place_of_the_default(
    manager, colleague, birch_invited, customers, prospects
):
    for population in (customers, prospects):
        grants.agree(colleague, grants.ask(manager, None, population, level="overlaps").pk)
    assert set(grants.effective(birch_invited)) == {customers.pk, prospects.pk}
    grants.ask(manager, birch_invited, customers, level="hidden")
    assert grants.effective(birch_invited)[customers.pk].level == "hidden"
    assert grants.effective(None)[customers.pk].level == "overlaps"
    with pytest.raises(BadRequest, match="learn more"):
        grants.follow_default(manager, birch_invited, customers)


def test_fields_that_there_are_not_and_days_that_are_over_are_refused(manager, birch_invited, customers):
    with pytest.raises(BadRequest, match="no such field"):
        grants.ask(manager, birch_invited, customers, level="overlaps", fields=["nmae"])
    today = datetime.now(UTC).date()
    with pytest.raises(BadRequest, match="over already"):
        grants.ask(manager, birch_invited, customers, level="counts", expires_on=today - timedelta(days=1))


def test_a_grant_may_end_today_and_holds_until_the_day_is_over(manager, colleague, birch_invited, customers):
    today = datetime.now(UTC).date()
    asked = grants.ask(manager, birch_invited, customers, level="counts", expires_on=today)
    grants.agree(colleague, asked.pk)
    assert grants.effective(birch_invited)[customers.pk].expires_on == today


def test_a_preset_takes_the_place_of_the_ticks(manager, birch_invited, customers, client_of):
    preset = grants.keep_preset(manager, "Plans", ["plan"])
    typed = {"population": "customers", "level": "overlaps", "let_out": ["name", "owner"], "preset": str(preset.pk)}
    client = client_of(Role.PARTNER_MANAGER)
    assert client.post("/partners/birch/grants/", typed).status_code == 302
    assert Grant.objects.get().fields == ["plan"]
    assert "takes the place of the ticks" in client.get("/partners/birch/grants/").content.decode()


def test_a_limit_that_is_no_number_is_named_with_its_value_and_what_was_typed_stays(birch_invited, client_of):
    client = client_of(Role.PARTNER_MANAGER)
    typed = {"do": "limits", "matches_a_week": "77", "longest_list": "1.5m", "growth_a_week": "20", "alarm_above": "60"}
    answer = client.post("/partners/birch/do/", typed)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Longest list of theirs: this is no whole number from 0 to 2,000,000,000 (found: 1.5m)" in page
    assert 'value="1.5m"' in page
    assert 'value="77"' in page
    assert client.post("/partners/birch/do/", {**typed, "longest_list": "900"}).status_code == 302
    birch_invited.refresh_from_db()
    assert (birch_invited.matches_a_week, birch_invited.longest_list) == (77, 900)


def test_an_escrow_that_partners_could_not_reach_over_tls_is_refused_with_the_mend(manager, client_of):
    company.name(manager, "Acme")
    client = client_of(Role.PARTNER_MANAGER)
    typed = {"name": "Birch", "runs_it": "nobody", "sureness": "usual", "relation": Relation.ENTITY.value}
    answer = client.post("/partners/invite/", {**typed, "escrow": "http://escrow.example.com:8100"})
    assert answer.status_code == 422
    assert "Write https://escrow.example.com:8100" in answer.content.decode()
    assert client.post("/partners/invite/", {**typed, "escrow": "http://127.0.0.1:8100"}).status_code == 302


@pytest.mark.usefixtures("prospects")
def test_the_page_of_what_a_partner_can_learn_shows_rows_and_what_is_hidden(
    manager, colleague, birch_invited, customers, client_of
):
    grants.agree(colleague, grants.ask(manager, birch_invited, customers, level="overlaps", fields=["plan"]).pk)
    now = datetime.now(UTC)
    Overlap.objects.create(
        partnership=birch_invited, account_id="a1", handle="aa", their_handle="bb", ruling="match", bits=9.0, since=now
    )
    Disclosed.objects.create(
        partnership=birch_invited,
        account_id="a1",
        population=customers,
        fields=["plan"],
        grant=1,
        state="told",
        at=now,
        entry=1,
        receipted_at=now,
    )
    shown = client_of(Role.REP).get("/partners/birch/learns/").content.decode()
    assert "Initech Ltd" in shown
    assert "receipted" in shown
    assert "Acme Secret Prospect" not in shown
    assert "Prospects" in shown
    for page in ("", "grants/", "held/"):
        assert client_of(Role.PARTNER_MANAGER).get(f"/partners/birch/{page}").status_code == 200
    page = client_of(Role.REP).get("/partners/birch/").content.decode()
    assert "Send the invitation" in page


def test_grants_are_asked_for_and_agreed_to_on_pages(manager, colleague, birch_invited, customers, client_of):
    asked = {"population": "customers", "level": "overlaps", "let_out": ["name"]}
    ann: Client = client_of(Role.PARTNER_MANAGER)
    assert ann.post("/partners/birch/grants/", asked).status_code == 302
    waiting = Grant.objects.get()
    ann.post(f"/partners/grants/{waiting.pk}/", {"do": "agree"})
    assert Grant.objects.get().state == Grant.State.ASKED
    client_of(Role.REVOPS).post(f"/partners/grants/{waiting.pk}/", {"do": "agree"})
    assert Grant.objects.get().state == Grant.State.HOLDS
    answer = ann.post("/partners/birch/grants/", {**asked, "let_out": ["nothing_such"]})
    assert answer.status_code == 422
    ann.post("/partners/grants/", {"do": "preset", "name": "Sales", "fields": ["name", "owner"]})
    assert "Sales" in ann.get("/partners/grants/").content.decode()
    assert client_of(Role.REP).post("/partners/birch/grants/", asked).status_code == 403


def test_an_invitation_is_accepted_on_a_page_once_and_not_by_who_made_it(birch_invited, client_of):
    client = client_of(Role.PARTNER_MANAGER)
    text = birch_invited.standing.invitation
    assert "Acme" in client.post("/partners/accept/", {"text": text, "do": "look"}).content.decode()
    answer = client.post("/partners/accept/", {"text": text, "do": "accept"})
    assert answer.status_code == 422
    assert client.post("/partners/accept/", {"text": "nonsense", "do": "look"}).status_code == 422
    assert Partnership.objects.count() == 1


def test_a_partner_that_runs_the_escrow_must_be_trusted_by_name(manager, birch_invited):
    other = Invitation.of_text(birch_invited.standing.invitation)
    sighted = replace(other, partnership=b"q" * 16, inviter=b"k" * 32, agreed=replace(other.agreed, is_blind=False))
    with pytest.raises(BadRequest, match="not blind"):
        pairing.accept(manager, sighted.text(), name="Corvid")
    made = pairing.accept(manager, sighted.text(), name="Corvid", trusts=True)
    assert Partnership.objects.get(pk=made.pk).standing.trust_accepted_by == manager


def test_an_invitation_to_an_escrow_without_tls_is_not_accepted(manager, birch_invited):
    other = Invitation.of_text(birch_invited.standing.invitation)
    plain = replace(other, partnership=b"q" * 16, inviter=b"k" * 32, escrow="http://escrow.example.com:8100")
    with pytest.raises(BadRequest, match="invitation to an https:// address"):
        pairing.accept(manager, plain.text(), name="Corvid")
    assert Partnership.objects.count() == 1


def test_what_an_account_is_compared_by_is_guessed_and_shown_on_real_rows(manager, client_of):
    chosen = matching.chosen({}, ["country", "city", "plan", "vat"])
    assert (chosen["name"], chosen["domain"], chosen["country"], chosen["vat"], chosen["lei"]) == (
        ":name",
        ":domain",
        "country",
        "vat",
        "",
    )
    client = client_of(Role.PARTNER_MANAGER)
    page = client.get("/partners/company/").content.decode()
    assert "initech.com|GB" in page
    assert "1 of 4 accounts cannot be compared" in page
    client.post("/partners/company/", {"do": "matching", "country": "", "domain": ":domain", "name": ":name"})
    assert "initech.com|GB" not in client.get("/partners/company/").content.decode()
    assert client.post("/partners/company/", {"do": "matching", "country": "nonsense"}).status_code == 302
    assert matching.chosen(company.ours().matching, ["country"])["country"] == ""


def test_further_domains_are_read_from_the_attribute_that_somebody_chose(manager, client_of):
    Account.objects.create(account_id="a8", attributes={"arr": "initech.de,  initech.fr;gmail.com"})
    client = client_of(Role.PARTNER_MANAGER)
    assert "Further domains" in client.get("/partners/company/").content.decode()
    client.post("/partners/company/", {"do": "matching", "siblings": "arr"})
    page = client.get("/partners/company/").content.decode()
    assert "initech.de; initech.fr" in page
    assert "1 of 5 accounts cannot be compared" in page, "a further domain is something to compare by"
    chosen = matching.chosen(company.ours().matching, ["arr"])
    (keys,) = (keys for one, keys in matching.keys(Account.objects.all(), chosen) if one == "a8")
    assert [value for _, value in keys.values] == ["initech.de", "initech.fr"], "free mail is nobody's domain"


def test_a_list_that_grows_or_overlaps_too_much_raises_an_alarm(birch_invited):
    standing = birch_invited.standing
    standing.their_records, standing.shared_records = 100, 10
    assert releasing.alarm(birch_invited) == ""
    standing.shared_records = 61
    assert releasing.alarm(birch_invited) == probing.RATE
    standing.records_before = 80
    assert releasing.alarm(birch_invited) == probing.GROWTH
    standing.their_records = birch_invited.longest_list + 1
    assert releasing.alarm(birch_invited) == probing.LONG


def test_an_account_that_is_forgotten_is_named_nowhere_and_its_salts_are_asked_to_go(birch_invited, customers):
    now = datetime.now(UTC)
    facts = {"partnership": birch_invited, "account_id": "a1"}
    Disclosed.objects.create(**facts, population=customers, grant=1, state="told", at=now, entry=1)
    Told.objects.create(**facts, their_handle="bb", population="x", says="customer", since=now, confirmed_at=now)
    erasing.erase(["a1"])
    assert Disclosed.objects.get().account_id == ""
    assert not Told.objects.exists()
    assert not Account.objects.filter(account_id="a1").exists()
    assert not Member.objects.filter(account_id="a1").exists()
    assert [(one.what, one.body) for one in Errand.objects.all()] == [("forget", {"record": "a1"})]


def test_the_memory_is_what_a_dictionary_would_be_also_where_a_transaction_is_undone(birch_invited):
    keep, model, dice = NodeKeep(birch_invited, company.locker()), {}, random.Random(7)
    Memory.objects.all().delete()
    for _ in range(60):
        wanted = dict(model)
        try:
            with keep.together():
                for _ in range(dice.randrange(1, 12)):
                    kind, key = dice.choice(["record", "pair"]), bytes([dice.randrange(6)])
                    if dice.random() < 0.3:
                        keep.drop(kind, key)
                        wanted.pop((kind, key), None)
                    else:
                        value = dice.randbytes(3)
                        keep.put(kind, key, value)
                        wanted[kind, key] = value
                    assert keep.get(kind, key) == wanted.get((kind, key))
                assert list(keep.scan("pair")) == sorted((k, v) for (of, k), v in wanted.items() if of == "pair")
                if dice.random() < 0.3:
                    raise LookupError
        except LookupError:
            continue
        model = wanted
        after = bytes([3])
        assert list(keep.scan("record", after)) == sorted(
            (k, v) for (of, k), v in model.items() if of == "record" and k > after
        )
    sealed = {bytes(one.value) for one in Memory.objects.filter(kind="record")}
    assert sealed.isdisjoint(model.values())
