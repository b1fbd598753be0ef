"""The frame of every page, in a real browser: light, dark, on a phone, with the keyboard alone, without scripts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.node.browsing import is_too_wide, keep
from tests.node.known import PASSWORD

import assay.node.pages
from assay.node.access.permissions import Role

CSS = (Path(assay.node.pages.__file__).parent / "static/pages/assay.css").read_text("utf-8")
ADDRESSES = ["/", "/users/", "/audit/", "/account/password/change/", "/account/second-factor/"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("look", [{}, {"dark": True}, {"phone": True}, {"phone": True, "dark": True}], ids=str)
def test_one_logs_in_and_sees_the_home_page(look, visitor, user_of):
    user_of(Role.ADMIN)
    page = visitor(**look)
    page.goto("/")
    page.get_by_label("Email").fill("admin@acme.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("heading", name="Good to see you").wait_for()
    assert not is_too_wide(page)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("look", [{"phone": True}, {"dark": True}], ids=str)
def test_no_page_is_wider_than_a_phone_or_breaks_the_policy(look, visitor):
    page = visitor(Role.ADMIN, **look)
    for address in ADDRESSES:
        page.goto(address)
        keep(page, f"{'-'.join(look)}{address}")
        assert not is_too_wide(page), address


@pytest.mark.django_db(transaction=True)
def test_one_logs_in_and_out_with_the_keyboard_alone(visitor, user_of):
    user_of(Role.REP)
    page = visitor()
    page.goto("/account/login/")
    for typed in ("rep@acme.example", PASSWORD):
        while not page.evaluate("document.activeElement.matches('input:placeholder-shown')"):
            page.keyboard.press("Tab")
        page.keyboard.type(typed)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Good to see you").wait_for()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "To the content"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    while page.evaluate("document.activeElement.tagName") != "SUMMARY":
        page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    while page.evaluate("document.activeElement.textContent") != "Log out":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Log in").wait_for()


@pytest.mark.django_db(transaction=True)
def test_somebody_is_invited_on_a_phone_without_scripts(visitor):
    page = visitor(Role.ADMIN, phone=True, without_scripts=True)
    page.goto("/users/")
    page.get_by_label("E-mail address").fill("ada@acme.example")
    page.get_by_label("Name").fill("Ada")
    page.get_by_role("combobox", name="Role").select_option("csm")
    page.get_by_role("button", name="Invite").click()
    link = page.get_by_label("One-time link").input_value()
    somebody = visitor(phone=True, without_scripts=True)
    somebody.goto(re.sub(r"^https?://[^/]+", "", link))
    for label in ("New Password:", "New Password (again):"):
        somebody.get_by_label(label, exact=True).fill("a password of her own choice")
    somebody.get_by_role("button", name="Change Password").click()
    somebody.get_by_role("heading", name="Good to see you, Ada").wait_for()


@pytest.mark.django_db(transaction=True)
def test_a_second_factor_is_set_up_from_a_picture_that_the_policy_lets_through(visitor):
    page = visitor(Role.REP, dark=True)
    page.goto("/account/second-factor/totp/activate/")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_role("heading", name="Activate Authenticator App").wait_for()
    assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")


def _colours(block: str) -> dict[str, str]:
    found = re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})", block)
    return {name: code if len(code) == 7 else "#" + "".join(c * 2 for c in code[1:]) for name, code in found}


def _brightness(code: str) -> float:
    parts = [int(code[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    dark, bright = sorted((_brightness(one), _brightness(other)))
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("look", ["light", "dark"])
def test_words_stand_out_from_their_ground(look):
    """At least 4.5 to 1, as the Web Content Accessibility Guidelines ask of text."""
    light, dark = (_colours(block) for block in re.findall(r":root \{(.*?)\}", CSS, re.S))
    colour = light if look == "light" else dark
    grounds = ["ground", "sheet", "good-ground", "bad-ground", "warn-ground"]
    pairs = [(ink, ground) for ink in ("ink", "quiet", "accent", "good", "bad", "warn") for ground in grounds[:2]]
    pairs += [("ink", ground) for ground in grounds] + [("accent-ink", "accent")]
    assert {pair: c for pair in pairs if (c := _contrast(colour[pair[0]], colour[pair[1]])) < 4.5} == {}
