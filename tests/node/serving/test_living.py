"""What arrives over the network becomes a lead, step by step of the one process that decides."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from tests.node.live import world

from assay.node.access.actions import Machine
from assay.node.intake import keys
from assay.node.intake.digests import digest
from assay.node.intake.models import WriteKey
from assay.node.lake import manifest
from assay.node.leads.models import Lead
from assay.node.live import asking
from assay.node.live.models import Holding, SelfCheck, Spell
from assay.node.rulebook.importing import import_folder
from assay.node.serving.composing import compose
from assay.node.serving.living import Life

pytestmark = pytest.mark.django_db(transaction=True)

KEY = "a write key that tests know"


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
def life(folder, transactional_db, settings):
    """The node's one process that decides, under the company's rules, and the clock it reads."""
    import_folder(Machine("tests"), folder)
    keys.KNOWN.forget()
    WriteKey.objects.create(
        name="app", digest=digest(KEY), events_source="product", people_source="users", accounts_source="firms"
    )
    (settings.ASSAY.data_folder / "index.sqlite").unlink(missing_ok=True)
    compose()
    clock = Clock()
    living = Life(clock)
    yield living, clock
    living.close()
    for path in manifest.folder().iterdir():
        path.unlink()


class Clock:
    """A clock that goes when it is told to."""

    now = datetime.now(UTC)

    def __call__(self):
        return self.now


@pytest.fixture
def send(way_in, client):
    """A function that sends calls as a client would."""

    def post(*calls):
        body = json.dumps({"batch": list(calls), "writeKey": KEY})
        answer = client.post("/v1/batch", body, content_type="application/json")
        assert answer.status_code == 200, answer.content

    return post


def _built(number, hours_ago, **facts):
    at = (Clock.now - timedelta(hours=hours_ago)).isoformat()
    return {"type": "track", "messageId": f"m{number}", "event": "built", "userId": "ann", "timestamp": at, **facts}


def test_a_call_becomes_a_lead_and_the_lead_ends_when_its_window_does(life, send):
    living, clock = life
    send(_built(1, 2))
    while living.step():
        pass
    assert not Lead.objects.exists()
    send(_built(2, 1), _built(2, 1))
    while living.step():
        pass
    lead = Lead.objects.get()
    assert (lead.subject_id, lead.rule, lead.state) == ("ann", "busy", "offered")
    assert lead.summary == "built twice in the last 3 days"
    assert Holding.objects.filter(rule="busy").count() == 1
    clock.now += timedelta(days=4)
    while living.step():
        pass
    assert not Holding.objects.filter(rule="busy").exists()
    lead.refresh_from_db()
    assert lead.state == "closed"


def test_what_arrives_in_another_order_gives_the_same_spells(life, send):
    living, _ = life
    send(_built(1, 50), {"type": "identify", "messageId": "i", "userId": "ann", "traits": {"plan": "trial"}})
    living.step()
    send(_built(3, 1, context={"groupId": "f1"}), _built(2, 49, userId=None, anonymousId="x"))
    living.step()
    send({"type": "alias", "messageId": "a", "userId": "ann", "previousId": "x"})
    while living.step():
        pass
    busy = Spell.objects.filter(rule="busy", subject_id="ann")
    assert busy.count() == 1  # until the identify call
    assert all(check.different_spells == 0 for check in SelfCheck.objects.all()) and SelfCheck.objects.exists()


def test_a_node_that_loses_its_index_makes_it_anew_and_decides_the_same(life, send):
    living, clock = life
    send(_built(1, 2), _built(2, 1))
    while living.step():
        pass
    before = set(Spell.objects.values_list("rule", "subject_id", "starts_at", "ends_at"))
    leads = set(Lead.objects.values_list("id", "state"))
    living.close()
    asking.place().unlink()
    again = Life(clock)
    while again.step():
        pass
    again.close()
    assert set(Spell.objects.values_list("rule", "subject_id", "starts_at", "ends_at")) == before
    assert set(Lead.objects.values_list("id", "state")) == leads
