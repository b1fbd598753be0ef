"""What time alone brings: offers move on, leads wake, tasks are due."""

from dataclasses import replace

import pytest
from tests.node.leads.knowing import DAY, HAND, HOUR, MQL, NOON, TRIAL, enter, lead_of, leave, works_at

from assay.node import hours
from assay.node.access.permissions import Role
from assay.node.leads import stories
from assay.node.leads.models import Absence, AccountOwner, Seat, Task
from assay.node.leads.moving import move
from assay.node.leads.routing import CATCH_ALL
from assay.node.leads.states import Move, State

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(user_of):
    """Three people who work the queue of TRIAL, by name."""
    people = {name: user_of(Role.REP, name) for name in ("ann", "bob", "cyd")}
    for user in people.values():
        Seat.objects.create(queue="growth_desk", user=user, capacity=5)
    return people


def _texts(lead):
    return list(lead.events.values_list("what", flat=True))


def test_a_lead_goes_to_somebody_of_the_queue_with_the_reason_why(arrive, desk):
    arrive(enter())
    assert lead_of().owner == desk["ann"]
    assert "round robin: ann has most room in growth_desk (0 of 5)" in lead_of().events.last().text


def test_an_offer_that_nobody_answers_goes_to_the_next(arrive, desk, time_passes):
    arrive(enter())
    time_passes(NOON + 4 * HOUR)
    lead = lead_of()
    assert (lead.owner, lead.respond_by) == (desk["bob"], NOON + 8 * HOUR)
    assert "not answered in time" in _texts(lead)


def test_after_three_offers_the_catch_all_has_it(arrive, desk, time_passes):
    arrive(enter())
    for n in (1, 2, 3):
        time_passes(NOON + n * 4 * HOUR)
    lead = lead_of()
    assert (lead.owner, lead.queue, lead.state) == (None, CATCH_ALL, State.OFFERED)


def test_where_nobody_works_the_queue_the_catch_all_has_it_at_once(arrive):
    arrive(enter())
    assert (lead_of().owner, lead_of().queue) == (None, CATCH_ALL)


def test_a_deadline_runs_on_in_the_catch_all(arrive, time_passes):
    arrive(enter())
    time_passes(NOON + 4 * HOUR)
    assert _texts(lead_of()).count("not answered in time") == 1
    assert lead_of().respond_by == NOON + 8 * HOUR


def test_before_the_deadline_it_is_said_once_that_time_is_running_out(arrive, desk, time_passes):
    arrive(enter())
    time_passes(NOON + 2 * HOUR)
    assert "time is running out" not in _texts(lead_of())
    time_passes(NOON + 3 * HOUR)
    time_passes(NOON + 3.5 * HOUR)
    assert _texts(lead_of()).count("time is running out") == 1


def test_a_deadline_runs_in_working_hours_where_there_are_any(arrive, desk, time_passes, settings):
    settings.ASSAY = replace(settings.ASSAY, working_hours=hours.read("Mon-Fri 09:00-15:00 UTC", ""))
    friday = NOON + 3 * DAY
    arrive(enter(at=friday), now=friday)  # three hours are left of the day, and one on Monday
    assert (lead_of().respond_by, lead_of().warn_at) == (NOON + 6 * DAY - 2 * HOUR, friday + 3 * HOUR)
    time_passes(NOON + 5 * DAY)
    assert lead_of().owner == desk["ann"]
    time_passes(NOON + 6 * DAY)
    assert lead_of().owner == desk["bob"]


def test_a_later_rule_hurries_an_answer_in_working_hours_too(arrive, desk, settings):
    settings.ASSAY = replace(settings.ASSAY, working_hours=hours.read("Mon-Fri 09:00-12:30 UTC", ""))
    arrive(enter(MQL, at=NOON - HOUR))
    arrive(enter(HAND))
    lead = lead_of(motion="new_business")
    assert (lead.respond_by, lead.warn_at) == (NOON + DAY - 2.5 * HOUR, NOON + DAY - 2.75 * HOUR)


def test_an_accepted_lead_has_no_deadline_any_more(arrive, desk, time_passes):
    arrive(enter())
    lead = lead_of()
    move(lead, Move.ACCEPT, at=NOON).save()
    lead.save()
    time_passes(NOON + DAY)
    assert lead_of().state == State.ACCEPTED


def test_the_owner_of_the_account_gets_it_unless_away(arrive, user_of):
    owner, other = user_of(Role.REP, "olga"), user_of(Role.CSM, "otto")
    AccountOwner.objects.create(account_id="globex", user=owner)
    stories.plug(describe=works_at("globex"))
    arrive(enter("pql_upsell"))
    assert lead_of(motion="upsell").owner == owner
    Absence.objects.create(user=owner, starts_at=NOON, ends_at=NOON + DAY, stand_in=other)
    arrive(enter("pql_upsell", "eve"))
    assert lead_of("eve", "upsell").owner == other


def test_a_recycled_lead_that_still_qualifies_is_offered_when_its_time_has_come(arrive, desk, time_passes):
    arrive(enter())
    lead = lead_of()
    move(lead, Move.RECYCLE, at=NOON).save()
    lead.wakes_at = NOON + 10 * DAY
    lead.save()
    time_passes(NOON + 9 * DAY)
    assert lead_of().state == State.RECYCLED
    time_passes(NOON + 10 * DAY)
    assert (lead_of().state, lead_of().times_offered) == (State.OFFERED, 1)


def test_a_recycled_lead_that_no_longer_qualifies_closes_when_its_time_has_come(arrive, desk, time_passes):
    arrive(enter())
    lead = lead_of()
    move(lead, Move.RECYCLE, at=NOON).save()
    lead.wakes_at = NOON + DAY
    lead.save()
    arrive(leave())
    time_passes(NOON + DAY)
    assert (lead_of().state, lead_of().reason) == (State.CLOSED, "lapsed")


def test_a_snoozed_lead_wakes(arrive, desk, time_passes):
    arrive(enter())
    lead = lead_of()
    move(lead, Move.ACCEPT, at=NOON).save()
    lead.wakes_at = NOON + DAY
    lead.save()
    time_passes(NOON + DAY)
    assert (lead_of().wakes_at, lead_of().events.last().what) == (None, "woke up")


def test_a_task_is_told_of_once_when_it_is_due(arrive, desk, time_passes):
    arrive(enter(MQL))
    lead, ann = lead_of(motion="new_business"), desk["ann"]
    Task.objects.create(lead=lead, text="call", due_at=NOON + HOUR, whose=ann, by=ann, at=NOON)
    for n in (1, 2):
        time_passes(NOON + n * HOUR)
    assert list(lead.events.filter(what="task due").values_list("to", flat=True)) == [ann.pk]


def test_leads_are_dealt_out_within_one_batch(arrive, desk):
    arrive(*(enter(who=f"p{n}") for n in range(6)))
    assert [user.leads.count() for user in desk.values()] == [2, 2, 2]
    assert lead_of("p0").rule == TRIAL
