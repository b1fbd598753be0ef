"""Arrays of instants and subjects, as every module of this package hands them on."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Int64s = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: An instant that never comes, in microseconds.
NEVER: Final = int(np.iinfo(np.int64).max)
#: An instant before all others. Far enough from the end of int64 to be subtracted from.
BEGINNING: Final = -(2**62)


def instants(column: pa.ChunkedArray | pa.Array) -> Int64s:
    """Return the instants of a timestamp column as microseconds; null becomes NEVER."""
    numbers = pc.fill_null(pc.cast(column, pa.int64()), NEVER)
    return np.asarray(numbers.to_numpy(), dtype=np.int64)


def whole(numbers: npt.NDArray[Any]) -> Int64s:
    """Return numbers as int64."""
    return np.asarray(numbers, dtype=np.int64)


def sums(places: Int64s, weights: Floats, size: int = 0) -> Floats:
    """Return the sum of the weights at each place (shape: the greatest place + 1, at least `size`)."""
    return np.asarray(np.bincount(places, weights=weights, minlength=size), np.float64)
