"""Editions follow one another without a gap, whoever makes them and whatever fails in between."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.node.rulebook.conftest import Book

from assay.core.errors import BadRequest
from assay.node.rulebook import candidates, current, editions, publishing
from assay.node.rulebook.editions import Contents
from assay.node.rulebook.models import Edition, RuleVersion, Step


class _Trouble(Exception):
    pass


@pytest.mark.django_db(transaction=True)
def test_of_two_who_publish_at_the_same_moment_one_wins_and_the_other_is_told(stricter):
    version = stricter.shadow("builds")
    stricter.ask(version)
    going = candidates.going_live(version)
    together, told = Barrier(2), []

    def approve() -> None:
        try:
            together.wait()
            publishing.approve(stricter.approver, going)
            told.append("published")
        except BadRequest as error:
            told.append(error.what.partition(":")[0])
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        for _ in range(2):
            pool.submit(approve)
    assert Counter(told) == Counter(["published", "Something else was published meanwhile"])
    assert current.edition() == 3
    assert RuleVersion.objects.get(rule="builds", version=2).status == "live"


@pytest.mark.django_db(transaction=True)
def test_of_many_who_make_an_edition_at_once_each_makes_the_next_one(book: Book):
    from django.db import transaction

    def make(number: int) -> None:
        try:
            with transaction.atomic():
                last = editions.held()
                editions.made(last, Contents(texts=last.texts), Step.AMEND, str(number), by=book.author)
                if number % 3 == 0:
                    raise _Trouble
        except _Trouble:
            pass
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(make, range(24)))
    assert list(Edition.objects.order_by("number").values_list("number", flat=True)) == list(range(1, 18))


STEPS = st.lists(st.sampled_from(["write", "shadow", "ask", "approve", "retire", "stale"]), max_size=10)


@pytest.mark.django_db
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_editions_never_skip_a_number_whatever_is_done_in_which_order(steps, book):
    from django.db import transaction

    with transaction.atomic():
        stale = candidates.without(RuleVersion.objects.get(rule="builds"))
        for step in steps:
            _try(book, step, stale)
            numbers = list(Edition.objects.order_by("number").values_list("number", flat=True))
            assert numbers == list(range(1, len(numbers) + 1))
            assert {rule.name for rule in current.definitions().rules if rule.status == "live"} == set(
                RuleVersion.objects.filter(status="live").values_list("rule", flat=True)
            )
        transaction.set_rollback(True)


def _try(book: Book, step: str, stale: candidates.Candidate) -> None:
    """Do one thing to the newest version of a rule, as far as it may be done."""
    from tests.node.rulebook.test_publishing import OTHER, OTHER_EXAMPLES

    from assay.core.errors import BadDefinitions

    newest = RuleVersion.objects.filter(rule="other").order_by("-version").first()
    try:
        if step == "write":
            number = newest.version + 1 if newest else 1
            text = OTHER.replace("version: 1", f"version: {number}").replace("motion: trial", f"motion: m{number}")
            book.write("qualifications/other.yml", text)
            book.write("qualifications/other.examples.yml", OTHER_EXAMPLES)
        elif step == "shadow":
            book.shadow("other")
        elif step == "stale":
            publishing.retire(book.author, RuleVersion.objects.get(rule="builds").pk, stale)
        elif newest is not None and step == "ask":
            book.ask(newest)
        elif newest is not None and step == "approve":
            book.approve(newest)
        elif newest is not None:
            publishing.retire(book.author, newest.pk, candidates.without(newest))
    except (BadRequest, BadDefinitions):
        pass
