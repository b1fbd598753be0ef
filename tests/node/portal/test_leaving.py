"""A partner's user can leave, and a partner can have everything of it deleted."""

from __future__ import annotations

import secrets

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from tests.node.known import PASSWORD
from tests.node.portal.conftest import NOW

from assay.node.access.models import AuditRow, User
from assay.node.access.permissions import Role
from assay.node.partnering.models import Errand, Insight, Introduction, Partner, Partnership, Word
from assay.node.portal import answering, attesting, introducing, opening, sharing
from assay.node.portal.models import Handoff, PartnerUser
from assay.node.telling.models import Message

pytestmark = pytest.mark.django_db


@pytest.fixture
def busy(north, lead, hand):
    """Northwind, which has answered, told, asked and written."""
    north.user.set_password(PASSWORD)
    north.user.name = "Planted Pat"
    north.user.save()
    handoff = hand(lead, north, contact="Ann")
    answering.answer(north.user, handoff.pk, "accept", NOW, words="planted words")
    key = sharing.key_of(north.partner, "globex")
    attesting.attest(north.user, key, "need", "planted need", NOW)
    one = introducing.ask(north.user, key, "planted wish", NOW)
    introducing.say(north.user, one.public_id, "planted word", NOW)
    return north


def _everything() -> str:
    """Return every row of every table that our apps have, as text."""
    rows = []
    with connection.cursor() as cursor:
        for model in apps.get_models():
            table = model._meta.db_table
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            rows += [f"{table} {row}" for (row,) in cursor.fetchall()]
    return "\n".join(rows)


def test_who_leaves_is_forgotten_and_comes_in_no_more(busy):
    client = Client()
    client.post(reverse("account_login"), {"login": busy.user.email, "password": PASSWORD})
    assert client.get("/portal/").status_code == 200
    answer = client.post("/portal/you/leave/", {"sure": "1"})
    assert answer["Location"] == reverse("account_login")
    assert client.get("/portal/").status_code == 302
    assert not [word for word in ("pat@northwind", "Planted Pat") if word in _everything()]
    client.post(reverse("account_login"), {"login": "pat@northwind.example", "password": PASSWORD})
    assert client.get("/portal/").status_code == 302


def test_what_a_user_said_stays_without_a_name_when_only_the_user_leaves(busy):
    busy.client.post("/portal/you/leave/", {"sure": "1"})
    assert Insight.objects.get().value == "planted need"
    assert (Word.objects.get().text, Word.objects.get().name) == ("planted word", "")
    assert Handoff.objects.get().state == "accepted"


def test_our_page_names_what_it_does_and_calls_nothing_else_letting_go(busy, client_of):
    page = client_of(Role.PARTNER_MANAGER).get("/partners/northwind/portal/").content.decode()
    assert "Delete everything of Northwind</h2>" in page
    assert "Let it go" not in page, "it is held accounts that are let go, to a partner"


def test_leaving_asks_whether_one_is_sure(busy):
    assert busy.client.post("/portal/you/leave/").status_code == 422
    assert User.objects.get(pk=busy.user.pk).is_active


def test_everything_of_a_partner_is_deleted_when_it_asks(busy, manager):
    answer = busy.client.post("/portal/you/delete/", {"name": "northwind"})
    assert answer.status_code == 302
    kept = _everything()
    assert not [word for word in ("planted", "Planted", "pat@northwind") if word in kept]
    assert not Insight.objects.exists()
    assert Handoff.objects.get().state == "closed"
    assert Introduction.objects.get().state == "closed"
    assert Partner.objects.get().left_at is not None
    assert Message.objects.filter(user=manager, event="partner.left").exists()
    row = AuditRow.objects.get(action="delete everything of a partner", subject="partner")
    assert row.after == {"left": True, "people": 1, "insights": 1, "handoffs": 1}


def test_a_partnership_ends_when_the_partner_has_everything_deleted(busy):
    live = Partnership.objects.create(
        partner=busy.partner, state="live", public_id="a" * 32, escrow="https://escrow.example", made_at=NOW
    )
    busy.client.post("/portal/you/delete/", {"name": "Northwind"})
    assert Errand.objects.get(partnership=live).what == Errand.What.REVOKE


def test_everything_is_deleted_only_under_the_partners_name(busy):
    assert busy.client.post("/portal/you/delete/", {"name": "Southwind"}).status_code == 422
    assert Insight.objects.exists()
    assert User.objects.get(pk=busy.user.pk).is_active


def test_another_partner_loses_nothing_when_one_leaves(busy, south, lead, hand):
    one = hand(_copy(lead), south)
    busy.client.post("/portal/you/delete/", {"name": "Northwind"})
    assert south.client.get(f"/portal/leads/{one.pk}/").status_code == 200
    assert User.objects.get(pk=south.user.pk).email == "pat@southridge.example"


def test_who_manages_partners_can_do_it_for_the_partner(busy, client_of):
    client_of(Role.REVOPS).post("/partners/northwind/portal/go/", {"name": "Northwind"})
    assert Partner.objects.get().left_at is not None
    assert busy.client.get("/portal/").status_code == 302
    assert client_of(Role.REVOPS).get("/partners/northwind/portal/").status_code == 200


def test_nobody_is_invited_to_a_partner_that_left(busy, client_of):
    busy.client.post("/portal/you/delete/", {"name": "Northwind"})
    answer = client_of(Role.ADMIN).post("/partners/northwind/portal/invite/", {"email": "new@northwind.example"})
    assert answer.status_code == 422
    assert PartnerUser.objects.count() == 1


def test_a_lead_goes_back_to_us_when_its_partner_leaves(busy, lead, client_of, south, hand):
    busy.client.post("/portal/you/delete/", {"name": "Northwind"})
    assert "taken back from a partner" in client_of(Role.REP).get(f"/leads/{lead.pk}/").content.decode()
    assert hand(lead, south).is_offered


def test_sessions_of_who_leaves_are_gone(busy):
    client = Client()
    client.post(reverse("account_login"), {"login": busy.user.email, "password": PASSWORD})
    busy.client.post("/portal/you/leave/", {"sure": "1"})
    left = [one for one in Session.objects.all() if one.get_decoded().get("_auth_user_id") == str(busy.user.pk)]
    assert left == []


def test_a_partner_that_comes_back_begins_anew(busy, manager):
    busy.client.post("/portal/you/delete/", {"name": "Northwind"})
    again = opening.open_portal(manager, "Northwind again", timezone.now())
    user = opening.invite(manager, again.partner.slug, "pat@northwind.example", "Pat", timezone.now())
    assert PartnerUser.objects.get(user=user).partner == again.partner


def _copy(lead):
    lead.pk, lead.subject_id = None, secrets.token_hex(4)
    lead.save()
    return lead
