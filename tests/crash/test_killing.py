"""Nothing that a client was told is kept gets lost, and nothing counts twice, whoever is killed whenever."""

from __future__ import annotations

import random
import shutil
import tempfile
import time
from pathlib import Path

import pytest
from tests.crash.nodes import KEY, Load, Node, post, variable

pytestmark = pytest.mark.crash

#: How many kills; ASSAY_TEST_KILLS asks for more.
KILLS = int(variable("ASSAY_TEST_KILLS") or 12)
SEED = int(variable("ASSAY_TEST_SEED") or 20260504)
VICTIMS = ["web", "web worker", "lake", "lake", "postgres", "postgres", "a backend", "jobs", "serve"]


@pytest.fixture
def node():
    folder = Path(tempfile.mkdtemp(prefix="assay-crash-"))
    made = Node(folder)
    made.start()
    made.make_key()
    yield made
    made.stop()
    shutil.rmtree(folder, ignore_errors=True)


def _compare(node: Node, load: Load) -> None:
    """Compare, event by event, what clients were told with what there is."""
    node.drain()
    held = node.held()
    assert load.told, "nothing was accepted"
    assert sorted(load.told - set(held)) == [], "told yes, and lost"
    assert [one for one, times in held.items() if times > 1] == [], "there twice"
    assert sorted(set(held) - load.sent) == [], "never sent"


def test_whoever_is_killed_nothing_is_lost_and_nothing_counts_twice(node):
    dice = random.Random(SEED)
    with Load(node.port) as load:
        for number in range(KILLS):
            time.sleep(dice.uniform(0.2, 2.0))
            node.kill(VICTIMS[number % len(VICTIMS)] if number < len(VICTIMS) else dice.choice(VICTIMS))
        node.wait_until_ready()
        time.sleep(1)
    print(f"{len(load.told)} told of {len(load.sent)} sent; answers {dict(load.answers)}")
    assert set(load.answers) <= {0, 200, 429, 503}
    _compare(node, load)


def test_while_postgres_is_down_clients_are_asked_to_come_again(node):
    load = Load(node.port)
    found = set()
    for number in range(60):
        if number % 20 == 5:
            node.kill("postgres")
        ids = [f"p-{number}"]
        load.sent.update(ids)
        status = load.send(ids)
        found.add(status)
        if status == 200:
            load.told.update(ids)
    assert found <= {200, 503}
    assert 503 in found
    node.wait_until_ready()
    assert post(node.port, {"batch": [{"type": "page", "userId": "u", "messageId": "x"}], "writeKey": KEY}) == 200
    load.sent.add("x")
    _compare(node, load)


def test_a_node_that_is_stopped_under_load_loses_nothing(node):
    with Load(node.port) as load:
        time.sleep(1.5)
        node.stop()
        node.start()
        time.sleep(1)
    _compare(node, load)
