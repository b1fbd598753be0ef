"""Somebody is forgotten by a node that is at work: events arrive all the while, and leads and messages come of them."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.crash.nodes import KEY, Load, Node, post
from tests.node.live import world

from assay.node.live.index import NAME

pytestmark = pytest.mark.crash

PLANTED = "planted-7f3a"
_HOOK = """
import sys
from pathlib import Path
from assay.node.serving.visiting import visited
with visited(Path(sys.argv[1])):
    from django.utils import timezone
    from assay.node.access.actions import Machine
    from assay.node.telling import actions
    events = ["enter", "exit", "lead"]
    actions.add_endpoint(Machine("tests"), "CRM", "standard", sys.argv[2], events=events, now=timezone.now())
"""


class Receiver:
    """What listens to the node's webhooks, and keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                outer.told.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait_for(self, word: str, node: Node, since: int = 0, seconds: float = 240) -> None:
        """Wait until a node tells something that holds a word, after the first so many."""
        until = time.monotonic() + seconds
        while not any(word in told for told in self.told[since:]):
            assert time.monotonic() < until, f"nobody was told of {word}:\n{node.log()}"
            time.sleep(0.2)


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def node(receiver, monkeypatch):
    monkeypatch.setenv("ASSAY_WEBHOOKS_MAY_REACH", "127.0.0.1")
    folder = Path(tempfile.mkdtemp(prefix="assay-forgetting-"))
    folder.chmod(0o711)
    made = Node(folder / "node")
    try:
        made.start()
        with made.database() as connection:
            made.make_key()
            connection.execute(
                "UPDATE intake_writekey "
                "SET events_source = 'product', people_source = 'users', accounts_source = 'firms'"
            )
        world.definitions(folder / "definitions")
        rule = folder / "definitions" / "qualifications" / "busy.yml"
        text = rule.read_text().replace("status: shadow", "status: live")
        rule.write_text(text + "handoff: {to: account_owner, respond_within: 4 hours}\n")
        cases = (
            "examples_for: busy\nas_of: 2026-03-10\ncases:\n"
            "  much:\n    events: {built: [2026-03-09, 2026-03-10]}\n    expect: {qualified: true}\n"
            "  little:\n    events: {built: [2026-03-09]}\n    expect: {qualified: false}\n"
        )
        rule.with_suffix(".examples.yml").write_text(cases)
        _run("-m", "assay", "rules", "import", folder / "definitions", "--data-folder", made.folder)
        _run("-c", _HOOK, made.folder, f"http://127.0.0.1:{receiver.server.server_port}/")
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _run(*words):
    done = subprocess.run([sys.executable, *map(str, words)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _busy(who: str) -> list[dict]:
    """Return what makes a lead of somebody, in whose every text but the ids of messages stands who it is."""
    now = datetime.now(UTC)
    at = {"timestamp": (now - timedelta(hours=1)).isoformat()}
    about = {"userId": who, **at}
    return [
        {
            "type": "identify",
            "messageId": _id(who, "i"),
            "anonymousId": f"cookie-{who}",
            "traits": _traits(who),
            **about,
        },
        *(
            {
                "type": "track",
                "messageId": _id(who, f"{i}"),
                "event": "built",
                "properties": {"note": f"by {who}"},
                **about,
            }
            for i in range(2)
        ),
        {"type": "track", "messageId": _id(who, "c"), "event": "built", "anonymousId": f"cookie-{who}", **at},
        {"type": "group", "messageId": _id(who, "g"), "groupId": "firm", "traits": {"tier": "gold"}, **about},
    ]


def _id(who: str, which: str) -> str:
    """Return what a client would draw at random."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{who}-{which}"))


def _traits(who: str) -> dict[str, str]:
    return {"email": f"{who}@customer.example", "name": f"{who} of Customer", "plan": "team"}


def _in_tables(node: Node):
    """Yield every row of every table as text."""
    with node.database() as connection:
        found = connection.execute(
            "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        for (table,) in found.fetchall():
            yield from (f"{table}: {row}" for (row,) in connection.execute(f"SELECT t::text FROM {table} t"))


def _in_files(folder: Path):
    """Yield what the files of a stopped node hold: bytes of each, rows of the lake and of the index."""
    for path in folder.rglob("*"):
        if path.is_dir() or path.is_relative_to(folder / "postgres"):
            continue
        yield f"{path.name}: {path.read_bytes().decode('latin-1')}"
        if path.suffix == ".parquet":
            yield f"{path.name}: {pq.read_table(path).to_pylist()}"
    with sqlite3.connect(folder / NAME) as index:
        for (table,) in index.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            yield from (f"{table}: {row}" for row in index.execute(f"SELECT * FROM {table}"))


def test_who_is_erased_while_events_arrive_is_nowhere_and_nobody_else_is_missed(node, receiver):
    others = [call for i in range(3) for call in _busy(f"other-{i}")]
    assert post(node.port, {"batch": [*_busy(PLANTED), *others], "writeKey": KEY}) == 200
    receiver.wait_for(PLANTED, node)
    assert any(PLANTED in told for told in _in_tables(node))
    with Load(node.port, clients=2) as load:
        time.sleep(1)
        said = _run("-m", "assay", "erase", f"cookie-{PLANTED}", "--yes", "--data-folder", node.folder)
        assert re.search(r"Erased: 2 ids, .* 1 leads", said)
        since = len(receiver.told)
        assert post(node.port, {"batch": _busy("a-later-one"), "writeKey": KEY}) == 200
        receiver.wait_for("a-later-one", node, since)
    node.drain()
    assert [told for told in receiver.told[since:] if PLANTED in told] == []
    assert PLANTED not in said
    held = node.held()
    ids = {call["messageId"] for call in [*others, *_busy("a-later-one")]} | load.told
    assert ids - set(held) == set()
    # What somebody told of their company stays, without who told it.
    assert set(held) - load.sent - ids == {_id(PLANTED, "g")}
    assert [told[:300] for told in _in_tables(node) if PLANTED in told] == []
    with node.database() as connection:
        leads = connection.execute("SELECT subject_id FROM leads_lead WHERE rule = 'busy'").fetchall()
        known = {one for (one,) in leads if not one.startswith("erased-")}
        assert known == {"other-0", "other-1", "other-2", "a-later-one"}
        found = connection.execute("SELECT coalesce(sum(different_rows + different_spells), 0) FROM live_selfcheck")
        assert found.fetchone() == (0,)
    node.stop()  # the index's own log is written back
    assert [told[:300] for told in _in_files(node.folder) if PLANTED in told] == []
    assert any("other-1" in told for told in _in_files(node.folder))
