"""Pages about partners as people see them: wide and on a phone, light and dark, without scripts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.node.browsing import is_too_wide, keep

from assay.node.access.permissions import Role
from assay.node.partnering import company, grants, pairing, populations
from assay.node.partnering.models import Disclosed, Overlap, Partnership, TheirPopulation

pytestmark = pytest.mark.django_db(transaction=True)
PAGES = (
    *("/partners/", "/partners/company/", "/partners/grants/", "/partners/invite/", "/partners/populations/"),
    *("/partners/populations/customers/", "/partners/populations/new/?how=text", "/partners/birch/"),
    *("/partners/birch/grants/", "/partners/birch/learns/", "/partners/birch/held/"),
)


@pytest.fixture
def known(manager, colleague):
    """A live partnership with something told, something held, something waiting."""
    company.name(manager, "Acme")
    customers = populations.make(
        manager, name="Customers", says="customer", how="list", lines="a1\na2\na4\nnobody.example\n"
    )
    populations.make(manager, name="Prospects", says="prospect", how="list", lines="a3\n")
    made = pairing.invite(manager, name="Birch", escrow="https://escrow.example.com", success="Ten introductions")
    asked = grants.ask(manager, made, customers, level="overlaps", fields=["name", "plan", "country"])
    grants.agree(colleague, asked.pk)
    grants.ask(manager, None, customers, level="counts")
    now = datetime.now(UTC)
    Partnership.objects.update(state="live", synced_at=now)
    made.standing.their_records, made.standing.our_records, made.standing.shared_records = 3_200, 4, 2
    made.standing.save()
    facts = {"partnership": made, "population": customers, "fields": ["country", "name", "plan"], "grant": 1, "at": now}
    Disclosed.objects.create(**facts, account_id="a1", state="told", entry=1, receipted_at=now)
    Disclosed.objects.create(**facts, account_id="a2", state="held", why="More accounts were told this week than usual")
    for number, one in enumerate(("a1", "a2")):
        pair = {"handle": f"{number}", "their_handle": f"{number}"}
        Overlap.objects.create(partnership=made, account_id=one, **pair, ruling="match", bits=9, since=now)
    TheirPopulation.objects.create(
        partnership=made, slug="c", name="Their customers", says="customer", level="counts", shared=40, told_at=now
    )


@pytest.mark.parametrize("how", [{}, {"phone": True, "dark": True, "without_scripts": True}], ids=["desk", "phone"])
def test_pages_about_partners_fit_and_say_where_one_is(known, visitor, how):
    page = visitor(Role.PARTNER_MANAGER, **how)
    for number, path in enumerate(PAGES):
        page.goto(path)
        assert page.locator("h1").count() == 1
        assert not is_too_wide(page), path
        keep(page, f"partners-{'phone' if how else 'desk'}-{number}")


def test_a_population_is_made_and_a_partner_invited_by_keyboard(acme, visitor):
    page = visitor(Role.PARTNER_MANAGER, without_scripts=True)
    page.goto("/partners/company/")
    page.get_by_label("What partners know you as").fill("Acme")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.goto("/partners/populations/new/?how=list")
    page.get_by_label("Name").fill("Customers")
    page.get_by_label("Accounts, one a line").fill("a1\nnobody.example\n")
    page.get_by_role("button", name="Make it").click()
    assert "nobody.example" in page.content()
    page.goto("/partners/invite/")
    page.get_by_label("Partner", exact=True).fill("Birch")
    page.get_by_label("Address of the escrow").fill("https://escrow.example.com")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.get_by_role("textbox", name="Invitation").input_value().startswith("assay-invitation-1")
