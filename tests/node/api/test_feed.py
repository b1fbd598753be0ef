"""Bookmarks: who comes back finds what changed since, each change once, none lost, whoever commits first."""

from __future__ import annotations

import random
import threading

import psycopg
import pytest
from django.db import connection
from tests.node.leads.knowing import NOON, UPSELL, enter, lead_of

from assay.node.api import feed
from assay.node.api.models import Place
from assay.node.leads.models import Lead


def pages(program, bookmark=None, **asked):
    """Return every page from a bookmark on, and the last bookmark."""
    found = []
    while True:
        words = "&".join(f"{k}={v}" for k, v in {**asked, **({"bookmark": bookmark} if bookmark else {})}.items())
        page = program.get(f"/leads?{words}").json()
        found.append(page)
        bookmark = page["bookmark"]
        if not page["has_more"]:
            return found, bookmark


def told(found):
    return [lead["subject"]["id"] for page in found for lead in page["leads"]]


@pytest.mark.django_db
def test_without_a_bookmark_every_lead_comes_page_by_page(program, arrive):
    arrive(*(enter(who=f"p{n}") for n in range(5)))
    found, _ = pages(program(), limit=2)
    assert sorted(told(found)) == [f"p{n}" for n in range(5)]
    assert [len(page["leads"]) for page in found] == [2, 2, 1]


@pytest.mark.django_db
def test_with_a_bookmark_only_what_changed_since_comes(program, arrive):
    arrive(enter(who="ann"), enter(who="bob"))
    one = program()
    _, bookmark = pages(one)
    assert told(pages(one, bookmark)[0]) == []
    arrive(enter(UPSELL, who="acme.example"))
    lead = lead_of("bob")
    one.post(f"/leads/{lead.pk}/decisions", {"do": "note", "text": "called"}, key="1")
    assert sorted(told(pages(one, bookmark)[0])) == ["acme.example", "bob"]


@pytest.mark.django_db
def test_a_lead_that_changed_twice_comes_once_as_it_is_now(program, arrive):
    arrive(enter())
    one = program()
    _, bookmark = pages(one)
    lead = lead_of()
    one.post(f"/leads/{lead.pk}/decisions", {"do": "accept"}, key="1")
    one.post(f"/leads/{lead.pk}/decisions", {"do": "note", "text": "called"}, key="2")
    (page,), _ = pages(one, bookmark)
    assert [lead["state"] for lead in page["leads"]] == ["accepted"]


@pytest.mark.django_db
def test_a_lead_that_left_the_states_asked_for_is_told_as_gone(program, arrive):
    arrive(enter())
    one = program()
    _, bookmark = pages(one, state="offered")
    lead = lead_of()
    one.post(f"/leads/{lead.pk}/decisions", {"do": "accept"}, key="1")
    (page,), _ = pages(one, bookmark, state="offered")
    assert (page["leads"], page["gone"]) == ([], [lead.pk])


@pytest.mark.django_db
def test_an_erased_lead_is_told_as_gone(program, arrive):
    arrive(enter())
    one = program()
    _, bookmark = pages(one)
    number = lead_of().pk
    lead_of().delete()
    (page,), _ = pages(one, bookmark)
    assert (page["leads"], page["gone"]) == ([], [number])


@pytest.mark.django_db
@pytest.mark.parametrize("wrong", ["AAAA", "x", "_" * 100])
def test_a_bookmark_that_was_not_given_here_is_refused_with_a_mend(wrong, program):
    answer = program().get(f"/leads?bookmark={wrong}")
    assert answer.status_code == 409
    assert "begin again without one" in answer.json()["mend"]


@pytest.mark.django_db
def test_a_bookmark_belongs_to_its_question(program, arrive):
    arrive(enter())
    one = program()
    _, bookmark = pages(one, state="offered")
    assert one.get(f"/leads?bookmark={bookmark}").status_code == 409


@pytest.mark.django_db
def test_a_bookmark_of_after_the_backup_finds_what_changes_after_the_restore(program, arrive):
    arrive(enter(who="ann"), enter(who="bob"))
    one = program()
    pages(one)
    kept = list(Place.objects.all())  # the backup
    for number in range(5):
        one.post(f"/leads/{lead_of('ann').pk}/decisions", {"do": "note", "text": "called"}, key=f"{number}")
        _, bookmark = pages(one)
    Place.objects.all().delete()  # and its restore, which knows nothing of what came since
    Place.objects.bulk_create(kept)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM api_touched")
        cursor.execute(feed.TOUCH_ALL)
    found, bookmark = pages(one, bookmark)
    assert sorted(told(found)) == ["ann", "bob"]  # each once more, as it is now
    one.post(f"/leads/{lead_of('bob').pk}/decisions", {"do": "note", "text": "called"}, key="later")
    assert told(pages(one, bookmark)[0]) == ["bob"]


@pytest.mark.django_db(transaction=True)
def test_what_commits_late_is_not_skipped_though_it_began_first(program, arrive, node_postgres):
    from django.conf import settings

    arrive(enter(who="early"), enter(who="late"))
    one = program()
    _, bookmark = pages(one)
    early, late = lead_of("early").pk, lead_of("late").pk
    with psycopg.connect(settings.ASSAY.database_url) as slow:
        slow.execute("UPDATE leads_lead SET summary = 'first to begin' WHERE id = %s", [late])
        Lead.objects.filter(pk=early).update(summary="first to commit")
        first, bookmark = pages(one, bookmark)
    second, bookmark = pages(one, bookmark)
    assert (told(first), told(second)) == (["early"], ["late"])
    assert told(pages(one, bookmark)[0]) == []


@pytest.mark.django_db(transaction=True)
def test_with_many_writers_and_readers_each_state_is_told_in_order_and_the_last_always(arrive):
    from django.conf import settings

    people = [f"p{n}" for n in range(6)]
    arrive(*(enter(who=who, at=NOON) for who in people))
    leads = sorted(Lead.objects.values_list("pk", flat=True))
    going = threading.Event()
    url = settings.ASSAY.database_url

    def write(seed: int) -> None:
        dice = random.Random(seed)
        with psycopg.connect(url) as con:
            for _ in range(60):
                for pk in sorted(dice.sample(leads, dice.randint(1, 3))):
                    con.execute("UPDATE leads_lead SET times_offered = times_offered + 1 WHERE id = %s", [pk])
                con.rollback() if dice.random() < 0.2 else con.commit()

    heard: list[list[tuple[int, int]]] = [[], []]

    def read(mine: list[tuple[int, int]]) -> None:
        bookmark = None
        while True:
            is_last = going.is_set()
            found = feed.changed_since(bookmark, _counts, question="", most=4)
            mine.extend(found.leads)
            bookmark = found.bookmark
            if is_last and not found.has_more and not found.leads:
                connection.close()
                return

    readers = [threading.Thread(target=read, args=[mine]) for mine in heard]
    writers = [threading.Thread(target=write, args=[seed]) for seed in range(4)]
    for one in [*readers, *writers]:
        one.start()
    for one in writers:
        one.join()
    going.set()
    for one in readers:
        one.join()
    last = _counts(leads)
    for mine in heard:
        by_lead = {pk: [count for lead, count in mine if lead == pk] for pk in leads}
        assert all(counts == sorted(set(counts)) for counts in by_lead.values())  # in order, none twice
        assert {pk: (pk, counts[-1]) for pk, counts in by_lead.items()} == last  # and the last always


def _counts(ids):
    rows = Lead.objects.filter(pk__in=ids).values_list("pk", "times_offered")
    return {pk: (pk, count) for pk, count in rows}
