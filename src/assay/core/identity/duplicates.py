"""Events told twice: of all copies with one (source, id) the earliest `at` stays, then the least row.

Almost every event is told once. So ids are first looked at by their hash alone; only events whose hash occurs twice
are compared by id, in full.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from assay.core.io.store import Store, literal

#: So many hashes are sorted at once (8 bytes each).
_AT_ONCE: Final = 32_000_000


def drop_duplicates(store: Store, source: str, parts: Sequence[int], properties: Sequence[str]) -> None:
    """Fill `raw.dropped` with (part, row, is_same) of the copies that do not count, and count them.

    `is_same`: it differs in nothing from the one that counts.
    `parts` are the numbers of the source's event parts that have ids.
    """
    suspects = _hashes_seen_twice(store, parts)
    if not len(suspects):
        return
    store.save("raw", "suspects", pa.table({"h": suspects}))
    columns = ", ".join(
        ["row", "id", '"at"', '"event"', "person", "account", "rest", *(f'"p_{prop}"' for prop in properties)]
    )
    copies = " UNION ALL ".join(
        f"SELECT {part} AS part, {columns} FROM raw.good_{part} WHERE hash(id) IN (SELECT h FROM raw.suspects)"
        for part in parts
    )
    told = ['"event"', "person", "account", *(f'"p_{prop}"' for prop in properties), "rest"]
    order = ", ".join(f"{column} NULLS FIRST" for column in ['"at"', *told, "part", "row"])
    same = " AND ".join(f"{column} IS NOT DISTINCT FROM first_value({column}) OVER w" for column in ['"at"', *told])
    store.run(
        f"CREATE OR REPLACE TABLE raw.copies AS SELECT part, row, row_number() OVER w AS place, ({same}) AS is_same "
        f"FROM ({copies}) WINDOW w AS (PARTITION BY id ORDER BY {order})"
    )
    store.run("INSERT INTO raw.dropped SELECT part, row, is_same FROM raw.copies WHERE place > 1")
    for what, which in (("duplicates", "place > 1"), ("conflicts", "place > 1 AND NOT is_same")):
        count = store.number(f"SELECT count(*) FROM raw.copies WHERE {which}")
        if count:
            store.run(f"INSERT INTO raw.counts VALUES ({literal(source)}, {literal(what)}, {count})")


def _hashes_seen_twice(store: Store, parts: Sequence[int]) -> npt.NDArray[np.uint64]:
    """Return every hash of an id that occurs more than once, in slices of the hashes that fit in memory."""
    ids = " UNION ALL ".join(f"SELECT hash(id) AS h FROM raw.good_{part} WHERE id IS NOT NULL" for part in parts)
    rows = sum(store.number(f"SELECT count(*) FROM raw.part_{part}") for part in parts)
    slices = -(-rows // _AT_ONCE)
    found = []
    for i in range(slices):
        some = f" WHERE h % {slices} = {i}" if slices > 1 else ""
        hashes = store.arrays(f"SELECT h FROM ({ids}){some}")["h"]
        hashes.sort()
        found.append(np.unique(hashes[1:][hashes[1:] == hashes[:-1]]))
    return np.concatenate(found) if found else np.empty(0, np.uint64)
