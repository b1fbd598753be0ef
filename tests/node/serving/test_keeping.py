"""A backup that is killed leaves nothing behind for long, and one that is being written is left alone."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction
from tests.node.live import world

from assay.node.lake import manifest
from assay.node.postgres import cluster
from assay.node.serving import keeping, secrets

pytestmark = pytest.mark.django_db(transaction=True)

#: Backs a folder up, and stays where the database is written out.
_BACKING_UP = """
import os, sys, time
from pathlib import Path
from assay.node.serving import keeping
def stay(*_):
    print("holds", flush=True)
    time.sleep(60)
keeping._run = stay
keeping.back_up(Path(sys.argv[1]), Path(sys.argv[2]), os.environ)
"""


@pytest.fixture
def backing_up(node_postgres, settings, tmp_path):
    """A backup under way, as a process, of a lake with one file."""
    home = settings.ASSAY.data_folder
    with transaction.atomic():
        row = {"source": "s", "kind": "track", "user_id": "ada"}
        manifest.add(world.rows([row]).drop_columns(["seq"]), datetime.now(UTC))
    secrets.kept(home)
    url = node_postgres.url(cluster.SUPERUSER, connection.settings_dict["NAME"])
    command = [sys.executable, "-c", _BACKING_UP, str(home), str(tmp_path / "backup")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "DATABASE_URL": url})
    assert process.stdout.readline() == "holds\n"
    yield home, process
    process.kill()
    process.wait()
    for path in manifest.folder().iterdir():
        path.unlink()


def test_what_a_killed_backup_holds_is_swept_away_and_not_before(backing_up):
    home, process = backing_up
    (held,) = home.glob("backup-*")
    assert [path.name for path in held.iterdir()] == [path.name for path in manifest.paths()]
    assert keeping.sweep(home) == 0
    assert held.exists()
    process.kill()
    process.wait()
    assert held.exists()
    assert keeping.sweep(home) == 1
    assert not held.exists()
    assert keeping.sweep(home) == 0
