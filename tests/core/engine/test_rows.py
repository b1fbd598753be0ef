"""Rows come by subject and instant, as a stable sort of all of them would give them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.engine.events import Events
from assay.core.engine.gathering import Gathering, chunks
from assay.core.engine.rows import time_order
from tests.model.comparing import examples


@examples(60)
@given(st.lists(st.integers(0, 40), max_size=400), st.integers(0, 5))
def test_instants_are_ordered_as_a_stable_sort_does(instants: list[int], begin: int) -> None:
    at = np.array(instants, np.int64)
    begin = min(begin, len(at))
    assert time_order(at, begin, len(at)).tolist() == (np.argsort(at[begin:], kind="stable") + begin).tolist()


def some_events(rows: int, subjects: int, *, seed: int) -> tuple[Events, np.ndarray]:
    """Return events in no order, some without a subject, one subject with a third of all."""
    rng = np.random.default_rng(seed)
    subject = np.where(rng.random(rows) < 1 / 3, subjects // 2, rng.integers(-1, subjects, rows)).astype(np.int32)
    place = np.arange(rows, dtype=np.int32)
    events = Events(
        at=rng.integers(0, rows // 4 + 1, rows),
        person=subject,
        account=subject,
        kind=rng.integers(0, 4, rows).astype(np.int32),
        event=place,
        values=np.array([place * 3, place * 7], np.int64),
    )
    return events, subject


@pytest.mark.parametrize(
    ("rows", "subjects", "size"), [(0, 3, 10), (50, 7, 9), (5_000, 40, 700), (200_000, 900, 90_000)]
)
def test_chunks_together_are_all_wanted_rows_by_subject_and_instant(rows: int, subjects: int, size: int) -> None:
    events, subject = some_events(rows, subjects, seed=rows)
    wanted = np.array([True, False, True, True])
    kept = np.flatnonzero((subject >= 0) & wanted[events.kind])
    expected = kept[np.lexsort((kept, events.at[kept], subject[kept]))]

    gathering = Gathering(events, subject, wanted=wanted, subjects=subjects, size=size)
    found, whose = [], []
    for ends in gathering.ranges:
        with gathering.lend(ends) as own:
            found.append(own.event.copy())
            whose.append(np.repeat(np.arange(*ends), np.diff(own.lo)))
            for column in ("at", "kind"):
                assert (getattr(own, column) == getattr(events, column)[own.event]).all(), column
            assert (own.values == events.values[:, own.event]).all()
    assert np.concatenate(found).tolist() == expected.tolist()
    assert np.concatenate(whose).tolist() == subject[expected].tolist()


def test_one_range_alone_gives_its_subjects_rows():
    events, subject = some_events(3_000, 30, seed=1)
    own = Gathering(events, subject, wanted=np.ones(4, np.bool_), subjects=30, only=(10, 12)).take((10, 12))
    assert sorted(own.event.tolist()) == np.flatnonzero((subject == 10) | (subject == 11)).tolist()


@given(st.lists(st.integers(0, 9), min_size=1, max_size=60), st.integers(1, 30))
def test_chunks_are_every_subject_once_and_no_larger_than_asked_unless_one_subject_is(
    rows: list[int], size: int
) -> None:
    lo = np.concatenate([[0], np.cumsum(rows)])
    found = list(chunks(lo, size))
    assert [s for first, end in found for s in range(first, end)] == list(range(len(rows)))
    assert all(end - first == 1 or lo[end] - lo[first] <= size for first, end in found)
