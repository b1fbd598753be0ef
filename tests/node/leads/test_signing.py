"""Who has to sign a lead finds it in their inbox, and nobody else does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from tests.node.leads.knowing import HOUR, enter

from assay.core.errors import BadRequest
from assay.node.access.actions import NotAllowed
from assay.node.access.permissions import Role
from assay.node.leads import actions, queries
from assay.node.leads.models import Lead, Letter

pytestmark = pytest.mark.django_db


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def lead(arrive, now, user_of):
    """A lead that the rep accepted."""
    arrive(enter(at=now - HOUR), now=now)
    found = Lead.objects.get()
    actions.accept(user_of(Role.REP), found.pk, now)
    return found


def known(lead, user, now) -> None:
    for letter in Letter:
        actions.write_evidence(user, lead.pk, letter, "They said so.", now)


def waits_for(user, now) -> int:
    return queries.inbox(user, queries.filters(user, {"tab": "to_sign"}), now).count


def may_sign(user, lead, side, now) -> bool:
    """Tell whether the action itself lets somebody sign."""
    from django.db import transaction

    try:
        with transaction.atomic():
            actions.sign(user, lead.pk, side, now)
            raise transaction.TransactionManagementError  # undone
    except transaction.TransactionManagementError:
        return True
    except (BadRequest, NotAllowed):
        return False


def test_a_lead_waits_for_a_signature_once_all_four_letters_have_evidence(lead, now, user_of):
    rep, marketer = user_of(Role.REP), user_of(Role.MARKETER)
    for letter in Letter:
        assert waits_for(rep, now) == waits_for(marketer, now) == 0
        actions.write_evidence(rep, lead.pk, letter, "They said so.", now)
    assert waits_for(rep, now) == waits_for(marketer, now) == 1
    actions.sign(rep, lead.pk, "sales", now)
    assert (waits_for(rep, now), waits_for(marketer, now)) == (0, 1)
    actions.sign(marketer, lead.pk, "marketing", now)
    assert waits_for(rep, now) == waits_for(marketer, now) == 0


def test_a_lead_waits_for_nobody_whom_the_action_would_turn_away(lead, now, user_of):
    known(lead, user_of(Role.REP), now)
    sides, wrong = ("sales", "marketing"), []
    for signed in (None, (Role.REP, "sales"), (Role.MARKETER, "marketing"), (Role.REVOPS, "sales")):
        Lead.objects.filter(pk=lead.pk).update(signed_by_sales=None, signed_by_marketing=None)
        if signed is not None:
            actions.sign(user_of(signed[0]), lead.pk, signed[1], now)
        for role in (Role.REP, Role.CSM, Role.MARKETER, Role.REVOPS, Role.ADMIN):
            user = user_of(role)
            lead.refresh_from_db()
            lacking = [side for side in sides if getattr(lead, f"signed_by_{side}") is None]
            may = any(may_sign(user, lead, side, now) for side in lacking)
            is_owner = role != Role.CSM  # it is the rep's: a colleague is not asked, though they may
            if (waits_for(user, now) == 1) != (may and is_owner):
                wrong.append((signed, role))
    assert wrong == []


def test_the_page_of_a_lead_says_what_comes_next(lead, now, user_of, client_of):
    def says(role: Role) -> str:
        return client_of(role).get(f"/leads/{lead.pk}/").content.decode()

    rep, marketer = user_of(Role.REP), user_of(Role.MARKETER)
    actions.write_evidence(rep, lead.pk, Letter.NEED, "They said so.", now)
    assert "write down what you find out</a> about budget, authority and timing." in says(Role.REP)
    known(lead, rep, now)
    assert "sales and marketing sign" in says(Role.REP)
    actions.sign(rep, lead.pk, "sales", now)
    assert "the signature for marketing" in says(Role.MARKETER)
    actions.sign(marketer, lead.pk, "marketing", now)
    assert "Open an opportunity" in says(Role.REP)


@pytest.mark.parametrize("tab", ["all", "unanswered"])
def test_nobody_is_shown_a_button_that_would_turn_them_away(lead, now, user_of, client_of, tab):
    Lead.objects.filter(pk=lead.pk).update(state="offered")
    for role, may in ((Role.REP, True), (Role.CSM, False), (Role.REVOPS, True), (Role.ADMIN, False)):
        inbox = client_of(role).get(f"/leads/?tab={tab}").content.decode()
        page = client_of(role).get(f"/leads/{lead.pk}/").content.decode()
        assert (f'value="accept:{lead.pk}"' in inbox, f"/leads/{lead.pk}/accept/" in page) == (may, may), role
    assert "Sales rep answers it" in client_of(Role.CSM).get(f"/leads/{lead.pk}/").content.decode()
    Lead.objects.filter(pk=lead.pk).update(owner=None)
    assert f"/leads/{lead.pk}/accept/" in client_of(Role.CSM).get(f"/leads/{lead.pk}/").content.decode()


@pytest.mark.parametrize(
    ("typed", "kept"), [("12,500", "12500.00"), ("1,234,567.5", "1234567.50"), ("1200.50", "1200.50"), ("", None)]
)
def test_an_amount_is_read_as_pages_write_it(lead, now, user_of, client_of, typed, kept):
    Lead.objects.filter(pk=lead.pk).update(state="opportunity")
    client_of(Role.REP).post(f"/leads/{lead.pk}/win/", {"amount": typed})
    lead.refresh_from_db()
    assert (lead.state, None if lead.amount is None else str(lead.amount)) == ("won", kept)


@pytest.mark.parametrize("typed", ["12,5", "1,23,456", "1.200,50", "many", "-1", "12,500,"])
def test_an_amount_that_could_mean_two_things_is_asked_for_again(lead, now, client_of, typed):
    Lead.objects.filter(pk=lead.pk).update(state="opportunity")
    answer = client_of(Role.REP).post(f"/leads/{lead.pk}/win/", {"amount": typed})
    assert answer.status_code == 422
    assert "12,000.50" in answer.content.decode()
    assert typed in answer.content.decode()


def test_home_shows_what_waits_and_what_one_planned(arrive, lead, now, user_of, client_of):
    rep = user_of(Role.REP)
    assert "Nothing waits for you" in client_of(Role.MARKETER).get("/").content.decode()
    known(lead, rep, now)
    for days, text in ((2, "send the offer"), (1, "call them")):
        actions.plan_task(rep, lead.pk, text, now + timedelta(days=days), now)
    done = actions.plan_task(rep, lead.pk, "write to them", now + timedelta(days=1), now)
    actions.finish_task(rep, done.pk, now)
    page = client_of(Role.REP).get("/").content.decode()
    assert "<strong>1</strong> lead to sign" in page
    assert "<strong>1</strong> lead for you" in page
    assert page.index("call them") < page.index("send the offer")
    assert "write to them" not in page
    assert "call them" not in client_of(Role.MARKETER).get("/").content.decode()


@pytest.mark.parametrize("by", ["rule", "motion", "stage", "owner"])
def test_the_funnel_leads_to_the_leads_that_it_counts(lead, client_of, by):
    lead.refresh_from_db()
    address = f"/leads/?tab=all&amp;{by}={lead.owner_id if by == 'owner' else getattr(lead, by)}"
    assert f'href="{address}"' in client_of(Role.REVOPS).get(f"/funnel/?by={by}").content.decode()
    there = client_of(Role.REVOPS).get(address.replace("&amp;", "&")).content.decode()
    assert f"/leads/{lead.pk}/" in there


def test_time_to_accept_is_told_as_people_say_it(lead, client_of):
    Lead.objects.update(created_at=timezone.now() - timedelta(minutes=20), accepted_at=timezone.now())
    assert "accepted 20 minutes after it arrived" in client_of(Role.REVOPS).get("/funnel/").content.decode()
