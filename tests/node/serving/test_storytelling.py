"""A story is told once and kept: a page comes at once, says as of when it is, and is told anew where more happened."""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from tests.node.browsing import is_too_wide
from tests.node.serving.told import built

from assay.node.access.actions import Machine
from assay.node.access.permissions import Role
from assay.node.leads import foretelling
from assay.node.leads.models import Lead
from assay.node.live import asking, kept
from assay.node.live.models import KeptStory
from assay.node.live.stories import micros
from assay.node.rulebook import current, history
from assay.node.serving import storytelling
from assay.node.serving.erasing import forget_person
from assay.node.serving.storytelling import Teller

pytestmark = pytest.mark.django_db(transaction=True)


def lived_on(living):
    while living.step():
        pass


@pytest.fixture
def ann(life, send):
    """Ann, of the company f1, is a lead."""
    living, clock = life
    send(
        *(built(i, i, context={"groupId": "f1"}) for i in (1, 2)),
        built(6, 3, type="identify", traits={"company": "f1"}),
        built(7, 3, type="group", groupId="f1", traits={"tier": "gold"}),
    )
    lived_on(living)
    return living, clock, Lead.objects.get()


def told_ahead(clock) -> None:
    teller = Teller(clock)
    while teller.step():
        pass


def found(kind, one, clock):
    number, definitions = current.edition_and_definitions()
    return kept.find(number, definitions, kind, one, clock())


def test_the_stories_of_an_open_lead_and_its_account_are_told_ahead_as_they_would_be_told_now(ann):
    _, clock, _ = ann
    told_ahead(clock)
    for subject in (("person", "ann"), ("account", "f1")):
        it = found(*subject, clock)
        assert it.is_current
        told = asking.stories(current.definitions(), [subject], micros(clock()))[subject]
        assert it.story == replace(told, definitions=current.definitions())
    assert KeptStory.objects.count() == 2
    assert foretelling.next_to_tell(current.edition(), clock(), 10) == []


def test_what_is_decided_since_makes_a_story_outdated_and_looking_at_it_has_it_told_anew(ann, send, client_of):
    living, clock, lead = ann
    told_ahead(clock)
    send(built(3, 0, context={"groupId": "f1"}))
    lived_on(living)
    assert not found("person", "ann", clock).is_current
    assert not found("account", "f1", clock).is_current
    page = client_of(Role.REP).get(f"/leads/{lead.pk}/").content.decode()
    assert "built twice" in page
    assert "look again" in page
    assert kept.wanted(10) == [("person", "ann")]
    told_ahead(clock)
    assert kept.wanted(10) == []
    assert found("person", "ann", clock).is_current
    page = client_of(Role.REP).get(f"/leads/{lead.pk}/").content.decode()
    assert "built three times" in page or "built 3 times" in page
    assert "look again" not in page
    # Nobody looks at the account, of which was told just now: it waits.
    assert not found("account", "f1", clock).is_current


def test_a_subject_of_whom_much_is_heard_is_told_of_anew_once_in_a_while(ann, send):
    living, clock, _ = ann
    told_ahead(clock)
    send(built(3, 0, context={"groupId": "f1"}))
    lived_on(living)
    number = current.edition()
    assert foretelling.next_to_tell(number, clock(), 10) == []
    KeptStory.objects.update(begun_at=F("begun_at") - foretelling.PAUSE - timedelta(minutes=1))
    assert foretelling.next_to_tell(number, clock(), 10) == [("person", "ann"), ("account", "f1")]


def test_who_tells_what_nobody_waits_for_yet_rests_in_between(ann, monkeypatch):
    _, clock, _ = ann
    monkeypatch.setattr(storytelling, "_AT_ONCE", 1)
    teller = Teller(clock)
    counts = []
    for later in (0, 0, 60, 0):
        clock.now += timedelta(seconds=later)
        teller.step()
        counts.append(KeptStory.objects.count())
    assert counts == [1, 1, 2, 2]
    # Somebody looks: that is told without rest.
    kept.want("person", "ann", clock())
    assert teller.step()
    assert kept.wanted(10) == []


def test_time_alone_makes_a_story_outdated(ann):
    _, clock, _ = ann
    told_ahead(clock)
    clock.now += timedelta(days=4)  # what was built no longer counts
    assert not found("person", "ann", clock).is_current


def test_a_page_whose_story_is_not_told_yet_comes_with_what_the_lead_says_and_the_story_follows(ann, client_of):
    _, clock, lead = ann
    client = client_of(Role.REP)
    page = client.get(f"/leads/{lead.pk}/").content.decode()
    assert lead.summary in page
    assert f'<noscript><meta http-equiv="refresh" content="0; url=/leads/{lead.pk}/?now=1"></noscript>' in page
    assert f'hx-get="/leads/{lead.pk}/?now=1"' in page
    assert not KeptStory.objects.exists()
    page = client.get(f"/leads/{lead.pk}/?now=1").content.decode()
    assert "Evidence on a time line" in page
    assert found("person", "ann", clock).is_current
    assert "Evidence on a time line" in client.get(f"/leads/{lead.pk}/").content.decode()


@pytest.mark.parametrize("without_scripts", [False, True])
def test_what_is_not_told_yet_follows_by_itself_in_a_browser_with_scripts_and_without(ann, visitor, without_scripts):
    _, clock, lead = ann
    page = visitor(Role.REP, without_scripts=without_scripts)
    page.goto(f"/leads/{lead.pk}/")
    page.get_by_text("Evidence on a time line").wait_for(timeout=60_000)
    assert found("person", "ann", clock).is_current
    page.goto("/accounts/f1/")
    page.get_by_text("1 of 1 people qualify").wait_for(timeout=60_000)
    page = visitor(Role.REP, without_scripts=without_scripts, phone=True, dark=True)
    page.goto(f"/leads/{lead.pk}/")
    assert page.get_by_text("As of").is_visible()
    assert not is_too_wide(page)


def test_a_page_that_shows_an_older_story_brings_the_newer_one_once_it_is_told(ann, send, visitor):
    living, clock, lead = ann
    told_ahead(clock)
    send(built(3, 0, context={"groupId": "f1"}))
    lived_on(living)
    page = visitor(Role.REP)
    page.goto(f"/leads/{lead.pk}/")
    assert page.get_by_text("More may have happened since").is_visible()
    told_ahead(clock)
    page.get_by_text("More may have happened since").wait_for(state="detached", timeout=60_000)


def test_an_account_without_leads_is_shown_if_rows_name_it_and_not_found_otherwise(ann, client_of):
    client = client_of(Role.REP)
    Lead.objects.all().delete()
    assert "The evidence is being put together" in client.get("/accounts/f1/").content.decode()
    assert client.get("/accounts/f1/?now=1").status_code == 200
    assert client.get("/accounts/nobody/").status_code == 404


def test_a_story_of_another_edition_of_the_rules_is_not_shown_and_is_told_anew(ann):
    _, clock, _ = ann
    told_ahead(clock)
    number, definitions = current.edition_and_definitions()
    assert kept.find(number + 1, definitions, "person", "ann", clock()) is None
    assert foretelling.next_to_tell(number + 1, clock(), 10) == [("person", "ann"), ("account", "f1")]


def test_what_happens_while_a_story_is_told_leaves_it_outdated(ann, send):
    living, clock, _ = ann
    number, definitions = current.edition_and_definitions()
    subject = ("person", "ann")
    told_ahead(clock)
    with kept.telling() as begun_at:
        told = asking.stories(definitions, [subject], micros(clock()))
        happened = threading.Thread(target=lambda: _happens(living, send))
        happened.start()
        happened.join()
        kept.keep(number, [subject], told, micros(clock()), begun_at)
    assert not found(*subject, clock).is_current


def _happens(living, send):
    send(built(3, 0))
    lived_on(living)
    connection.close()


def test_whoever_is_erased_is_in_no_story_and_nothing_is_kept_meanwhile(ann, send, client_of):
    living, clock, _ = ann
    send(*(built(i, i, userId="bob", context={"groupId": "f1"}) for i in (4, 5)))
    lived_on(living)
    told_ahead(clock)
    assert any(
        "ann" in text for text in KeptStory.objects.filter(subject_type="account").values_list("told", flat=True)
    )
    forget_person(Machine("tests"), "ann", as_of=micros(clock()))
    assert not KeptStory.objects.filter(told__contains="ann").exists()
    assert not KeptStory.objects.filter(subject_id="ann").exists()
    assert KeptStory.objects.filter(subject_id="bob").exists()
    with kept.nobody_tells():
        outcome = []
        teller = threading.Thread(target=lambda: outcome.append(_told_meanwhile()))
        teller.start()
        teller.join()
    assert outcome == [None]


def _told_meanwhile():
    try:
        with kept.telling() as begun_at:
            return begun_at
    finally:
        connection.close()


def test_stories_do_not_grow_without_bound(ann, monkeypatch):
    _, clock, _ = ann
    told_ahead(clock)
    assert kept.sweep(clock()) == 0
    monkeypatch.setattr(kept, "MOST", 1)
    KeptStory.objects.filter(subject_type="account").update(as_of=clock() - timedelta(days=1))
    assert kept.sweep(clock()) == 1
    assert kept.sweep(clock() + kept.KEPT_FOR + timedelta(days=1)) == 1
    assert not KeptStory.objects.exists()


def test_the_process_that_tells_stories_lets_all_others_first():
    told = "import os; from pathlib import Path; from assay.node.serving import storytelling as it; "
    told += "it._let_others_first(); print(os.getpriority(os.PRIO_PROCESS, 0)); "
    told += "group = Path('/proc/self/autogroup'); print(group.read_text() if group.exists() else 'nice 19')"
    done = subprocess.run(
        [sys.executable, "-c", told], start_new_session=True, capture_output=True, text=True, check=True
    )
    nice, group = done.stdout.splitlines()[:2]
    assert nice == "19"
    assert group.endswith("nice 19")


def test_a_story_that_another_version_of_assay_kept_is_told_anew(ann, client_of):
    _, clock, lead = ann
    told_ahead(clock)
    KeptStory.objects.update(told='{"form":0,"subject_type":"person"}')
    assert found("person", "ann", clock) is None
    assert "Evidence on a time line" in client_of(Role.REP).get(f"/leads/{lead.pk}/?now=1").content.decode()
    assert found("person", "ann", clock).is_current


def test_a_story_that_cannot_be_told_holds_up_no_other(ann, monkeypatch, caplog):
    _, clock, _ = ann
    tell = asking.stories

    def fails(definitions, subjects, as_of):
        if ("person", "ann") in subjects:
            raise ValueError("ann")
        return tell(definitions, subjects, as_of)

    monkeypatch.setattr(asking, "stories", fails)
    told_ahead(clock)
    assert list(KeptStory.objects.values_list("subject_id", flat=True)) == ["f1"]
    assert "a story could not be told: ValueError" in caplog.text
    assert "ann" not in caplog.text


def test_what_rules_hold_of_is_counted_beside_pages(ann, send):
    living, clock, _ = ann
    assert history.counts()["busy"] == (1, 1)
    told_ahead(clock)
    send(*(built(i, i, userId="bob") for i in (4, 5)))
    lived_on(living)
    assert history.counts()["busy"] == (1, 1)
    told_ahead(clock)
    assert history.counts()["busy"] == (2, 2)
