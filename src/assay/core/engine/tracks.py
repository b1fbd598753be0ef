"""Things that hold of a subject from an instant on, told to the sweep from outside.

An attribute criterion, a partner fact, another subject's rule: whatever is not counted from the subject's own events
reaches the kernel as a track, a step function of time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
import numpy.typing as npt

#: The instant before all others: a value that holds since ever starts here.
BEGINNING: Final = -(2**63)

#: The value of a partner track while that partner contributes nothing.
ABSENT: Final = -(2**63)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracks:
    """Steps of many tracks: parallel arrays of length n, sorted by (subject, slot, member, at, cause).

    subject  int32  dense id of a person, pair or account
    slot     int32  the criterion (or score line) that reads the track
    member   int32  0, or for score lines that count partners the partner's code, from 1: each member is its own track
    at       int64  UTC microseconds from which `value` holds, or BEGINNING
    value    int64  0 or 1; for score lines that count partners the instant from which points fade, or ABSENT
    cause    int64  see `causes`

    Before its first step a track is 0, with a member ABSENT. Steps that change nothing are left out. Several steps of
    one track at one instant carry the same value and different causes, all of which fed the change.
    """

    subject: npt.NDArray[np.int32]
    slot: npt.NDArray[np.int32]
    member: npt.NDArray[np.int32]
    at: npt.NDArray[np.int64]
    value: npt.NDArray[np.int64]
    cause: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.subject)

    def take(self, rows: npt.NDArray[Any]) -> Tracks:
        """Return these rows (indices or a mask), in that order."""
        return Tracks(
            subject=self.subject[rows],
            slot=self.slot[rows],
            member=self.member[rows],
            at=self.at[rows],
            value=self.value[rows],
            cause=self.cause[rows],
        )


def empty() -> Tracks:
    """Return tracks without steps."""
    no_codes, no_instants = np.zeros(0, np.int32), np.zeros(0, np.int64)
    return Tracks(
        subject=no_codes, slot=no_codes, member=no_codes, at=no_instants, value=no_instants, cause=no_instants
    )


def of_slot(
    slot: int, subject: npt.NDArray[Any], *, at: npt.NDArray[Any], value: npt.NDArray[Any], cause: npt.NDArray[Any]
) -> Tracks:
    """Return tracks of one slot without members, in the order given."""
    n = len(subject)
    return Tracks(
        subject=subject.astype(np.int32, copy=False),
        slot=np.full(n, slot, np.int32),
        member=np.zeros(n, np.int32),
        at=at.astype(np.int64, copy=False),
        value=value.astype(np.int64, copy=False),
        cause=cause.astype(np.int64, copy=False),
    )


def from_beginning(slot: int, subjects: npt.NDArray[Any], cause: int) -> Tracks:
    """Return tracks of one slot that are 1 since ever for these subjects."""
    n = len(subjects)
    return of_slot(slot, subjects, at=np.full(n, BEGINNING), value=np.ones(n, np.int64), cause=np.full(n, cause))


def concatenate(parts: Sequence[Tracks]) -> Tracks:
    """Return all steps of `parts`, sorted. The parts must not share a track."""
    kept = [part for part in parts if len(part)]
    if not kept:
        return empty()
    if len(kept) == 1:
        return sort(kept[0])
    return sort(Tracks(**{f.name: np.concatenate([getattr(part, f.name) for part in kept]) for f in fields(Tracks)}))


def sort(tracks: Tracks) -> Tracks:
    """Return the steps in the order of `Tracks`, equal ones once."""
    n = len(tracks)
    if n < 2:
        return tracks
    keys = (tracks.cause, tracks.at, tracks.member, tracks.slot, tracks.subject)
    above, equal = _neighbours(keys)
    if above.any():
        tracks = tracks.take(np.lexsort(keys))
        _, equal = _neighbours((tracks.cause, tracks.at, tracks.member, tracks.slot, tracks.subject))
    return tracks.take(np.concatenate((_ONE, ~equal))) if equal.any() else tracks


_ONE: Final = np.ones(1, np.bool_)


def _neighbours(keys: tuple[npt.NDArray[Any], ...]) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return for each row but the first whether the row before it is greater, and whether it is equal."""
    above = np.zeros(len(keys[0]) - 1, np.bool_)
    equal = np.ones(len(above), np.bool_)
    for key in reversed(keys):
        above |= equal & (key[:-1] > key[1:])
        equal &= key[:-1] == key[1:]
    return above, equal


def _starts(tracks: Tracks) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return which rows start a track, and which start an instant of a track. The tracks are sorted and not empty."""
    same = tracks.subject[1:] == tracks.subject[:-1]
    same &= tracks.slot[1:] == tracks.slot[:-1]
    same &= tracks.member[1:] == tracks.member[:-1]
    track = np.concatenate((_ONE, ~same))
    return track, np.concatenate((_ONE, ~(same & (tracks.at[1:] == tracks.at[:-1]))))


def drop_idle(tracks: Tracks) -> Tracks:
    """Return sorted tracks without the instants that change nothing."""
    if not len(tracks):
        return tracks
    track, instant = _starts(tracks)
    firsts = np.flatnonzero(instant)
    values = tracks.value[firsts]
    before = np.empty_like(values)
    before[1:] = values[:-1]
    opening = track[firsts]
    before[opening] = np.where(tracks.member[firsts[opening]] > 0, ABSENT, 0)
    changes = values != before
    if changes.all():
        return tracks
    return tracks.take(np.repeat(changes, np.diff(np.append(firsts, len(tracks)))))


def offsets(tracks: Tracks, subjects: int) -> npt.NDArray[np.int64]:
    """Return int64[subjects + 1]: the steps of subject s are those from offsets[s] up to offsets[s + 1]."""
    ends = np.zeros(subjects + 1, np.int64)
    np.cumsum(np.bincount(tracks.subject, minlength=subjects), out=ends[1:])
    return ends
