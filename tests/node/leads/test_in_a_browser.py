"""Leads are worked in a real browser: with a mouse, with keys alone, on a phone, without scripts."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.utils import timezone
from tests.node.browsing import is_too_wide, keep
from tests.node.leads.knowing import ACME, HOUR, Told, acme, enter, lead_of

from assay.node.access.permissions import Role
from assay.node.leads import arriving, stories
from assay.node.leads.models import Lead
from assay.node.leads.states import State

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def leads(transactional_db):
    """Three leads that nobody has answered."""
    now = timezone.now()
    arriving.apply([enter(who=who, at=now - HOUR) for who in ("ann", "bob", "cyd")], acme(), now)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """A tenth of Acme's story, decided by the core."""
    data = tmp_path_factory.mktemp("acme")
    program = [sys.executable, ACME / "generate.py", "--out", data, "--scale", "0.1"]
    subprocess.run(program, check=True, capture_output=True)
    return Told(data)


def test_a_lead_is_accepted_with_one_click(visitor, leads):
    page = visitor(Role.REP)
    page.goto("/leads/?tab=unanswered")
    page.get_by_role("button", name="Accept ann").click()
    page.get_by_text("1 lead accepted.").wait_for()
    assert lead_of("ann").state == State.ACCEPTED


def test_leads_are_worked_with_keys_alone(visitor, leads):
    page = visitor(Role.REP)
    page.goto("/leads/?tab=unanswered&order=newest")
    for key in ("j", "j", "k", "a"):
        page.keyboard.press(key)
    page.get_by_text("1 lead accepted.").wait_for()
    page.keyboard.press("j")
    page.keyboard.press("o")
    page.get_by_role("heading", name="Where it stands").wait_for()
    page.keyboard.press("a")
    page.get_by_text("It is yours now.").wait_for()
    assert Lead.objects.filter(state=State.ACCEPTED).count() == 2


def test_keys_typed_into_a_field_are_just_letters(visitor, leads):
    page = visitor(Role.REP)
    page.goto(f"/leads/{lead_of('ann').pk}/")
    page.get_by_label("Note", exact=True).fill("")
    page.get_by_label("Note", exact=True).press_sequentially("a call")
    page.get_by_role("button", name="Note it").click()
    page.get_by_text("Noted.").wait_for()
    assert lead_of("ann").state == State.OFFERED
    assert lead_of("ann").notes.get().text == "a call"


def test_a_lead_is_rejected_on_a_phone_without_scripts_and_the_funnel_says_why(visitor, leads):
    page = visitor(Role.REP, phone=True, without_scripts=True)
    page.goto("/leads/?tab=unanswered")
    page.get_by_role("link", name="Reject bob").click()
    page.get_by_role("button", name="No budget").click()
    page.get_by_text("Rejected; marketing sees why.").wait_for()
    page.goto("/funnel/")
    assert page.get_by_role("row", name="No budget 1").count() == 1


def test_several_leads_are_ticked_and_assigned(visitor, leads, user_of):
    rep = user_of(Role.REP)
    page = visitor(Role.REVOPS)
    page.goto("/leads/?tab=unanswered")
    page.get_by_label("Tick ann").check()
    page.get_by_label("Tick cyd").check()
    page.get_by_role("combobox", name="To", exact=True).select_option(str(rep.pk))
    page.get_by_role("button", name="Assign").click()
    page.get_by_text("2 leads assigned.").wait_for()
    assert set(Lead.objects.filter(owner=rep).values_list("subject_id", flat=True)) == {"ann", "cyd"}


def test_a_lead_is_worked_from_offered_to_won_by_two_people(visitor, leads):
    rep, marketer, address = visitor(Role.REP), visitor(Role.MARKETER), f"/leads/{lead_of('ann').pk}/"
    rep.goto(address)
    rep.get_by_role("button", name="Accept").click()
    for letter in ("need", "budget", "authority", "timing"):
        field = rep.get_by_label(f"What is known of {letter}")
        field.fill(f"The {letter} is clear")
        field.press("Tab")
        rep.keyboard.press("Enter")
        rep.get_by_text("Written down.").wait_for()
    rep.get_by_role("button", name="Sign for sales").click()
    marketer.goto(address)
    marketer.get_by_role("button", name="Sign for marketing").click()
    marketer.get_by_text("Signed.").wait_for()
    rep.goto(address)
    rep.get_by_role("button", name="Open an opportunity").click()
    rep.get_by_label("Amount, if known").fill("1200")
    rep.get_by_role("button", name="Won").click()
    rep.get_by_text("Won!").wait_for()
    assert lead_of("ann").state == State.WON


@pytest.mark.parametrize("look", [{}, {"dark": True}, {"phone": True}], ids=str)
def test_a_page_tells_what_the_core_says(look, visitor, told, transactional_db):
    stories.plug(tell=told.tell, describe=told.describe)
    arriving.apply(told.changes(), acme(), timezone.now())
    person = Lead.objects.filter(rule="pql_freemium_conversion").order_by("pk").first() or Lead.objects.first()
    page = visitor(Role.REP, **look)
    page.goto(f"/leads/{person.pk}/")
    assert "Has qualified" in page.inner_text("main")
    assert page.locator(".met").count() >= 1
    assert page.locator(f".picture.{'narrow' if look.get('phone') else 'wide'} svg").first.is_visible()
    assert not is_too_wide(page)
    keep(page, f"lead-{'-'.join(look)}")
    account = Lead.objects.exclude(account_id="").order_by("pk").first().account_id
    for address in (f"/accounts/{account}/", "/leads/?tab=all", "/funnel/", "/deadlines/", "/taking/", "/told/"):
        page.goto(address)
        assert not is_too_wide(page), address
        keep(page, f"{'-'.join(look)}{address.split('?')[0]}")
