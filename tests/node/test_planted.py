"""Secrets and personal data are planted in every place that holds any, and looked for in everything that comes out."""

from __future__ import annotations

import json
import logging
from dataclasses import replace

import pytest
from django.test import Client
from django.urls import get_resolver, reverse
from tests.node.access.test_admission import addresses
from tests.node.api.conftest import program as program
from tests.node.leads.conftest import arrive as arrive
from tests.node.leads.knowing import NOON, enter, lead_of

from assay.node.access import users
from assay.node.access.models import AuditRow, User
from assay.node.access.permissions import Role
from assay.node.intake.digests import digest
from assay.node.intake.keys import KNOWN
from assay.node.intake.models import WriteKey
from assay.node.logs import JsonFormatter
from assay.node.telling import actions as telling

pytestmark = pytest.mark.django_db

SECRETS = {
    "secret_key": "planted-secret-key-aaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "metrics_token": "planted-metrics-token",
    "mail_url": "smtps://planted-mail-user:planted-mail-password@mail.example",
}
WRITE_KEY = "planted-write-key"
PASSWORD = "planted password of somebody"
PERSON = "planted.person@customer.example"
PROPERTY = "planted property of an event"


@pytest.fixture
def written():
    """Every line that would have been logged, as it would have been."""
    lines: list[str] = []

    class Keeping(logging.Handler):
        def emit(self, record):
            lines.append(self.format(record))

    keeping = Keeping()
    keeping.setFormatter(JsonFormatter())
    logging.getLogger().addHandler(keeping)
    yield lines
    logging.getLogger().removeHandler(keeping)


@pytest.fixture
def planted(settings, user_of, arrive):
    """A node whose every secret is known to the test."""
    settings.ASSAY = replace(settings.ASSAY, **SECRETS)
    WriteKey.objects.create(name="Website", digest=digest(WRITE_KEY), events_source="app")
    KNOWN.forget()
    hook = telling.add_endpoint(
        user_of(Role.REVOPS), "CRM", "standard", "https://crm.example/", events=["lead"], now=NOON
    )
    somebody = User.objects.create_user("somebody@acme.example", PASSWORD, role=Role.REP)
    arrive(enter(who=PERSON))
    yield [*SECRETS.values(), "planted-mail-password", WRITE_KEY, PASSWORD, somebody.password, hook.secret]
    KNOWN.forget()


def asked_for_everything(client) -> list:
    """Ask for every page, and for an answer to nonsense from each."""
    found = [page.path for page in addresses(get_resolver().url_patterns) if page.admission]
    found += [f"/leads/{lead_of(PERSON).pk}/", "/api/openapi.json", "/metrics", "/nothing"]
    return [answer for path in found for answer in (client.get(path), client.post(path, {"x": "y"}))]


def test_no_page_answer_or_line_of_the_log_holds_a_secret(planted, client_of, program, client, written):
    one = program(Role.REVOPS)
    answers = [*asked_for_everything(client), *asked_for_everything(client_of(Role.ADMIN))]
    answers += [
        one.get(path) for path in ("/leads", f"/leads/{lead_of(PERSON).pk}", "/webhooks", "/rules", "/accounts")
    ]
    wrong = Client().post(
        reverse("account_login"), {"login": "somebody@acme.example", "password": f"{PASSWORD} mistyped"}
    )
    out = [f"{answer.headers}{answer.content.decode(errors='replace')}" for answer in (*answers, wrong)]
    found = {secret for secret in (*planted, one.secret) for text in (*out, *written) if secret in text}
    assert found == set()
    assert len(out) > 100
    assert len(written) > 100


def test_no_address_that_a_page_leads_to_names_a_person(planted, client_of):
    import re

    for answer in asked_for_everything(client_of(Role.ADMIN)):
        text = answer.content.decode(errors="replace")
        addresses_in_it = re.findall(r'(?:href|action|src|hx-get|hx-post)="([^"]*)"', text)
        named = [one for one in addresses_in_it if "planted.person" in one]
        assert named == [], answer.request["PATH_INFO"]


@pytest.mark.django_db(transaction=True)
def test_what_programs_send_is_not_logged(way_in, planted, client, program, written):
    call = {"messageId": "m", "userId": PERSON, "event": "planted event", "properties": {"p": PROPERTY}}
    for body in (json.dumps(call), json.dumps(call)[:-1], "[" * 2000, json.dumps({**call, "timestamp": PERSON})):
        client.post(
            "/v1/track", body, content_type="application/json", headers={"Authorization": f"Bearer {WRITE_KEY}"}
        )
    one = program()
    one.post("/spells", {"type": "person", "id": PERSON})
    one.post("/spells", {"type": PERSON, "id": PERSON})
    one.get("/plays", **{"Assay-User": PERSON})
    one.get(f"/leads?bookmark={PERSON}")
    one.post(f"/leads/{lead_of(PERSON).pk}/decisions", {"do": "note", "text": PROPERTY}, key=PERSON)
    text = "".join(written)
    assert not [word for word in (PERSON, PROPERTY, "planted", WRITE_KEY, one.secret) if word in text]


def test_what_is_logged_stays_one_line_whatever_stands_in_it(client, written):
    client.get('/x%0a{"level": "error", "says": "forged"}')
    client.get("/", headers={"User-Agent": 'x\\n{"says": "forged"}', "X-Request-Id": "forged"})
    assert written
    assert all(json.loads(line) and "\n" not in line and "forged" not in line for line in written)


def test_refusals_of_the_api_repeat_nothing_that_was_sent(planted, program):
    one = program()
    refused = [
        one.post("/spells", {"type": PERSON, "id": PERSON, PERSON: PERSON}),
        one.post("/spells", PERSON),
        one.get(f"/leads?bookmark={PERSON}"),
        one.get(f"/leads?state={PERSON}"),
        one.get(f"/leads/{PERSON}"),
        one.post(f"/leads/{lead_of(PERSON).pk}/decisions", {"do": PERSON}, key="k"),
        one.post(f"/leads/{lead_of(PERSON).pk}/decisions", {"do": "note", PERSON: 1}, key="k"),
    ]
    assert [answer.status_code for answer in refused if answer.status_code < 400] == []
    assert [text for answer in refused if PERSON in (text := answer.content.decode())] == []


def test_the_audit_names_nobody(planted, user_of, program):
    users.invite(user_of(Role.ADMIN), "invited@acme.example", "rep", "An Invited Name")
    lead = lead_of(PERSON)
    program().post(f"/leads/{lead.pk}/decisions", {"do": "note", "text": PROPERTY}, key="k")
    rows = "".join(f"{row.subject_id}{row.before}{row.after}" for row in AuditRow.objects.all())
    assert not [word for word in ("planted", "invited@", "Invited Name", PROPERTY) if word in rows]
