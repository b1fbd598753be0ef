"""Events are at hand by rowid, in whatever order a query gives them."""

from __future__ import annotations

import numpy as np

from assay.core.engine.events import Events


def events(rowids: list[int]) -> Events:
    event = np.array(rowids, np.int32)
    return Events(
        at=event.astype(np.int64) * 10,
        person=event + 1,
        account=event + 2,
        kind=event + 3,
        event=event,
        values=np.array([event * 4, event * 5], np.int64),
    )


def test_events_read_in_any_order_are_put_in_the_order_of_their_rowids():
    mixed, sorted_ = events([5, 0, 9, 3]).in_order(), events([0, 3, 5, 9])
    for column in ("at", "person", "account", "kind", "event", "values"):
        assert (getattr(mixed, column) == getattr(sorted_, column)).all(), column


def test_a_rowid_is_found_where_some_rows_were_not_read():
    assert events([0, 3, 5, 9]).places(np.array([9, 3])).tolist() == [3, 1]


def test_a_rowid_is_its_own_place_where_all_rows_were_read():
    assert events([0, 1, 2]).places(np.array([2, 0])).tolist() == [2, 0]
