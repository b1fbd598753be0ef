"""Programs decide on leads by the same actions as people, each thing once."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.utils import timezone
from tests.node.leads.knowing import enter, lead_of

from assay.node import sealed
from assay.node.access.models import AuditRow
from assay.node.access.permissions import Role
from assay.node.api import answers
from assay.node.api.models import Answer
from assay.node.leads.models import Note
from assay.node.leads.reasons import RejectReason

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(arrive):
    arrive(enter())
    return lead_of()


def decide(program, lead, key="k", **decision):
    return program.post(f"/leads/{lead.pk}/decisions", decision, key=key)


def test_a_program_accepts_a_lead_as_its_user(program, lead):
    answer = decide(program(), lead, do="accept")
    assert (answer.status_code, answer.json()["state"]) == (200, "accepted")
    assert AuditRow.objects.get(action="accept a lead").actor.role == Role.REVOPS


def test_a_lead_is_rejected_for_a_reason_of_the_list(program, lead):
    assert decide(program(), lead, do="reject", reason="no_need").json()["reason"] == RejectReason.NO_NEED
    assert decide(program(), lead, key="2", do="reject", reason="felt like it").status_code == 422


def test_what_cannot_be_is_told_with_its_mend(program, lead):
    answer = decide(program(), lead, do="win")
    assert (answer.status_code, answer["Content-Type"]) == (409, "application/problem+json")
    assert "From here it can become" in answer.json()["mend"]


def test_the_same_request_sent_again_gets_the_same_answer_and_does_nothing(program, lead):
    one = program()
    first, second = (decide(one, lead, do="note", text="called") for _ in range(2))
    assert first.content == second.content
    assert second["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first
    assert Note.objects.count() == 1


def test_a_refusal_sent_again_is_the_same_refusal_though_things_changed(program, lead):
    one = program()
    first = decide(one, lead, key="early", do="open_opportunity")
    decide(one, lead, key="then", do="accept")
    second = decide(one, lead, key="early", do="open_opportunity")
    assert first.status_code == second.status_code == 409
    assert first.content == second.content


def test_another_decision_under_the_same_key_is_refused(program, lead):
    one = program()
    decide(one, lead, do="note", text="called")
    answer = decide(one, lead, do="note", text="called again")
    assert (answer.status_code, answer.json()["code"]) == (409, "key_reused")
    assert Note.objects.count() == 1


def test_two_users_may_use_the_same_key(program, lead):
    assert decide(program(Role.REVOPS), lead, do="note", text="a").status_code == 200
    assert decide(program(Role.MARKETER), lead, do="note", text="b").status_code == 200


def test_without_a_key_nothing_is_decided(program, lead):
    assert decide(program(), lead, key=None, do="accept").status_code == 422
    assert lead_of().is_unanswered


def test_what_fails_otherwise_can_be_sent_again_under_its_key(program, lead, monkeypatch):
    one = program()
    with monkeypatch.context() as patched:
        patched.setattr("assay.node.leads.actions.write_note", lambda *_: 1 / 0)
        assert decide(one, lead, do="note", text="called").status_code == 500
    assert decide(one, lead, do="note", text="called").status_code == 200


def test_answers_are_forgotten_after_a_day(program, lead):
    decide(program(), lead, do="note", text="called")
    answers.forget(timezone.now())
    assert Answer.objects.count() == 1
    answers.forget(timezone.now() + timedelta(days=1, minutes=1))
    assert Answer.objects.count() == 0


def test_kept_answers_name_nobody(program, lead):
    decide(program(), lead, do="note", text="ann@acme.example called")
    kept = Answer.objects.get()
    assert "ann" not in sealed.opened(f"answer {kept.pk}", kept.sealed_body)


def test_a_kept_answer_lies_sealed_and_is_given_again_until_the_secret_key_changes(program, lead, settings):
    one = program()
    first = decide(one, lead, do="note", text="called")
    assert b"changed_at" not in bytes(Answer.objects.get().sealed_body)
    assert decide(one, lead, do="note", text="called").content == first.content
    settings.SECRET_KEY = "another key, which nothing was sealed under"
    lost = decide(one, lead, do="note", text="called")
    assert (lost.status_code, lost.json()["code"]) == (409, "answer_lost")
    assert Note.objects.count() == 1


def test_who_may_not_assign_is_refused(program, lead, user_of):
    assert decide(program(Role.REP), lead, do="assign", to=user_of(Role.CSM).pk).status_code == 403
    assert decide(program(Role.REVOPS), lead, do="assign", to=user_of(Role.CSM).pk).status_code == 200


def test_a_lead_that_is_not_there_is_told_so(program):
    assert program().post("/leads/999/decisions", {"do": "accept"}, key="k").status_code == 404


@pytest.mark.parametrize("body", ["{", "[" * 100_000, '{"do": "note", "text": "\\u0000"}', '"x"', "", "null"])
def test_a_body_that_is_none_is_refused(body, program, lead):
    assert program().post(f"/leads/{lead.pk}/decisions", body, key="k").status_code in {400, 422}


@pytest.mark.django_db(transaction=True)
def test_a_request_that_comes_many_times_at_once_is_done_once(program, lead):
    one = program()
    heard = []

    def send():
        from django.db import connection

        heard.append(decide(one.__class__(one.secret), lead, do="note", text="called").content)
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(heard) == 6
    assert len(set(heard)) == 1
    assert Note.objects.count() == 1
