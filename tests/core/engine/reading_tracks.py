"""Reading tracks the slow way, for comparison with the model."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from assay.core.definitions.model import Definitions
from assay.core.engine.causes import EXPIRED, SINCE_EVER, CauseBook
from assay.core.engine.tracks import ABSENT, Tracks
from assay.core.io.store import Store
from tests.model.implementations import shared_store
from tests.model.world import World, load
from tests.model.worlds import START, STEP, STEPS

Row = tuple[int, int, int, int, int, int]

#: Every place of the grid, a microsecond around it, and long before and after.
INSTANTS = [START - 40 * STEP, *(START + i * STEP + d for i in range(-1, STEPS + 18) for d in (-1, 0, 1))]


def stored(world: World) -> Store:
    """Return the shared store, filled with the world."""
    load(world, shared_store(), Definitions(folder="-"))
    return shared_store()


def rows(tracks: Tracks) -> list[Row]:
    """Return the steps as tuples."""
    columns = (tracks.subject, tracks.slot, tracks.member, tracks.at, tracks.value, tracks.cause)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def tracks_of(given: list[Row]) -> Tracks:
    """Return tracks from tuples, in the order given."""
    columns = np.array(given, np.int64).reshape(-1, 6).T
    subject, slot, member = (columns[i].astype(np.int32) for i in range(3))
    return Tracks(subject=subject, slot=slot, member=member, at=columns[3], value=columns[4], cause=columns[5])


def value_at(tracks: list[Row], subject: int, slot: int, x: int, member: int = 0) -> int:
    """Return the value of one track at an instant."""
    known = [row for row in tracks if row[:3] == (subject, slot, member) and row[3] <= x]
    if not known:
        return ABSENT if member else 0
    return max(known, key=lambda row: row[3])[4]


def causes_at(tracks: list[Row], track: tuple[int, int, int], x: int, codes: Mapping[str, int]) -> set[str]:
    """Return what a track names as the causes of its step at an instant."""
    texts = {code: text for text, code in codes.items()} | {EXPIRED: "expired", SINCE_EVER: "since ever"}
    return {texts[row[5]] for row in tracks if row[:3] == track and row[3] == x}


def assert_tidy(tracks: Tracks) -> None:
    """Check that tracks are sorted, without idle instants, and that one instant has one value."""
    found = rows(tracks)
    order = [(*row[:4], row[5]) for row in found]
    assert order == sorted(set(order))
    for before, after in zip([None, *found], found, strict=False):
        same_track = before is not None and before[:3] == after[:3]
        if before is not None and same_track and before[3] == after[3]:
            assert before[4] == after[4]
        else:
            last = before[4] if before is not None and same_track else (ABSENT if after[2] else 0)
            assert after[4] != last


def codes_of(*texts: str) -> dict[str, int]:
    """Return the codes of a book with these causes."""
    return CauseBook.of(texts).codes()
