"""Two people publish a rule, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.node.browsing import is_too_wide
from tests.node.rulebook import world
from tests.node.rulebook.conftest import STRICTER, STRICTER_EXAMPLES

from assay.node.access.permissions import Role
from assay.node.rulebook import current, looks, rehearsals
from assay.node.rulebook.models import Look, RuleVersion

pytestmark = pytest.mark.django_db(transaction=True)
WRONG = STRICTER.replace("project_created", "project_craeted")


def write(page, path: str, text: str) -> None:
    page.goto(f"/rules/file/{path}")
    page.get_by_label("Definition").fill(text)


@pytest.mark.parametrize("without_scripts", [False, True])
def test_a_rule_goes_from_a_mistake_to_live_through_two_people(book, visitor, without_scripts):
    author, approver = (visitor(role, without_scripts=without_scripts) for role in (Role.REVOPS, Role.ADMIN))
    write(author, world.BUILDS, WRONG)
    author.get_by_role("button", name="Keep the draft").click()
    expect(author.get_by_text("Line 10, column 25:")).to_be_visible()
    expect(author.get_by_text("Did you mean 'project_created'?")).to_be_visible()
    write(author, world.EXAMPLES, STRICTER_EXAMPLES)
    author.get_by_role("button", name="Keep the draft").click()
    write(author, world.BUILDS, STRICTER)
    author.get_by_role("button", name="Keep the draft").click()
    expect(author.get_by_text("The examples are being tried")).to_be_visible()
    looks.answer(Look.objects.latest("pk").pk)  # as the worker does
    expect(author.get_by_text("The examples come out as stated.")).to_be_visible(timeout=20_000)
    author.get_by_role("link", name="Towards publishing").click()
    author.get_by_role("button", name="Decide in shadow").click()
    expect(author.get_by_text("Its examples are tried first")).to_be_visible()
    rehearsals.rehearse("builds")  # as the worker does
    expect(author.get_by_role("heading", name="Version 2 is decided in shadow")).to_be_visible()
    author.get_by_role("link", name="Towards going live").click()
    author.get_by_role("button", name="Ask for it to go live").click()
    expect(author.get_by_text("You wrote it or asked for it")).to_be_visible()
    expect(author.get_by_role("button", name="Approve: let it go live")).to_have_count(0)
    approver.goto("/rules/")
    approver.get_by_role("link", name="builds", exact=True).click()
    approver.get_by_role("link", name="Review and approve").click()
    approver.get_by_role("button", name="Approve: let it go live").click()
    expect(approver.get_by_text("builds@2 is live.")).to_be_visible()
    assert current.definitions().rule("builds").version == 2
    assert RuleVersion.objects.get(rule="builds", version=2).approved_by == book.approver


def test_mistakes_show_in_their_place_while_one_types(book, visitor):
    page = visitor(Role.REVOPS)
    write(page, world.BUILDS, WRONG)
    expect(page.get_by_text("Line 10, column 25:")).to_be_visible()
    page.get_by_label("Definition").fill(STRICTER)
    expect(page.get_by_text("Nothing is wrong here.")).to_be_visible()


@pytest.mark.parametrize("dark", [False, True])
def test_pages_of_rules_fit_a_phone(stricter, visitor, dark):
    version = stricter.shadow("builds")
    stricter.write("qualifications/someday.yml", "qualification: [")
    page = visitor(Role.REVOPS, phone=True, dark=dark)
    for address in ("", "rule/builds/", "rule/someday/", f"version/{version.pk}/", f"file/{world.BUILDS}", "new",
                    "file/qualifications/someday.yml", "rule/builds/sides", "rule/builds/backtest"):  # fmt: skip
        page.goto(f"/rules/{address}")
        assert not is_too_wide(page), address
