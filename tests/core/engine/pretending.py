"""A cluster that is none: it shuffles rows, cuts them into small batches and works on one partition after the other."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

Batches = Iterator[pa.RecordBatch]


@dataclass(frozen=True)
class Pretended:
    """So many partitions, and so many rows a batch."""

    partitions: int = 3
    batch: int = 4

    def work_on(
        self, rows: Batches, work: Callable[[Batches], Batches], *, key: str, order: Sequence[str], gives: pa.Schema
    ) -> pa.Table:
        """Return all that `work` gives, as a cluster does."""
        whole = pa.Table.from_batches(rows)
        whole = whole.take(pa.array(np.random.default_rng(1).permutation(len(whole))))
        given: list[pa.RecordBatch] = []
        for partition in reversed(range(self.partitions)):
            mine = whole.filter(pa.array(whole[key].to_numpy() % self.partitions == partition))
            placed = mine.sort_by([(name, "ascending") for name in (key, *order)]).combine_chunks()
            given += pickle.loads(pickle.dumps(work))(iter(placed.to_batches(max_chunksize=self.batch)))
        assert all(batch.schema == gives for batch in given)
        return pa.Table.from_batches(given, schema=gives)
