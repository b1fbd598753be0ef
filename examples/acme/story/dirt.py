"""A few rows as they should not be, so that a run has something to say about them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Rows = dict[str, list[str]]
BAD_INSTANTS = ("2025-13-04T10:00:00Z", "yesterday", "31.04.2025", "0000-00-00", "")


def _pick(rng: np.random.Generator, rows: Rows, count: int) -> list[int]:
    size = len(next(iter(rows.values())))
    return sorted(rng.choice(size, min(count, size // 4), replace=False).tolist())


def repeat(rng: np.random.Generator, rows: Rows, count: int, **changes: Sequence[str]) -> Rows:
    """Return the rows with so many sent twice; `changes` gives the second copy other values in some columns."""
    copies = _pick(rng, rows, count)
    return {
        key: [
            *values,
            *(changes[key][i % len(changes[key])] if key in changes else values[row] for i, row in enumerate(copies)),
        ]
        for key, values in rows.items()
    }


def spoil(rng: np.random.Generator, rows: Rows, count: int, column: str, bad: Sequence[str]) -> Rows:
    """Return the rows with so many values of a column replaced by ones that mean nothing."""
    spoilt = list(rows[column])
    for i, row in enumerate(_pick(rng, rows, count)):
        spoilt[row] = bad[i % len(bad)]
    return {**rows, column: spoilt}
