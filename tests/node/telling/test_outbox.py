"""A message is written in the transaction of what it tells: both are there, or neither."""

import pytest
from django.db import connection, transaction
from procrastinate.contrib.django.models import ProcrastinateJob
from tests.node.leads.knowing import DAY, HAND, NOON, enter, lead_of, leave, merged, works_at

from assay.node.access.permissions import Role
from assay.node.leads import actions as on_leads
from assay.node.leads import stories, taking
from assay.node.leads.models import LeadEvent, Suppression
from assay.node.telling import actions, outbox, sending, tasks
from assay.node.telling.plays import plays_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def endpoint(user_of):
    wanted = {"events": ["enter", "lead"], "now": NOON}
    return actions.add_endpoint(user_of(Role.REVOPS), "x", "standard", "https://example.com/", **wanted)


def test_what_was_undone_is_not_told(endpoint, messages, arrive):
    from tests.node.leads.knowing import acme

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        outbox.tell_changes([enter()], acme(), NOON, tasks.on_their_way)
        raise ZeroDivisionError
    assert not messages.exists()
    assert not ProcrastinateJob.objects.exists()


def test_messages_and_jobs_are_written_together(endpoint, messages, arrive):
    arrive(enter())
    outbox.tell_leads(NOON, tasks.on_their_way)
    jobs = ProcrastinateJob.objects.filter(task_name="telling.send").values_list("args", flat=True)
    assert sorted(job["message"] for job in jobs) == sorted(messages.values_list("pk", flat=True))
    assert not LeadEvent.objects.filter(told_at=None).exists()


def test_a_product_reads_which_plays_there_are_for_its_user(arrive):
    arrive(enter(), enter(HAND))
    found = plays_for("ann")
    assert {(play.stage, play.rule) for play in found} == {("PQL", "pql_trial_conversion"), ("PQL", HAND)}
    assert plays_for("nobody") == []


def test_a_play_ends_with_its_spell(arrive):
    arrive(enter())
    arrive(leave())
    assert plays_for("ann") == []


def test_plays_are_found_by_an_earlier_id_too(arrive):
    arrive(enter(who="visitor"))
    arrive(merged("visitor", "ann"))
    assert len(plays_for("visitor")) == len(plays_for("ann")) == 1


def test_who_asked_to_be_left_alone_gets_no_play(arrive):
    Suppression.objects.create(kind="asked", subject_type="person", subject_id="ann", at=NOON)
    arrive(enter())
    assert plays_for("ann") == []


def test_a_play_says_how_far_the_lead_is(arrive, user_of):
    arrive(enter())
    on_leads.accept(user_of(Role.REP), lead_of().pk, NOON)
    assert plays_for("ann")[0].state == "accepted"


@pytest.mark.parametrize(("kind", "subject"), [("asked", ("person", "ann")), ("competitor", ("account", "acme"))])
def test_who_is_put_on_the_list_gets_no_play_though_their_lead_was_taken_on(arrive, user_of, kind, subject):
    stories.plug(describe=works_at("acme"))
    arrive(enter())
    on_leads.accept(user_of(Role.REP), lead_of().pk, NOON)
    assert len(plays_for("ann")) == 1
    taking.suppress(user_of(Role.REVOPS), kind, *subject, now=NOON)
    assert plays_for("ann") == []


def test_the_list_of_one_motion_leaves_plays_of_others_alone(arrive, user_of):
    arrive(enter())
    on_leads.accept(user_of(Role.REP), lead_of().pk, NOON)
    taking.suppress(user_of(Role.REVOPS), "customer", "person", "ann", motion="expansion", now=NOON)
    assert len(plays_for("ann")) == 1


def test_messages_that_are_done_with_are_kept_for_a_month(endpoint, messages, arrive):
    arrive(enter(who="a"), enter(who="b"))
    outbox.tell_leads(NOON, tasks.on_their_way)
    first, second, *_ = messages
    messages.filter(pk=first.pk).update(sent_at=NOON)
    messages.filter(pk=second.pk).update(given_up_at=NOON)
    waiting = messages.count() - 2
    assert sending.forget(NOON + 29 * DAY) == 0
    assert sending.forget(NOON + 31 * DAY) == 2
    assert messages.all().count() == waiting  # what is on its way stays, however old


def test_a_message_that_no_job_is_about_any_more_is_taken_up(endpoint, messages, arrive):
    arrive(enter())
    outbox.tell_leads(NOON, tasks.on_their_way)
    assert sending.left_lying(NOON + DAY) == []
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'failed'")
    assert sending.left_lying(NOON) == []  # it is not late yet
    assert [one.pk for one in sending.left_lying(NOON + DAY)] == [one.pk for one in messages]
