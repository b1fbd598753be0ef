"""A value that Postgres cannot take keeps nobody waiting but the subject whose it is."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from tests.node.live import world

from assay.node.leads.models import OtherId
from assay.node.live.index import Index
from assay.node.live.models import Holding, Spell
from assay.node.live.turning import settle, take_in

pytestmark = pytest.mark.django_db

AS_OF = int((world.START.timestamp() + 6 * 3600) * 1_000_000)
#: Three colleagues who are decided of together, as rules read what their account decides.
TOGETHER = [
    {"source": "product", "kind": "track", "event": "built", "hour": hour, "user_id": who, "group_id": "f1",
     "id": f"{who}{hour}"}
    for who in ("ann", "bob", "cyd") for hour in (1, 2)
]  # fmt: skip


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    return world.definitions(tmp_path_factory.mktemp("definitions"))


@pytest.fixture
def index(checked):
    with Index(":memory:") as made:
        take_in(made, checked, [world.rows(TOGETHER)])
        yield made


def _by_a_statement(changes):
    for one in changes:
        told = "x" * 300 if one.subject_id == "bob" else "known"
        OtherId.objects.create(subject_type=one.subject_type, subject_id=f"{one.subject_id} {one.rule}", into=told)


def _by_a_copy(changes):
    with (
        connection.cursor() as cursor,
        cursor.copy('COPY leads_otherid (subject_type, subject_id, "into") FROM STDIN') as copy,
    ):
        for one in changes:
            told = "x\0" if one.subject_id == "bob" else "known"
            copy.write_row((one.subject_type, f"{one.subject_id} {one.rule}", told))


@pytest.mark.parametrize("take", [_by_a_statement, _by_a_copy])
def test_a_value_that_postgres_refuses_leaves_out_that_one_subject_alone(checked, index, caplog, take):
    settle(index, checked, as_of=AS_OF, takers=[take])
    assert set(Spell.objects.filter(rule="busy").values_list("subject_id", flat=True)) == {"ann", "cyd"}
    assert Spell.objects.filter(rule="team", subject_id="f1").exists()
    assert not Holding.objects.filter(subject_id="bob").exists()
    assert not OtherId.objects.exclude(into="known").exists()
    assert index.waiting() == 0
    assert [one.message for one in caplog.records] == ["a subject could not be stored and is left out"]


def test_who_was_left_out_is_stored_once_nothing_is_refused_any_more(checked, index):
    settle(index, checked, as_of=AS_OF, takers=[_by_a_statement])
    told = []
    take_in(index, checked, [world.rows([{**TOGETHER[2], "hour": 3, "id": "later"}], first=50)])
    settle(index, checked, as_of=AS_OF, takers=[told.extend])
    assert {one.subject_id for one in told} == {"bob"}
    assert Spell.objects.filter(rule="busy", subject_id="bob").exists()


def test_all_ids_of_a_person_are_left_out_or_stored_together(checked, index):
    with transaction.atomic():
        settle(index, checked, as_of=AS_OF)
    told = []
    merge = {"source": "users", "kind": "alias", "hour": 4, "user_id": "cyd", "anonymous_id": "ann"}
    take_in(index, checked, [world.rows([merge], first=50)])

    def take(changes):
        if any(one.subject_id == "f1" for one in changes) or any(one.into for one in changes):
            told.extend(changes)
        _by_a_statement([one for one in changes if one.subject_id == "bob"])

    settle(index, checked, as_of=AS_OF, takers=[take])
    assert {(one.subject_id, one.into) for one in told if one.what == "merged"} == {("ann", "cyd")}
    assert set(Spell.objects.filter(rule="busy").values_list("subject_id", flat=True)) == {"bob", "cyd"}
