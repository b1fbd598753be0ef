"""`assay users`, on a node that does not run and on one that does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A data folder that Postgres may enter too where we are root."""
    with tempfile.TemporaryDirectory(prefix="assay-users-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o711)
        yield Path(name) / "data"


def _users(folder: Path, *words: str, typed: str = "") -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "assay", "users", *words, "--data-folder", str(folder)]
    return subprocess.run(
        command, capture_output=True, text=True, input=typed, env={**os.environ, "COLUMNS": "100"}, timeout=120
    )


def test_a_user_is_added_before_the_node_ever_ran_and_gets_a_one_time_link(folder):
    done = _users(folder, "add", "Ada@acme.example", "--role", "admin")
    assert done.returncode == 0, done.stderr
    assert re.search(r"^http://localhost:8000/account/password/reset/key/\w+-[\w-]+/$", done.stdout, re.M)
    listed = _users(folder, "list").stdout
    assert re.search(r"ada@acme\.example +Administrator +may come in", listed)


def test_a_password_is_typed_and_never_a_word_of_the_command(folder):
    added = _users(folder, "add", "bob@acme.example", "--role", "rep", "--password", typed="a long enough secret\n")
    assert added.returncode == 0, added.stderr
    assert "secret" not in added.stdout
    refused = _users(folder, "add", "eve@acme.example", "--role", "rep", "--password", typed="short\n")
    assert refused.returncode == 1
    assert "This password will not do" in refused.stderr
    assert "eve@acme.example" not in _users(folder, "list").stdout


def test_a_role_that_there_is_not_is_refused_with_those_there_are(folder):
    done = _users(folder, "add", "x@acme.example", "--role", "king")
    assert done.returncode == 1
    assert "rep, csm, marketer, revops, partners, admin" in done.stderr
