"""What partners know is worked with in a real browser: with a mouse, with keys, on a phone, in the dark."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.node.browsing import is_too_wide, keep
from tests.node.leads.knowing import enter
from tests.node.partnering.knowing import ACME, NOW, attests, offered, overlap, partner, population, told

from assay.node.access.actions import Machine
from assay.node.access.permissions import Role
from assay.node.leads import arriving, beside
from assay.node.leads.models import Lead
from assay.node.partnering import knowledge, ranking
from assay.node.partnering.models import Account, Introduction, Level, Overlap, Play, Standing
from assay.node.rulebook import current
from assay.node.rulebook.importing import import_folder

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(transactional_db, settings, tmp_path):
    """Three partners, of whom each lets us know something else, and a lead that two of them point to."""
    settings.ASSAY = replace(settings.ASSAY, data_folder=tmp_path / "node")
    import_folder(Machine("tests"), ACME / "definitions")
    beside.plug(knowledge.beside)
    verdantine, pelworth, ossuline = (partner(slug) for slug in ("verdantine", "pelworth", "ossuline"))
    for one in (verdantine, pelworth, ossuline):
        Standing.objects.create(partnership=one)
    for n in range(1, 6):
        facts = {"employees": str(70 * n), "industry": "retail" if n % 2 else "software"}
        Account.objects.create(account_id=f"a{n}", name=f"Firm {n} of a rather long name", attributes=facts)
        told(verdantine, f"a{n}", fields={"contact": "Lena Hart", "since_year": "2019"})
    for n in (1, 2):
        told(ossuline, f"a{n}", "open_opportunity")
        overlap(pelworth, f"a{n}")
    attests(ossuline, "a1", "need")
    attests(ossuline, "a1", "use_case", "live dashboards")
    attests(ossuline, "a4", "use_case", "live dashboards")
    offered(verdantine, "open_opportunity", level=Level.COUNTS, shared=40)
    overlap(verdantine, "a9", bits=1.3, ruling=Overlap.Ruling.ASK)
    population("large_companies", "a2", "a3", "a4")
    population("paying", "a1", says="customer")
    arriving.apply([enter("eql_corroborated", "a1", NOW)], current.definitions(), NOW)
    ranking.refresh(NOW)
    yield
    beside.plug()


def test_from_the_map_to_the_list_to_an_introduction(world, visitor):
    page = visitor(Role.PARTNER_MANAGER)
    page.goto("/partners/verdantine/map/")
    page.get_by_role("link", name="3 of Large Companies by Customer").click()
    assert page.get_by_role("row").count() == 4
    page.locator("summary", has_text="Ask for an introduction").first.click()
    page.get_by_label("What you want, for Verdantine to read").first.fill("Who decides?")
    page.get_by_role("button", name="Ask Verdantine").first.click()
    page.get_by_text("Verdantine is asked.").wait_for()
    page.get_by_label("Write, for Verdantine to read").fill("By Friday, if you can.")
    page.get_by_role("button", name="Write", exact=True).click()
    page.get_by_text("Written.").wait_for()
    assert Introduction.objects.get().words.count() == 1


def test_a_play_is_written_and_a_question_answered_with_keys_alone_on_a_phone_without_scripts(world, visitor):
    page = visitor(Role.PARTNER_MANAGER, phone=True, without_scripts=True)
    page.goto("/partners/verdantine/map/")
    page.locator("details.unplayed summary").first.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("Call them together")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("The play is written").wait_for()
    assert Play.objects.get().text == "Call them together"
    page.goto("/partners/verdantine/overlaps/")
    page.get_by_role("button", name="Yes, the same: a9").click()
    page.get_by_text("It is shared once Verdantine says yes").wait_for()
    assert Overlap.objects.get(account_id="a9").our_answer is True


@pytest.mark.parametrize("look", [{}, {"dark": True}, {"phone": True}], ids=str)
def test_pages_fit_and_tell_what_partners_know(look, visitor, world):
    page = visitor(Role.PARTNER_MANAGER, **look)
    lead = Lead.objects.get()
    page.goto(f"/leads/{lead.pk}/")
    assert "live dashboards" in page.inner_text("main")
    keep(page, f"partner-lead-{'-'.join(look)}")
    assert not is_too_wide(page)
    for address in (
        "/accounts/a1/",
        "/partners/verdantine/map/",
        "/partners/verdantine/overlaps/",
        "/partners/ecosystem/",
        "/partners/introductions/",
        "/leads/?tab=all&order=partners&known=1",
    ):
        page.goto(address)
        assert not is_too_wide(page), address
        keep(page, f"partner-{'-'.join(look)}{address.split('?')[0]}")
