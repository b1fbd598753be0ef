"""Things that hold of a subject from an instant on, told to the sweep from outside.

An attribute criterion, a partner fact, another subject's rule: whatever is not counted from the subject's own events
reaches the kernel as a track, a step function of time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

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
    member   int32  0, or for score lines that count partners the partner's code: each member is a track of its own
    at       int64  UTC microseconds from which `value` holds, or BEGINNING
    value    int64  0 or 1; for score lines that count partners the instant from which points fade, or ABSENT
    cause    int64  see `causes`

    Steps that change nothing are left out. Several steps of one track at one instant carry the same value and
    different causes, all of which fed the change.
    """

    subject: npt.NDArray[np.int32]
    slot: npt.NDArray[np.int32]
    member: npt.NDArray[np.int32]
    at: npt.NDArray[np.int64]
    value: npt.NDArray[np.int64]
    cause: npt.NDArray[np.int64]
