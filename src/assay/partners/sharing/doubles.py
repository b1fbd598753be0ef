"""Companies that a list seems to have twice, as a file for whoever keeps the list."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pyarrow as pa

from assay.core.io.writing import file_aside, write_csv
from assay.partners import duplicates
from assay.partners.sharing.listing import Listing

_SAME: Final = "the same in every key: taken for one company"
_TEXTS: Final = ("id", "company", "other id", "other company")
_SCHEMA: Final = pa.schema([*((name, pa.string()) for name in _TEXTS), ("bits", pa.float64()), ("why", pa.string())])


def write(listing: Listing, file: Path) -> int:
    """Write which rows look like one company, and why; return how many pairs there are.

    Where there are none, a file of an earlier time is removed.
    """
    told = table(listing)
    if not told.num_rows:
        file.unlink(missing_ok=True)
    else:
        with file_aside(file) as aside:
            write_csv(aside, told)
    return int(told.num_rows)


def table(listing: Listing) -> pa.Table:
    """Return a row for each pair that looks like one company, and for each row that repeats another, with reasons."""
    ids = list(listing.records)
    told: list[tuple[str | float | None, ...]] = [
        (first, listing.title(first), other, title, None, _SAME) for first, other, title in listing.repeats
    ]
    for one in duplicates.find(list(listing.records.values())):
        first, other = ids[one.first], ids[one.other]
        why = "; ".join(f"{reason.finding} {reason.bits:+.1f}" for reason in one.evidence.reasons)
        told.append((first, listing.title(first), other, listing.title(other), round(one.evidence.bits, 1), why))
    return pa.Table.from_pylist([dict(zip(_SCHEMA.names, row, strict=True)) for row in told], schema=_SCHEMA)
