"""Somebody who is erased is nowhere any more, and what others did stays decided as it was."""

from __future__ import annotations

import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.db import connection
from tests.node.serving.told import built

from assay.core.errors import BadRequest
from assay.node.access.actions import Machine, NotAllowed
from assay.node.access.models import AuditRow
from assay.node.access.permissions import Role
from assay.node.arrivals.models import State, Upload
from assay.node.lake import erasing as of_lake
from assay.node.lake import manifest
from assay.node.leads.models import Lead
from assay.node.live import asking, replaying
from assay.node.live.index import Index
from assay.node.live.models import SelfCheck, Spell
from assay.node.live.stories import micros
from assay.node.rulebook import current
from assay.node.serving import alone
from assay.node.serving.erasing import forget_person

pytestmark = pytest.mark.django_db(transaction=True)


def _everywhere():
    """Yield the text of every table and of every file of the node."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            yield from (f"{table}: {row[0]}" for row in cursor.fetchall())
    for path in [*manifest.folder().iterdir(), *asking.place().parent.glob("index*.sqlite*")]:
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
        {"type": "identify", "messageId": "w", "userId": "wilhelmina", "anonymousId": "cookie-of-wilhelmina"},
        *(built(i, i, userId="bob", **company) for i in (5, 6)),
        # They use one browser, and she told of the company.
        built(7, 7, userId="bob", anonymousId="cookie-of-wilhelmina"),
        {"type": "identify", "messageId": "i", "userId": "bob", "anonymousId": "cookie-of-wilhelmina"},
        built(8, 4, type="group", userId="wilhelmina", groupId="f1", traits={"tier": "gold"}),
        built(9, 3, type="group", userId="bob", groupId="f1"),
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
    assert list(asking.place().parent.glob("index*-wal"))  # the journal is looked into, too
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
    assert Spell.objects.filter(rule="of_gold", subject_id="bob").exists()  # she told that the company is
    assert SelfCheck.objects.count() > 1
    assert not SelfCheck.objects.exclude(different_rows=0, different_spells=0).exists()
    lake = manifest.relation(manifest.paths())
    with replaying.replaying(current.definitions(), lake, as_of=micros(clock())) as replay:
        assert not replaying.compare(replay)


@pytest.mark.parametrize(
    ("where", "again"),
    [
        ((of_lake, "_erase_calls"), "wilhelmina"),
        ((Index, "forget"), "cookie-of-wilhelmina"),
        ((Index, "forget"), "bob"),
    ],
)
def test_an_erasure_that_was_cut_short_is_finished_by_the_next(lived, monkeypatch, where, again):
    living, clock = lived
    with monkeypatch.context() as patched:
        patched.setattr(*where, _die)
        with pytest.raises(KeyboardInterrupt):
            forget_person(Machine("tests"), "wilhelmina", as_of=micros(clock()))
    clock.now += living.CHECK_EVERY
    while living.step():  # the self-check finds that the index says more than the lake, and has it made anew
        pass
    forget_person(Machine("tests"), again, as_of=micros(clock()))
    while living.step():
        pass
    living.close()
    assert [told[:200] for told in _everywhere() if "wilhelmina" in told] == []
    assert not list(asking.place().parent.glob("erasing*"))


def _die(*_):
    raise KeyboardInterrupt


def test_while_somebody_is_forgotten_nothing_is_decided_and_the_other_way_round(lived, send):
    living, clock = lived
    send(built(10, 1, userId="cyd"), built(11, 2, userId="cyd"))
    with ThreadPoolExecutor(1) as elsewhere:

        def do(what):
            def with_a_connection_of_its_own():
                try:
                    return what()
                finally:
                    connection.close()

            return elsewhere.submit(with_a_connection_of_its_own)

        with alone.once_free():
            assert do(living.step).result() is False
        assert not Spell.objects.filter(subject_id="cyd").exists()
        with alone.if_free() as is_mine:
            assert is_mine
            forgetting = do(lambda: forget_person(Machine("tests"), "wilhelmina", as_of=micros(clock())))
            time.sleep(0.5)
            assert not forgetting.done()
        assert forgetting.result().leads == 1
    while living.step():
        pass
    assert Spell.objects.filter(subject_id="cyd").exists()


def test_who_waits_too_long_for_a_decision_is_told_so():
    with ThreadPoolExecutor(1) as elsewhere, alone.if_free():

        def wait():
            try:
                with alone.once_free("100ms"):
                    pass
            finally:
                connection.close()

        with pytest.raises(BadRequest, match="Very much is being decided"):
            elsewhere.submit(wait).result()


def test_nobody_is_erased_while_a_file_that_may_name_them_is_read(lived):
    upload = Upload.objects.create(name="people.csv", source="users", part="people", bytes=1, state=State.READING)
    with pytest.raises(BadRequest, match="An upload is being read"):
        forget_person(Machine("tests"), "wilhelmina", as_of=micros(lived[1]()))
    Upload.objects.filter(pk=upload.pk).update(state=State.DONE)
    forget_person(Machine("tests"), "wilhelmina", as_of=micros(lived[1]()))


def test_what_uploads_and_backups_left_behind_is_erased_with_the_person(lived, settings):
    home = settings.ASSAY.data_folder
    upload = Upload.objects.create(name="people.csv", source="users", part="people", bytes=1, state=State.FAILED)
    folder = home / "uploads" / str(upload.pk)
    folder.mkdir(parents=True)
    (folder / "rows.csv").write_text("user\nwilhelmina\n")
    columns = {name: ["a", "b"] for name in ("source", "file", "column", "reason", "table")}
    found = {"line": [2, 3], "value": ["wilhelmina, Ms", "wilhelminas"], "key": ["wilhelmina", "other"]}
    pq.write_table(pa.table({**columns, **found}), folder / "rejects.parquet")
    held = home / "backup-1234"
    held.mkdir()
    for path in manifest.paths():
        os.link(path, held / path.name)
    forget_person(Machine("tests"), "wilhelmina", as_of=micros(lived[1]()))
    assert not held.exists()
    assert [path.name for path in folder.iterdir()] == ["rejects.parquet"]
    rejects = pq.read_table(folder / "rejects.parquet", memory_map=False)
    assert (rejects["value"].to_pylist(), rejects["key"].to_pylist()) == ([None, "wilhelminas"], [None, "other"])
    shutil.rmtree(home / "uploads")


def test_nobody_is_erased_by_who_may_not(lived, user_of):
    with pytest.raises(NotAllowed):
        forget_person(user_of(Role.REP), "bob", as_of=micros(lived[1]()))
    assert Spell.objects.filter(subject_id="bob").exists()


def test_who_is_not_known_cannot_be_erased(lived):
    with pytest.raises(BadRequest, match="Nobody is known"):
        forget_person(Machine("tests"), "nobody", as_of=micros(lived[1]()))
