"""A company with a few accounts, an escrow that answers over HTTP, and a partner that deals over it."""

from __future__ import annotations

import json
import os
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pyarrow as pa
from tests.partners.dealing.companies import Company as Dealing

from assay.escrow.app import Escrow, Limits
from assay.escrow.peppers import Peppers
from assay.escrow.store import Store
from assay.node.lake import manifest
from assay.node.lake.rows import LAKE
from assay.node.partnering.company import send_to

DEFINITIONS = {
    "sources/all.yml": """\
source: crm
accounts:
  file: accounts.csv
  id: id
  name: name
  domain: website
  attributes: {plan: plan, country: country, city: city, arr: arr, further_domains: further_domains}
---
source: product
events: {file: events.csv, id: id, at: at, event: {column: event}, person: person, account: account}
event_names: [opened, built]
""",
    "qualifications/paying.yml": """\
qualification: paying
version: 1
status: live
stage: PQA
motion: expansion
subject: account
owner: sales
purpose: Accounts that pay.
criteria:
  pays: {attribute: plan, is: team}
qualify: {all_of: [pays]}
""",
    "qualifications/paying.examples.yml": """\
examples_for: paying
as_of: 2026-03-10
cases:
  pays: {attributes: {plan: team}, expect: {qualified: true}}
  tries: {attributes: {plan: trial}, expect: {qualified: false}}
""",
}
ACCOUNTS = {
    "a1": {"name": "Initech Ltd", "website": "initech.com", "country": "GB", "city": "Leeds", "plan": "team"},
    "a2": {"name": "Globex Corp", "website": "globex.com", "country": "US", "city": "Austin", "plan": "team"},
    "a3": {"name": "Acme Secret Prospect", "website": "only-acme.com", "country": "DE", "plan": "trial"},
    "a4": {"plan": "team"},
}


def write(folder: Path) -> Path:
    """Write the definitions."""
    for path, text in DEFINITIONS.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def tell(accounts: dict[str, dict[str, str]]) -> None:
    """Let the lake know of accounts, as group calls would."""
    now = datetime.now(UTC)
    rows = [
        dict.fromkeys(LAKE.names)
        | {"source": "crm", "kind": "group", "group_id": one, "at": now, "received_at": now, "body": json.dumps(traits)}
        for one, traits in accounts.items()
    ]
    schema = pa.schema([field for field in LAKE if field.name != "seq"])
    from django.db import transaction

    with transaction.atomic():
        manifest.add(pa.Table.from_pylist([{k: v for k, v in row.items() if k != "seq"} for row in rows], schema), now)


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


class Operator:
    """An escrow that answers over HTTP on this machine, in a thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = lambda: time.time_ns() // 1000
        (folder / "data").mkdir(parents=True)
        (folder / "peppers").mkdir()
        self.store = Store(folder / "data" / "escrow.sqlite")
        self.server = make_server("127.0.0.1", 0, self._answer, handler_class=_Quiet)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        peppers = Peppers(folder / "peppers", os.urandom)
        self.app = Escrow(self.store, peppers, self.address, clock=self.clock, limits=Limits())
        self.is_away = False
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def _answer(self, environ, start_response):
        if self.is_away:
            start_response("502 Bad Gateway", [])
            return [b"no escrow here"]
        return self.app(environ, start_response)

    def send(self, method, path, headers, body):
        return send_to(self.address)(method, path, headers, body)

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.store.close()


class Birch(Dealing):
    """The partner: deals by the same engine, with a file for its memory and a clock that goes."""

    def __post_init__(self):
        super().__post_init__()
        self.dice = os.urandom
        self.clock = lambda: time.time_ns() // 1000
        self.counter = time.time_ns()
