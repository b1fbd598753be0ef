"""A list that is too long, grows too fast, or overlaps too much rings; a small one does not."""

from __future__ import annotations

import pytest

from assay.partners import probing

BOUNDS = probing.Bounds(longest=1_000, overlap=80, growth=20)


@pytest.mark.parametrize(
    ("theirs", "shared", "before", "why"),
    [
        (1_001, 0, None, probing.LONG),
        (1_000, 0, None, ""),
        (121, 0, 100, probing.GROWTH),
        (120, 0, 100, ""),
        (60, 0, 10, ""),
        (50, 41, None, probing.RATE),
        (50, 40, None, ""),
        (49, 49, None, ""),
    ],
)
def test_a_list_rings_beyond_its_bounds_and_not_at_them(theirs, shared, before, why):
    assert probing.alarm(BOUNDS, theirs=theirs, shared=shared, before=before) == why


def test_growth_is_not_judged_where_no_bound_is_set():
    assert probing.alarm(probing.Bounds(longest=1_000, overlap=80), theirs=900, shared=0, before=60) == ""
