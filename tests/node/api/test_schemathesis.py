"""schemathesis against the real web server: whatever it makes up gets an answer that the OpenAPI document tells of."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.node.leads.knowing import UPSELL, enter

from assay.node.access.permissions import Role
from assay.node.api.scopes import Scope
from assay.node.postgres import cluster

ROOT = Path(__file__).parents[3]


@pytest.fixture
def server(transactional_db, tmp_path) -> Iterator[str]:
    """The web as `assay serve` starts it, on the tests' database; its address."""
    from django.conf import settings

    port = cluster.free_port()
    variables = {
        "DJANGO_SETTINGS_MODULE": "assay.node.settings",
        "DATABASE_URL": settings.ASSAY.database_url,
        "ASSAY_INTAKE_DATABASE_URL": settings.ASSAY.intake_database_url,
        "ASSAY_DATA_FOLDER": str(settings.ASSAY.data_folder),
        "ASSAY_SECRET_KEY": "tests know this key, and nobody else uses it",
        "ASSAY_API_RATE": "999999",
    }
    command = [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port), "--workers", "1"),
        *("--blocking-threads", "4", "--no-ws", "--no-access-log", "assay.node.wsgi:application"),
    ]
    with (
        (tmp_path / "web.log").open("wb") as log,
        subprocess.Popen(command, env={**os.environ, **variables}, stdout=log, stderr=log) as web,
    ):
        address = f"http://127.0.0.1:{port}"
        try:
            wait_for(f"{address}/readyz")
            yield address
        finally:
            web.terminate()
            web.wait(timeout=30)


def wait_for(address: str) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the web does not answer")


def run(server: str, folder, secret: str | None, *words: str) -> subprocess.CompletedProcess[str]:
    bearing = ["--header", f"Authorization: Bearer {secret}"] if secret else []
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{server}/api/openapi.json"),
        *("--checks", "all", "--warnings", "off", "--continue-on-failure", "--seed", "1", *bearing, *words),
    ]
    hooks = {"SCHEMATHESIS_HOOKS": "tests.node.api.fresh_keys", "PYTHONPATH": str(ROOT)}
    environment = {**os.environ, **hooks}
    return subprocess.run(
        command, capture_output=True, text=True, cwd=folder, timeout=900, check=False, env=environment
    )


@pytest.fixture
def leads(server, arrive, user_of):
    """Leads to ask for, and somebody to give them to."""
    user_of(Role.REP)
    arrive(*(enter(who=who) for who in ("ann", "bob", "cat")), enter(UPSELL, who="acme.example"))


def test_with_every_scope_each_answer_is_as_the_document_says(server, leads, program, tmp_path):
    done = run(server, tmp_path, program(Role.REVOPS).secret, "--phases", "coverage,fuzzing", "--max-examples", "5")
    assert done.returncode == 0, done.stdout[-6000:]


@pytest.mark.slow
def test_many_more_answers_are_as_the_document_says(server, leads, program, tmp_path):
    done = run(server, tmp_path, program(Role.REVOPS).secret, "--max-examples", "100")
    assert done.returncode == 0, done.stdout[-6000:]


@pytest.mark.slow
def test_nobody_and_each_scope_get_what_the_document_says(server, leads, program, tmp_path):
    wrong = {}
    for scope in (None, *Scope):
        secret = program(Role.REVOPS, str(scope)).secret if scope else None
        done = run(server, tmp_path, secret, "--max-examples", "100", "--max-time", "60")
        if done.returncode:
            wrong[str(scope)] = done.stdout[-6000:]
    assert wrong == {}
