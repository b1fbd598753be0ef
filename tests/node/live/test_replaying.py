"""A replay of everything, and what was decided bit by bit, are the same."""

from __future__ import annotations

from dataclasses import replace

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from django.db import connection
from tests.node.live import world
from tests.node.live.test_stories import AS_OF, HISTORY

from assay.node.live.checking import check
from assay.node.live.index import Index
from assay.node.live.models import Holding, SelfCheck, Spell, Wake
from assay.node.live.replaying import _SAME, Differences, compare, replaying, store_replay
from assay.node.live.turning import next_seq, settle, take_in
from assay.node.postgres import cluster

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    return world.definitions(tmp_path_factory.mktemp("definitions"))


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    import pyarrow.parquet as pq

    path = tmp_path_factory.mktemp("lake") / "rows.parquet"
    pq.write_table(world.rows(HISTORY), path)
    return f"read_parquet('{path}')"


def _everything():
    fields = ("rule", "subject_type", "subject_id", "node")
    return (
        set(Spell.objects.values_list(*fields, "starts_at", "ends_at", "opened_by")),
        set(Holding.objects.values_list(*fields, "since", "until")),
        set(Wake.objects.values_list("node", "at")),
    )


def _settled(checked):
    told = []
    with Index(":memory:") as index:
        take_in(index, checked, [world.rows(HISTORY)])
        settle(index, checked, as_of=AS_OF, takers=[told.extend])
    return told


def test_a_replay_stores_and_tells_what_touched_subjects_would_have(checked, lake):
    told = _settled(checked)
    bit_by_bit = _everything()
    assert bit_by_bit[0] and bit_by_bit[1] and bit_by_bit[2]
    for model in (Spell, Holding, Wake):
        model.objects.all().delete()
    with replaying(checked, lake, as_of=AS_OF) as replay:
        at_once = store_replay(replay)
    assert _everything() == bit_by_bit
    assert set(at_once) == set(told)


def test_a_second_replay_changes_nothing_and_tells_nothing(checked, lake):
    _settled(checked)
    before = set(Spell.objects.values_list("id", flat=True))
    with replaying(checked, lake, as_of=AS_OF) as replay:
        assert compare(replay) == Differences(0, 0)
        assert store_replay(replay) == []
    assert set(Spell.objects.values_list("id", flat=True)) == before


def test_a_stored_spell_that_nothing_explains_is_found_and_mended(checked, lake):
    _settled(checked)
    Spell.objects.filter(rule="busy").update(opened_by="event:product:forged")
    with replaying(checked, lake, as_of=AS_OF) as replay:
        assert compare(replay) == Differences(1, 1)
        store_replay(replay)
        assert not compare(replay)


def test_the_self_check_finds_a_forged_spell_and_has_its_subject_decided_anew(checked, lake):
    with Index(":memory:") as index:
        take_in(index, checked, [world.rows(HISTORY)])
        settle(index, checked, as_of=AS_OF)
        assert check(index, checked, lake, as_of=AS_OF, seed=1).is_well
        Spell.objects.filter(rule="busy").update(closed_by="event:product:forged")
        assert check(index, checked, lake, as_of=AS_OF, seed=1).spells == 2
        assert not SelfCheck.objects.first().different_rows and SelfCheck.objects.first().different_spells
        settle(index, checked, as_of=AS_OF)
        assert check(index, checked, lake, as_of=AS_OF, seed=1).is_well


def _many(replay, times=1000):
    """Return a replay of as many companies like this one."""
    copies = []
    for number in range(times):
        copy = replay.spells
        for column, value in (
            ("subject_id", pc.binary_join_element_wise(copy["subject_id"], str(number), "-")),
            ("node", pc.add(copy["node"], number)),
        ):
            place = copy.column_names.index(column)
            copy = copy.set_column(place, copy.schema.field(place), value.cast(copy.schema.field(place).type))
        copies.append(copy)
    return replace(replay, spells=pa.concat_tables(copies))


def _joins(do):
    """Return how Postgres joins in each statement of a function that leaves out what there is already."""
    found = []

    def explained(execute, sql, params, many, context):
        if _SAME in sql and not sql.startswith("EXPLAIN"):
            cursor = context["cursor"]
            cursor.execute(f"EXPLAIN {sql}", params)
            found.extend(line for (line,) in cursor.fetchall() if "Anti Join" in line)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explained):
        do()
    return found


def test_a_replay_is_held_against_what_is_stored_by_hashing_or_merging(checked, lake, node_postgres):
    """Each against every other takes hours where this takes seconds, and Postgres may know nothing of the spells."""
    with replaying(checked, lake, as_of=AS_OF) as replay:
        many = _many(replay)
        store_replay(many)
        owner = node_postgres.url(cluster.SUPERUSER, connection.settings_dict["NAME"])
        with psycopg.connect(owner, autocommit=True) as autovacuum:  # which sees pages, and nothing committed in them
            autovacuum.execute("ANALYZE live_spell")
        assert Spell.objects.count() == len(many.spells) > 2000
        joins = [*_joins(lambda: compare(many)), *_joins(lambda: store_replay(many))]
    assert len(joins) == 4
    assert all("Hash" in one or "Merge" in one for one in joins), joins


def test_an_index_that_holds_other_rows_than_the_lake_is_made_anew(checked, lake):
    with Index(":memory:") as index:
        take_in(index, checked, [world.rows(HISTORY[:-1])])
        forged = {**HISTORY[-1], "event": "forged"}
        take_in(index, checked, [world.rows([forged], first=len(HISTORY))])
        settle(index, checked, as_of=AS_OF)
        assert check(index, checked, lake, as_of=AS_OF, seed=1).rows == 2
        assert SelfCheck.objects.first().different_rows == 2
        assert next_seq(index, checked) == 0
        take_in(index, checked, [world.rows(HISTORY)])
        settle(index, checked, as_of=AS_OF)
        assert check(index, checked, lake, as_of=AS_OF, seed=1).is_well
