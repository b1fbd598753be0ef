"""Partitions of subjects, in batches that end anywhere, give the tables of a run in one process."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core import engine
from assay.core.definitions.model import Definitions
from assay.core.engine import partitions
from tests.core.engine.pretending import Pretended
from tests.model.comparing import examples
from tests.model.implementations import shared_store
from tests.model.strategies import FORMS, any_definitions, of_form
from tests.model.world import World, load
from tests.model.worlds import as_ofs, partner_worlds, worlds

PARTNER_FORMS = ("partner_says", "partner_insight", "corroboration")


def assert_same(world: World, definitions: Definitions, as_of: int, cluster: Pretended) -> None:
    """Fail unless a cluster gives the table that one process gives."""
    load(world, shared_store(), definitions)
    here = engine.sweep(shared_store(), definitions, as_of=as_of)
    assert engine.sweep(shared_store(), definitions, as_of=as_of, cluster=cluster).to_pylist() == here.to_pylist()


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_decided_alike_on_a_cluster(form: str) -> None:
    drawn = partner_worlds() if form in PARTNER_FORMS else worlds()

    @examples(15)
    @given(drawn, of_form(form), as_ofs)
    def compare(world: World, definitions: Definitions, as_of: int) -> None:
        assert_same(world, definitions, as_of, Pretended())

    compare()


@examples(40)
@given(
    worlds(people=4, accounts=3, events=25),
    any_definitions(fading=True),
    as_ofs,
    st.builds(Pretended, st.integers(1, 9), st.integers(1, 60)),
)
def test_rules_in_all_combinations_are_decided_alike_on_a_cluster(
    world: World, definitions: Definitions, as_of: int, cluster: Pretended
) -> None:
    assert_same(world, definitions, as_of, cluster)


@examples(20)
@given(worlds(people=4, accounts=3, events=25), any_definitions(), as_ofs, st.integers(1, 20))
def test_tasks_may_sweep_few_subjects_at_a_time(world: World, definitions: Definitions, as_of: int, chunk: int) -> None:
    class Small(Pretended):
        def work_on(self, rows, work, **asked):
            return super().work_on(rows, replace(work, chunk=chunk), **asked)

    assert_same(world, definitions, as_of, Small())


@examples(20)
@given(worlds(people=4, accounts=3, events=25), any_definitions(), as_ofs, st.integers(1, 9))
def test_rows_may_be_sent_in_many_batches(world: World, definitions: Definitions, as_of: int, sent: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(partitions, "_SENT", sent)
        assert_same(world, definitions, as_of, Pretended())


@examples(100)
@given(
    st.lists(st.integers(1, 12), max_size=8), st.lists(st.integers(0, 9), min_size=1, max_size=9), st.integers(1, 20)
)
def test_rows_are_carried_over_until_a_subject_is_whole(lengths: list[int], cuts: list[int], size: int) -> None:
    subject = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)
    table = pa.table({"subject": subject, "row": np.arange(len(subject))})
    batches, begin = [], 0
    while begin < len(table):
        cut = cuts[len(batches) % len(cuts)] or 1
        batches += table.slice(begin, cut).to_batches()
        batches += table.slice(0, 0).to_batches()
        begin += cut
    found = list(partitions.whole_subjects(iter(batches), size))
    assert pa.concat_tables([table.slice(0, 0), *found]).equals(table)
    seen = [set(t["subject"].to_pylist()) for t in found]
    assert sum(map(len, seen)) == len(lengths)
    most = size + max(cuts) + max(lengths, default=0)
    assert all(len(t) <= most for t in found)
