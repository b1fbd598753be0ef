"""Webhooks arrive signed, are tried again, and reach no private network unless the administrator named it."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from standardwebhooks import Webhook, WebhookVerificationError
from tests.node.leads.knowing import NOON, enter, lead_of, leave

from assay.core.errors import BadRequest
from assay.node.access.actions import NotAllowed
from assay.node.access.models import AuditRow
from assay.node.access.permissions import Role
from assay.node.leads import actions as on_leads
from assay.node.telling import actions, guard
from assay.node.telling.sending import WAITS

pytestmark = pytest.mark.django_db


@pytest.fixture
def add(user_of):
    def make(url, kind="standard", events=("enter", "exit", "lead")):
        return actions.add_endpoint(user_of(Role.REVOPS), kind, kind, url, events=events, now=NOON)

    return make


def _bodies(receiver):
    return [json.loads(body) for _, body in receiver.got]


def test_who_begins_and_ceases_to_qualify_is_told_in_the_standard_form(receiver, add, outside, private_is_allowed):
    add(receiver.url)
    outside.tell_changes(enter(), leave())
    assert [body["type"] for body in _bodies(receiver)] == ["qualification.enter", "qualification.exit"]
    assert _bodies(receiver)[0]["data"] | {"stage": "PQL", "subject_id": "ann"} == _bodies(receiver)[0]["data"]


def test_what_is_sent_bears_a_signature_that_the_receiver_can_check(receiver, add, outside, private_is_allowed):
    endpoint = add(receiver.url)
    outside.tell_changes(enter())
    headers, body = receiver.got[0]
    assert Webhook(endpoint.secret).verify(body, headers)["type"] == "qualification.enter"
    with pytest.raises(WebhookVerificationError):
        Webhook(endpoint.secret).verify(body.replace(b"ann", b"bob"), headers)


def test_what_happens_to_a_lead_is_told(receiver, add, outside, arrive, user_of, private_is_allowed):
    add(receiver.url)
    arrive(enter())
    on_leads.reject(user_of(Role.REP), lead_of().pk, "no_budget", NOON)
    outside.tell()
    told = _bodies(receiver)
    assert [body["type"] for body in told] == ["lead.arrived", "lead.offered", "lead.rejected"]
    assert (told[2]["data"]["state"], told[2]["data"]["reason"]) == ("rejected", "no_budget")


def test_an_endpoint_hears_of_what_it_asked_for_alone(receiver, add, outside, arrive, private_is_allowed):
    add(receiver.url, events=("exit",))
    outside.tell_changes(enter(), leave())
    arrive(enter())
    outside.tell()
    assert [body["type"] for body in _bodies(receiver)] == ["qualification.exit"]


def test_slack_gets_a_line_of_text(receiver, add, outside, arrive, private_is_allowed):
    add(receiver.url, kind="slack", events=("lead",))
    arrive(enter())
    outside.tell()
    assert _bodies(receiver)[0] == {"text": "ann (PQL, trial conversion) is new"}


def test_the_same_thing_is_told_once(receiver, add, outside, arrive, private_is_allowed):
    add(receiver.url, events=("lead",))
    arrive(enter())
    outside.tell()
    outside.tell()
    assert len(receiver.got) == 2  # it arrived, and was offered


def test_what_does_not_arrive_is_tried_again_with_the_same_id(receiver, add, outside, private_is_allowed):
    add(receiver.url)
    receiver.status = 503
    outside.tell_changes(enter())
    receiver.status = 200
    outside.send(NOON + timedelta(seconds=WAITS[0] - 1))
    assert len(receiver.got) == 1
    outside.send(NOON + timedelta(seconds=WAITS[0]))
    ids = [headers["webhook-id"] for headers, _ in receiver.got]
    assert len(ids) == 2
    assert len(set(ids)) == 1


def test_in_the_end_it_is_given_up_and_said_so(receiver, add, outside, messages, private_is_allowed):
    add(receiver.url)
    receiver.status = 500
    outside.tell_changes(enter())
    now = NOON
    for wait in WAITS:
        now += timedelta(seconds=wait)
        outside.send(now)
    message = messages.get()
    assert (message.given_up_at, message.trouble, outside.waiting) == (now, "answered 500", [])


def test_an_endpoint_that_does_not_answer_is_tried_with_one_message_at_a_time(
    receiver, add, outside, private_is_allowed
):
    add(receiver.url)
    receiver.status = 503
    outside.tell_changes(*(enter(who=f"p{n}") for n in range(5)))
    assert len(receiver.got) == 1
    receiver.status = 200
    for seconds in (10, 20):
        outside.send(NOON + timedelta(seconds=seconds))
    assert len(receiver.got) == 6
    assert outside.waiting == []


def test_an_endpoint_that_is_gone_is_told_nothing_more(receiver, add, outside, private_is_allowed):
    endpoint = add(receiver.url)
    receiver.status = 410
    outside.tell_changes(enter())
    endpoint.refresh_from_db()
    assert not endpoint.is_active
    row = AuditRow.objects.filter(subject="webhook").latest("pk")
    assert (row.action, row.machine, row.after) == ("switch a webhook off", "sending", {"is_active": False})


def test_what_waited_for_an_endpoint_that_is_gone_is_given_up_and_never_sent(
    receiver, add, outside, messages, private_is_allowed
):
    add(receiver.url)
    receiver.status = 503
    outside.tell_changes(*(enter(who=f"p{n}") for n in range(3)))
    receiver.status = 410
    outside.send(NOON + timedelta(seconds=WAITS[0]))
    receiver.status = 200
    outside.send(NOON + timedelta(hours=1))
    outside.send(NOON + timedelta(days=1))
    assert len(receiver.got) == 2  # the 503 and the 410
    assert outside.waiting == []
    assert not messages.filter(given_up_at=None).exists()


def test_without_the_administrators_word_this_machine_is_not_reached(
    receiver, add, outside, messages, private_is_allowed, settings
):
    add(receiver.url)
    settings.ASSAY = replace(settings.ASSAY, webhooks_may_reach=())
    outside.tell_changes(enter())
    assert receiver.got == []
    assert messages.get().trouble == "the address is not one that may be reached"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/",
        "http://localhost:{port}/",
        "http://2130706433:{port}/",
        "http://0x7f000001:{port}/",
        "http://127.1:{port}/",
        "http://0.0.0.0:{port}/",
        "http://[::1]:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "https://169.254.169.254/latest/meta-data/",
        "https://10.0.0.1/",
        "https://192.168.0.1/",
        "https://100.64.0.1/",
        "https://[fd00::1]/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:{port}/",
    ],
)
def test_no_private_address_is_reached_however_it_is_written(receiver, url):
    with pytest.raises(guard.Unreachable):
        guard.post(url.format(port=receiver.server.server_port), b"{}", {})
    assert receiver.got == []


def test_a_redirect_is_not_followed(receiver):
    receiver.status = 302
    assert guard.post(receiver.url, b"{}", {}, allowed=["127.0.0.1"]) == 302
    assert len(receiver.got) == 1


def test_naming_one_private_address_opens_no_other(receiver):
    with pytest.raises(guard.Unreachable):
        guard.post(receiver.url, b"{}", {}, allowed=["10.0.0.0/8"])


def test_naming_a_private_address_lets_nothing_travel_outside_without_tls():
    with pytest.raises(guard.Unreachable, match="not one that may be reached"):
        guard.post("http://198.41.0.4/", b"{}", {}, allowed=["127.0.0.1"])


@pytest.mark.parametrize(
    "url", ["http://example.com/", "ftp://example.com/", "https://", "https://user:pass@example.com/"]
)
def test_what_is_no_address_is_refused_with_a_mend(add, url):
    with pytest.raises(BadRequest):
        add(url)


def test_a_rep_cannot_add_a_webhook(user_of):
    with pytest.raises(NotAllowed):
        actions.add_endpoint(user_of(Role.REP), "x", "standard", "https://example.com", events=["lead"], now=NOON)


def test_a_secret_lies_sealed_and_opens_in_its_own_row_alone(add):
    one, other = add("https://example.com/"), add("https://example.com/", kind="slack")
    assert one.secret.startswith("whsec_")
    with connection.cursor() as cursor:
        cursor.execute("SELECT telling_endpoint::text FROM telling_endpoint WHERE id = %s", [one.pk])
        assert one.secret.encode().hex() not in cursor.fetchone()[0].replace("\\x", "")
        assert one.secret not in str(cursor.fetchone())
    other.sealed_secret = one.sealed_secret
    with pytest.raises(BadRequest):
        other.secret  # noqa: B018


def test_after_another_secret_key_a_webhook_says_why_nothing_arrives(
    receiver, add, outside, messages, private_is_allowed, settings
):
    add(receiver.url)
    settings.SECRET_KEY = "another key, which nothing was sealed under"
    outside.tell_changes(enter())
    assert receiver.got == []
    assert messages.get().trouble.startswith("its secret is sealed under another secret key")
