"""What we tell a partner without a node stands in the portal; a form warns where nobody could read it."""

from __future__ import annotations

import pytest
from tests.node.leads.knowing import NOON
from tests.node.partnering import knowing
from tests.node.portal.conftest import NOW

from assay.node.access.permissions import Role
from assay.node.partnering import erasing, insights, introductions, knowledge, post
from assay.node.partnering.models import OurInsight, Outgoing, Partnership, Standing
from assay.node.portal import opening, sharing
from assay.node.telling.models import Message

pytestmark = pytest.mark.django_db
WARNING = "can read this"


@pytest.fixture
def live(north):
    """A live partnership with Northwind, which told us of Initech by its name."""
    made = Partnership.objects.create(
        partner=north.partner, state="live", public_id="a" * 32, escrow="https://escrow.example", made_at=NOON
    )
    Standing.objects.create(partnership=made)
    knowing.told(made, "initech", fields={"name": "Initech"})
    return made


@pytest.fixture
def page_of(manager, rf):
    """A function that returns what a partner manager reads beside the account."""

    def read() -> str:
        request = rf.get("/accounts/initech/")
        request.user = manager
        return str(knowledge.beside(request, "initech", None))

    return read


def _tell(live, client_of, letter="budget", value="approved"):
    one = live.overlaps.get()
    typed = {"letter": letter, "value": value, "back": "/"}
    return client_of(Role.PARTNER_MANAGER).post(f"/partners/overlaps/{one.pk}/attest/", typed, follow=True)


def test_what_we_tell_stands_in_the_portal_and_the_partners_people_are_told(live, north, client_of):
    assert "find it in the portal" in _tell(live, client_of).content.decode()
    for path in ("/portal/accounts/", f"/portal/accounts/{sharing.key_of(north.partner, 'initech')}/"):
        page = north.client.get(path).content.decode()
        assert "Acme tells you" in page, path
        assert "approved" in page, path
    (message,) = Message.objects.filter(user=north.user, event="portal.insight")
    assert message.content["line"] == "Acme tells you about Initech: budget, approved"
    assert message.content["path"] == f"/portal/accounts/{sharing.key_of(north.partner, 'initech')}/"
    assert Outgoing.objects.get(kind="insight").body["value"] == "approved", "a node hears it, too"


def test_the_last_word_on_a_letter_is_shown_and_no_takes_it_back(live, north, client_of):
    for value in ("planned", "approved"):
        _tell(live, client_of, value=value)
    page = north.client.get("/portal/accounts/").content.decode()
    assert ("approved" in page, "planned" in page) == (True, False)
    _tell(live, client_of, value="No")
    assert "Acme tells you" not in north.client.get("/portal/accounts/").content.decode()
    last = Message.objects.filter(event="portal.insight").latest("pk")
    assert last.content["line"] == "Acme tells you about Initech: takes back what it said on budget"


def test_another_partner_reads_nothing_of_it(live, south, client_of):
    _tell(live, client_of)
    assert "approved" not in south.client.get("/portal/accounts/").content.decode()
    assert south.client.get(f"/portal/accounts/{sharing.key_of(live.partner, 'initech')}/").status_code == 404


def test_what_we_told_goes_with_the_partnership_and_with_the_account(live, north, client_of):
    _tell(live, client_of)
    Partnership.objects.update(state="revoked")
    assert insights.told_to([north.partner]) == []
    erasing.erase(["initech"])
    assert not OurInsight.objects.exists()


def test_the_form_warns_where_neither_a_node_nor_anybody_in_the_portal_reads_it(live, north, manager, page_of):
    assert WARNING not in page_of()
    opening.change_activity(manager, north.slug, north.user.pk, False)
    page = page_of()
    assert "Nobody at Northwind can read this" in page
    assert "/partners/northwind/portal/" in page


def test_a_partner_that_was_never_in_the_portal_is_invited_from_the_warning(page_of, client_of, manager):
    who = knowing.partner("verdantine")
    Standing.objects.create(partnership=who)
    knowing.told(who, "initech")
    page = page_of()
    assert "Nobody at Verdantine can read this" in page
    assert '<a href="/handoffs/">invite somebody' in page
    assert "Nobody at Verdantine" not in client_of(Role.REP).get("/partners/").content.decode()
    assert "nobody at Verdantine can read it" in _tell(who, client_of).content.decode()
    asked = client_of(Role.REP).get("/partners/verdantine/overlaps/").content.decode()
    assert "ask a partner manager to invite somebody" in asked
    one = introductions.ask(manager, who.overlaps.get().pk, "Who decides?", NOW)
    assert WARNING in client_of(Role.REP).get(f"/partners/introductions/{one.pk}/").content.decode()


def test_a_partner_whose_node_wrote_to_ours_is_not_warned_of(page_of, client_of, manager):
    who = knowing.partner("verdantine")
    Standing.objects.create(partnership=who)
    knowing.told(who, "initech")
    assert WARNING in page_of()
    said = []
    post.hand_on(who, lambda *words: said.append(words), NOW)
    post.hand_on(who, lambda *words: said.append(words), NOW)
    ((kind, public_id, body),) = said
    assert (kind, body) == ("node", {}), "a node says once that it is there, and nothing else with it"
    assert post.receive(who, kind, public_id, body, NOW)
    assert WARNING not in page_of()
    assert "on its way to Verdantine" in _tell(who, client_of).content.decode()


def test_what_was_written_before_anybody_came_is_found_by_whoever_comes(live, north, manager, client_of):
    opening.change_activity(manager, north.slug, north.user.pk, False)
    assert "Kept, but nobody at Northwind can read it" in _tell(live, client_of).content.decode()
    opening.change_activity(manager, north.slug, north.user.pk, True)
    assert "approved" in north.client.get("/portal/accounts/").content.decode()


def test_who_tells_is_warned_where_the_partner_knows_no_name_of_the_account(live, north, manager, page_of, client_of):
    assert "neither of you told" not in page_of()
    live.told.update(fields={})
    sign = f"Account {sharing.key_of(north.partner, 'initech')[:6]}"
    assert page_of().count(f"Northwind sees this account as “{sign}”") == 2, "where one tells, and where one asks"
    assert sign in north.client.get("/portal/accounts/").content.decode()
    one = introductions.ask(manager, live.overlaps.get().pk, "Who decides at Initech?", NOW)
    assert sign in client_of(Role.REP).get(f"/partners/introductions/{one.pk}/").content.decode()


def test_a_paused_partner_with_a_node_reads_it_later(page_of):
    who = knowing.partner("verdantine")
    Standing.objects.create(partnership=who, node_heard_at=NOON)
    knowing.told(who, "initech")
    Partnership.objects.update(state="paused")
    assert WARNING not in page_of()


def test_who_hands_a_lead_over_reads_where_nobody_can_come_in(lead, north, manager, client_of):
    path = f"/handoffs/lead/{lead.pk}/"
    assert "nobody there can come in" not in client_of(Role.PARTNER_MANAGER).get(path).content.decode()
    opening.change_activity(manager, north.slug, north.user.pk, False)
    assert "Northwind (nobody there can come in" in client_of(Role.PARTNER_MANAGER).get(path).content.decode()
