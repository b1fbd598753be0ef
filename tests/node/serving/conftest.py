"""A node's one process that decides, and clients that send to it."""

from __future__ import annotations

import json

import pytest
from tests.node.live import world
from tests.node.serving.told import KEY, Clock

from assay.node.access.actions import Machine
from assay.node.intake import keys
from assay.node.intake.digests import digest
from assay.node.intake.models import WriteKey
from assay.node.lake import manifest
from assay.node.live import asking
from assay.node.rulebook.importing import import_folder
from assay.node.serving.composing import compose
from assay.node.serving.living import Life


@pytest.fixture
def folder(tmp_path):
    """The company's definitions, with its first rule live and offered to somebody."""
    world.definitions(tmp_path)
    rule = tmp_path / "qualifications" / "busy.yml"
    text = rule.read_text().replace("status: shadow", "status: live")
    rule.write_text(text + "handoff: {to: account_owner, respond_within: 4 hours}\n")
    cases = tmp_path / "qualifications" / "busy.examples.yml"
    cases.write_text(
        "examples_for: busy\nas_of: 2026-03-10\ncases:\n  much:\n    events: {built: [2026-03-09, 2026-03-10]}\n"
        "    expect: {qualified: true}\n  little:\n    events: {built: [2026-03-09]}\n    expect: {qualified: false}\n"
    )
    return tmp_path


@pytest.fixture
def life(folder, transactional_db):
    """The node's one process that decides, under the company's rules, and the clock it reads."""
    import_folder(Machine("tests"), folder)
    keys.KNOWN.forget()
    WriteKey.objects.create(
        name="app", digest=digest(KEY), events_source="product", people_source="users", accounts_source="firms"
    )
    asking.place().unlink(missing_ok=True)
    compose()
    clock = Clock()
    living = Life(clock)
    yield living, clock
    living.close()
    for path in manifest.folder().iterdir():
        path.unlink()


@pytest.fixture
def send(way_in, client):
    """A function that sends calls as a client would."""

    def post(*calls):
        body = json.dumps({"batch": list(calls), "writeKey": KEY})
        answer = client.post("/v1/batch", body, content_type="application/json")
        assert answer.status_code == 200, answer.content

    return post
