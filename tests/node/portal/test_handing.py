"""A lead is handed to a partner, who answers; both sides see what became of it."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db.models import F
from django.utils import timezone
from tests.node.leads.knowing import NOON

from assay.core.errors import BadRequest
from assay.node.access.actions import NotAllowed
from assay.node.access.models import AuditRow
from assay.node.access.permissions import Role
from assay.node.leads import taking
from assay.node.leads.models import Lead
from assay.node.portal import answering, erasing, handing, timers
from assay.node.portal.models import Handoff
from assay.node.telling.models import Message

pytestmark = pytest.mark.django_db

CONTACT = "Ann Example, ann@globex.example"


def _text(client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def _told(**of) -> list[str]:
    return [message.content["line"] for message in Message.objects.filter(**of).order_by("id")]


def test_a_partner_sees_what_was_handed_over_and_nothing_else_of_the_lead(north, lead, hand):
    Lead.objects.filter(pk=lead.pk).update(score=87.5, lean="planted lean", name="Planted Name")
    lead.notes.create(text="planted note", by=lead.owner, at=NOON)
    handoff = hand(lead, north)
    shown = _text(north.client, f"/portal/leads/{handoff.pk}/")
    assert all(word in shown for word in ("Globex", "globex.example", "They built five projects", "not shared"))
    assert not [word for word in ("planted", "Planted", "87.5", "Made 5 projects", "ann", lead.rule) if word in shown]


def test_the_contact_is_shown_once_the_partner_accepts(north, lead, hand):
    handoff = hand(lead, north, contact=CONTACT)
    path = f"/portal/leads/{handoff.pk}/"
    assert CONTACT not in _text(north.client, path)
    north.client.post(f"{path}accept/")
    assert CONTACT in _text(north.client, path)


def test_a_contact_that_was_not_ticked_stays_here(client_of, lead, north):
    typed = {"partner": north.slug, "company": "Globex", "why": "now", "contact": CONTACT}
    answer = client_of(Role.PARTNER_MANAGER).post(f"/handoffs/lead/{lead.pk}/", typed)
    assert answer.status_code == 302
    assert Handoff.objects.get().contact == ""


def test_the_form_proposes_what_is_known_of_the_account(client_of, lead, north):
    shown = _text(client_of(Role.PARTNER_MANAGER), f"/handoffs/lead/{lead.pk}/")
    assert 'value="Globex"' in shown
    assert 'value="globex.example"' in shown
    assert "Made 5 projects within 7 days" in shown


def test_the_partner_is_told_and_the_way_leads_to_its_portal(north, lead, hand):
    handoff = hand(lead, north)
    message = Message.objects.get(user=north.user)
    assert message.content["line"] == "Acme hands you a lead: Globex"
    assert message.content["path"] == f"/portal/leads/{handoff.pk}/"


def test_the_owner_and_the_partner_manager_are_told_what_the_partner_answers(north, lead, hand, manager):
    handoff = hand(lead, north)
    answering.answer(north.user, handoff.pk, "accept", timezone.now())
    answering.report(north.user, handoff.pk, "met", timezone.now(), words="a good talk")
    answering.answer(north.user, handoff.pk, "win", timezone.now(), amount=Decimal("1200.50"))
    said = ["Northwind: Globex, accepted", "Northwind: Globex, met them", "Northwind: Globex, won"]
    assert _told(user=lead.owner) == said
    assert _told(user=manager) == said
    handoff.refresh_from_db()
    assert (handoff.state, handoff.amount) == ("won", Decimal("1200.50"))


def test_the_lead_page_shows_what_became_of_it(client_of, north, lead, hand):
    handoff = hand(lead, north)
    north.client.post(f"/portal/leads/{handoff.pk}/decline/", {"words": "too small for us", "sure": "1"})
    shown = _text(client_of(Role.REP), f"/leads/{lead.pk}/")
    assert "too small for us" in shown
    assert "declined by a partner" in shown
    assert "Globex" in _text(client_of(Role.REP), "/handoffs/")


def test_a_lead_is_with_one_partner_at_a_time(north, south, lead, hand):
    handoff = hand(lead, north)
    with pytest.raises(BadRequest, match="A partner has this lead already"):
        hand(lead, south)
    answering.answer(north.user, handoff.pk, "decline", timezone.now())
    assert hand(lead, south).is_offered


def test_what_was_taken_back_is_seen_no_more(north, lead, hand, client_of):
    handoff = hand(lead, north, contact=CONTACT)
    north.client.post(f"/portal/leads/{handoff.pk}/accept/")
    client_of(Role.REVOPS).post(f"/handoffs/{handoff.pk}/back/")
    assert north.client.get(f"/portal/leads/{handoff.pk}/").status_code == 404
    assert "Globex" not in _text(north.client, "/portal/leads/")
    assert _told(user=north.user)[-1] == "Acme takes a lead back: Globex"


@pytest.mark.parametrize("kind", ["asked", "competitor", "customer"])
def test_whoever_is_left_alone_is_handed_to_nobody(kind, north, lead, hand, user_of):
    taking.suppress(user_of(Role.REVOPS), kind, "account", "globex", now=NOON)
    Lead.objects.filter(pk=lead.pk).update(state="accepted")  # whatever was open was closed by it
    with pytest.raises(BadRequest, match="goes to nobody"):
        hand(lead, north)


def test_who_asks_to_be_left_alone_later_is_shown_to_the_partner_no_more(north, lead, hand, user_of):
    handoff = hand(lead, north, contact=CONTACT)
    north.client.post(f"/portal/leads/{handoff.pk}/accept/")
    taking.suppress(user_of(Role.REVOPS), "asked", "person", "ann", now=NOON)
    shown = _text(north.client, f"/portal/leads/{handoff.pk}/")
    assert CONTACT not in shown
    assert "please contact nobody there" in shown


@pytest.mark.parametrize("role", [Role.REP, Role.CSM, Role.MARKETER, Role.PARTNER])
def test_nobody_hands_leads_over_without_the_permission(role, user_of, north, lead):
    with pytest.raises(NotAllowed):
        handing.hand(user_of(role), lead.pk, north.slug, handing.Shown(company="Globex"), now=NOON)


def test_a_lead_that_is_over_is_not_handed_over(north, lead, hand):
    Lead.objects.filter(pk=lead.pk).update(state="rejected")
    with pytest.raises(BadRequest, match="only an open one"):
        hand(lead, north)


def test_an_answer_that_comes_second_is_refused_and_changes_nothing(north, lead, hand):
    handoff = hand(lead, north)
    north.client.post(f"/portal/leads/{handoff.pk}/decline/", {"sure": "1"})
    answer = north.client.post(f"/portal/leads/{handoff.pk}/accept/")
    assert answer.status_code == 422
    assert "somebody was quicker" in answer.content.decode()
    assert Handoff.objects.get().state == "declined"


def test_an_amount_that_is_no_number_is_refused(north, lead, hand):
    handoff = hand(lead, north)
    north.client.post(f"/portal/leads/{handoff.pk}/accept/")
    answer = north.client.post(f"/portal/leads/{handoff.pk}/win/", {"amount": "a lot", "words": "at last", "sure": "1"})
    assert answer.status_code == 422
    assert 'value="at last"' in answer.content.decode(), "what was typed is not typed again"
    assert Handoff.objects.get().state == "accepted"


@pytest.mark.parametrize(("verb", "state"), [("decline", "declined"), ("win", "won"), ("lose", "lost")])
def test_what_is_final_is_asked_once_more_and_says_so(verb, state, north, lead, hand):
    handoff = hand(lead, north)
    path = f"/portal/leads/{handoff.pk}/"
    if verb != "decline":
        north.client.post(f"{path}accept/")
    before = Handoff.objects.get().state
    assert f'href="{path}{verb}/"' in _text(north.client, path), "one click leads to the question"
    for answer in (north.client.get(f"{path}{verb}/"), north.client.post(f"{path}{verb}/", {"words": "x"})):
        shown = answer.content.decode()
        assert "This is final" in shown
        assert ("Amount" in shown) == (verb == "win")
    assert Handoff.objects.get().state == before
    north.client.post(f"{path}{verb}/", {"sure": "1", "amount": "1200.50" if verb == "win" else ""})
    handoff.refresh_from_db()
    assert (handoff.state, handoff.amount) == (state, Decimal("1200.50") if verb == "win" else None)
    assert "somebody was quicker" in north.client.get(f"{path}{verb}/").content.decode()


def test_many_leads_come_page_by_page_those_that_wait_first(north, lead, hand):
    first = hand(lead, north)
    given = {"partner": north.partner, "lead": lead, "at": NOON, "changed_at": NOON}
    Handoff.objects.bulk_create(Handoff(company=f"Over {n}", state="declined", **given) for n in range(119))
    pages = [_text(north.client, f"/portal/leads/?page={n}") for n in (1, 2, 3)]
    assert [f"/portal/leads/{first.pk}/accept/" in page for page in pages] == [True, False, False]
    seen = [name for page in pages for name in re.findall(r">(Over \d+)</a>", page)]
    assert sorted(seen) == sorted(f"Over {n}" for n in range(119))
    assert "1 of 3" in pages[0]


def test_a_day_to_answer_by_lies_ahead(north, lead, hand):
    with pytest.raises(BadRequest, match="over"):
        hand(lead, north, respond_by=timezone.now() - timedelta(days=1))


def test_the_audit_of_a_handoff_holds_no_names(north, lead, hand):
    handoff = hand(lead, north, contact=CONTACT)
    answering.answer(north.user, handoff.pk, "accept", timezone.now(), words="planted words")
    rows = "".join(f"{row.before}{row.after}" for row in AuditRow.objects.all())
    assert not [word for word in ("Globex", "Ann", "planted", "@") if word in rows]
    assert AuditRow.objects.filter(subject="handoff", after__contact=True).exists()


def test_what_became_of_a_lead_with_us_is_shown_where_we_let_it_be_seen(north, lead, hand, client_of):
    hand(lead, north)
    Lead.objects.filter(pk=lead.pk).update(state="won")
    assert "is not shared with you" in _text(north.client, "/portal/leads/")
    client_of(Role.PARTNER_MANAGER).post(f"/partners/{north.slug}/portal/outcomes/", {"shown": "1"})
    assert "With Acme: won" in _text(north.client, "/portal/leads/")


def test_a_merged_lead_keeps_its_partner_in_sight(client_of, north, lead, hand):
    hand(lead, north)
    other = Lead.objects.get(pk=lead.pk)
    other.pk, other.subject_id = None, "bob"
    other.save()
    Lead.objects.filter(pk=lead.pk).update(state="closed", merged_into=other)
    assert "Northwind" in _text(client_of(Role.REP), f"/leads/{other.pk}/")
    assert Lead.objects.filter(pk=lead.pk, merged_into=F("merged_into")).exists()


def test_we_are_told_once_that_a_partner_did_not_answer_in_time(north, lead, hand):
    handoff = hand(lead, north, respond_by=timezone.now() + timedelta(days=1))
    later = timezone.now() + timedelta(days=2)
    assert timers.due(timezone.now()) == 0
    assert [timers.due(later), timers.due(later)] == [1, 0]
    assert _told(user=lead.owner) == ["Northwind: Globex, no answer in time"]
    assert answering.answer(north.user, handoff.pk, "accept", later).is_accepted


def test_a_partner_that_answered_in_time_is_not_told_of(north, lead, hand):
    handoff = hand(lead, north, respond_by=timezone.now() + timedelta(days=1))
    answering.answer(north.user, handoff.pk, "decline", timezone.now())
    assert timers.due(timezone.now() + timedelta(days=2)) == 0


def test_a_person_who_is_forgotten_is_forgotten_in_handoffs_too(north, lead, hand):
    handoff = hand(lead, north, contact=CONTACT)
    answering.answer(north.user, handoff.pk, "accept", timezone.now(), words="Ann is nice")
    erasing.erase([lead.pk], timezone.now())
    handoff.refresh_from_db()
    assert (handoff.contact, handoff.why, handoff.domain, handoff.state) == ("", "", "", "closed")
    assert not any(step.words for step in handoff.steps.all())
    assert not Message.objects.filter(content__handoff=handoff.pk).exists()


def test_a_contact_of_a_company_that_became_a_customer_stays_with_the_partner_that_won_it(north, lead, hand, user_of):
    handoff = hand(lead, north, contact=CONTACT)
    answering.answer(north.user, handoff.pk, "accept", timezone.now())
    taking.suppress(user_of(Role.REVOPS), "customer", "account", "globex", now=NOON)
    assert CONTACT in _text(north.client, f"/portal/leads/{handoff.pk}/")


def test_a_lead_whose_company_was_put_on_a_list_meanwhile_is_not_accepted(north, lead, hand, user_of):
    handoff = hand(lead, north)
    taking.suppress(user_of(Role.REVOPS), "competitor", "account", "globex", now=NOON)
    answer = north.client.post(f"/portal/leads/{handoff.pk}/accept/")
    assert answer.status_code == 422
    assert Handoff.objects.get().is_offered
