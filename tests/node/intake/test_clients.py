"""Clients that others wrote, pointed here, send what they always send; all of it is understood."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.node.intake.sending import KEY

pytestmark = pytest.mark.django_db(transaction=True)

#: The version that the tests were written with; npm fetches it once, beside the repository's own things.
ANALYTICS_NODE = "@segment/analytics-node@3.1.0"
_SCRIPT = """
import { Analytics } from '@segment/analytics-node'
const [writeKey, host] = process.argv.slice(2)
const analytics = new Analytics({ writeKey, host, flushAt: 20 })
analytics.on('error', (error) => { console.error(error.code ?? error); process.exitCode = 1 })
analytics.identify({ userId: 'ada', traits: { email: 'ada@one.example', plan: 'team' } })
analytics.group({ userId: 'ada', groupId: 'one', traits: { tier: 'gold' } })
analytics.alias({ userId: 'ada', previousId: 'visitor' })
analytics.page({ anonymousId: 'visitor', name: 'Prices', properties: { path: '/prices' } })
analytics.screen({ userId: 'ada', name: 'Start' })
const at = new Date('2026-05-04T10:00:00.000Z')
for (const account of ['one', 'one', 'two'])
  analytics.track(
    { userId: 'ada', event: 'built', properties: { size: 3 }, timestamp: at, context: { groupId: account } })
await analytics.closeAndFlush({ timeout: 20000 })
"""


@pytest.fixture
def web(write_key, node_postgres, tmp_path, settings):
    """A real web server over the test database; yields its address."""
    from django.db import connection

    from assay.node.postgres import cluster, roles

    name, port = connection.settings_dict["NAME"], cluster.free_port()
    variables = {
        "DATABASE_URL": node_postgres.url(roles.WEB, name),
        "ASSAY_INTAKE_DATABASE_URL": node_postgres.url(roles.INTAKE, name),
        "ASSAY_DATA_FOLDER": str(tmp_path),
        "ASSAY_SECRET_KEY": "x" * 40,
        "DJANGO_SETTINGS_MODULE": "assay.node.settings",
    }
    settings.ASSAY = replace(settings.ASSAY, data_folder=tmp_path)
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port), "--workers", "1"]
    with (tmp_path / "web.log").open("wb") as log:
        running = subprocess.Popen(
            [*command, "--blocking-threads", "4", "assay.node.wsgi:application"],
            env={**os.environ, **variables},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    address = f"http://127.0.0.1:{port}"
    until = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(f"{address}/v1/batch", timeout=5)
        except urllib.error.HTTPError:
            break
        except OSError:
            assert time.monotonic() < until, (tmp_path / "web.log").read_text()
            time.sleep(0.1)
    yield address
    with suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGKILL)
    running.wait()


def _stored():
    from assay.node.lake import draining, manifest

    draining.drain(datetime.now(UTC))
    return manifest.rows_since(0).to_pylist()


def _send(client):
    """Send one call of each kind, and events of one person in two accounts, as either client does."""
    at = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)
    client.identify("ada", {"email": "ada@one.example", "plan": "team"})
    client.group("ada", "one", {"tier": "gold"})
    client.alias("visitor", "ada")
    client.page(anonymous_id="visitor", name="Prices", properties={"path": "/prices"})
    client.screen("ada", name="Start")
    for account in ("one", "one", "two"):
        client.track("ada", "built", {"size": 3}, context={"groupId": account}, timestamp=at)
    client.flush()
    client.join()


def _demand_everything(rows):
    told = {
        (row["source"], row["kind"], row["user_id"], row["anonymous_id"], row["group_id"], row["event"]): json.loads(
            row["body"]
        )
        for row in rows
    }
    assert told.pop(("people", "identify", "ada", None, None, None)) == {"email": "ada@one.example", "plan": "team"}
    assert told.pop(("accounts", "group", "ada", None, "one", None)) == {"tier": "gold"}
    assert told.pop(("people", "member", "ada", None, "one", None)) == {}
    assert told.pop(("people", "alias", "ada", "visitor", None, None)) == {}
    assert told.pop(("app", "page", None, "visitor", None, None)) == {"name": "Prices", "path": "/prices"}
    assert told.pop(("app", "screen", "ada", None, None, None)) == {"name": "Start"}
    assert told.pop(("app", "track", "ada", None, "one", "built")) == {"size": 3}
    assert told.pop(("app", "track", "ada", None, "two", "built")) == {"size": 3}
    assert told == {}
    assert [row["group_id"] for row in rows if row["kind"] == "track"] == ["one", "one", "two"]
    assert len({row["id"] for row in rows if row["kind"] != "member"}) == 8
    for row in rows:
        if row["kind"] == "track":
            assert abs((row["at"] - datetime(2026, 5, 4, 10, 0, tzinfo=UTC)).total_seconds()) < 60
        assert (datetime.now(UTC) - row["received_at"]).total_seconds() < 120


@pytest.mark.parametrize("gzip", [True, False])
def test_segments_client_for_python_is_understood(gzip, web):
    from segment.analytics.client import Client

    failures = []
    _send(Client(KEY, host=web, gzip=gzip, on_error=lambda error, batch: failures.append(error)))
    assert failures == []
    _demand_everything(_stored())


@pytest.mark.parametrize("gzip", [True, False])
def test_rudderstacks_client_for_python_is_understood(gzip, web):
    from rudderstack.analytics.client import Client

    failures = []
    _send(Client(KEY, host=web, gzip=gzip, on_error=lambda error, batch: failures.append(error)))
    assert failures == []
    _demand_everything(_stored())


def test_rudderstacks_client_may_send_what_segments_may_not(web):
    from rudderstack.analytics.client import Client

    failures = []
    client = Client(KEY, host=web, on_error=lambda error, batch: failures.append(error))
    for _ in range(4):
        client.track("ada", "built", {"text": "x" * 900_000})
    client.flush()
    client.join()
    assert failures == []
    assert len(_stored()) == 4


def test_a_client_hears_that_its_write_key_is_wrong(web):
    from segment.analytics.client import Client

    failures = []
    client = Client("wrong", host=web, on_error=lambda error, batch: failures.append(error))
    client.track("ada", "built")
    client.flush()
    client.join()
    assert [(error.status, error.code) for error in failures] == [(401, "bad_key")]


@pytest.fixture(scope="session")
def analytics_node():
    """The folder where Segment's client for Node is installed; skips where there is no npm."""
    is_required = os.environ.get("ASSAY_TEST_NODE") == "required"
    if shutil.which("npm") is None:
        if is_required:
            pytest.fail("npm is required and missing")
        pytest.skip("there is no npm")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "assay-tests" / "node"
    if not (cache / "node_modules" / "@segment" / "analytics-node").is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", ANALYTICS_NODE]
        done = subprocess.run(command, cwd=cache, capture_output=True, text=True, timeout=300)
        if done.returncode:
            (pytest.fail if is_required else pytest.skip)(f"npm could not install {ANALYTICS_NODE}")
    (cache / "send.mjs").write_text(_SCRIPT, "utf-8")
    return cache


def test_segments_client_for_node_is_understood(analytics_node, web):
    done = subprocess.run(
        ["node", "send.mjs", KEY, web], cwd=analytics_node, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    _demand_everything(_stored())


_DEFINITIONS = """
source: app
events: {file: app.csv, id: id, at: at, event: {column: event}, person: user, account: account, properties: [size]}
event_names: [built]
---
source: people
people: {file: people.csv, id: user, email: email}
---
source: accounts
accounts: {file: accounts.csv, id: account}
"""
_RULE = """
qualification: builders
version: 1
status: shadow
stage: PQA
motion: expansion
subject: account
criteria:
  twice: {count: built, at_least: 2, within: 7 days}
qualify: {all_of: [twice]}
"""


def test_one_person_in_two_accounts_qualifies_each_by_what_was_done_in_it(web, tmp_path):
    from segment.analytics.client import Client

    from assay.core import definitions, engine, identity, sources
    from assay.core.io.store import Store
    from assay.node.lake import manifest
    from assay.node.lake.reading import lake_sources

    _send(Client(KEY, host=web))
    _stored()
    for name, text in (("sources/all.yml", _DEFINITIONS), ("qualifications/builders.yml", _RULE)):
        (tmp_path / "definitions" / name).parent.mkdir(parents=True)
        (tmp_path / "definitions" / name).write_text(text, "utf-8")
    own, relations = lake_sources(definitions.load(tmp_path / "definitions"), manifest.relation(manifest.paths()))
    with Store() as store:
        sources.read(store, own, data=relations)
        identity.resolve(store, own)
        spells = engine.sweep(store, own, as_of=int(datetime(2026, 5, 5, tzinfo=UTC).timestamp()) * 1_000_000)
    assert set(spells["subject_id"].to_pylist()) == {"one"}
