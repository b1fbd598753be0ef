"""Secrets that the database keeps are sealed, also those that lay open in it before."""

from __future__ import annotations

import os
import subprocess
import sys

import psycopg
import pytest
from psycopg import sql

from assay.core.errors import BadRequest
from assay.node import sealed
from assay.node.postgres import cluster

OPEN = "whsec_bGF5IG9wZW4gaW4gdGhlIHRhYmxl"


def test_what_is_sealed_opens_in_its_place_alone():
    kept = sealed.seal("webhook 7", OPEN)
    assert OPEN.encode() not in kept
    assert sealed.opened("webhook 7", kept) == OPEN
    with pytest.raises(BadRequest):
        sealed.opened("webhook 8", kept)


def test_under_another_secret_key_it_does_not_open(settings):
    kept = sealed.seal("webhook 7", OPEN)
    settings.SECRET_KEY = "another key, which nothing was sealed under"
    with pytest.raises(BadRequest):
        sealed.opened("webhook 7", kept)


@pytest.fixture
def elsewhere(node_postgres):
    """An empty database of its own, by its URL."""
    with psycopg.connect(node_postgres.url(cluster.SUPERUSER, "postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE before_sealing"))
        yield node_postgres.url(cluster.SUPERUSER, "before_sealing")
        connection.execute(sql.SQL("DROP DATABASE before_sealing WITH (FORCE)"))


def _migrate(url: str, *words: str) -> None:
    from django.conf import settings

    known = {
        "DATABASE_URL": url,
        "ASSAY_SECRET_KEY": settings.SECRET_KEY,
        "DJANGO_SETTINGS_MODULE": "assay.node.settings",
    }
    command = [sys.executable, "-m", "django", "migrate", "--verbosity", "0", *words]
    subprocess.run(command, env={**os.environ, **known}, check=True)


def test_what_lay_open_before_is_sealed_and_still_good(elsewhere):
    _migrate(elsewhere, "api", "0002")
    _migrate(elsewhere, "telling", "0001")
    with psycopg.connect(elsewhere) as connection:
        connection.execute(
            "INSERT INTO telling_endpoint (id, name, kind, url, secret, events, is_active, made_at) "
            "VALUES (7, 'x', 'standard', 'https://example.com/', %s, 'lead', true, now())",
            [OPEN],
        )
        connection.execute("SET session_replication_role = replica")  # the user whose answer it is stays out of this
        connection.execute(
            "INSERT INTO api_answer (id, user_id, key, asked, status, body, made_at) "
            "VALUES (3, 1, 'k', '', 200, %s, now())",
            [f'{{"secret": "{OPEN}"}}'],
        )
    _migrate(elsewhere)
    with psycopg.connect(elsewhere) as connection:
        (secret,) = connection.execute("SELECT sealed_secret FROM telling_endpoint").fetchone()
        (body,) = connection.execute("SELECT sealed_body FROM api_answer").fetchone()
    assert sealed.opened("webhook 7", secret) == OPEN
    assert sealed.opened("answer 3", body) == f'{{"secret": "{OPEN}"}}'
