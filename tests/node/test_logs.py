"""No log holds what was in a request: not its address, its body, its headers, nor what went wrong with it."""

from __future__ import annotations

import json
import logging
import sys

import pytest
from django.test import Client

from assay.node.access.permissions import Role
from assay.node.logs import JsonFormatter

PLANTED = "planted.person@secret.example"
HALVES = ("planted", "secret.example")


def _line(record: logging.LogRecord) -> dict:
    return json.loads(JsonFormatter().format(record))


def _record(name: str, message: object, *args: object, **more: object) -> logging.LogRecord:
    record = logging.LogRecord(name, logging.ERROR, "x.py", 1, message, args, more.get("exc_info"))
    record.__dict__.update({key: value for key, value in more.items() if key != "exc_info"})
    return record


@pytest.fixture
def logged(capfd):
    """What every handler of every logger wrote, and what our form made of each record."""
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    keeper = Keep(level=logging.DEBUG)
    keeper.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.addHandler(keeper)
    yield lambda: "\n".join([*lines, *capfd.readouterr()])
    root.removeHandler(keeper)


@pytest.mark.django_db
def test_nothing_of_a_request_is_logged(client_of, user_of, logged, settings):
    settings.ALLOWED_HOSTS = ["testserver"]
    headers = {
        "HTTP_USER_AGENT": PLANTED,
        "HTTP_REFERER": f"http://{PLANTED}/",
        "HTTP_X_FORWARDED_FOR": PLANTED,
        "HTTP_AUTHORIZATION": f"Bearer {PLANTED}",
        "HTTP_COOKIE": f"name={PLANTED}",
        "HTTP_X_CUSTOM": PLANTED,
    }
    for client in (Client(raise_request_exception=False), client_of(Role.ADMIN)):
        for path in ("/", "/audit/", f"/{PLANTED}/", "/account/login/", "/users/", "/healthz", "/metrics"):
            client.get(path, {"q": PLANTED}, **headers)
            client.post(path, {"login": PLANTED, "email": PLANTED, "password": PLANTED, "role": PLANTED}, **headers)
            client.post(path, json.dumps({"email": PLANTED}), content_type="application/json", **headers)
            client.get(path, HTTP_HOST="planted.secret.example")
            client.generic("PLANTED", path)
    for _ in range(7):
        Client().post("/account/login/", {"login": PLANTED, "password": "wrong"})
    Client(enforce_csrf_checks=True).post("/account/login/", {"login": PLANTED}, **headers)
    written = logged()
    assert '"says": "answered"' in written
    assert not [half for half in HALVES if half in written.lower()]


@pytest.mark.django_db
def test_a_view_that_fails_tells_where_and_not_what(client_of, logged, monkeypatch):
    def fail(*_args: object, **_words: object) -> None:
        raise ValueError(PLANTED)

    monkeypatch.setattr("assay.node.access.queries.audit", fail)
    client = client_of(Role.ADMIN)
    client.raise_request_exception = False
    answer = client.get("/audit/")
    written = logged()
    assert answer.status_code == 500
    assert PLANTED not in answer.content.decode()
    assert '"error": "ValueError"' in written
    assert "access/views.py" in written
    assert not [half for half in HALVES if half in written]


def test_what_others_put_into_their_sentences_is_left_out():
    assert _line(_record("somebody.else", "could not reach %s", PLANTED))["says"] == "could not reach %s"


def test_an_address_in_a_sentence_is_struck_out():
    assert _line(_record("somebody.else", f"no such user: {PLANTED}"))["says"] == "no such user: (address)"


def test_the_text_of_an_exception_is_left_out():
    try:
        raise KeyError(PLANTED)
    except KeyError:
        line = JsonFormatter().format(_record("assay.node", "failed", exc_info=sys.exc_info()))
    assert not [half for half in HALVES if half in line]
    assert json.loads(line)["error"] == "KeyError"


def test_facts_stand_beside_the_sentence():
    line = _line(_record("assay.node", "accepted", facts={"count": 3}))
    assert (line["says"], line["count"]) == ("accepted", 3)


@pytest.mark.django_db
def test_an_answer_is_logged_by_the_pattern_of_its_address(client_of, user_of, logged):
    client_of(Role.ADMIN).get(f"/users/{user_of(Role.REP).pk}/")
    line = json.loads(next(line for line in logged().splitlines() if '"/users/<int:user_id>/"' in line))
    assert (line["method"], line["status"]) == ("GET", 200)
    assert line["user"] == user_of(Role.ADMIN).pk
