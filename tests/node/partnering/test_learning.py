"""What exactly can a partner learn? Besides accounts of grants: what was attested, asked, written and handed over."""

from __future__ import annotations

import html
from datetime import timedelta

import pytest
from tests.node.leads.knowing import acme as acme_rules
from tests.node.leads.knowing import enter, lead_of
from tests.node.partnering.knowing import NOW, overlap, partner, population

from assay.node.access.permissions import Role
from assay.node.leads import arriving
from assay.node.partnering import insights, introductions
from assay.node.partnering.models import Account, Disclosed, Grant, Outgoing, Partner
from assay.node.portal import handing, opening

pytestmark = pytest.mark.django_db


def read(client, address):
    """Return a page as people read it."""
    return html.unescape(client.get(address).content.decode())


@pytest.fixture
def verdantine(db):
    Account.objects.create(account_id="a1", name="Globex Corp", domain="globex.com")
    return partner("verdantine")


def test_what_was_attested_asked_and_written_stands_beside_what_was_told_of_lists(verdantine, user_of, client_of):
    rep, manager = user_of(Role.REP), user_of(Role.PARTNER_MANAGER)
    shared = overlap(verdantine, "a1")
    insights.attest(manager, shared.pk, "budget", "60k a year", NOW)
    asked = introductions.ask(rep, shared.pk, "Who buys licences there?", NOW)
    introductions.write(rep, asked.pk, "We meet them in May", NOW + timedelta(minutes=1))
    theirs = introductions.asked_by_partner(verdantine.partner, verdantine, "a1", "d" * 32, NOW, wanted="Their secret")
    introductions.bring(rep, theirs.pk, "declined", NOW)
    page = read(client_of(Role.REP), "/partners/verdantine/learns/")
    for words in ("budget: 60k a year", "Who buys licences there?", "We meet them in May", "Declined", "Globex Corp"):
        assert words in page, words
    assert "goes with the next exchange" in page
    assert "Their secret" not in page, "what they wrote they were not told"
    Outgoing.objects.update(handed_on_at=NOW)
    assert "goes with the next exchange" not in read(client_of(Role.REP), "/partners/verdantine/learns/")


def test_the_page_says_that_both_know_which_accounts_are_shared_also_where_they_wait(verdantine, client_of):
    targets = population("targets", "a1")
    Grant.objects.create(
        partnership=verdantine, population=targets, level="overlaps", is_held=True, version=1, state="holds"
    )
    page = read(client_of(Role.REP), "/partners/verdantine/learns/")
    assert "Which accounts are on both lists, both sides know" in page
    assert "also of what waits" in page
    limits = read(client_of(Role.PARTNER_MANAGER), "/partners/verdantine/")
    assert "Which of its accounts are on your list too it knows by then" in limits


def test_a_partner_that_has_the_portal_alone_has_the_page_with_what_was_handed_to_it(user_of, client_of, db):
    from tests.node.leads.knowing import NOON, works_at

    from assay.node.leads import stories

    manager = user_of(Role.PARTNER_MANAGER)
    slug = opening.open_portal(manager, "Northwind", NOW).partner.slug
    stories.plug(describe=works_at("globex", website="globex.example"))
    arriving.apply([enter()], acme_rules(), NOON)
    shown = handing.Shown(company="Globex", domain="globex.example", why="They hired ten", contact="Ann of Globex")
    handed = handing.hand(manager, lead_of("ann").pk, slug, shown, now=NOW)
    stories.plug()
    page = read(client_of(Role.PARTNER_MANAGER), f"/partners/{slug}/learns/")
    for words in ("Lead handed over", "globex.example", "They hired ten", "No list is compared"):
        assert words in page, words
    assert "Ann of Globex" not in page, "the contact is shown once it is accepted"
    handed.state = "accepted"
    handed.save()
    assert "Ann of Globex" in read(client_of(Role.PARTNER_MANAGER), f"/partners/{slug}/learns/")
    assert f"/partners/{slug}/learns/" in read(client_of(Role.REP), f"/partners/{slug}/")
    assert client_of(Role.PARTNER_MANAGER).get(f"/partners/{slug}/held/").status_code == 404
    assert Partner.objects.get().slug == slug


def test_what_waits_is_turned_over_by_page_and_ticked_a_page_at_a_time(verdantine, client_of):
    targets = population("targets")
    Disclosed.objects.bulk_create(
        Disclosed(
            partnership=verdantine, account_id=f"w{n:03}", population=targets, grant=1, state="held", why="so", at=NOW
        )
        for n in range(120)
    )
    client = client_of(Role.PARTNER_MANAGER)
    first, last = (read(client, f"/partners/verdantine/held/?page={n}") for n in (1, 3))
    assert (first.count('name="one"'), last.count('name="one"')) == (50, 20)
    assert "120 wait" in first
    assert "Page 1 of 3" in first
    assert "checked" not in first
    ticked = client.get("/partners/verdantine/held/?page=3&ticked=1")
    assert ticked.content.decode().count(" checked") == 20
    ones = [str(one.pk) for one, _, _ in ticked.context["rows"]]
    answer = client.post("/partners/verdantine/held/?page=3", {"do": "refuse", "one": ones})
    assert answer.url == "/partners/verdantine/held/?page=3"
    assert Disclosed.objects.filter(state="refused").count() == 20


def test_of_more_questions_than_are_shown_it_is_said_how_many_there_are(verdantine, client_of):
    for n in range(52):
        overlap(verdantine, f"q{n}", bits=1.0, ruling="ask")
    assert "The likeliest 50 of 52" in read(client_of(Role.REP), "/partners/verdantine/overlaps/")
