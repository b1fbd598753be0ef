"""The worker tries a draft's examples before it is decided in shadow, and what was asked is decided, nothing else."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import transaction
from procrastinate.contrib.django.models import ProcrastinateJob
from tests.node.rulebook import world
from tests.node.rulebook.conftest import STRICTER

from assay.core.errors import BadDefinitions, BadRequest
from assay.node.access.permissions import Role
from assay.node.rulebook import candidates, current, editions, queries, rehearsals
from assay.node.rulebook.models import Draft, Edition, Rehearsal, RuleVersion, Step

pytestmark = pytest.mark.django_db


def asked(book, rule: str = "builds") -> Rehearsal:
    return rehearsals.ask(book.author, rule, candidates.of_draft(rule, run_examples=False))


def press(client, **other) -> str:
    """Press the button on the rule's page; return what the next page says."""
    page = client.get("/rules/rule/builds/").content.decode()
    form = re.search(r'action="/rules/rule/builds/shadow">(.*?)</form>', page, re.DOTALL).group(1)
    typed = dict(re.findall(r'name="(edition|seen)" value="(\w+)"', form)) | other
    answer = client.post("/rules/rule/builds/shadow", typed, follow=True)
    return answer.content.decode()


def test_the_button_asks_the_worker_and_the_page_says_so_until_it_is_done(stricter, client_of):
    client = client_of(Role.REVOPS)
    page = press(client)
    assert "Its examples are tried first" in page
    assert '<meta http-equiv="refresh"' in page
    assert "Decide in shadow</button>" not in page
    assert ProcrastinateJob.objects.get(task_name="rulebook.rehearse").args == {"rule": "builds"}
    assert not RuleVersion.objects.filter(rule="builds", version=2).exists()
    rehearsals.rehearse("builds")
    page = client.get("/rules/rule/builds/").content.decode()
    assert "Version 2 is decided in shadow" in page
    assert '<meta http-equiv="refresh"' not in page
    assert not Rehearsal.objects.exists()
    assert not Draft.objects.filter(path__in=[world.BUILDS, world.EXAMPLES]).exists()
    rehearsals.rehearse("builds")  # a job that is done twice does nothing
    assert current.edition() == 2


def test_examples_that_do_not_come_out_are_told_on_the_page(stricter, client_of):
    stricter.write(world.BUILDS, STRICTER.replace("at_least: 3", "at_least: 9"))
    press(client_of(Role.REVOPS))
    rehearsals.rehearse("builds")
    page = client_of(Role.REVOPS).get("/rules/rule/builds/").content.decode()
    assert "It was not decided in shadow" in page
    assert world.EXAMPLES in page
    assert "Decide in shadow</button>" in page
    stricter.write(world.BUILDS, STRICTER)
    assert "It was not decided in shadow" not in client_of(Role.REVOPS).get("/rules/rule/builds/").content.decode()


def test_what_was_changed_after_it_was_asked_is_not_decided_and_not_lost(stricter):
    asked(stricter)
    stricter.write(world.BUILDS, STRICTER.replace("Somebody who builds.", "Somebody else's words."))
    rehearsals.rehearse("builds")
    assert "was changed since this was asked" in Rehearsal.objects.get().why[0]
    assert "Somebody else's words." in Draft.objects.get(path=world.BUILDS).text
    assert current.edition() == 1


def test_a_page_that_showed_another_text_asks_for_nothing(stricter, client_of):
    assert "What you saw was changed meanwhile" in press(client_of(Role.REVOPS), seen="0" * 64)
    assert not Rehearsal.objects.exists()


def test_it_is_asked_for_once_at_a_time(stricter):
    asked(stricter)
    with pytest.raises(BadRequest, match="being tried already"):
        asked(stricter)


def test_a_draft_with_mistakes_is_not_rehearsed(book):
    book.write(world.BUILDS, STRICTER.replace("7 days", "7 daze"))
    with pytest.raises(BadDefinitions):
        asked(book)


def test_who_may_not_publish_any_more_when_it_is_done_publishes_nothing(stricter):
    asked(stricter)
    stricter.author.role = Role.REP
    stricter.author.save()
    rehearsals.rehearse("builds")
    assert Rehearsal.objects.get().why == ["Who asked may not publish rules any more."]
    assert current.edition() == 1


def test_a_rehearsal_that_nobody_does_says_so_in_the_end(stricter):
    made = asked(stricter)
    rehearsals.tidy(made.asked_at + timedelta(hours=5))
    assert Rehearsal.objects.get().done_at is None
    rehearsals.tidy(made.asked_at + timedelta(hours=7))
    assert "cut short" in Rehearsal.objects.get().why[0]


@pytest.mark.parametrize(
    ("about", "is_its_own"),
    [
        ("builds@2", True),
        ("other@1, builds@2", True),
        ("qualifications/builds.yml, lists/deciders.yml", True),
        ("qualifications/builds.examples.yml", True),
        ("who_builds@2", False),
        ("builds_more@2", False),
        ("qualifications/who_builds.yml", False),
        ("qualifications/builds_yml", False),
    ],
)
def test_the_history_of_a_rule_is_its_own_alone(book, about, is_its_own):
    made = editions.made(editions.held(), editions.Contents(), Step.LIVE, about, by=book.author)
    assert (made in queries.editions("builds")) == is_its_own


def test_two_editions_are_kept_in_memory_and_after_a_restore_the_new_one_too(book):
    current._read.clear()
    contents = editions.Contents(texts=Edition.objects.get(number=1).texts)
    before = transaction.savepoint()
    for _ in range(3):
        current.definitions()
        editions.made(editions.held(), contents, Step.AMEND, "", by=book.author)
    current.definitions()
    assert [number for number, _ in current._read] == [3, 4]
    transaction.savepoint_rollback(before)
    assert current.definitions() is current.definitions()
    assert [number for number, _ in current._read] == [4, 1]
