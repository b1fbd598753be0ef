"""What the sweep wrote, put in order: spells rule by rule, each with the one cause that opened and closed it.

Where several events did, the least (source, id) is named. Texts stay in DuckDB, so those are asked for at the end, for
all chunks at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from assay.core.engine.arrays import Int32s, Int64s
from assay.core.engine.compiled import compiled
from assay.core.io.store import Store


class Settled(NamedTuple):
    """Spells of a chunk ordered by (rule, subject, start): rule r has those from `lo[r]` to `lo[r + 1]`.

    `tied` are the spells opened (2 * place) or closed (2 * place + 1) by several events; those of the k-th are
    `rivals[tied_lo[k]]` to `rivals[tied_lo[k + 1]]`, and until they are settled any of them stands as the cause.
    """

    lo: Int64s
    subject: Int32s
    start: Int64s
    end: Int64s
    cause: Int64s  # of spell k: what opened it at 2 * k, what closed it (or 0) at 2 * k + 1
    tied: Int64s
    tied_lo: Int64s
    rivals: Int64s


@compiled
def settle(spells: Int64s, causes: Int64s, rules: int) -> Settled:
    """Return spells and causes, as `sweep_subjects` gives them, in the order of rules."""
    n = len(spells)
    lo = np.zeros(rules + 1, np.int64)
    ties, rival = 0, 0
    for k in range(n):
        lo[spells[k, 0] + 1] += 1
        for side in range(2):
            several = spells[k, 5 + 2 * side] - spells[k, 4 + 2 * side]
            if several > 1:
                ties += 1
                rival += several
    for rule in range(rules):
        lo[rule + 1] += lo[rule]
    subject, start, end = np.empty(n, np.int32), np.empty(n, np.int64), np.empty(n, np.int64)
    cause = np.zeros(2 * n, np.int64)
    tied, tied_lo, rivals = np.empty(ties, np.int64), np.zeros(ties + 1, np.int64), np.empty(rival, np.int64)
    ties = rival = 0
    cursor = lo.copy()
    for k in range(n):
        place = cursor[spells[k, 0]]
        cursor[spells[k, 0]] = place + 1
        subject[place], start[place], end[place] = spells[k, 1], spells[k, 2], spells[k, 3]
        for side in range(2):
            first, last = spells[k, 4 + 2 * side], spells[k, 5 + 2 * side]
            if last > first:
                cause[2 * place + side] = causes[first]
            if last > first + 1:
                tied[ties] = 2 * place + side
                for i in range(first, last):
                    rivals[rival] = causes[i]
                    rival += 1
                ties += 1
                tied_lo[ties] = rival
    return Settled(lo, subject, start, end, cause, tied, tied_lo, rivals)


def settle_ties(store: Store, parts: Sequence[Settled]) -> None:
    """Name the one cause of each spell opened or closed by several events: the least (source, id). In place."""
    rivals = np.unique(np.concatenate([part.rivals for part in parts]))
    if not len(rivals):
        return
    store.save("engine", "rivals", pa.table({"event": rivals}))
    ordered = store.arrays(
        "SELECT e.rowid AS event FROM prepared.events e JOIN engine.rivals r ON r.event = e.rowid "
        "ORDER BY e.source, e.id, e.rowid"
    )["event"]
    rank = np.empty(len(rivals), np.int64)
    rank[np.searchsorted(rivals, ordered)] = np.arange(len(rivals))
    for part in parts:
        if len(part.tied):
            least = np.minimum.reduceat(rank[np.searchsorted(rivals, part.rivals)], part.tied_lo[:-1])
            part.cause[part.tied] = ordered[least]
