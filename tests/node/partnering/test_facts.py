"""What partners tell becomes rows of the lake, once, and rules decide of them live."""

from __future__ import annotations

import json

import pytest
from tests.node.partnering.knowing import DAY, NOW, attests, overlap, partner, told

from assay.node.lake import manifest
from assay.node.leads.models import Lead
from assay.node.live.models import Holding, SelfCheck
from assay.node.partnering import facts
from assay.node.partnering.models import LakeFact, LakeInsight, Overlap, Partnership

pytestmark = pytest.mark.django_db(transaction=True)


def rows():
    return [json.loads(body) for body in manifest.rows_since(0)["body"].to_pylist()]


def holding(rule):
    return set(Holding.objects.filter(rule=rule).values_list("subject_id", flat=True))


def test_two_independent_partners_make_an_ecosystem_qualified_lead(live):
    told(partner("verdantine"), "a1")
    told(partner("ossuline"), "a1", "open_opportunity")
    told(partner("pelworth"), "a2")
    live()
    lead = Lead.objects.get(rule="eql_corroborated")
    assert (lead.subject_id, lead.stage, lead.queue) == ("a1", "EQL", "catch_all")
    assert "2 independent partners" in lead.summary


def test_two_partners_of_one_group_are_one_voice_also_live(live):
    told(partner("verdantine", "halden-group"), "a1")
    told(partner("pelworth", "halden-group"), "a1")
    live()
    assert not Lead.objects.filter(rule="eql_corroborated").exists()


def test_two_partners_who_bought_one_list_are_one_voice(live):
    for slug in ("pelworth", "ossuline"):
        told(partner(slug), "a1", fields={"origin": "listhall-2025"})
    live()
    assert holding("eql_corroborated") == set()
    assert {row["origin"] for row in rows()} == {"listhall-2025"}


def test_a_partners_customer_in_whom_another_sees_a_need_qualifies_until_that_is_withdrawn(live):
    told(partner("verdantine"), "a1")
    seen = attests(partner("verdantine"), "a1", "need")
    live()
    assert holding("xql_partner_warm") == {"a1"}
    live.clock.now += DAY
    attests(partner("verdantine"), "a1", "need", "no", at=live.clock.now)
    live()
    assert holding("xql_partner_warm") == set()
    seen.delete()
    live()
    assert holding("xql_partner_warm") == set()


def test_an_insight_that_is_deleted_is_withdrawn_where_nothing_newer_was_said(live):
    told(partner("verdantine"), "a1")
    attests(partner("verdantine"), "a1", "need")
    live()
    assert holding("xql_partner_warm") == {"a1"}
    partner("verdantine").partner.insights.all().delete()
    live.clock.now += DAY
    live()
    assert holding("xql_partner_warm") == set()
    assert LakeInsight.objects.get().withdrawn_at == live.clock.now


def test_a_fact_that_ends_ends_for_all_rows_that_tell_it(live):
    one = told(partner("verdantine"), "a1")
    told(partner("ossuline"), "a1")
    live()
    one.confirmed_at = live.clock.now
    one.save()
    live.clock.now += 2 * DAY
    one.confirmed_at = live.clock.now
    one.save()
    live()
    assert holding("eql_corroborated") == {"a1"}
    one.until = live.clock.now
    one.save()
    live.clock.now += DAY
    live()
    assert holding("eql_corroborated") == set()
    told(partner("verdantine"), "a1")
    live()
    assert holding("eql_corroborated") == {"a1"}
    again = LakeFact.objects.get(partner__slug="verdantine", until=None)
    assert again.since == one.until, "it was silent in between"


def test_a_partnership_that_ends_takes_its_facts_along(live):
    told(partner("verdantine"), "a1")
    told(partner("ossuline"), "a1")
    live()
    Partnership.objects.filter(partner__slug="ossuline").update(state=Partnership.State.REVOKED)
    live.clock.now += DAY
    live()
    assert holding("eql_corroborated") == set()


def test_what_is_told_live_holds_before_a_replay_of_the_lake(live):
    first = told(partner("verdantine"), "a1")
    told(partner("ossuline"), "a1", "open_opportunity")
    told(partner("ossuline"), "a2")
    attests(partner("pelworth"), "a2", "budget")
    live()
    first.until = live.clock.now
    first.save()
    live.clock.now += live.life.CHECK_EVERY
    live()
    assert SelfCheck.objects.count() > 1
    assert not SelfCheck.objects.exclude(different_rows=0, different_spells=0).exists()


def test_each_change_is_written_once(rules, empty_lake):
    told(partner("verdantine"), "a1")
    attests(partner("verdantine"), "a1")
    assert facts.pass_on(NOW) == 2
    assert facts.pass_on(NOW) == 0
    assert facts.pass_on(NOW + DAY) == 0


def test_two_populations_that_say_the_same_are_one_fact_that_lasts_as_long_as_either(rules, empty_lake):
    first = told(partner("verdantine"), "a1", slug="all")
    second = told(partner("verdantine"), "a1", slug="large", since=NOW - 50 * DAY)
    assert facts.pass_on(NOW) == 1
    first.until = NOW
    first.save()
    assert facts.pass_on(NOW + DAY) == 0
    second.until = NOW + DAY
    second.save()
    assert facts.pass_on(NOW + 2 * DAY) == 1
    assert LakeFact.objects.get().until == NOW + DAY


def test_a_fact_is_as_sure_as_the_two_records_are_one_company(rules, empty_lake):
    overlap(partner("verdantine"), "a1", bits=4.5)
    overlap(partner("verdantine"), "a2", bits=0.5, our_answer=True)
    for account in ("a1", "a2", "a3"):
        told(partner("verdantine"), account)
    facts.pass_on(NOW)
    assert {row["account_id"]: row["confidence"] for row in rows()} == {"a1": "0.96", "a2": "0.95", "a3": "0.99"}


def test_another_parent_is_another_wording_from_then_on(rules, empty_lake):
    one = told(partner("verdantine"), "a1")
    facts.pass_on(NOW)
    one.partnership.partner.parent = "halden-group"
    one.partnership.partner.save()
    assert facts.pass_on(NOW + DAY) == 2
    before, after = LakeFact.objects.order_by("id")
    assert (before.until, before.parent, after.since, after.parent) == (NOW + DAY, "", NOW + DAY, "halden-group")


def test_a_crash_between_writing_and_noting_leaves_nothing_half_done(rules, empty_lake, monkeypatch):
    told(partner("verdantine"), "a1")
    add = manifest.add

    def dies(*words):
        add(*words)
        raise SystemExit

    monkeypatch.setattr(manifest, "add", dies)
    with pytest.raises(SystemExit):
        facts.pass_on(NOW)
    assert not LakeFact.objects.exists()
    assert manifest.last_seq() == 0
    monkeypatch.undo()
    assert facts.pass_on(NOW) == 1


def test_what_rules_cannot_read_yet_is_kept_until_they_can(transactional_db, empty_lake):
    told(partner("verdantine"), "a1")
    assert facts.pass_on(NOW) == 0
    assert len(facts.lacking()) == 2
    from tests.node.partnering.knowing import ACME

    from assay.node.access.actions import Machine
    from assay.node.rulebook.importing import import_folder

    import_folder(Machine("tests"), ACME / "definitions")
    assert facts.lacking() == []
    assert facts.pass_on(NOW) == 1


def test_a_question_that_is_open_makes_no_fact_sure(rules, empty_lake):
    one = told(partner("verdantine"), "a1")
    Overlap.objects.update(ruling=Overlap.Ruling.ASK)
    facts.pass_on(NOW)
    assert LakeFact.objects.get().confidence is None
    assert one.until is None
