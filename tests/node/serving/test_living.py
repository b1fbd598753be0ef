"""What arrives over the network becomes a lead, step by step of the one process that decides."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from tests.node.live import world
from tests.node.serving.told import built

from assay.core import engine, pipeline, sources
from assay.core.io.store import Store
from assay.node.lake import manifest
from assay.node.lake.reading import lake_sources
from assay.node.leads.models import Lead
from assay.node.live import asking
from assay.node.live.models import Holding, SelfCheck, Spell
from assay.node.live.stories import micros
from assay.node.rulebook import current, history
from assay.node.serving.living import Life, many

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_call_becomes_a_lead_and_the_lead_ends_when_its_window_does(life, send):
    living, clock = life
    send(built(1, 2))
    while living.step():
        pass
    assert not Lead.objects.exists()
    send(built(2, 1), built(2, 1))
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
    living, clock = life
    send(built(1, 50), {"type": "identify", "messageId": "i", "userId": "ann", "traits": {"plan": "trial"}})
    living.step()
    send(built(3, 1, context={"groupId": "f1"}), built(2, 49, userId=None, anonymousId="x"))
    living.step()
    send({"type": "alias", "messageId": "a", "userId": "ann", "previousId": "x"})
    clock.now += living.CHECK_EVERY
    while living.step():
        pass
    busy = Spell.objects.filter(rule="busy", subject_id="ann")
    assert busy.count() == 1  # until the identify call
    assert SelfCheck.objects.count() > 1
    assert not SelfCheck.objects.exclude(different_rows=0, different_spells=0).exists()


def test_the_self_check_keeps_nobody_waiting_but_where_there_is_never_a_turn_without_work(life, send):
    living, clock = life
    send(built(1, 1))
    living.step()
    checked = SelfCheck.objects.count()
    clock.now += living.CHECK_EVERY
    send(built(2, 1))
    assert living.step()
    assert SelfCheck.objects.count() == checked
    while living.step():
        pass
    assert SelfCheck.objects.count() == checked + 1
    clock.now += living.CHECK_WITHIN
    send(built(3, 1))
    assert living.step()
    assert SelfCheck.objects.count() == checked + 2


def test_how_many_may_wait_before_everybody_is_decided_of_grows_with_what_that_costs():
    assert many(0) == many(1_000_000) == 20_000
    assert many(20_000_000) == 200_000


def test_a_node_that_loses_its_index_makes_it_anew_and_decides_the_same(life, send):
    living, clock = life
    send(built(1, 2), built(2, 1))
    while living.step():
        pass
    before = set(Spell.objects.values_list("rule", "subject_id", "starts_at", "ends_at"))
    leads = set(Lead.objects.values_list("id", "state"))
    living.close()
    asking.place().rename(asking.place().with_name("index-3.sqlite"))  # as another version of Assay left it
    again = Life(clock)
    while again.step():
        pass
    again.close()
    assert not list(asking.place().parent.glob("index-3*"))
    assert set(Spell.objects.values_list("rule", "subject_id", "starts_at", "ends_at")) == before
    assert set(Lead.objects.values_list("id", "state")) == leads


@pytest.mark.parametrize("account", ["f" * 300, "f\0"])
def test_a_row_that_names_an_account_that_cannot_be_is_a_reject_and_stops_nobody(life, send, account):
    living, clock = life
    told = [
        {
            "source": "users",
            "kind": "identify",
            "user_id": "ann",
            "body": {"company": account, "email": "a@b\0.example"},
        },
        {"source": "users", "kind": "row", "event": "people", "body": {"user": "bob", "company": account}},
        {"source": "firms", "kind": "row", "event": "accounts", "body": {"account": account, "tier": "gold"}},
        {"source": "product", "kind": "track", "event": "built", "user_id": account, "hour": 1, "id": "long"},
    ]
    with transaction.atomic():
        manifest.add(world.rows(told).drop_columns(["seq"]), clock())
    send(
        {
            "type": "identify",
            "messageId": "i",
            "userId": "cyd",
            "traits": {"company": account, "email": f"c@{account}"},
        },
        built(1, 2),
        built(2, 1),
    )
    while living.step():
        pass
    assert list(Lead.objects.values_list("subject_id", flat=True)) == ["ann"]
    with Store() as store:
        own, relations = lake_sources(current.definitions(), manifest.relation(manifest.paths()))
        sources.read(store, own, relations)
        assert store.rows("SELECT source, count(*) FROM raw.rejects GROUP BY ALL ORDER BY ALL") == [
            ("firms", 1),
            ("product", 1),
        ]
    with history.replayed(current.definitions()) as store:
        assert {one for (one,) in store.rows("SELECT id FROM prepared.people")} == {"ann", "bob", "cyd"}
        assert store.rows("SELECT id FROM prepared.accounts") == []


def test_a_look_back_at_rules_sees_what_is_decided_now(life, send):
    living, clock = life
    send(built(1, 2), built(2, 1), built(3, 1, userId="bob"))
    while living.step():
        pass
    definitions = current.definitions()
    with history.replayed(definitions) as store:
        spells = engine.sweep(store, pipeline.to_decide(definitions), as_of=micros(clock())).to_pylist()
    told = {(spell["rule"], spell["subject_id"], spell["starts_at"]) for spell in spells}
    assert told == set(Spell.objects.values_list("rule", "subject_id", "starts_at"))
    assert history.counts()["busy"] == (1, 1)
