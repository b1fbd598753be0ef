"""Accounts that look like one company twice are found, shown with reasons, and told apart by people."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest
from tests.node.browsing import is_too_wide, keep
from tests.node.partnering import world

from assay.core.errors import BadRequest
from assay.node.access.models import AuditRow
from assay.node.access.permissions import Role
from assay.node.partnering import company, duplicates, erasing
from assay.node.partnering.models import Duplicate, DuplicatesLooked
from assay.node.partnering.stepping import Background

pytestmark = pytest.mark.django_db
TWICE = {
    "a1x": {"name": "Initech Limited", "website": "www.initech.com", "country": "United Kingdom", "city": "Leeds"},
    "a1y": {"name": "INITECH", "website": "initech.com", "country": "GB", "city": "Leeds"},
    "a2x": {"name": "Globex", "website": "globex.com", "country": "US", "city": "Austin"},
}


class Now:
    """A clock whose background never has to rest."""

    def __call__(self):
        return datetime.now(UTC)


@pytest.fixture
def look(acme, manager):
    """A function that lets the background look again, as it does after its rest."""
    company.name(manager, "Acme")
    background = Background(Now())

    def again():
        background._duplicates._not_before = 0.0
        background.step()

    return again


@pytest.fixture
def twice(look):
    world.tell(TWICE)
    look()


def pairs(**words):
    return {(one.account_id, one.other_id) for one in Duplicate.objects.filter(**words)}


def test_accounts_that_look_like_one_company_are_found_in_the_background(twice):
    assert pairs() == {("a1", "a1x"), ("a1", "a1y"), ("a1x", "a1y"), ("a2", "a2x")}
    assert {one.group for one in Duplicate.objects.all()} == {"a1", "a2"}
    assert all(["country agrees", 3.0] in one.reasons for one in Duplicate.objects.all())
    looked = DuplicatesLooked.objects.get()
    assert (looked.accounts, looked.is_cut) == (6, False)


def test_the_page_shows_who_why_and_how_sure(twice, client_of):
    client = client_of(Role.REP)
    page = client.get("/partners/duplicates/").content.decode()
    for words in (
        "2 companies may be there more than once, among 6 accounts",
        "Initech Limited",
        "name agrees, at one domain",
    ):
        assert words in page, words
    assert "They are different companies" not in page  # a rep looks and does not judge
    assert "twice? (2)" in client.get("/partners/").content.decode()
    rows = list(csv.DictReader(io.StringIO(client.get("/partners/duplicates.csv").content.decode())))
    assert {(row["account"], row["other_account"]) for row in rows} == pairs()


def test_what_somebody_told_apart_stays_apart_until_it_is_taken_back(twice, look, manager, client_of):
    client = client_of(Role.PARTNER_MANAGER)
    client.post("/partners/duplicates/say/", {"do": "apart", "group": "a2"})
    assert pairs(is_different=True) == {("a2", "a2x")}
    world.tell({"a5": {"name": "Initech Ltd", "website": "initech.com", "country": "GB", "city": "Leeds"}})
    look()
    assert ("a1", "a5") in pairs(is_different=False)
    assert pairs(is_different=True) == {("a2", "a2x")}
    page = client.get("/partners/duplicates/").content.decode()
    assert "1 company may be there more than once" in page
    assert "Said to be different companies" in page
    client.post("/partners/duplicates/say/", {"do": "again", "group": "a2"})
    assert not pairs(is_different=True)
    assert "Globex" not in str(list(AuditRow.objects.values()))
    with pytest.raises(BadRequest, match="do not stand here any more"):
        duplicates.tell_apart(manager, "a3")


def test_what_is_one_company_no_longer_goes_from_the_page(twice, look):
    world.tell({"a2x": {"name": "Wholly Other", "website": "wholly-other.de", "country": "DE", "city": "Köln"}})
    look()
    assert pairs() == {("a1", "a1x"), ("a1", "a1y"), ("a1x", "a1y")}


def test_an_account_that_is_forgotten_is_in_no_pair(twice):
    erasing.erase(["a1"])
    assert pairs() == {("a2", "a2x")}  # what hung together by it is looked for anew


def test_nothing_is_looked_for_again_where_nothing_changed(twice, look, monkeypatch):
    at = DuplicatesLooked.objects.get().at
    look()
    again = Background(Now())  # as after a restart
    again.step()
    assert DuplicatesLooked.objects.get().at == at


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", [{}, {"phone": True, "dark": True, "without_scripts": True}], ids=["desk", "phone"])
def test_the_page_of_duplicates_fits_and_works_by_keyboard(twice, visitor, how):
    page = visitor(Role.PARTNER_MANAGER, **how)
    page.goto("/partners/duplicates/")
    assert not is_too_wide(page)
    page.locator("main section summary").first.focus()
    page.keyboard.press("Enter")
    assert page.get_by_text("Together +").first.is_visible()
    keep(page, f"duplicates-{'phone' if how else 'desk'}")
    page.get_by_role("button", name="They are different companies: Globex Corp").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "Said to be different companies" in page.content()
