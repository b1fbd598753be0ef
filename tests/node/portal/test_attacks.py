"""What somebody hostile of a partner tries. THREAT_MODEL.md says which promise each of these shows."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone
from tests.node.access.test_admission import addresses
from tests.node.leads.conftest import arrive as arrive
from tests.node.leads.knowing import NOON
from tests.node.portal.conftest import NOW

from assay.core.errors import BadRequest
from assay.node.access import users
from assay.node.access.actions import Machine, NotAllowed
from assay.node.access.models import AuditRow, User
from assay.node.access.permissions import MAY, Permission, Role
from assay.node.api import tokens
from assay.node.partnering.models import Insight, Introduction
from assay.node.portal import answering, attesting, introducing, opening, sharing
from assay.node.portal.models import Handoff, HandoffStep, PartnerUser

pytestmark = pytest.mark.django_db

#: What a partner's user may open beside the portal: coming in, going out, one's own password and mails.
OWN = re.compile(r"/portal/|/account/|/told/$|/$")


@pytest.fixture
def theirs(south, lead, hand):
    """A lead, an account, an insight and an introduction of Southridge, with the addresses of each."""
    handoff = hand(lead, south, contact="Ann")
    key = sharing.key_of(south.partner, "globex")
    attesting.attest(south.user, key, "need", "clearly", NOW)
    one = introducing.ask(south.user, key, "Please", NOW)
    return handoff, key, one


def _paths(theirs) -> list[str]:
    handoff, key, one = theirs
    return [
        f"/portal/leads/{handoff.pk}/",
        *(f"/portal/leads/{handoff.pk}/{verb}/" for verb in ("accept", "decline", "win", "lose", "met", "word")),
        f"/portal/accounts/{key}/",
        *(f"/portal/accounts/{key}/{letter}/" for letter in attesting.Letter),
        f"/portal/introductions/{one.public_id}/",
        *(f"/portal/introductions/{one.public_id}/{verb}/" for verb in ("accepted", "made", "closed", "word")),
    ]


def _state() -> list:
    return [
        list(model.objects.order_by("pk").values())
        for model in (Handoff, HandoffStep, Insight, Introduction, PartnerUser)
    ]


def test_a_partner_sees_and_does_nothing_of_anothers_by_guessing(north, theirs):
    before, audited = _state(), AuditRow.objects.count()
    for path in _paths(theirs):
        found = [
            north.client.get(path),
            north.client.post(path, {"words": "x", "value": "x", "text": "x", "wanted": "x", "sure": "1"}),
        ]
        assert {answer.status_code for answer in found} <= {404, 405}, path
        assert all("Globex" not in answer.content.decode() for answer in found)
    assert _state() == before
    assert AuditRow.objects.count() == audited


def test_the_actions_themselves_refuse_what_is_another_partners(north, theirs):
    handoff, key, one = theirs
    before = _state()
    for act in (
        lambda: answering.answer(north.user, handoff.pk, "accept", NOW),
        lambda: answering.report(north.user, handoff.pk, "word", NOW, words="x"),
        lambda: attesting.attest(north.user, key, "need", "urgently", NOW),
        lambda: attesting.withdraw(north.user, key, "need", NOW),
        lambda: introducing.ask(north.user, key, "x", NOW),
        lambda: introducing.answer(north.user, one.public_id, "closed", NOW),
        lambda: introducing.say(north.user, one.public_id, "x", NOW),
    ):
        with pytest.raises(BadRequest, match="There is no such"):
            act()
    assert _state() == before


def test_no_page_of_the_portal_names_another_partner_or_its_people(north, theirs):
    for page in addresses(get_resolver().url_patterns):
        if page.path.startswith("/portal/"):
            text = north.client.get(page.path).content.decode()
            assert not [word for word in ("Southridge", "southridge", "Globex") if word in text], page.path


def test_a_partners_user_opens_the_portal_and_what_is_their_own_and_nothing_else(north, lead):
    pages = [page for page in addresses(get_resolver().url_patterns) if page.admission and not page.admission.is_open]
    tried = [page.path for page in pages if not OWN.match(page.path)]
    tried += [f"/leads/{lead.pk}/", f"/leads/{lead.pk}/accept/", "/accounts/globex/", f"/handoffs/lead/{lead.pk}/"]
    assert len(tried) > 40
    wrong = []
    for path in tried:
        found = {north.client.get(path).status_code, north.client.post(path, {"x": "y"}).status_code}
        wrong += [] if found <= {403, 404} else [(path, found)]
    assert wrong == []


def test_home_leads_a_partners_user_to_the_portal(north):
    assert north.client.get("/")["Location"] == "/portal/"
    shown = north.client.get("/portal/").content.decode()
    assert not [path for path in ("/leads/", "/audit/", "/tokens/", "/handoffs/") if f'href="{path}' in shown]


def test_a_partners_role_has_three_permissions_and_no_token():
    has = {permission for permission, roles in MAY.items() if Role.PARTNER in roles}
    assert has == {Permission.USE_PORTAL, Permission.BE_TOLD}


def test_a_partners_user_makes_no_token(north):
    with pytest.raises(NotAllowed):
        tokens.make(north.user, "x", ["leads:read"], 1)


def test_nobody_becomes_a_partners_user_or_ceases_to_be_one_by_a_role(north, user_of):
    admin, rep = user_of(Role.ADMIN), user_of(Role.REP)
    for act in (
        lambda: users.change_role(admin, rep.pk, Role.PARTNER),
        lambda: users.change_role(admin, north.user.pk, Role.ADMIN),
        lambda: users.invite(admin, "x@y.example", Role.PARTNER),
    ):
        with pytest.raises(BadRequest):
            act()
    assert User.objects.get(pk=north.user.pk).role == Role.PARTNER


def test_a_user_with_the_role_and_without_a_partner_reaches_nothing(theirs):
    user = User.objects.create_user("stray@x.example", None, role=Role.PARTNER)
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert "no partner here" in client.get("/portal/").content.decode()
    assert {client.get(path).status_code for path in ("/portal/leads/", "/portal/you/", *_paths(theirs))} <= {404, 405}
    with pytest.raises(NotAllowed):
        answering.answer(user, theirs[0].pk, "accept", NOW)


def test_our_own_people_do_not_answer_in_a_partners_name(north, lead, hand, user_of):
    handoff = hand(lead, north)
    for role in Role:
        if role != Role.PARTNER:
            with pytest.raises(NotAllowed):
                answering.answer(user_of(role), handoff.pk, "accept", NOW)
    with pytest.raises(BadRequest):
        answering.answer(Machine("a test"), handoff.pk, "accept", NOW)


def test_a_manager_reaches_users_through_their_own_partner_alone(north, south, manager, client_of):
    for verb in ("link", "out", "in"):
        answer = client_of(Role.PARTNER_MANAGER).post(f"/partners/northwind/portal/users/{south.user.pk}/{verb}/")
        assert answer.status_code == 422
    rep = User.objects.create_user("rep2@acme.example", None, role=Role.REP)
    with pytest.raises(BadRequest):
        opening.make_link(manager, "northwind", rep.pk)
    assert User.objects.get(pk=south.user.pk).is_active


def test_who_is_kept_out_acts_no_more(north, lead, hand, manager):
    handoff, client = hand(lead, north), north.client
    opening.change_activity(manager, "northwind", north.user.pk, False)
    assert client.post(f"/portal/leads/{handoff.pk}/accept/").status_code == 302
    north.user.refresh_from_db()
    with pytest.raises(NotAllowed):
        answering.answer(north.user, handoff.pk, "accept", NOW)
    assert Handoff.objects.get().is_offered


def test_what_a_partner_writes_is_shown_and_never_run(north, lead, hand, client_of):
    script = '"><script>alert(1)</script>{{ 7|add:1 }}'
    handoff = hand(lead, north)
    answering.report(north.user, handoff.pk, "word", NOW, words=script)
    key = sharing.key_of(north.partner, "globex")
    attesting.attest(north.user, key, "need", script, NOW)
    one = introducing.ask(north.user, key, script, NOW)
    introducing.say(north.user, one.public_id, script, NOW)
    ours = [client_of(Role.REVOPS).get(path) for path in (f"/leads/{lead.pk}/", "/partners/northwind/portal/")]
    own = [north.client.get(path) for path in (f"/portal/leads/{handoff.pk}/", "/portal/accounts/")]
    own.append(north.client.get(f"/portal/introductions/{one.public_id}/"))
    for answer in (*ours, *own):
        assert answer.status_code == 200
        assert "<script>alert" not in answer.content.decode()


def test_no_form_of_the_portal_is_taken_from_another_site(north, theirs):
    client = Client(enforce_csrf_checks=True)
    client.force_login(north.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    for path in (*_paths(theirs), "/portal/you/leave/", "/portal/you/delete/"):
        assert client.post(path, {"sure": "1", "name": "Northwind"}).status_code == 403


def test_nobody_hands_a_lead_by_way_of_a_partners_session(north, lead):
    typed = {"partner": "northwind", "company": "Globex"}
    assert north.client.post(f"/handoffs/lead/{lead.pk}/", typed).status_code == 403
    assert not Handoff.objects.exists()


def test_a_partner_that_left_is_handed_nothing(north, lead, hand):
    from assay.node.portal import leaving

    leaving.leave_all(north.user, "Northwind", timezone.now())
    with pytest.raises(BadRequest, match="No portal is open"):
        hand(lead, north)
    assert NOON < NOW
