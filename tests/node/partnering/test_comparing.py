"""After the digits: what is missing before lists are compared, whose turn it is, and "not shared" beside "0 shared"."""

from __future__ import annotations

import html

import pytest
from tests.node.partnering.knowing import NOW, offered, overlap, partner, population

from assay.node.access.permissions import Role
from assay.node.partnering import comparing, grants, populations
from assay.node.partnering.models import AccountsRead, Grant, Level, Standing

pytestmark = pytest.mark.django_db


def read(client, address):
    """Return a page as people read it."""
    return html.unescape(client.get(address).content.decode())


def holds(of, what, level=Level.OVERLAPS, **more):
    """Let a grant hold."""
    return Grant.objects.create(partnership=of, population=what, level=level, version=1, state="holds", **more)


@pytest.fixture
def verdantine(db):
    who = partner("verdantine")
    Standing.objects.create(partnership=who)
    return who


def test_after_the_digits_the_page_says_each_next_step_and_whose_turn_it_is(
    manager, colleague, paired, birch, rounds, client_of
):
    client = client_of(Role.PARTNER_MANAGER)
    birchs, birch.accounts = birch.accounts, {}
    assert "Make a population" in read(client, "/partners/birch/")
    customers = populations.make(manager, name="Customers", says="customer", how="list", lines="a1\na2\n")
    rounds()
    page = read(client, "/partners/birch/")
    assert "Say what they may learn: until then nothing is compared." in page
    assert 'href="/partners/birch/grants/"' in page
    assert "Not compared yet: it takes" not in read(client, "/partners/birch/map/")
    asked = grants.ask(manager, paired, customers, level="overlaps")
    assert "A second person must agree" in read(client, "/partners/birch/")
    grants.agree(colleague, asked.pk)
    assert "Birch lets no list be compared yet" in read(client, "/partners/birch/")
    birch.accounts = birchs
    birch.grant()
    rounds()
    page = read(client, "/partners/birch/")
    assert "What is missing" not in page
    assert "2 of ours, 3 of theirs" in page


def test_where_the_partner_lets_nothing_be_compared_no_page_says_zero(verdantine, client_of):
    targets = population("targets", "a1")
    holds(verdantine, targets)
    Standing.objects.update(our_records=3, their_records=0, shared_records=0)
    AccountsRead.objects.create(pk=1, seq=1, edition=1, at=NOW)
    client, words = client_of(Role.PARTNER_MANAGER), "Verdantine lets no list be compared yet"
    for address in ("", "verdantine/", "verdantine/map/", "verdantine/learns/"):
        assert words in read(client, f"/partners/{address}"), address
    assert "That is for Verdantine to do" in read(client, "/partners/verdantine/")
    assert "0 accounts shared" not in read(client, "/partners/verdantine/map/")
    assert words in read(client, "/partners/verdantine/overlaps/")
    assert "there is no overlap" not in read(client, "/partners/verdantine/learns/")


def test_where_we_let_nothing_be_compared_it_is_said_of_us(verdantine, client_of):
    holds(verdantine, population("targets", "a1"), level=Level.COUNTS)
    offered(verdantine, "customer")
    Standing.objects.update(our_records=0, their_records=9, shared_records=0)
    client = client_of(Role.PARTNER_MANAGER)
    for address in ("", "verdantine/"):
        assert "we let no list be compared with Verdantine" in read(client, f"/partners/{address}"), address
    assert "You let Verdantine learn how many, not which" in read(client, "/partners/verdantine/")
    assert "We let no list be compared with Verdantine" in read(client, "/partners/verdantine/map/")


def test_once_both_lists_are_there_zero_is_said_as_zero_and_nothing_is_missing(verdantine, client_of):
    holds(None, population("targets", "a1"))
    Standing.objects.update(our_records=3, their_records=9, shared_records=0)
    client = client_of(Role.REP)
    assert "0 accounts shared" in read(client, "/partners/verdantine/map/")
    assert "What is missing" not in read(client, "/partners/verdantine/")
    assert comparing.missing(verdantine) == []


def test_a_grant_of_nothing_to_one_partner_counts_before_the_default(verdantine):
    targets = population("targets", "a1")
    holds(None, targets)
    assert comparing.of(verdantine).lets
    holds(verdantine, targets, level=Level.HIDDEN)
    assert not comparing.of(verdantine).lets
    assert comparing.of(verdantine).words == "neither we nor Verdantine let a list be compared yet"


def test_a_list_that_is_not_read_yet_and_one_without_accounts_are_told(verdantine):
    offered(verdantine, "customer")
    targets = population("targets")
    holds(verdantine, targets)
    assert "not read yet" in comparing.missing(verdantine)[0].words
    AccountsRead.objects.create(pk=1, seq=1, edition=1, at=NOW)
    assert "is not found yet" in comparing.missing(verdantine)[0].words
    targets.counted_at = NOW
    targets.save()
    assert "Nothing is in “Targets” yet" in comparing.missing(verdantine)[0].words


def test_people_are_no_number_either_where_nobody_lets_people_be_compared(client_of):
    who = partner("ossuline", terms={"people": True})
    Standing.objects.create(partnership=who, our_records=2, their_records=4)
    overlap(who, "a1")
    page = read(client_of(Role.REP), "/partners/ossuline/people/")
    assert "We let no list of people be compared with Ossuline" in page
