"""Before a rule takes effect one sees who would enter and leave, and what became of those whom it found."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob
from tests.core.outcomes import company
from tests.node.rulebook import world

from assay.core import hindsight
from assay.core.errors import BadDefinitions, BadRequest
from assay.node.leads import erasing
from assay.node.rulebook import editions, history, looks
from assay.node.rulebook.models import Look, Status

pytestmark = pytest.mark.django_db
BACKTEST = {"outcome": "won", "within": "90 days"}


@pytest.fixture
def past(tmp_path):
    """The history of a small company whose every number is known."""
    data = company.write(tmp_path / "data")

    @contextmanager
    def replay(definitions):
        with hindsight.prepared(definitions, data) as store:
            yield store

    history.plug(replay)
    yield
    history.plug(None)


def answered(look: Look) -> dict:
    looks.answer(look.pk)
    look.refresh_from_db()
    assert look.state == Look.State.DONE, look.answer
    return look.answer


def test_a_draft_is_held_against_the_live_rule_on_everything_that_happened(book, past):
    book.write(world.BUILDS, world.edited(world.BUILDS, "within: 7 days", "within: 21 days"))
    found = answered(looks.ask(book.author, "sides", "builds", None))
    assert (found["old_version"], found["new_version"]) == (1, 1)
    assert found["changed"] == ["criterion 'two_projects'"]
    assert found["was"] < found["becomes"]
    assert found["leaving"] == 0
    assert found["joining"] == found["becomes"] - found["was"] == len(found["who_joins"])
    assert all(one.startswith("p") and name.startswith("a") for one, name in found["who_joins"])


def test_a_rule_without_a_live_version_only_has_people_enter(book, past):
    found = answered(looks.ask(book.author, "sides", "someday", None))
    assert (found["old_version"], found["was"], found["leaving"]) == (None, 0, 0)
    assert found["becomes"] == found["joining"] == 120


def test_a_version_in_shadow_is_held_against_the_live_one(stricter, past):
    version = stricter.shadow("builds")
    found = answered(looks.ask(stricter.author, "sides", "builds", version.pk))
    assert (found["old_version"], found["new_version"], found["becomes"]) == (1, 2, 0)


def test_a_backtest_tells_what_became_of_them_with_pictures(book, past):
    version = editions.version_in("builds", Status.LIVE)
    found = answered(looks.ask(book.author, "backtest", "builds", version.pk, BACKTEST))
    one = found["backtests"][0]
    assert one["entered"] == 40
    assert one["curve"].count("<svg") == 2
    assert len(found["backtests"]) == 2


def test_an_unknown_outcome_is_told_with_those_there_are(book, past):
    look = looks.ask(book.author, "backtest", "builds", None, {"outcome": "wonn"})
    looks.answer(look.pk)
    look.refresh_from_db()
    assert look.state == Look.State.FAILED
    assert "Did you mean 'won'?" in look.answer["why"]


def test_a_draft_with_a_mistake_is_not_looked_at(book):
    book.write(world.BUILDS, world.edited(world.BUILDS, "project_created", "project_craeted"))
    with pytest.raises(BadDefinitions):
        looks.ask(book.author, "sides", "builds", None)


@pytest.mark.parametrize("question", [{}, {"outcome": " "}, {"outcome": "won", "within": "a month"}])
def test_a_question_that_cannot_be_read_is_refused_at_once(book, question):
    with pytest.raises(BadRequest):
        looks.ask(book.author, "backtest", "builds", None, question)


def test_a_look_is_a_job_of_the_worker_and_answered_once(book, past):
    look = looks.ask(book.author, "sides", "someday", None)
    assert ProcrastinateJob.objects.get(task_name="rulebook.look").args == {"look_id": look.pk}
    first = answered(look)
    Look.objects.update(answer={})
    looks.answer(look.pk)
    assert Look.objects.get().answer == {} != first


def test_without_a_history_the_page_is_told_why(book):
    look = looks.ask(book.author, "sides", "someday", None)
    looks.answer(look.pk)
    assert "No history" in Look.objects.get().answer["why"]


def test_answers_that_name_people_are_forgotten_where_somebody_is_erased(book, past):
    answered(looks.ask(book.author, "sides", "someday", None))
    erasing.erase(["p001"])
    assert not Look.objects.exists()


def test_answers_are_kept_for_a_week(book, past):
    old = looks.ask(book.author, "sides", "someday", None)
    Look.objects.update(asked_at=old.asked_at - timedelta(days=8))
    looks.ask(book.author, "sides", "someday", None)
    assert not Look.objects.filter(pk=old.pk).exists()


def test_answers_go_after_a_week_though_nobody_asks_again(book, past):
    old = looks.ask(book.author, "sides", "someday", None)
    looks.tidy(old.asked_at + timedelta(days=6))
    assert Look.objects.exists()
    looks.tidy(old.asked_at + timedelta(days=8))
    assert not Look.objects.exists()


def test_a_look_that_nobody_answers_says_so_in_the_end(book, past):
    look = looks.ask(book.author, "sides", "someday", None)
    looks.tidy(look.asked_at + timedelta(hours=7))
    look.refresh_from_db()
    assert (look.state, look.answer["why"]) == (
        Look.State.FAILED,
        "Answering was cut short again and again. Ask once more.",
    )


def test_a_look_that_the_database_cut_short_is_asked_again(book):
    from django.db import OperationalError

    @contextmanager
    def away(_definitions):
        raise OperationalError
        yield

    look = looks.ask(book.author, "sides", "someday", None)
    history.plug(away)
    with pytest.raises(OperationalError):
        looks.answer(look.pk)
    history.plug(None)
    look.refresh_from_db()
    assert look.state == Look.State.WAITING
