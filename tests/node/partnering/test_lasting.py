"""A partnership over time: paused and gone on with, its keys changed, left from the portal over a real escrow."""

from __future__ import annotations

import pytest
from tests.node.partnering.conftest import exchange
from tests.node.partnering.test_exchanging import customers as customers
from tests.node.partnering.test_exchanging import granted as granted
from tests.node.partnering.test_exchanging import operator_files
from tests.partners.dealing.companies import account

from assay.cli.partners import verify
from assay.node.access.permissions import Role
from assay.node.partnering import grants, populations, restored
from assay.node.partnering.models import Disclosed, Grant, Overlap, Partner, Partnership, Standing, Told
from assay.node.portal import opening

pytestmark = pytest.mark.django_db


def step_by_step(paired, background, birch, times=4):
    for _ in range(times):
        exchange(paired, background)
        birch.step()
    paired.refresh_from_db()


def test_while_it_is_paused_nothing_goes_and_nothing_is_lost(
    granted, manager, colleague, paired, customers, background, birch, rounds, client_of
):
    granted()
    birch.grant(fields=("owner",))
    rounds()
    client = client_of(Role.PARTNER_MANAGER)
    client.post("/partners/birch/do/", {"do": "pause"})
    birch.accounts["b4"] = account("Acme Secret Prospect", "only-acme.com", "DE", "")
    birch.grant(fields=())
    populations.change(manager, "customers", name="Customers", lines="a2\na3\n")
    step_by_step(paired, background, birch)
    assert paired.state == "paused"
    assert set(birch.known) == {("b1", "customers"), ("b2", "customers")}
    assert {one.fields["owner"] for one in Told.objects.filter(until__isnull=True)} == {"Bob of b1", "Bob of b2"}
    page = client.get("/partners/birch/").content.decode()
    assert "Go on" in page
    assert "Exchange now" not in page
    assert "Paused" in client.get("/partners/").content.decode()
    client.post("/partners/birch/do/", {"do": "go_on"})
    rounds()
    assert paired.state == "live"
    assert set(birch.known) == {("b2", "customers"), ("b4", "customers")}
    assert [one.fields for one in Told.objects.filter(until__isnull=True, account_id="a2")] == [{}]
    assert Disclosed.objects.filter(account_id="a1").get().state == "withdrawn"


def test_a_paused_partnership_can_be_ended(granted, paired, background, birch, rounds, client_of):
    granted()
    rounds()
    client = client_of(Role.PARTNER_MANAGER)
    client.post("/partners/birch/do/", {"do": "pause"})
    client.post("/partners/birch/do/", {"do": "end", "sure": "on"})
    step_by_step(paired, background, birch)
    assert paired.state == "revoked"
    assert birch.log.told("ended") == [()]


def test_new_keys_from_the_page_change_no_fact_and_what_comes_goes_under_them(
    granted, paired, background, birch, rounds, client_of, operator, tmp_path
):
    granted()
    birch.grant(fields=("owner",))
    rounds()
    held = list(Told.objects.order_by("pk").values_list("pk", "since", "until"))
    overlaps = list(Overlap.objects.order_by("pk").values_list("pk", "handle", "since", "until"))
    client = client_of(Role.PARTNER_MANAGER)
    answer = client.post("/partners/birch/do/", {"do": "rotate"}, follow=True)
    assert "New keys are made" in answer.content.decode()
    rounds()
    assert list(Told.objects.order_by("pk").values_list("pk", "since", "until")) == held
    assert list(Overlap.objects.order_by("pk").values_list("pk", "handle", "since", "until")) == overlaps
    assert Disclosed.objects.count() == 2
    assert (paired.state, paired.trouble, Standing.objects.get().obstacle) == ("live", "", "")
    birch.accounts["b4"] = account("Acme Secret Prospect", "only-acme.com", "DE", "")
    rounds()
    assert ("b4", "customers") in birch.known
    ours, theirs = tmp_path / "ours.jsonl", tmp_path / "theirs.jsonl"
    ours.write_text(client.get(f"/partners/birch/ledger/{paired.public_id}.jsonl").getvalue().decode())
    theirs.write_text(birch.deal.ledger())
    assert verify(ours, theirs) == 0
    assert '"epoch":1' in ours.read_text()
    assert '"epoch":2' in ours.read_text()


def test_who_leaves_from_the_portal_ends_the_comparing_at_the_escrow_too(
    granted, manager, paired, background, birch, rounds, client_of, operator
):
    from django.test import Client
    from django.utils import timezone

    granted()
    birch.grant(fields=("owner",))
    rounds()
    assert birch.known
    opening.open_portal(manager, "Birch", timezone.now())
    user = opening.invite(manager, "birch", "pat@birch.example", "Pat of Birch", timezone.now())
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    peppers = [path for path in operator_files(operator) if "peppers" in path.parts]
    assert peppers
    assert client.post("/portal/you/delete/", {"name": "Birch"}).status_code == 302
    step_by_step(paired, background, birch)
    assert paired.state == Partnership.State.REVOKED
    assert birch.log.told("ended") == [()]
    assert not Told.objects.filter(until__isnull=True).exists()
    assert not Overlap.objects.filter(until__isnull=True).exists()
    assert Partner.objects.get().left_at is not None
    assert not [path for path in peppers if path.exists()]
    assert client_of(Role.REP).get("/partners/birch/learns/").status_code == 200
    assert client.get("/portal/").status_code == 302


def test_after_a_backup_was_brought_back_partners_wait_until_somebody_looked(
    granted, paired, background, birch, rounds, client_of
):
    from django.db import connection

    granted()
    rounds()
    with connection.cursor() as cursor:
        cursor.execute(restored.PAUSE_ALL, [restored.RESTORED])
    birch.accounts["b4"] = account("Acme Secret Prospect", "only-acme.com", "DE", "")
    step_by_step(paired, background, birch)
    assert paired.state == "paused"
    assert ("b4", "customers") not in birch.known
    client = client_of(Role.PARTNER_MANAGER)
    assert "A backup of this node was brought back" in client.get("/partners/birch/").content.decode()
    client.post("/partners/birch/do/", {"do": "go_on"})
    rounds()
    assert (paired.state, paired.trouble) == ("live", "")
    assert ("b4", "customers") in birch.known
    assert grants.effective(paired)
    assert Grant.objects.get().state == "holds"


def test_before_both_lists_were_compared_no_page_says_that_nothing_is_shared(
    granted, paired, background, birch, rounds, client_of
):
    client = client_of(Role.REP)
    assert not Standing.objects.get().our_records
    for path in ("/partners/", "/partners/birch/", "/partners/birch/map/"):
        page = client.get(path).content.decode()
        assert "no list be compared" in page or "nor Birch let a list be compared" in page, path
        assert "0 accounts shared" not in page
    granted()
    birch.accounts.clear()
    birch.accounts["b9"] = account("Nobody Else's", "nobody-else.com", "FR", "Lyon")
    birch.grant(fields=())
    rounds()
    assert Standing.objects.get().shared_records == 0
    assert "0 accounts shared" in client.get("/partners/birch/map/").content.decode()
