"""A file of companies, read into records that can be compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from assay.core.errors import BadRequest
from assay.core.sources.careful import LineReject, csv_rows
from assay.core.sources.csv_files import Dialect, read_dialect
from assay.core.sources.files import format_of
from assay.core.sources.guessing import company_columns
from assay.core.sources.samples import columns_of, whole
from assay.core.values import text_of
from assay.partners.canonical import Keys, keys_of
from assay.partners.sharing.columns import Row, chosen, made_id, record_of

#: So many rows that cannot be read are kept to be shown.
_SHOWN: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The companies of a file by id: their keys, and their row; what could not be used, counted.

    Rows that say the same are one company, under the first of their ids; `repeats` are the others: the id of the first,
    their own id, and what they are called. `rejects` are the first few of the rows that cannot be read.
    """

    records: Mapping[str, Keys] = field(repr=False)
    rows: Mapping[str, Row] = field(repr=False)
    columns: Mapping[str, str]
    names: tuple[str, ...]
    repeats: tuple[tuple[str, str, str], ...] = field(default=(), repr=False)
    unusable: int = 0
    unreadable: int = 0
    rejects: tuple[LineReject, ...] = field(default=(), repr=False)

    def title(self, record: str) -> str:
        """Return what a person calls a company of the list."""
        column = self.columns.get("name") or self.columns.get("domain", "")
        return self.rows.get(record, {}).get(column) or record


def read_list(path: Path, given: Mapping[str, str]) -> Listing:
    """Return a list; `given` are columns by role that are not to be guessed, '' for none.

    Raise BadRequest for what is no list, or has no company that could be compared; BadData for what cannot be read.
    """
    form = format_of(path)
    if not path.is_file() or form not in {"csv", "parquet"}:
        raise BadRequest(
            "This is no list" if path.exists() else "There is no such file",
            where="LIST",
            value=str(path),
            mend="Name a file of one company a row: .csv, .csv.gz or .parquet.",
        )
    rejects: list[LineReject] = []
    rows = _csv(path, read_dialect(path, str(path), ()), rejects) if form == "csv" else _parquet(path)
    sampled = columns_of(path, str(path))
    names = tuple(column.name for column in sampled)
    if not any(column.values for column in sampled):
        raise _empty(path, sum(1 for _ in rows), rejects)
    columns = chosen(names, company_columns(sampled), given)
    found = _Found(path, columns)
    for row in rows:
        found.take(row)
    if not found.records:
        raise _empty(path, found.unusable, rejects)
    return Listing(
        records=found.records,
        rows=found.rows,
        columns=columns,
        names=names,
        repeats=tuple(found.repeats),
        unusable=found.unusable,
        unreadable=len(rejects),
        rejects=tuple(rejects[:_SHOWN]),
    )


class _Found:
    """The companies of the rows that were read so far."""

    def __init__(self, path: Path, columns: Mapping[str, str]) -> None:
        self._path, self._columns = path, columns
        self.rows: dict[str, Row] = {}
        self.records: dict[str, Keys] = {}
        self.repeats: list[tuple[str, str, str]] = []
        self.unusable = 0
        self._first: dict[tuple[tuple[int, str], ...], str] = {}

    def take(self, row: Row) -> None:
        """Add a row: a company of its own, or one that is there already, or none."""
        columns = self._columns
        keys = keys_of(record_of(row, columns))
        if not keys.values:
            self.unusable += 1
            return
        name = row.get(columns.get("id", ""), "") or made_id(row, columns)
        if keys.values in self._first:
            self.repeats.append((self._first[keys.values], name, row.get(columns.get("name", ""), "") or name))
            return
        if name in self.records:
            if "id" in columns:
                raise BadRequest(
                    "Two different companies have one id",
                    where=f"{self._path.name}, column {columns['id']}",
                    mend="Name the column that is unique with --id, or leave one of the two out.",
                )
            name = f"{name} ({len(self.records)})"
        self._first[keys.values] = name
        self.records[name], self.rows[name] = keys, row


def _empty(path: Path, unusable: int, rejects: list[LineReject]) -> BadRequest:
    told = []
    if unusable:
        told.append(f"{unusable:,} rows with neither a domain nor a name of its own")
    if rejects:
        told.append(
            f"{len(rejects):,} rows that cannot be read, the first in line {rejects[0].line}: {rejects[0].reason}"
        )
    mend = "Export it again, and look that it has a company in each row."
    if rejects and rejects[0].reason == "not UTF-8":
        mend = "Save it as UTF-8: in a spreadsheet choose 'CSV UTF-8'."
    return BadRequest(
        "This list has no company that can be compared",
        where=str(path),
        value="; ".join(told) or "no row below the header",
        mend=mend,
    )


def _csv(path: Path, dialect: Dialect, rejects: list[LineReject]) -> Iterator[Row]:
    with whole(str(path)):
        for _, cells in csv_rows(path, dialect, rejects):
            yield {column: text_of(cell) or "" for column, cell in zip(dialect.columns, cells, strict=True)}


def _parquet(path: Path) -> Iterator[Row]:
    try:
        table: pa.Table = pq.read_table(path)
    except (pa.ArrowInvalid, OSError):
        raise BadRequest("The file cannot be read as Parquet", where="LIST", value=str(path)) from None
    for row in table.to_pylist():
        yield {name: text_of(value) or "" for name, value in row.items()}
