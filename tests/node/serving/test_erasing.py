"""Somebody who is erased is nowhere any more, and what others did stays decided as it was."""

from __future__ import annotations

import pytest
from django.db import connection
from tests.node.serving.told import built

from assay.core.errors import BadRequest
from assay.node.access.actions import Machine, NotAllowed
from assay.node.access.models import AuditRow
from assay.node.access.permissions import Role
from assay.node.lake import manifest
from assay.node.leads.models import Lead
from assay.node.live import asking
from assay.node.live.models import SelfCheck, Spell
from assay.node.live.stories import micros
from assay.node.serving.erasing import forget_person

pytestmark = pytest.mark.django_db(transaction=True)


def _everywhere():
    """Yield the text of every table and of every file of the node."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            yield from (f"{table}: {row[0]}" for row in cursor.fetchall())
    for path in [*manifest.folder().iterdir(), *asking.place().parent.glob("index.sqlite*")]:
        yield f"{path.name}: {path.read_bytes().decode('latin-1')}"


@pytest.fixture
def lived(life, send):
    """Wilhelmina became a lead under two ids, and so did Bob, of the same company."""
    living, clock = life
    company = {"context": {"groupId": "f1"}}
    send(
        *(built(i, i, userId="wilhelmina", **company) for i in (1, 2)),
        *(built(i, i, userId=None, anonymousId="cookie-of-wilhelmina") for i in (3, 4)),
        {"type": "alias", "messageId": "a", "userId": "wilhelmina", "previousId": "cookie-of-wilhelmina"},
        *(built(i, i, userId="bob", **company) for i in (5, 6)),
    )
    while living.step():
        pass
    return living, clock


def test_a_person_who_is_erased_is_in_no_table_and_no_file(lived):
    living, clock = lived
    assert any("wilhelmina" in told for told in _everywhere())
    gone = forget_person(Machine("tests"), "cookie-of-wilhelmina", as_of=micros(clock()))
    assert (gone.ids, gone.leads) == (2, 1)
    while living.step():
        pass
    living.close()  # the index's own log is written back
    assert [told[:200] for told in _everywhere() if "wilhelmina" in told] == []
    assert AuditRow.objects.filter(action="erase a person").count() == 1


def test_others_stay_decided_as_a_replay_without_the_person_decides(lived):
    living, clock = lived
    assert {spell.subject_id for spell in Spell.objects.filter(rule="busy")} == {"wilhelmina", "bob"}
    forget_person(Machine("tests"), "wilhelmina", as_of=micros(clock()))
    clock.now += living.CHECK_EVERY
    while living.step():
        pass
    assert {spell.subject_id for spell in Spell.objects.filter(rule="busy")} == {"bob"}
    assert list(Lead.objects.filter(subject_id="bob").values_list("state", flat=True)) == ["offered"]
    assert SelfCheck.objects.count() > 1
    assert not SelfCheck.objects.exclude(different_rows=0, different_spells=0).exists()


def test_nobody_is_erased_by_who_may_not(lived, user_of):
    with pytest.raises(NotAllowed):
        forget_person(user_of(Role.REP), "bob", as_of=micros(lived[1]()))
    assert Spell.objects.filter(subject_id="bob").exists()


def test_who_is_not_known_cannot_be_erased(lived):
    with pytest.raises(BadRequest, match="Nobody is known"):
        forget_person(Machine("tests"), "nobody", as_of=micros(lived[1]()))
