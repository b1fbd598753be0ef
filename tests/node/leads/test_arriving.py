"""Changes of who qualifies become leads: one a subject and motion, whatever the order and however often told."""

from datetime import timedelta

import pytest
from tests.node.leads.knowing import (
    DAY,
    HAND,
    HOUR,
    MQL,
    NOON,
    TRIAL,
    UPSELL,
    acme,
    enter,
    lead_of,
    leave,
    merged,
    works_at,
)

from assay.node.access.permissions import Role
from assay.node.leads import arriving, stories
from assay.node.leads.models import Lead, LeadEvent, LeadSpell, Note, Suppression
from assay.node.leads.moving import move
from assay.node.leads.reasons import CloseReason
from assay.node.leads.states import Move, State
from assay.node.leads.taking import suppress

pytestmark = pytest.mark.django_db


def _move(lead, *moves, at=NOON):
    for one in moves:
        move(lead, one, at=at).save()
    lead.save()


def test_a_spell_that_begins_makes_a_lead(arrive):
    arrive(enter(at=NOON - HOUR))
    lead = lead_of()
    assert (lead.rule, lead.stage, lead.since, lead.cause) == (TRIAL, "PQL", NOON - HOUR, "birth")


def test_a_lead_is_offered_at_once_with_the_deadline_of_its_rule(arrive):
    arrive(enter())
    assert (lead_of().state, lead_of().respond_by) == (State.OFFERED, NOON + 4 * HOUR)


def test_rules_of_one_motion_make_one_lead_and_the_latest_designates(arrive):
    arrive(enter(HAND, at=NOON - HOUR), enter(MQL, at=NOON - DAY))
    assert Lead.objects.count() == 1
    assert lead_of(motion="new_business").rule == HAND


def test_rules_of_two_motions_make_two_leads(arrive):
    arrive(enter(TRIAL), enter(UPSELL))
    assert set(Lead.objects.values_list("motion", flat=True)) == {"trial_to_paid", "upsell"}


def test_a_later_rule_of_the_open_lead_designates_it_and_hurries_the_answer(arrive):
    arrive(enter(MQL))
    arrive(enter(HAND, at=NOON + HOUR), now=NOON + HOUR)
    lead = lead_of(motion="new_business")
    assert (lead.rule, lead.respond_by) == (HAND, NOON + 2 * HOUR)


def test_when_the_designating_spell_ends_the_next_latest_designates(arrive):
    arrive(enter(MQL, at=NOON - DAY), enter(HAND))
    arrive(leave(HAND))
    assert lead_of(motion="new_business").rule == MQL


def test_the_same_change_told_twice_does_nothing(arrive):
    for _ in range(2):
        arrive(enter(MQL), enter(HAND), leave(MQL))
    assert Lead.objects.count() == 1
    assert LeadSpell.objects.count() == 2
    assert LeadEvent.objects.filter(what="arrived").count() == 1


def test_an_unanswered_lead_that_no_longer_qualifies_closes_itself_and_says_why(arrive):
    arrive(enter())
    arrive(leave())
    lead = lead_of()
    assert (lead.state, lead.reason) == (State.CLOSED, CloseReason.LAPSED)
    assert lead.events.last().text == "plan was set"


def test_a_lead_that_somebody_works_stays_when_it_no_longer_qualifies(arrive):
    arrive(enter())
    _move(lead_of(), Move.ACCEPT)
    arrive(leave())
    assert lead_of().state == State.ACCEPTED


def test_what_began_and_ended_within_one_batch_makes_no_lead(arrive):
    arrive(enter(), leave())
    assert not Lead.objects.exists()


def test_a_shadow_rule_makes_no_lead(arrive, db):
    from dataclasses import replace

    shadow = replace(acme(), rules=tuple(replace(rule, status="shadow") for rule in acme().rules))
    arriving.apply([enter()], shadow, NOON)
    assert not Lead.objects.exists()


def test_the_same_lead_does_not_come_again_too_soon_after_a_decision(arrive):
    arrive(enter())
    _move(lead_of(), Move.REJECT)
    arrive(leave(), enter(at=NOON + DAY), now=NOON + DAY)
    assert Lead.objects.count() == 1
    assert LeadSpell.objects.get(lead=None).again_at == NOON + 30 * DAY


def test_what_still_holds_when_that_time_is_over_becomes_a_lead(arrive, time_passes):
    arrive(enter())
    _move(lead_of(), Move.REJECT)
    arrive(leave(), enter(at=NOON + DAY), now=NOON + DAY)
    time_passes(NOON + 29 * DAY)
    assert Lead.objects.count() == 1
    time_passes(NOON + 31 * DAY)
    assert Lead.objects.filter(state=State.OFFERED).count() == 1


def test_a_rule_that_names_no_such_time_makes_a_lead_at_once(arrive):
    arrive(enter(MQL))
    _move(lead_of(motion="new_business"), Move.REJECT)
    arrive(enter(HAND, at=NOON + HOUR), now=NOON + HOUR)
    assert Lead.objects.filter(state=State.OFFERED).count() == 1


def test_customers_make_no_lead_under_the_motion_they_are_listed_for(arrive):
    stories.plug(describe=works_at("globex"))
    Suppression.objects.create(kind="customer", subject_id="globex", motion="new_business", at=NOON)
    arrive(enter(MQL), enter(UPSELL))
    assert list(Lead.objects.values_list("motion", flat=True)) == ["upsell"]
    assert LeadSpell.objects.get(rule=MQL).passed_over == "On the list: customer"


def test_two_ids_of_one_person_have_one_lead_with_the_history_of_both(arrive, user_of):
    arrive(enter(MQL, "visitor"), enter(HAND, "ann", at=NOON + HOUR))
    visitor = lead_of("visitor", "new_business")
    _move(visitor, Move.ACCEPT)
    Note.objects.create(lead=lead_of("ann", "new_business"), text="called", by=user_of(Role.REP), at=NOON)
    arrive(merged("visitor", "ann"))
    lead = lead_of("ann", "new_business")
    assert (lead.pk, lead.state, lead.rule) == (visitor.pk, State.ACCEPTED, HAND)
    assert [lead.notes.count(), lead.events.filter(what="arrived").count(), lead.spells.count()] == [1, 2, 2]


def test_a_spell_told_of_both_ids_is_kept_once(arrive):
    arrive(enter(MQL, "visitor"), enter(MQL, "ann"))
    arrive(merged("visitor", "ann"), enter(MQL, "ann"))
    assert LeadSpell.objects.count() == 1
    assert Lead.objects.filter(merged_into=None).count() == 1


def test_what_is_told_of_an_earlier_id_is_told_of_the_person(arrive):
    arrive(merged("visitor", "ann"))
    arrive(enter(MQL, "visitor"))
    assert lead_of("ann", "new_business").rule == MQL


def test_a_spell_that_turns_out_to_have_begun_earlier_is_one_spell(arrive):
    arrive(enter(at=NOON))
    arrive(enter(at=NOON - DAY))
    assert LeadSpell.objects.count() == 1
    assert lead_of().since == NOON - DAY


def test_a_recycled_lead_comes_back_early_when_it_qualifies_anew(arrive):
    arrive(enter(MQL))
    lead = lead_of(motion="new_business")
    _move(lead, Move.RECYCLE)
    arrive(enter(HAND, at=NOON + HOUR), now=NOON + HOUR)
    assert lead_of(motion="new_business").state == State.OFFERED


def test_a_thousand_leads_take_few_statements(arrive, django_assert_max_num_queries):
    with django_assert_max_num_queries(40):
        arrive(*(enter(who=f"p{i}") for i in range(1000)))
    assert Lead.objects.count() == 1000


def test_a_thousand_leads_end_in_few_statements(arrive, django_assert_max_num_queries):
    arrive(*(enter(who=f"p{i}") for i in range(1000)))
    arrive(*(merged(f"p{i}", f"q{i}") for i in range(3)))
    with django_assert_max_num_queries(40):
        arrive(*(leave(who=f"p{i}") for i in range(1000)))
    assert Lead.objects.filter(state=State.CLOSED).count() == 1000


def test_when_the_designating_spell_ends_the_lead_says_what_is_so_of_the_next(arrive):
    def describe(asked, as_of):
        scores = {MQL: 12.0, HAND: 80.0}
        return {one: stories.About(summary=f"as {one[2]} says", score=scores[one[2]], lean=one[2]) for one in asked}

    stories.plug(describe=describe)
    arrive(enter(MQL, at=NOON - DAY), enter(HAND))
    assert lead_of(motion="new_business").summary == f"as {HAND} says"
    arrive(leave(HAND))
    lead = lead_of(motion="new_business")
    assert (lead.rule, lead.summary, lead.score, lead.lean) == (MQL, f"as {MQL} says", 12.0, MQL)


def test_who_is_left_alone_stays_so_under_another_id(arrive, user_of):
    suppress(user_of(Role.REVOPS), "asked", "person", "visitor", now=NOON)
    arrive(merged("visitor", "ann"))
    arrive(enter(MQL, "ann"), enter(TRIAL, "visitor"))
    assert not Lead.objects.exists()
    assert list(Suppression.objects.values_list("subject_id", "kind")) == [("ann", "asked")]


def test_who_is_left_alone_and_merged_with_what_qualifies_makes_no_lead(arrive, user_of):
    suppress(user_of(Role.REVOPS), "asked", "person", "visitor", now=NOON)
    arrive(merged("visitor", "ann"), enter(MQL, "ann"))
    assert not Lead.objects.exists()


@pytest.mark.parametrize(("of_old", "of_new"), [("asked", "customer"), ("customer", "asked")])
def test_of_two_reasons_to_leave_somebody_alone_that_they_asked_stays(arrive, of_old, of_new):
    Suppression.objects.create(kind=of_old, subject_type="person", subject_id="visitor", at=NOON)
    Suppression.objects.create(kind=of_new, subject_type="person", subject_id="ann", at=NOON)
    arrive(merged("visitor", "ann"))
    assert list(Suppression.objects.values_list("subject_id", "kind")) == [("ann", "asked")]


def test_who_is_named_by_a_former_id_is_left_alone_under_the_one_of_now(arrive, user_of):
    arrive(merged("visitor", "ann"), enter(MQL, "ann"))
    suppress(user_of(Role.REVOPS), "asked", "person", "visitor", now=NOON)
    assert Suppression.objects.get().subject_id == "ann"
    assert lead_of("ann", "new_business").state == State.CLOSED


def test_a_lead_knows_what_is_told_of_its_subject(arrive):
    stories.plug(describe=works_at("globex", country="DE"))
    arrive(enter(at=NOON - timedelta(minutes=5)))
    assert (lead_of().account_id, lead_of().account_name) == ("globex", "Globex")
