"""A rulebook with a small company's folder in it, and two people who may publish."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from tests.node.rulebook import world

from assay.node.access.actions import Machine
from assay.node.access.models import User
from assay.node.access.permissions import Role
from assay.node.rulebook import candidates, drafting, publishing
from assay.node.rulebook.importing import import_folder
from assay.node.rulebook.models import RuleVersion


@dataclass(frozen=True)
class Book:
    """What tests do to the rulebook, as two people."""

    author: User
    approver: User

    def write(self, path: str, text: str) -> None:
        drafting.save(self.author, path, text, drafting.digest(drafting.text_of(path)))

    def shadow(self, rule: str) -> RuleVersion:
        return publishing.start_shadow(self.author, candidates.new_version(rule))

    def ask(self, version: RuleVersion) -> None:
        publishing.ask(self.author, version.pk)

    def approve(self, version: RuleVersion, by: User | None = None):
        version.refresh_from_db()
        return publishing.approve(by or self.approver, candidates.going_live(version))

    def publish(self, rule: str) -> RuleVersion:
        """Take a draft all the way."""
        version = self.shadow(rule)
        self.ask(version)
        self.approve(version)
        version.refresh_from_db()
        return version


@pytest.fixture
def book(user_of, tmp_path) -> Book:
    import_folder(Machine("a test"), world.write(tmp_path / "definitions"))
    return Book(user_of(Role.REVOPS), user_of(Role.ADMIN))


#: The live rule with another meaning and the next version.
STRICTER = world.edited(world.BUILDS, "at_least: 2", "at_least: 3").replace("version: 1", "version: 2")
STRICTER_EXAMPLES = """\
examples_for: builds
as_of: 2025-06-10
cases:
  three: {attributes: {seniority: vp}, events: {project_created: [2025-06-07, 2025-06-08, 2025-06-09]},
    expect: {qualified: true}}
  two: {attributes: {seniority: vp}, events: {project_created: [2025-06-08, 2025-06-09]}, expect: {qualified: false}}
"""


@pytest.fixture
def stricter(book) -> Book:
    """The same with a draft of version 2 of the live rule."""
    book.write(world.BUILDS, STRICTER)
    book.write(world.EXAMPLES, STRICTER_EXAMPLES)
    return book
