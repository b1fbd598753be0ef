"""What users do to leads: by permission, in legal moves, with an audit row, or not at all."""

from decimal import Decimal

import pytest
from tests.node.leads.knowing import DAY, HOUR, MQL, NOON, enter, lead_of

from assay.core.errors import BadRequest
from assay.node.access.actions import NotAllowed
from assay.node.access.models import AuditRow
from assay.node.access.permissions import Role
from assay.node.leads import actions
from assay.node.leads.models import LeadEvent, Letter
from assay.node.leads.states import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(arrive):
    arrive(enter())
    return lead_of()


def _bant(user, lead):
    for letter in Letter:
        actions.write_evidence(user, lead.pk, letter, f"{letter} is known", NOON)


def test_who_accepts_a_lead_owns_it_and_its_deadline_is_met(lead, user_of):
    actions.accept(user_of(Role.REP), lead.pk, NOON + HOUR)
    lead.refresh_from_db()
    assert (lead.state, lead.owner, lead.respond_by) == (State.ACCEPTED, user_of(Role.REP), None)
    assert lead.accepted_at == NOON + HOUR


def test_every_write_leaves_an_audit_row_without_personal_data(lead, user_of):
    actions.accept(user_of(Role.REP), lead.pk, NOON)
    row = AuditRow.objects.get(subject="lead")
    assert (row.action, row.before, row.after["state"]) == ("accept a lead", {"state": "offered"}, "accepted")


def test_an_administrator_who_works_no_leads_cannot_accept_one(lead, user_of):
    with pytest.raises(NotAllowed):
        actions.accept(user_of(Role.ADMIN), lead.pk, NOON)
    assert lead_of().state == State.OFFERED


def test_what_is_offered_to_one_cannot_be_taken_by_another(lead, user_of):
    actions.assign(user_of(Role.REVOPS), lead.pk, user_of(Role.REP, "ann").pk, NOON)
    with pytest.raises(BadRequest, match="offered to ann"):
        actions.accept(user_of(Role.REP, "bob"), lead.pk, NOON)


def test_a_lead_is_rejected_with_a_reason_of_the_list_alone(lead, user_of):
    with pytest.raises(BadRequest, match="reason of the list"):
        actions.reject(user_of(Role.REP), lead.pk, "because", NOON)
    actions.reject(user_of(Role.REP), lead.pk, "no_budget", NOON)
    assert (lead_of().state, lead_of().why_so) == (State.REJECTED, "No budget")


def test_marketing_recycles_what_sales_rejected(lead, user_of):
    actions.reject(user_of(Role.REP), lead.pk, "no_need", NOON)
    actions.recycle(user_of(Role.MARKETER), lead.pk, "to_learn", NOON + 30 * DAY, NOON)
    assert (lead_of().state, lead_of().wakes_at) == (State.RECYCLED, NOON + 30 * DAY)


def test_a_lead_is_put_off_into_the_next_year_only(lead, user_of):
    for until in (NOON, NOON + 400 * DAY):
        with pytest.raises(BadRequest, match="within the next year"):
            actions.recycle(user_of(Role.REP), lead.pk, "bad_timing", until, NOON)


def test_a_lead_becomes_sales_qualified_when_both_sides_signed_all_four_letters(lead, user_of):
    rep, marketer = user_of(Role.REP), user_of(Role.MARKETER)
    actions.accept(rep, lead.pk, NOON)
    _bant(rep, lead)
    actions.sign(rep, lead.pk, "sales", NOON)
    assert lead_of().state == State.ACCEPTED
    actions.sign(marketer, lead.pk, "marketing", NOON)
    assert lead_of().state == State.SALES_QUALIFIED


def test_nobody_signs_while_a_letter_lacks_its_evidence(lead, user_of):
    rep = user_of(Role.REP)
    actions.accept(rep, lead.pk, NOON)
    actions.write_evidence(rep, lead.pk, "need", "they hit a limit", NOON)
    with pytest.raises(BadRequest, match="Budget, Authority, Timing"):
        actions.sign(rep, lead.pk, "sales", NOON)


def test_the_same_person_does_not_sign_for_both_sides(lead, user_of):
    both = user_of(Role.REVOPS)
    actions.accept(both, lead.pk, NOON)
    _bant(both, lead)
    actions.sign(both, lead.pk, "sales", NOON)
    with pytest.raises(BadRequest, match="cannot sign for both"):
        actions.sign(both, lead.pk, "marketing", NOON)


def test_a_rep_does_not_sign_for_marketing(lead, user_of):
    rep = user_of(Role.REP)
    actions.accept(rep, lead.pk, NOON)
    _bant(rep, lead)
    with pytest.raises(BadRequest, match="does not sign for marketing"):
        actions.sign(rep, lead.pk, "marketing", NOON)


def test_a_lead_is_worked_from_qualified_to_won(lead, user_of):
    rep, marketer = user_of(Role.REP), user_of(Role.MARKETER)
    actions.accept(rep, lead.pk, NOON)
    _bant(rep, lead)
    actions.sign(rep, lead.pk, "sales", NOON)
    actions.sign(marketer, lead.pk, "marketing", NOON)
    actions.open_opportunity(rep, lead.pk, NOON)
    actions.win(rep, lead.pk, Decimal("1200.50"), NOON)
    assert (lead_of().state, lead_of().amount) == (State.WON, Decimal("1200.50"))
    moves = lead.events.exclude(state_before="").values_list("state_after", flat=True)
    assert list(dict.fromkeys(moves))[-4:] == ["accepted", "sales_qualified", "opportunity", "won"]


def test_an_illegal_move_is_refused_and_leaves_nothing(lead, user_of):
    before = LeadEvent.objects.count()
    with pytest.raises(BadRequest, match="cannot become"):
        actions.win(user_of(Role.REP), lead.pk, None, NOON)
    assert (LeadEvent.objects.count(), AuditRow.objects.count()) == (before, 0)


def test_only_operations_assign_leads(lead, user_of):
    with pytest.raises(NotAllowed):
        actions.assign(user_of(Role.REP), lead.pk, user_of(Role.REP).pk, NOON)


def test_a_lead_that_is_worked_is_handed_over_as_it_stands(lead, user_of):
    actions.accept(user_of(Role.REP), lead.pk, NOON)
    actions.assign(user_of(Role.REVOPS), lead.pk, user_of(Role.CSM).pk, NOON)
    assert (lead_of().state, lead_of().owner) == (State.ACCEPTED, user_of(Role.CSM))


def test_a_lead_that_nobody_answered_cannot_sleep(lead, user_of):
    with pytest.raises(BadRequest, match="Accept or reject it first"):
        actions.snooze(user_of(Role.REP), lead.pk, NOON + DAY, NOON)


def test_a_rejected_lead_comes_back_to_who_brings_it_back(lead, user_of):
    actions.reject(user_of(Role.REP), lead.pk, "no_need", NOON)
    actions.bring_back(user_of(Role.MARKETER), lead.pk, NOON)
    assert (lead_of().state, lead_of().owner) == (State.OFFERED, user_of(Role.MARKETER))


def test_a_lead_is_not_brought_back_beside_an_open_one_of_the_same_motion(arrive, user_of):
    arrive(enter(MQL))
    old = lead_of(motion="new_business")
    actions.reject(user_of(Role.REP), old.pk, "no_need", NOON)
    arrive(enter("pql_hand_raise", at=NOON + HOUR), now=NOON + HOUR)
    with pytest.raises(BadRequest, match="open lead of the same"):
        actions.bring_back(user_of(Role.REP), old.pk, NOON + HOUR)


def test_a_task_is_planned_and_ticked_off(lead, user_of):
    task = actions.plan_task(user_of(Role.REP), lead.pk, "Call on Monday", NOON + DAY, NOON)
    actions.finish_task(user_of(Role.REP), task.pk, NOON + HOUR)
    task.refresh_from_db()
    assert task.done_at == NOON + HOUR


def test_in_bulk_what_cannot_be_done_does_not_stop_the_rest(arrive, user_of):
    arrive(enter(who="a"), enter(who="b"))
    rep, ids = user_of(Role.REP), [lead_of("a").pk, 10**9, lead_of("b").pk]
    done, refused = actions.each(rep, ids, lambda who, one: actions.accept(who, one, NOON))
    assert (done, len(refused)) == (2, 1)
