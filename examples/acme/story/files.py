"""The story's tables, and how they become files: the same bytes for the same tables."""

from __future__ import annotations

import gzip
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
from pyarrow import csv

Table = Mapping[str, Sequence[str]]


def write(folder: Path, tables: Mapping[str, Table]) -> None:
    """Write each table under its file name; `.gz` ones are packed without name or time."""
    for name, table in tables.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        body = _csv(table)
        path.write_bytes(gzip.compress(body, compresslevel=6, mtime=0) if name.endswith(".gz") else body)


def _csv(table: Table) -> bytes:
    buffer = io.BytesIO()
    columns = {key: pa.array(list(values), pa.string()) for key, values in table.items()}
    csv.write_csv(pa.table(columns), buffer, csv.WriteOptions(quoting_style="needed"))
    return buffer.getvalue()


def by_month(table: Table, instants: Sequence[str], name: str) -> dict[str, Table]:
    """Return the rows of each month as a table of its own; rows keep their order."""
    months: dict[str, list[int]] = {}
    for row, text in enumerate(instants):
        months.setdefault(text[:7], []).append(row)
    return {
        name.format(month=month): {key: [values[row] for row in rows] for key, values in table.items()}
        for month, rows in sorted(months.items())
    }
