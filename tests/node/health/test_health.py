"""Machines learn whether the node is well, and nobody else learns anything."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import OperationalError

pytestmark = pytest.mark.django_db

TOKEN = "only Prometheus knows"


def test_a_node_is_alive_and_ready(client):
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 200


def test_numbers_are_told_to_who_asks_from_this_machine(client):
    client.get("/account/login/")
    told = client.get("/metrics").content.decode()
    assert 'assay_answers_total{method="GET",route="/account/login/",status="200"}' in told


@pytest.mark.parametrize(
    "asking",
    [{"REMOTE_ADDR": "192.0.2.1"}, {"HTTP_X_FORWARDED_FOR": "127.0.0.1"}, {"HTTP_FORWARDED": "for=127.0.0.1"}],
    ids=["from another machine", "through a proxy", "through another proxy"],
)
def test_numbers_are_told_to_nobody_else(asking, client, settings):
    settings.ASSAY = replace(settings.ASSAY, metrics_token=TOKEN)
    assert client.get("/metrics", **asking).status_code == 404
    assert client.get("/metrics", HTTP_AUTHORIZATION="Bearer wrong", **asking).status_code == 404
    assert client.get("/metrics", HTTP_AUTHORIZATION=f"Bearer {TOKEN}", **asking).status_code == 200


def test_without_a_token_an_empty_one_opens_nothing(client):
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.1", HTTP_AUTHORIZATION="Bearer ").status_code == 404


def test_while_the_database_is_away_pages_say_so_and_machines_are_told_to_come_again(client, monkeypatch):
    """Everything but the connection is real: a whole server that goes away is tried with `assay serve`."""

    def away(*_args: object) -> None:
        raise OperationalError

    client.raise_request_exception = False
    client.cookies["assay"] = "a" * 32
    monkeypatch.setattr("django.db.backends.base.base.BaseDatabaseWrapper.cursor", away)
    answer = client.get("/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "Nothing you did before is lost" in answer.content.decode()
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200
