"""What the pages of leads say and do, without a browser."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone
from tests.node.leads.knowing import DAY, HAND, HOUR, MQL, enter, lead_of, works_at

from assay.node import hours
from assay.node.access.permissions import Role
from assay.node.leads import erasing, queries, stories
from assay.node.leads.models import Absence, Lead, LeadEvent, Note, SavedView, Seat, Suppression, Territory
from assay.node.leads.states import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def lead(arrive, now):
    arrive(enter(at=now - HOUR), now=now)
    return lead_of()


def _says(client, address, status=200):
    answer = client.get(address)
    assert answer.status_code == status
    return answer.content.decode()


def test_the_inbox_shows_who_why_and_by_when(lead, client_of):
    text = _says(client_of(Role.REP), "/leads/?tab=all")
    assert all(words in text for words in ("ann", "trial conversion", "in 3 hours", "nobody has it"))


def test_for_me_holds_what_is_mine_and_what_i_may_take(arrive, now, user_of, client_of):
    rep = user_of(Role.REP)
    Seat.objects.create(queue="growth_desk", user=rep, capacity=1)
    arrive(enter(who="a"), enter(who="b"), enter(MQL, "c"), now=now)
    assert Lead.objects.filter(owner=rep).count() == 1
    Lead.objects.filter(subject_id="b").update(queue="growth_desk")
    found = queries.inbox(rep, queries.filters(rep, {}), now)
    assert {lead.subject_id for lead in found.leads} == {"a", "b"}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"a", "b"}),
        ("&stage=MQL", {"b"}),
        ("&motion=trial_to_paid", {"a"}),
        ("&rule=mql_engaged", {"b"}),
        ("&state=won", set()),
        ("&owner=x&page=-1&order=nonsense", {"a", "b"}),
    ],
)
def test_filters_narrow_and_nonsense_is_not_asked(arrive, now, user_of, query, found):
    from django.http import QueryDict

    arrive(enter(who="a"), enter(MQL, "b"), now=now)
    rep = user_of(Role.REP)
    page = queries.inbox(rep, queries.filters(rep, QueryDict("tab=all" + query).dict()), now)
    assert {lead.subject_id for lead in page.leads} == found


def test_what_is_searched_for_stays_out_of_the_address(arrive, now, client_of):
    stories.plug(describe=works_at("globex"))
    arrive(enter(who="a"), now=now)
    stories.plug(describe=works_at("initech"))
    arrive(enter(who="b"), now=now)
    client = client_of(Role.REP)
    answer = client.post("/leads/search/", {"words": "globe"}, follow=True)
    assert [lead.subject_id for lead in answer.context["page"].leads] == ["a"]
    assert "globe" not in answer.request["QUERY_STRING"]


def test_a_view_is_kept_and_forgotten(client_of):
    client = client_of(Role.REP)
    answer = client.post("/leads/views/", {"name": "Hot", "tab": "all", "stage": "PQL"}, follow=True)
    assert "Hot" in answer.content.decode()
    assert SavedView.objects.get().filters == "?tab=all&stage=PQL"
    client.post("/leads/views/", {"forget": SavedView.objects.get().pk})
    assert not SavedView.objects.exists()


def test_several_leads_are_rejected_at_once_and_what_cannot_be_is_said(arrive, now, client_of):
    arrive(enter(who="a"), enter(who="b"), now=now)
    ids = [lead_of("a").pk, lead_of("b").pk, 10**6]
    sent = {"do": "reject", "reason": "no_budget", "lead": ids}
    text = client_of(Role.REP).post("/leads/bulk/", sent, follow=True).content.decode()
    assert "2 leads rejected." in text
    assert "There is no such lead" in text
    assert Lead.objects.filter(state=State.REJECTED).count() == 2


def test_a_form_leads_back_to_our_own_pages_alone(lead, client_of):
    sent = {"do": f"accept:{lead.pk}", "back": "https://evil.example/"}
    assert client_of(Role.REP).post("/leads/bulk/", sent)["Location"] == "/leads/"


def test_a_lead_is_accepted_with_one_click_and_its_page_says_so(lead, client_of):
    client = client_of(Role.REP)
    text = client.post(f"/leads/{lead.pk}/accept/", follow=True).content.decode()
    assert "It is yours now." in text
    assert "Sales rep has it" in text


def test_what_cannot_be_done_is_said_on_the_page_with_the_mend(lead, client_of):
    answer = client_of(Role.REP).post(f"/leads/{lead.pk}/win/")
    assert answer.status_code == 422
    assert "cannot become “won”" in answer.content.decode()


def test_there_is_no_page_of_a_lead_that_is_not(client_of):
    assert client_of(Role.REP).get("/leads/99/").status_code == 404


def test_an_administrator_sees_leads_and_no_button_to_work_them(lead, client_of):
    text = _says(client_of(Role.ADMIN), f"/leads/{lead.pk}/")
    assert "Accept</button>" not in text
    assert "Note it" not in text


def test_names_and_notes_are_shown_as_text(lead, client_of, user_of):
    Lead.objects.update(name="<script>alert(1)</script>")
    Note.objects.create(lead=lead, text="<b>bold</b>", by=user_of(Role.REP), at=timezone.now())
    text = _says(client_of(Role.REP), f"/leads/{lead.pk}/")
    assert "<script>alert" not in text
    assert "<b>bold" not in text


def test_the_funnel_counts_how_far_leads_got_and_why_not(arrive, now, client_of):
    arrive(*(enter(who=f"p{n}") for n in range(4)), now=now)
    client = client_of(Role.REP)
    for who, verb, sent in [("p0", "accept", {}), ("p1", "reject", {"reason": "no_need"})]:
        client.post(f"/leads/{lead_of(who).pk}/{verb}/", sent)
    found = queries.funnel(now - DAY, now + DAY, "rule")
    assert [step.count for step in found.steps] == [4, 4, 1, 0, 0, 0]
    assert found.rejected == [("No need", 1)]
    assert "No need" in _says(client, "/funnel/?by=owner")


def test_the_board_shows_what_is_late(lead, now, client_of):
    Lead.objects.update(respond_by=now - HOUR)
    assert "1 hour ago" in _says(client_of(Role.REVOPS), "/deadlines/")


def test_the_board_tells_when_deadlines_run(lead, client_of, settings):
    assert "Deadlines run day and night" in _says(client_of(Role.REVOPS), "/deadlines/")
    settings.ASSAY = replace(settings.ASSAY, working_hours=hours.read("Mon-Fri 09:00-17:00 Europe/Berlin", ""))
    assert "in working hours: Mon-Fri 09:00-17:00 Europe/Berlin" in _says(client_of(Role.REVOPS), "/deadlines/")


def test_who_takes_leads_is_set_on_one_page(client_of, user_of):
    client, rep = client_of(Role.REVOPS), user_of(Role.REP)
    today = timezone.now().date()
    for sent in (
        {"do": "seat", "queue": "growth_desk", "user": rep.pk, "capacity": 5},
        {"do": "territory", "attribute": "country", "values": "DE", "user": rep.pk},
        {"do": "owner", "account_id": "globex", "user": rep.pk},
        {"do": "away", "user": rep.pk, "first": today, "last": today, "stand_in": user_of(Role.CSM).pk},
        {"do": "list", "kind": "customer", "subject_type": "account", "subject_id": "initech"},
    ):
        assert client.post("/taking/", sent).status_code == 302, sent
    text = _says(client, "/taking/")
    assert all(words in text for words in ("up to 5 open leads", "country DE", "globex", "stands in", "initech"))
    client.post("/taking/", {"do": "remove", "what": f"territory:{Territory.objects.get().pk}"})
    assert not Territory.objects.exists()


def test_a_rep_says_of_themselves_alone_that_they_are_away(client_of, user_of):
    client, today = client_of(Role.REP), timezone.now().date()
    sent = {"do": "away", "first": today, "last": today}
    assert client.post("/taking/", sent | {"user": user_of(Role.REP).pk}).status_code == 302
    assert client.post("/taking/", sent | {"user": user_of(Role.CSM).pk}).status_code == 422
    assert client.post("/taking/", {"do": "seat", "queue": "x", "user": 1, "capacity": 1}).status_code in {403, 422}
    assert Absence.objects.count() == 1
    assert f"{today:%-d %b %Y} to {today:%-d %b %Y}; nobody stands in" in _says(client, "/taking/")


def test_who_is_put_on_the_list_loses_what_nobody_answered(lead, client_of):
    sent = {"do": "list", "kind": "asked", "subject_type": "person", "subject_id": "ann"}
    client_of(Role.REVOPS).post("/taking/", sent)
    assert (lead_of().state, lead_of().reason) == (State.CLOSED, "suppressed")
    assert Suppression.objects.get().kind == "asked"


def test_a_person_is_forgotten_and_counts_stay(arrive, now, user_of):
    arrive(enter(HAND), enter(who="bob"), now=now)
    lead = lead_of(motion="new_business")
    Note.objects.create(lead=lead, text="Ann likes tea", by=user_of(Role.REP), at=now)
    assert erasing.erase(["ann"]) == 1
    assert Lead.objects.count() == 2
    assert not Note.objects.exists()
    assert not Lead.objects.filter(subject_id="ann").exists()
    kept = " ".join(str(row) for model in (Lead, LeadEvent) for row in model.objects.values_list())
    assert "ann" not in kept.lower().replace("channel", "")


def test_pages_stay_few_in_statements_however_many_leads(arrive, now, client_of, django_assert_max_num_queries):
    arrive(*(enter(who=f"p{n}") for n in range(120)), now=now - timedelta(minutes=1))
    client = client_of(Role.REVOPS)
    with django_assert_max_num_queries(16):
        text = _says(client, "/leads/?tab=all&page=2")
    assert "page 2 of 3" in text
