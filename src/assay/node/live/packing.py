"""Rows of the lake as lines of CSV: many are read at once, without an object for each value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from assay.node.lake.rows import LAKE

#: What is kept of a row: all that the core reads. `received_at` stays in the lake.
_KEPT: Final = tuple(field for field in LAKE if field.name != "received_at")
_READ: Final = {field.name: pa.int64() if field.name == "at" else field.type for field in _KEPT}
_COLUMNS: Final = csv.ConvertOptions(
    column_types=_READ, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
)
_LEAST_BLOCK: Final = 1 << 24


def packed(rows: pa.Table) -> list[bytes]:
    """Return each row of the lake (LAKE) as a line, without its end."""
    columns = []
    for name, kind in _READ.items():
        column = rows[name].cast(kind)
        if pa.types.is_string(kind):
            quoted = pc.replace_substring(column, '"', '""')
            column = pc.binary_join_element_wise('"', quoted, '"', "")
        columns.append(pc.fill_null(column.cast(pa.string()), ""))
    lines = pc.binary_join_element_wise(*columns, ",")
    return [line.encode() for line in lines.to_pylist()]


def unpacked(lines: Sequence[bytes], longest: int) -> pa.Table:
    """Return the rows of lines, in their order; each text may hold several, and none is longer than `longest` bytes."""
    kept = pa.schema(_KEPT)
    if not lines:
        return kept.empty_table()
    read = csv.read_csv(
        pa.py_buffer(b"\n".join(lines)),
        # A block holds many of the longest rows there are, so that none is cut in two.
        csv.ReadOptions(column_names=list(_READ), block_size=max(_LEAST_BLOCK, 4 * longest)),
        csv.ParseOptions(newlines_in_values=True),
        _COLUMNS,
    )
    return read.cast(kept)
