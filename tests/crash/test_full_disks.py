"""A disk that is full takes nothing in, says so, and loses nothing that it took before."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from tests.crash.nodes import Load, Node

pytestmark = pytest.mark.crash


@pytest.fixture
def small_disk():
    """A file system of its own with little room."""
    place = Path(tempfile.mkdtemp(prefix="assay-disk-"))
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=450m,mode=711", "tmpfs", str(place)], capture_output=True
    )
    if done.returncode:
        place.rmdir()
        pytest.skip("only root may make a file system")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)
    place.rmdir()


def _fill(path: Path) -> None:
    """Write until there is no room at all."""
    with path.open("ab", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue


def test_a_full_disk_refuses_for_now_and_loses_nothing(small_disk):
    node = Node(small_disk / "node")
    node.start()
    node.make_key()
    ballast = small_disk / "ballast"
    try:
        load = Load(node.port)

        def send(number, size=400):
            ids = [f"{number}-{i}" for i in range(size)]
            load.sent.update(ids)
            status = load.send(ids)
            if status == 200:
                load.told.update(ids)
            return status

        assert send(0) == 200
        _fill(ballast)
        answers = []
        for number in range(1, 400):
            answers.append(send(number))
            if answers.count(503) >= 5:
                break
            _fill(ballast)
        assert set(answers) <= {200, 503}
        assert answers.count(503) >= 5
        ballast.unlink()
        os.sync()
        until = time.monotonic() + 90
        number = 1000
        while send(number) != 200:
            assert time.monotonic() < until, node.log()
            number += 1
            time.sleep(0.5)
        node.drain()
        held = node.held()
        assert sorted(load.told - set(held)) == []
        assert max(held.values()) == 1
    finally:
        node.stop()
