"""A partner's people use the portal in a real browser: on a phone, in the dark, without scripts, with keys alone."""

from __future__ import annotations

import pytest
from tests.node.browsing import is_too_wide, keep
from tests.node.known import PASSWORD

from assay.node.access.models import User
from assay.node.access.permissions import Role
from assay.node.partnering.models import Company, Insight, Introduction, Word
from assay.node.portal import handing, introducing, sharing
from assay.node.portal.models import Handoff

pytestmark = pytest.mark.django_db(transaction=True)

ADDRESSES = ("/portal/", "/portal/leads/", "/portal/accounts/", "/portal/introductions/", "/portal/you/", "/told/")


@pytest.fixture
def handed(north, lead, hand):
    """A lead that Northwind was handed, with an introduction that we ask for there."""
    handoff = hand(lead, north, contact="Ann Example, +1 555 0100")
    one = Introduction.objects.create(
        partner=north.partner,
        public_id="a" * 32,
        account_id="globex",
        by_us=True,
        ours=lead.owner,
        wanted="Who decides on analytics there, and would you introduce us?",
        made_at=handoff.at,
        changed_at=handoff.at,
    )
    Word.objects.create(introduction=one, public_id="b" * 32, by_us=True, by=lead.owner, text="Thanks!", at=handoff.at)
    return handoff


def _logged_in(visitor, side, **look):
    side.user.set_password(PASSWORD)
    side.user.save()
    page = visitor(**look)
    page.goto("/account/login/")
    page.get_by_label("Email").fill(side.user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("heading", name="Northwind with Acme").wait_for()
    return page


def test_a_lead_is_accepted_and_won_on_a_phone_without_scripts(visitor, north, handed):
    page = _logged_in(visitor, north, phone=True, without_scripts=True)
    page.get_by_role("button", name="Accept Globex").click()
    page.get_by_text("Ann Example, +1 555 0100").wait_for()
    page.get_by_role("button", name="We met them").click()
    page.get_by_text("Noted: you met them.").wait_for()
    page.get_by_role("link", name="Won", exact=True).click()
    page.get_by_text("This is final").wait_for()
    page.get_by_label("Amount, if you like to tell").fill("1200")
    assert not is_too_wide(page)
    page.get_by_role("button", name="Yes, it is won").click()
    page.get_by_text("Won! Acme is told.").wait_for()
    assert (Handoff.objects.get().state, Handoff.objects.get().amount) == ("won", 1200)


def test_an_insight_is_told_with_two_taps(visitor, north, handed):
    page = _logged_in(visitor, north, phone=True)
    page.goto("/portal/accounts/")
    page.get_by_role("link", name="Budget of Globex").click()
    page.get_by_role("button", name="Approved").click()
    page.get_by_text("Noted, thank you. Acme is told.").wait_for()
    assert Insight.objects.get().value == "approved"


def test_an_introduction_is_accepted_and_answered_with_keys_alone(visitor, north, handed):
    page = _logged_in(visitor, north)
    page.goto(f"/portal/introductions/{'a' * 32}/")
    page.get_by_role("button", name="Accept").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Acme is told.").wait_for()
    page.get_by_label("Write to Acme").focus()
    page.keyboard.type("It is Cleo; I write to her today.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("It is Cleo; I write to her today.").wait_for()
    assert Introduction.objects.get().state == "accepted"


def test_a_lead_is_handed_over_from_its_page_to_a_partner_that_was_just_let_in(visitor, vendor, lead):
    page = visitor(Role.PARTNER_MANAGER)
    page.goto("/handoffs/")
    page.get_by_label("Name of the company").fill("Northwind")
    page.get_by_role("button", name="Open").click()
    page.get_by_label("E-mail address").fill("pat@northwind.example")
    page.get_by_role("button", name="Invite").click()
    link = page.get_by_label("One-time link").input_value()
    page.goto(f"/leads/{lead.pk}/")
    page.get_by_role("link", name="Hand to a partner").click()
    page.get_by_role("button", name="Hand over").click()
    page.get_by_text("Northwind has it now, and is told.").wait_for()
    pat = visitor(phone=True)
    pat.goto("/" + link.split("/", 3)[3])
    for n in range(2):
        pat.locator("input[type=password]").nth(n).fill("a password of her own choice")
    pat.get_by_role("button", name="Change Password").click()
    pat.get_by_role("heading", name="Northwind with Acme").wait_for()
    pat.get_by_role("link", name="Globex", exact=True).wait_for()


def test_a_user_leaves_in_three_taps(visitor, north, handed):
    page = _logged_in(visitor, north, phone=True, without_scripts=True)
    page.goto("/portal/you/")
    page.get_by_label("I am sure").check()
    page.get_by_role("button", name="Leave").click()
    page.get_by_role("heading", name="Log in").wait_for()
    assert not User.objects.get(pk=north.user.pk).is_active


@pytest.mark.parametrize("look", [{}, {"dark": True}, {"phone": True}], ids=str)
@pytest.mark.parametrize("is_new", [True, False], ids=["new", "known"])
def test_no_page_of_the_portal_is_too_wide_and_a_first_timer_reads_what_comes_next(
    look, is_new, visitor, north, request
):
    name = "-".join([request.node.callspec.id])
    addresses = list(ADDRESSES)
    if not is_new:
        handoff = request.getfixturevalue("handed")
        key = sharing.key_of(north.partner, "globex")
        introducing.ask(north.user, key, "Please introduce us to whoever buys tools there.", handoff.at)
        addresses += [
            f"/portal/leads/{handoff.pk}/",
            f"/portal/leads/{handoff.pk}/decline/",
            f"/portal/accounts/{key}/",
            f"/portal/accounts/{key}/timing/",
            f"/portal/introductions/{'a' * 32}/",
        ]
    page = _logged_in(visitor, north, **look)
    for n, address in enumerate(addresses):
        page.goto(address)
        assert not is_too_wide(page), address
        keep(page, f"portal-{name}-{n}")
    if is_new:
        page.goto("/portal/")
        for words in ("hands you a lead", "tell what you know", "introductions"):
            assert words in page.inner_text("main")


@pytest.mark.parametrize("look", [{}, {"phone": True, "dark": True}], ids=str)
def test_our_side_of_the_portal_fits_every_screen(look, visitor, north, handed, manager):
    page = visitor(Role.PARTNER_MANAGER, **look)
    lead = handed.lead
    for n, address in enumerate(("/handoffs/", "/partners/northwind/portal/", f"/leads/{lead.pk}/")):
        page.goto(address)
        assert not is_too_wide(page), address
        keep(page, f"ours-{'-'.join(look)}-{n}")
    handing.take_back(manager, handed.pk, handed.at)
    page.goto(f"/handoffs/lead/{lead.pk}/")
    assert not is_too_wide(page)
    keep(page, f"ours-{'-'.join(look)}-hand")


def test_the_portal_names_us_as_we_name_ourselves(visitor, north):
    Company.objects.update(name="Acme Analytics")
    page = visitor(Role.PARTNER)
    page.goto("/portal/")
    page.get_by_role("heading", name="Northwind with Acme Analytics").wait_for()
