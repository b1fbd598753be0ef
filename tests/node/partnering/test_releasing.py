"""Under an alarm about a partner's list nobody lets go alone what they themselves asked to be granted."""

from __future__ import annotations

import html
from dataclasses import replace

import pytest
from django.conf import settings
from tests.node.partnering.knowing import NOW, partner, population

from assay.core.errors import BadRequest
from assay.node.access.permissions import Role
from assay.node.partnering import grants, pairing, releasing
from assay.node.partnering.models import Disclosed, Standing
from assay.partners.probing import RATE

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann(user_of):
    return user_of(Role.PARTNER_MANAGER)


@pytest.fixture
def bob(user_of):
    return user_of(Role.REVOPS)


@pytest.fixture
def probing(ann, bob):
    """A partner whose list overlaps ours so much that it may be guessing; ann asked for what it may learn."""
    who = partner("verdantine")
    Standing.objects.create(partnership=who, our_records=90, their_records=100, shared_records=80)
    grants.agree(bob, grants.ask(ann, who, population("targets", "a1"), level="overlaps").pk)
    return who


@pytest.fixture
def waiting(probing):
    return Disclosed.objects.create(
        partnership=probing, account_id="a1", population=population("targets"), grant=1, state="held", why=RATE, at=NOW
    )


def test_under_an_alarm_who_asked_for_the_grant_does_not_let_go_alone(ann, bob, probing, waiting):
    with pytest.raises(BadRequest, match=r"somebody else decides\. Ask Revenue operations"):
        releasing.let_go(ann, waiting.pk)
    assert releasing.refuse(ann, waiting.pk).state == "refused", "to let less be told needs nobody else"
    assert releasing.let_go(bob, waiting.pk).let_go_by == bob


def test_without_an_alarm_one_person_lets_go(ann, probing, waiting):
    Standing.objects.update(shared_records=10)
    assert releasing.let_go(ann, waiting.pk).let_go_by == ann


def test_under_an_alarm_limits_are_raised_by_somebody_else_and_lowered_by_anybody(ann, bob, probing):
    with pytest.raises(BadRequest, match="somebody else decides"):
        pairing.limit(ann, probing.pk, alarm_above=95)
    pairing.limit(ann, probing.pk, matches_a_week=10)
    pairing.limit(bob, probing.pk, alarm_above=95)
    probing.refresh_from_db()
    assert (probing.alarm_above, probing.matches_a_week) == (95, 10)
    pairing.limit(ann, probing.pk, matches_a_week=20)


def test_where_both_asked_for_something_who_asked_last_is_refused_and_the_other_decides(ann, bob, probing, waiting):
    grants.agree(ann, grants.ask(bob, probing, population("others"), level="overlaps").pk)
    with pytest.raises(BadRequest, match="somebody else decides"):
        pairing.limit(bob, probing.pk, alarm_above=95)
    with pytest.raises(BadRequest, match="somebody else decides"):
        releasing.let_go(ann, waiting.pk)
    pairing.limit(ann, probing.pk, alarm_above=95)


def test_who_is_alone_and_may_agree_alone_lets_go_alone(ann, bob, probing, waiting, monkeypatch):
    bob.is_active = False
    bob.save()
    with pytest.raises(BadRequest, match="ASSAY_SELF_APPROVAL=1"):
        releasing.let_go(ann, waiting.pk)
    monkeypatch.setattr(settings, "ASSAY", replace(settings.ASSAY, allows_self_approval=True))
    assert releasing.let_go(ann, waiting.pk).let_go_by == ann


def test_the_pages_say_once_who_is_to_decide(probing, waiting, client_of):
    client = client_of(Role.PARTNER_MANAGER)
    more = Disclosed.objects.create(
        partnership=probing, account_id="a2", population=population("targets"), grant=1, state="held", at=NOW
    )
    typed = {"do": "let_go", "one": [str(waiting.pk), str(more.pk)]}
    page = html.unescape(client.post("/partners/verdantine/held/", typed, follow=True).content.decode())
    assert page.count("and you asked for what it may learn: somebody else decides") == 1
    assert "somebody else does" in page
    typed = {"do": "limits", "matches_a_week": 500, "longest_list": 1_000_000, "growth_a_week": 20, "alarm_above": 99}
    answer = client.post("/partners/verdantine/do/", typed)
    assert answer.status_code == 422
    assert "somebody else decides" in answer.content.decode()
