"""A file of companies, read into records that can be compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from assay.core.errors import BadRequest, did_you_mean
from assay.core.sources.careful import LineReject, csv_rows
from assay.core.sources.csv_files import read_dialect
from assay.core.sources.files import format_of
from assay.core.sources.guessing import company_columns
from assay.core.sources.samples import sample
from assay.core.values import text_of
from assay.partners.canonical import Keys, Record, keys_of

#: What a column may be.
ROLES: Final = ("id", "name", "domain", "country", "city")
_Row = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The companies of a file by id: their keys, and their row; what could not be used, counted.

    Rows that say the same are one company, under the first of their ids; `repeats` are the others: the id of the first,
    their own id, and what they are called.
    """

    records: Mapping[str, Keys] = field(repr=False)
    rows: Mapping[str, _Row] = field(repr=False)
    columns: Mapping[str, str]
    names: tuple[str, ...]
    repeats: tuple[tuple[str, str, str], ...] = field(default=(), repr=False)
    unusable: int = 0
    unreadable: int = 0

    def title(self, record: str) -> str:
        """Return what a person calls a company of the list."""
        column = self.columns.get("name") or self.columns.get("domain", "")
        return self.rows.get(record, {}).get(column) or record


def read_list(path: Path, given: Mapping[str, str]) -> Listing:
    """Return a list; `given` are columns by role that are not to be guessed. Raise BadRequest for what is no list."""
    form = format_of(path)
    if not path.is_file() or form not in {"csv", "parquet"}:
        raise BadRequest(
            "This is no list" if path.exists() else "There is no such file",
            where="LIST",
            value=str(path),
            mend="Name a file of one company a row: .csv, .csv.gz or .parquet.",
        )
    sampled = sample(path, path.name)
    names = tuple(column.name for column in sampled)
    columns = _columns(names, company_columns(sampled), given)
    rejects: list[LineReject] = []
    kept: dict[str, _Row] = {}
    records: dict[str, Keys] = {}
    first: dict[tuple[tuple[int, str], ...], str] = {}
    repeats: list[tuple[str, str, str]] = []
    unusable = 0
    for row in _csv(path, rejects) if form == "csv" else _parquet(path):
        keys = keys_of(_record(row, columns))
        if not keys.values:
            unusable += 1
            continue
        name = row.get(columns.get("id", ""), "") or _made_id(row, columns)
        if keys.values in first:
            repeats.append((first[keys.values], name, row.get(columns.get("name", ""), "") or name))
            continue
        if name in records:
            if "id" in columns:
                raise BadRequest(
                    "Two different companies have one id",
                    where=f"{path.name}, column {columns['id']}",
                    mend="Name the column that is unique with --id, or leave one of the two out.",
                )
            name = f"{name} ({len(records)})"
        first[keys.values] = name
        records[name], kept[name] = keys, row
    return Listing(
        records=records,
        rows=kept,
        columns=columns,
        names=names,
        repeats=tuple(repeats),
        unusable=unusable,
        unreadable=len(rejects),
    )


def _columns(names: Sequence[str], guessed: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    for role, name in given.items():
        if name not in names:
            raise BadRequest(
                "The list has no such column", where=f"--{role}", value=name, mend=did_you_mean(name, names)
            )
    columns = {role: column for role, column in {**guessed, **given}.items() if role in ROLES}
    if "domain" not in columns and "name" not in columns:
        raise BadRequest(
            "No column looks like a company's domain or name",
            where="LIST",
            value=", ".join(names[:12]),
            mend="Say which it is with --domain COLUMN or --name COLUMN.",
        )
    return columns


def _record(row: _Row, columns: Mapping[str, str]) -> Record:
    of = {role: row.get(columns.get(role, ""), "") for role in ROLES}
    return Record(name=of["name"], website=of["domain"], country=of["country"], city=of["city"])


def _made_id(row: _Row, columns: Mapping[str, str]) -> str:
    """Return what stands for a company in a list without ids: its domain, else its name with its place."""
    domain = row.get(columns.get("domain", ""), "").strip().lower()
    parts = [row.get(columns.get(role, ""), "").strip() for role in ("name", "city", "country")]
    return domain or ", ".join(part for part in parts if part)


def _csv(path: Path, rejects: list[LineReject]) -> Iterator[_Row]:
    dialect = read_dialect(path, path.name, ())
    for _, cells in csv_rows(path, dialect, rejects):
        yield {column: text_of(cell) or "" for column, cell in zip(dialect.columns, cells, strict=True)}


def _parquet(path: Path) -> Iterator[_Row]:
    try:
        table: pa.Table = pq.read_table(path)
    except (pa.ArrowInvalid, OSError):
        raise BadRequest("The file cannot be read as Parquet", where="LIST", value=str(path)) from None
    for row in table.to_pylist():
        yield {name: text_of(value) or "" for name, value in row.items()}
