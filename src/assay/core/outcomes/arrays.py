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


def scattered(numbers: npt.NDArray[Any], seed: int = 0) -> npt.NDArray[np.uint64]:
    """Return a hash of each whole number: evenly spread, and the same ones each time for the same seed.

    It is the finaliser of SplitMix64 (Steele, Lea and Flood 2014, OOPSLA).
    """
    z = (np.asarray(numbers).astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    if seed:
        z ^= scattered(np.array([seed]))
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(z ^ (z >> np.uint64(31)), np.uint64)
