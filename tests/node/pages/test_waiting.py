"""What waits for somebody stands on the home page, for the roles that may act, with a way to it."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone
from tests.node.leads.knowing import NOON, acme, enter, lead_of
from tests.node.partnering.knowing import DAY, NOW, overlap, partner, population

from assay.node.access.permissions import Role
from assay.node.leads import arriving
from assay.node.partnering import ecosystem
from assay.node.partnering.models import Disclosed, Grant, Introduction, Level, PersonOverlap, Standing
from assay.node.portal.models import Handoff

pytestmark = pytest.mark.django_db
TODAY = NOW.date()


@pytest.fixture
def verdantine(db):
    made = partner("verdantine")
    Standing.objects.create(partnership=made)
    return made


def _waits(client) -> dict[str, tuple[int, str]]:
    """Return what the home page says: words -> how many, address."""
    page = client.get("/").content.decode()
    found = re.findall(r'<li class="card"><a href="([^"]+)"><strong>(\d+)</strong> ([^<]+)</a>', page)
    return {words: (int(count), address) for address, count, words in found}


def _grant(with_whom, asked_by, **more):
    named = population(f"p{Grant.objects.count()}")
    given = {"level": Level.COUNTS, "version": Grant.objects.count() + 1, "asked_by": asked_by, **more}
    return Grant.objects.create(partnership=with_whom, population=named, **given)


def test_a_grant_waits_for_everybody_who_may_agree_but_for_whom_asked(verdantine, user_of, client_of):
    _grant(verdantine, user_of(Role.PARTNER_MANAGER))
    assert _waits(client_of(Role.REVOPS)) == {"grant to agree to": (1, "/partners/")}
    assert _waits(client_of(Role.PARTNER_MANAGER)) == {}
    assert _waits(client_of(Role.REP)) == {}


def test_held_accounts_and_an_alarm_lead_to_where_they_are_let_go(verdantine, client_of):
    for n in range(2):
        Disclosed.objects.create(
            partnership=verdantine, account_id=f"a{n}", handle="h", grant=1, state="held", why="looked at", at=NOW
        )
    Standing.objects.update(their_records=2_000_000)
    waits = _waits(client_of(Role.PARTNER_MANAGER))
    assert waits["held accounts to let go or keep"] == (2, "/partners/verdantine/held/")
    assert waits["alarm about a partner’s list"] == (1, "/partners/verdantine/held/")
    assert _waits(client_of(Role.REP)) == {}


def test_what_waits_of_several_partners_leads_to_a_page_that_names_them(verdantine, client_of):
    for n, who in enumerate((verdantine, partner("ossuline"))):
        Disclosed.objects.create(
            partnership=who, account_id="a1", handle=f"{n}", grant=1, state="held", why="looked at", at=NOW
        )
        overlap(who, "a1", bits=1.0, ruling="ask")
    waits = _waits(client_of(Role.PARTNER_MANAGER))
    assert waits["held accounts to let go or keep"] == (2, "/partners/")
    assert waits["questions: is it the same company?"] == (2, "/partners/ecosystem/")


def test_questions_whether_it_is_the_same_wait_for_who_answers_them(verdantine, client_of):
    one = overlap(verdantine, "a1", bits=1.0, ruling="ask")
    handles = {"handle": "a" * 32, "their_handle": "b" * 32}
    PersonOverlap.objects.create(partnership=verdantine, record="p", ruling="ask", bits=1.0, since=NOW, **handles)
    waits = _waits(client_of(Role.PARTNER_MANAGER))
    assert waits["question: is it the same company?"] == (1, "/partners/verdantine/overlaps/")
    assert waits["question: is it the same person?"] == (1, "/partners/verdantine/people/")
    assert _waits(client_of(Role.REP)) == {}
    one.our_answer = True
    one.save()
    assert "question: is it the same company?" not in _waits(client_of(Role.PARTNER_MANAGER))


def test_an_introduction_waits_for_its_owner_and_for_the_partners_manager(verdantine, user_of, client_of):
    rep, manager = user_of(Role.REP), user_of(Role.PARTNER_MANAGER)
    more = {"by_us": False, "wanted": "Please", "made_at": NOW, "changed_at": NOW, "account_id": "a1"}
    Introduction.objects.create(partner=verdantine.partner, public_id="a" * 32, ours=rep, **more)
    one = {"introduction to answer": (1, "/partners/introductions/")}
    assert _waits(client_of(Role.REP)) == one
    assert _waits(client_of(Role.PARTNER_MANAGER)) == one
    assert _waits(client_of(Role.CSM)) == {}
    verdantine.partner.manager = user_of(Role.REVOPS)
    verdantine.partner.save()
    assert manager != verdantine.partner.manager
    assert _waits(client_of(Role.PARTNER_MANAGER)) == {}
    assert _waits(client_of(Role.REVOPS)) == one


def test_a_partner_that_did_not_answer_in_time_is_told_of(verdantine, user_of, client_of):
    arriving.apply([enter()], acme(), NOON)
    now = timezone.now()
    given = {"partner": verdantine.partner, "company": "Globex", "at": NOON, "changed_at": NOON}
    Handoff.objects.create(lead=lead_of("ann"), respond_by=now - DAY, **given)
    waits = _waits(client_of(Role.PARTNER_MANAGER))
    assert waits["lead that a partner did not answer in time"] == (1, "/handoffs/")
    assert "lead that a partner did not answer in time" not in _waits(client_of(Role.REP))


def test_reviews_that_are_late_wait_those_of_default_grants_too(verdantine, client_of):
    verdantine.review_on = TODAY - DAY
    verdantine.save()
    _grant(None, None, state="holds", review_on=TODAY - DAY)
    _grant(verdantine, None, state="holds", review_on=TODAY + DAY)
    client = client_of(Role.PARTNER_MANAGER)
    assert _waits(client)["reviews that are late"] == (2, "/partners/ecosystem/#care")
    page = client.get("/partners/ecosystem/").content.decode()
    assert "All partners, by default" in page
    assert [one.partner is None for one in ecosystem.reviews(TODAY)].count(True) == 1


def test_terms_that_somebody_looked_at_wait_until_the_next_day_that_is_named(verdantine, client_of):
    verdantine.review_on = TODAY - DAY
    verdantine.save()
    client = client_of(Role.PARTNER_MANAGER)
    assert "/partners/verdantine/#again" in client.get("/partners/ecosystem/").content.decode()
    assert "review that is late" in _waits(client)
    client.post(f"/partners/looked/terms/{verdantine.pk}/", {"next_on": str(TODAY + 90 * DAY), "note": ""})
    assert _waits(client) == {}


def test_the_home_page_asks_one_question_a_line(verdantine, client_of, django_assert_max_num_queries):
    rep, manager = client_of(Role.REP), client_of(Role.PARTNER_MANAGER)
    for n in range(20):
        who = partner(f"p{n}")
        Standing.objects.create(partnership=who)
        overlap(who, "a1", bits=1.0, ruling="ask")
    with django_assert_max_num_queries(12):
        rep.get("/")
    with django_assert_max_num_queries(20):
        manager.get("/")
