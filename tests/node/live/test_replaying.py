"""A replay of everything, and what was decided bit by bit, are the same."""

from __future__ import annotations

import pytest
from tests.node.live import world
from tests.node.live.test_stories import AS_OF, HISTORY

from assay.node.live.checking import check
from assay.node.live.index import Index
from assay.node.live.models import Holding, SelfCheck, Spell, Wake
from assay.node.live.replaying import Differences, compare, replaying, store_replay
from assay.node.live.turning import settle, take_in

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
