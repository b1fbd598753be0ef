"""The join of two uploads on Spark, for lists that one machine does not hold; the same rows as `matching.join` gives.

Rows travel as numbers: both halves of the token, whose list it is, and the row's place in its upload.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from assay.core.io.spark import Cluster
from assay.escrow.wire import FREQUENCY_BOUNDS, MOST_SHARED
from assay.partners.tokens import TOKEN_BYTES

Whole = npt.NDArray[np.int64]

_ROWS: Final = 1_000_000
_FOUND: Final = pa.schema({"ours": pa.int64(), "theirs": pa.int64(), "frequency": pa.int32()})


def join(cluster: Cluster, ours: pa.Table, theirs: pa.Table) -> pa.Table:
    """Return what two uploads have in common, a row for each token of each pair of records, in no order."""
    rows = _numbered((ours, theirs))
    found = cluster.work_on(rows, _meet, key="high", order=("low", "side", "place"), gives=_FOUND)
    return pa.table(
        {
            "ours": ours["handle"].take(found["ours"]),
            "theirs": theirs["handle"].take(found["theirs"]),
            "token": ours["token"].take(found["ours"]),
            "frequency": found["frequency"].cast(pa.int8()),
        }
    )


def _numbered(sides: tuple[pa.Table, pa.Table]) -> Iterator[pa.RecordBatch]:
    for side, upload in enumerate(sides):
        place = 0
        for batch in upload.select(["token"]).to_batches(_ROWS):
            halves = np.frombuffer(_bytes(batch.column(0)), np.int64).reshape(-1, 2)
            size = len(batch)
            yield pa.record_batch(
                {
                    "high": pa.array(halves[:, 0]),
                    "low": pa.array(halves[:, 1]),
                    "side": pa.array(np.full(size, side, np.int32)),
                    "place": pa.array(np.arange(place, place + size)),
                }
            )
            place += size


def _bytes(tokens: pa.Array) -> memoryview:
    start = tokens.offset * TOKEN_BYTES
    return memoryview(tokens.buffers()[1])[start : start + len(tokens) * TOKEN_BYTES]


def _meet(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield the pairs of each token; the last token of a batch may go on in the next."""
    kept = np.empty((4, 0), np.int64)
    for batch in batches:
        columns = [np.asarray(batch[name], np.int64) for name in ("high", "low", "side", "place")]
        kept = np.concatenate([kept, np.stack(columns)], axis=1)
        is_last = (kept[0] == kept[0, -1]) & (kept[1] == kept[1, -1]) if kept.shape[1] else np.empty(0, bool)
        yield _pairs(kept[:, ~is_last])
        kept = kept[:, is_last]
    yield _pairs(kept)


def _pairs(rows: Whole) -> pa.RecordBatch:
    """Return the pairs of whole tokens, whose rows are in order: one's own before the partner's."""
    high, low, side, place = rows
    begins = np.flatnonzero(np.r_[True, (np.diff(high) != 0) | (np.diff(low) != 0)]) if len(high) else np.empty(0, int)
    theirs = np.add.reduceat(side, begins) if len(begins) else np.empty(0, np.int64)
    ours = np.diff(np.r_[begins, len(high)]) - theirs
    is_told = (ours > 0) & (theirs > 0) & (np.maximum(ours, theirs) <= MOST_SHARED)
    begins, ours, theirs = begins[is_told], ours[is_told], theirs[is_told]
    counts = ours * theirs
    of = np.repeat(np.arange(len(counts)), counts)
    within = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
    left = place[begins[of] + within // theirs[of]]
    right = place[begins[of] + ours[of] + within % theirs[of]]
    most = np.maximum(ours, theirs)[of]
    frequency = sum((most > bound).astype(np.int32) for bound in FREQUENCY_BOUNDS)
    return pa.record_batch([pa.array(left), pa.array(right), pa.array(frequency, pa.int32())], schema=_FOUND)
