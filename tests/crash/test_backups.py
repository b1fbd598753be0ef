"""A backup that is taken while events arrive makes a node that holds all of it as of one instant."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from tests.crash.nodes import KEY, Load, Node, post

pytestmark = pytest.mark.crash


def _assay(*words):
    return subprocess.run(
        [sys.executable, "-m", "assay", *map(str, words)], capture_output=True, text=True, timeout=120
    )


@pytest.fixture
def folder():
    made = Path(tempfile.mkdtemp(prefix="assay-backup-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def test_what_is_restored_is_what_was_there_at_one_instant(folder):
    node, again = Node(folder / "node"), Node(folder / "again")
    node.start()
    try:
        node.make_key()
        with node.database() as connection:
            connection.execute("INSERT INTO api_place (lead, position) VALUES (7, 1)")
        with Load(node.port) as load:
            time.sleep(2)
            before = set(load.told)
            done = _assay("backup", "--data-folder", node.folder, "--to", folder / "backup")
            assert done.returncode == 0, done.stderr
            sent = set(load.sent)
            time.sleep(0.5)
    finally:
        node.stop()
    assert (folder / "backup" / "secrets").stat().st_mode & 0o077 == 0
    assert not list(node.folder.glob("backup-*"))
    done = _assay("restore", "--from", folder / "backup", "--data-folder", again.folder)
    assert done.returncode == 0, done.stderr
    assert f"The backup is of {(folder / 'backup' / 'taken-at').read_text()[:10]}" in done.stdout
    again.start()
    try:
        assert not (again.folder / "restored").exists()  # it was told of
        again.drain()
        held = again.held()
        assert before - set(held) == set()
        assert set(held) <= sent
        assert max(held.values()) == 1
        with again.database() as connection:  # who reads leads by a bookmark finds each once more
            assert connection.execute("SELECT lead FROM api_touched").fetchall() == [(7,)]
        call = {"type": "page", "userId": "u", "messageId": "later"}
        assert post(again.port, {"batch": [call], "writeKey": KEY}) == 200
    finally:
        again.stop()


def test_a_stopped_node_is_backed_up_too_and_nothing_is_overwritten(folder):
    node = Node(folder / "node")
    node.start()
    node.make_key()
    with Load(node.port, clients=1) as load:
        time.sleep(0.5)
    node.stop()
    assert _assay("backup", "--data-folder", node.folder, "--to", folder / "backup").returncode == 0
    assert "exists already" in _assay("backup", "--data-folder", node.folder, "--to", folder / "backup").stderr
    assert "something in it" in _assay("restore", "--from", folder / "backup", "--data-folder", node.folder).stderr
    assert "no backup" in _assay("restore", "--from", folder, "--data-folder", folder / "other").stderr
    node.start()
    node.drain()
    assert load.told <= set(node.held())
    node.stop()


def test_a_backup_that_lacks_a_file_is_refused_and_leaves_nothing_behind(folder):
    node = Node(folder / "node")
    node.start()
    node.make_key()
    with Load(node.port, clients=1):
        time.sleep(0.5)
    node.drain()
    node.stop()
    _assay("backup", "--data-folder", node.folder, "--to", folder / "backup")
    next((folder / "backup" / "lake").iterdir()).unlink()
    done = _assay("restore", "--from", folder / "backup", "--data-folder", folder / "again")
    assert done.returncode != 0
    assert "missing" in done.stderr
    assert list((folder / "again").iterdir()) in ([], [folder / "again" / "lock"])
