"""The examples of a text that is being written are tried by the worker, never while somebody waits for a page."""

from __future__ import annotations

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob
from tests.node.rulebook import world
from tests.node.rulebook.conftest import STRICTER, STRICTER_EXAMPLES

from assay.core import examples
from assay.node.access.permissions import Role
from assay.node.rulebook import drafting, looks, texts
from assay.node.rulebook.models import Draft, Look

pytestmark = pytest.mark.django_db
TOO_STRICT = STRICTER.replace("at_least: 3", "at_least: 9")


@pytest.fixture
def no_request_decides(monkeypatch):
    """Fail where examples are decided before the worker is let at it; return what lets it."""

    def refuse(*_words, **_more):
        raise AssertionError("examples are decided within a request")

    real = examples.disagreements
    texts._checked.clear()
    monkeypatch.setattr(examples, "disagreements", refuse)
    return lambda: monkeypatch.setattr(examples, "disagreements", real)


def send(client, what: str, text: str, path: str = world.BUILDS):
    seen = drafting.digest(drafting.text_of(path))
    return client.post(f"/rules/file/{path}", {"do": what, "text": text, "seen": seen}, follow=True)


@pytest.mark.parametrize("what", ["check", "save"])
def test_the_page_says_that_they_are_tried_and_then_that_they_come_out(book, client_of, no_request_decides, what):
    book.write(world.EXAMPLES, STRICTER_EXAMPLES)
    client = client_of(Role.REVOPS)
    page = send(client, what, STRICTER)
    look = Look.objects.get()
    assert "The examples are being tried" in page.content.decode()
    assert ProcrastinateJob.objects.get(task_name="rulebook.look").args == {"look_id": look.pk}
    assert Draft.objects.filter(path=world.BUILDS).exists() == (what == "save")
    no_request_decides()
    looks.answer(look.pk)
    for address in (page.redirect_chain[-1][0], f"/rules/tried/{look.pk}/{world.BUILDS}"):
        shown = client.get(address).content.decode()
        assert "The examples come out as stated." in shown
        assert "being tried" not in shown
    assert STRICTER.splitlines()[-1] in client.get(page.redirect_chain[-1][0]).content.decode()


def test_what_does_not_come_out_is_told_with_its_place(book, client_of):
    client = client_of(Role.REVOPS)
    book.write(world.EXAMPLES, STRICTER_EXAMPLES)
    page = send(client, "check", TOO_STRICT)
    looks.answer(Look.objects.get().pk)
    shown = client.get(page.redirect_chain[-1][0]).content.decode()
    assert f"{world.EXAMPLES}:" in shown
    assert "to mend, elsewhere" in shown
    send(client, "save", TOO_STRICT)
    page = send(client, "check", STRICTER_EXAMPLES, world.EXAMPLES)
    looks.answer(Look.objects.latest("pk").pk)
    assert 'class="wrong"' in client.get(page.redirect_chain[-1][0]).content.decode()


def test_a_text_with_mistakes_is_not_tried(book, client_of):
    page = send(client_of(Role.REVOPS), "check", STRICTER.replace("7 days", "7 daze"))
    assert "to mend" in page.content.decode()
    assert not Look.objects.exists()


def test_what_was_typed_is_kept_over_a_trial_and_saved_over_what_it_was_written_over(book, client_of):
    client = client_of(Role.REVOPS)
    page = send(client, "check", STRICTER).content.decode()
    seen = drafting.digest(world.FILES[world.BUILDS])
    assert f'name="seen" value="{seen}"' in page
    book.write(world.BUILDS, TOO_STRICT)  # somebody else was quicker
    answer = client.post(f"/rules/file/{world.BUILDS}", {"do": "save", "text": STRICTER, "seen": seen})
    assert answer.status_code == 422


def test_a_trial_that_failed_says_so(book, client_of):
    page = send(client_of(Role.REVOPS), "check", STRICTER)
    Look.objects.update(state=Look.State.FAILED, answer={"why": "It was cut short."})
    shown = client_of(Role.REVOPS).get(page.redirect_chain[-1][0]).content.decode()
    assert "could not be tried: It was cut short." in shown


@pytest.mark.parametrize("number", ["999999999", "99999999999999999999", "x"])
def test_there_is_no_trial_that_nobody_asked_for(book, client_of, number):
    answer = client_of(Role.REVOPS).get(f"/rules/file/{world.BUILDS}?tried={number}")
    assert (answer.status_code, "being tried" in answer.content.decode()) == (200, False)


def test_a_trial_is_shown_for_its_own_file_alone(book, client_of):
    send(client_of(Role.REVOPS), "check", STRICTER)
    look = Look.objects.get()
    assert client_of(Role.REVOPS).get(f"/rules/tried/{look.pk}/{world.EXAMPLES}").status_code == 404
    assert client_of(Role.REP).get(f"/rules/tried/{look.pk}/{world.BUILDS}").status_code == 403
