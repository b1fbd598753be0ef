"""People are told by mail of what is theirs: at once, once a day, or not at all; not in their quiet hours."""

from datetime import time, timedelta

import pytest
from tests.node.leads.knowing import DAY, HOUR, NOON, acme, enter, lead_of

from assay.node.access.permissions import Role
from assay.node.leads import timers
from assay.node.leads.models import Seat
from assay.node.telling import actions, sending
from assay.node.telling.quiet import after_quiet, next_digest

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann(user_of):
    user = user_of(Role.REP, "ann")
    Seat.objects.create(queue="growth_desk", user=user, capacity=5)
    return user


def _wish(user, when="at_once", **more):
    actions.wish(user, **{"when": when, "digest_at": time(8), "zone": "UTC", **more})


def _text(mail):
    return mail.get_payload(decode=True).decode()


def test_whom_a_lead_is_offered_to_gets_a_mail_with_the_way_to_it(mailbox, ann, arrive, outside, settings):
    arrive(enter(who="u17"))
    outside.tell()
    (mail,) = mailbox
    assert (mail["To"], mail["Subject"]) == (ann.email, "u17 (PQL, trial conversion) is offered to ann")
    assert f"{settings.ASSAY.address}/leads/{lead_of('u17').pk}/" in _text(mail)
    assert "Answer by 2026-03-10 16:00 UTC." in _text(mail)


def test_before_the_time_runs_out_they_get_another(mailbox, ann, arrive, outside):
    arrive(enter())
    timers.due(acme(), NOON + 3 * HOUR)
    outside.tell(NOON + 3 * HOUR)
    assert mailbox[1]["Subject"].endswith("time is running out")


def test_who_assigns_leads_is_told_of_what_nobody_could_take(mailbox, arrive, outside, user_of):
    user_of(Role.REVOPS), user_of(Role.REP)
    arrive(enter())
    outside.tell()
    assert [mail["To"] for mail in mailbox] == ["revops@acme.example"]


def test_who_wants_to_hear_nothing_hears_nothing(mailbox, ann, arrive, outside):
    _wish(ann, "never")
    arrive(enter())
    outside.tell()
    assert mailbox == []


def test_in_quiet_hours_a_mail_waits_for_their_end(mailbox, ann, arrive, outside):
    _wish(ann, quiet_from=time(11), quiet_until=time(13))
    arrive(enter())
    outside.tell()
    assert mailbox == []
    outside.send(NOON + HOUR)
    assert len(mailbox) == 1


def test_a_digest_is_one_mail_a_day_with_everything(mailbox, ann, arrive, outside):
    _wish(ann, "digest")
    arrive(enter(who="a"), enter(who="b"))
    outside.tell()
    sending.send_digests(NOON + 19 * HOUR)
    assert mailbox == []
    sending.send_digests(NOON + 20 * HOUR)
    sending.send_digests(NOON + DAY)
    (mail,) = mailbox
    assert mail["Subject"] == "2 things about your leads"
    assert _text(mail).count("is offered to ann") == 2


def test_a_mail_that_the_server_does_not_take_is_tried_again(mailbox, ann, arrive, outside, settings):
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    arrive(enter())
    outside.tell()
    assert mailbox == []
    settings.EMAIL_PORT = port
    outside.send(NOON + timedelta(seconds=10))
    assert len(mailbox) == 1


def test_who_is_no_longer_active_gets_no_mail(mailbox, ann, arrive, outside):
    arrive(enter())
    ann.is_active = False
    ann.save()
    outside.tell()
    assert mailbox == []


@pytest.mark.parametrize(
    ("hour", "start", "end", "waits_until"),
    [(12, 11, 13, 13), (12, 13, 14, 12), (23, 22, 7, 31), (3, 22, 7, 7), (7, 22, 7, 7), (12, 12, 12, 12)],
)
def test_quiet_hours_may_go_past_midnight(hour, start, end, waits_until):
    midnight = NOON.replace(hour=0)
    found = after_quiet(midnight + hour * HOUR, time(start), time(end), "UTC")
    assert found == midnight + waits_until * HOUR


def test_times_of_the_day_are_those_of_the_users_zone():
    assert next_digest(NOON, time(14), "Europe/Berlin") == NOON + HOUR  # winter: one hour ahead
    assert after_quiet(NOON, time(12, 30), time(13, 30), "Europe/Berlin") == NOON + HOUR / 2
