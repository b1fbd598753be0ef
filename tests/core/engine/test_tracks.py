"""Step functions: sorted, without idle instants, with offsets."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from assay.core.engine import tracks
from assay.core.engine.tracks import ABSENT, BEGINNING
from tests.core.engine.reading_tracks import Row, assert_tidy, rows, tracks_of, value_at
from tests.model.comparing import examples

steps = st.tuples(
    st.integers(0, 3),
    st.integers(0, 2),
    st.integers(0, 2),
    st.sampled_from([BEGINNING, 0, 1, 2, 3]),
    st.sampled_from([0, 1]),
    st.integers(-3, 3),
)


def _one_value_an_instant(given: list[Row]) -> list[Row]:
    values: dict[tuple[int, ...], int] = {}
    return [(*row[:4], values.setdefault(row[:4], row[4]), row[5]) for row in given]


drawn = st.lists(steps, max_size=30).map(_one_value_an_instant)


@examples(100)
@given(drawn, drawn)
def test_concatenated_tracks_are_sorted_and_have_each_step_once(one: list[Row], other: list[Row]) -> None:
    other = [(row[0], row[1] + 3, *row[2:]) for row in other]
    found = rows(tracks.concatenate([tracks_of(one), tracks_of(other), tracks.empty()]))
    assert found == sorted({*one, *other}, key=lambda row: (*row[:4], row[5]))


@examples(100)
@given(drawn)
def test_dropping_idle_instants_changes_no_value(given: list[Row]) -> None:
    sorted_tracks = tracks.sort(tracks_of(given))
    tidy = tracks.drop_idle(sorted_tracks)
    assert_tidy(tidy)
    for subject, slot, member, at, _, _ in given:
        assert value_at(rows(tidy), subject, slot, at, member) == value_at(given, subject, slot, at, member)


@examples(50)
@given(drawn)
def test_offsets_span_the_steps_of_each_subject(given: list[Row]) -> None:
    found = tracks.sort(tracks_of(given))
    ends = tracks.offsets(found, 6)
    assert len(ends) == 7
    for subject in range(6):
        assert (found.subject[ends[subject] : ends[subject + 1]] == subject).all()
    assert ends[-1] == len(found)


def test_a_partner_track_starts_absent_and_others_start_false() -> None:
    given = tracks_of([(0, 0, 0, 5, 0, 1), (0, 1, 0, 5, 1, 1), (0, 2, 1, 5, ABSENT, 1), (0, 2, 2, 5, 0, 1)])
    assert [row[:3] for row in rows(tracks.drop_idle(given))] == [(0, 1, 0), (0, 2, 2)]


def test_empty_tracks_stay_empty() -> None:
    nothing = tracks.empty()
    assert len(tracks.drop_idle(tracks.sort(tracks.concatenate([nothing, nothing])))) == 0
    assert tracks.offsets(nothing, 2).tolist() == [0, 0, 0]
    assert nothing.at.dtype == np.int64
