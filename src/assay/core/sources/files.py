"""Where the raw rows are: files in a data folder, or tables in memory."""

from __future__ import annotations

import gzip
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Final, Literal, cast

import pyarrow as pa

from assay.core.definitions.model import (
    AccountsSource,
    EventsSource,
    InsightsSource,
    OutcomesSource,
    PartnerFactsSource,
    PeopleSource,
    Source,
)
from assay.core.errors import BadData, did_you_mean
from assay.core.values import text_of

Format = Literal["csv", "parquet", "jsonl"]

_FORMATS: Final[Mapping[str, Format]] = {".csv": "csv", ".parquet": "parquet", ".jsonl": "jsonl"}
_KINDS: Final[Mapping[type[Source], str]] = {
    EventsSource: "events",
    AccountsSource: "accounts",
    PeopleSource: "people",
    OutcomesSource: "outcomes",
    PartnerFactsSource: "partner_facts",
    InsightsSource: "insights",
}


def kind_of(part: Source) -> str:
    """Return the key under which a source part stands in YAML: events, people, accounts, ..."""
    return _KINDS[type(part)]


def format_of(file: str | Path) -> Format | None:
    """Return how a file is written, by its ending; None where Assay cannot read it."""
    path = PurePosixPath(str(file).lower())
    suffix = PurePosixPath(path.stem).suffix if path.suffix == ".gz" else path.suffix
    found = _FORMATS.get(suffix)
    return None if path.suffix == ".gz" and found == "parquet" else found


def find_files(folder: Path, part: Source) -> list[Path]:
    """Return the files of a source part, ordered by name; BadData where there is none that can be read."""
    where = f"source {part.source}, {kind_of(part)}"
    pattern = PurePosixPath(part.file)
    if pattern.is_absolute() or ".." in pattern.parts:
        raise BadData(
            "A file must lie inside the data folder",
            where=where,
            value=part.file,
            mend="Write its path relative to the data folder, without '..'.",
        )
    if not folder.is_dir():
        raise BadData("The data folder does not exist", where=str(folder), mend="Name a folder that holds the files.")
    plain = folder / part.file
    found = [plain] if plain.is_file() else sorted(p for p in folder.glob(part.file) if p.is_file())
    if not found:
        raise _missing(folder, part, where)
    for path in found:
        if format_of(path) is None:
            raise BadData(
                "Assay cannot read this kind of file",
                where=where,
                value=path.name,
                mend="Give csv, csv.gz, parquet or jsonl.",
            )
    return found


def _missing(folder: Path, part: Source, where: str) -> BadData:
    there = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())[:10_000]
    mend = did_you_mean(part.file, there, f"The data folder holds: {', '.join(there[:8]) or 'nothing'}.")
    return BadData("There is no such file in the data folder", where=where, value=part.file, mend=mend)


def open_bytes(path: Path) -> BinaryIO:
    """Return a file opened for reading bytes, unpacked where it is gzipped."""
    if path.suffix.lower() == ".gz":
        return cast(BinaryIO, io.BufferedReader(gzip.open(path, "rb"), 1 << 20))
    return path.open("rb")


def label_of(path: Path, folder: Path) -> str:
    """Return how rejects name a file: its path inside the data folder."""
    return path.relative_to(folder).as_posix()


def check_columns(
    part: Source, file: str, present: Sequence[str], needed: Sequence[str], *, what: str = "file"
) -> None:
    """Raise BadData that names every needed column a file lacks, or has twice."""
    missing = [column for column in dict.fromkeys(needed) if column not in present]
    if missing:
        near = {column: get_close_matches(column, present, n=1, cutoff=0.6) for column in missing}
        hints = [f"Did you mean '{found[0]}' instead of '{column}'?" for column, found in near.items() if found]
        mend = " ".join(hints) or f"Its columns are: {', '.join(present[:30])}."
        words = "columns" if len(missing) > 1 else "column"
        raise BadData(
            f"The {what} lacks the {words} {', '.join(map(repr, missing))}",
            mend=mend,
            where=f"source {part.source}, {kind_of(part)}, {file}",
        )
    twice = [column for column in dict.fromkeys(needed) if list(present).count(column) > 1]
    if twice:
        raise BadData(
            f"The column {twice[0]!r} stands more than once in the header",
            where=f"source {part.source}, {kind_of(part)}, {file}",
            mend="Rename one of them.",
        )


#: The column of a relation that numbers its rows, in the order in which they came; no source has one so named.
ROW: Final = "0:row"


@dataclass(frozen=True, slots=True)
class Relation:
    """Rows that the store itself can read: SQL of a SELECT with the columns that the source names, and `ROW`.

    `is_cheap`: events are read again wherever they are needed, a few columns each time, rather than kept. That pays
    where they are many: the SQL is planned again, too.
    """

    sql: str
    is_cheap: bool = False


def table_for(part: Source, parts: Sequence[Source], data: Mapping[str, Any]) -> pa.Table | Relation:
    """Return what was given for a source part, as Arrow where it is a table in memory; BadData where there is none."""
    given = data.get(part.source)
    where = f"source {part.source}, {kind_of(part)}"
    if isinstance(given, Mapping):
        given = given.get(kind_of(part), given.get(part.file))
    elif given is not None and sum(other.source == part.source for other in parts) > 1:
        raise BadData(
            "The source has several parts, and one table was given",
            where=where,
            mend="Give a mapping, such as {'events': table, 'people': table}.",
        )
    if given is None:
        raise BadData(
            "No table was given for it", where=where, mend=f"Add '{part.source}' to the tables (it may have no rows)."
        )
    return given if isinstance(given, Relation) else arrow_table(given, where)


def check_names(parts: Sequence[Source], data: Mapping[str, Any]) -> None:
    """Raise BadData where a table was given for a source that does not exist."""
    known = sorted({part.source for part in parts})
    for key in data:
        if key not in known:
            mend = did_you_mean(str(key), known, f"The sources are: {', '.join(known)}.")
            raise BadData("A table was given for a source that no definition has", where=str(key), mend=mend)


def arrow_table(given: Any, where: str) -> pa.Table:
    """Return an Arrow, pandas or polars table as Arrow; columns of mixed Python objects become canonical text."""
    try:
        if isinstance(given, pa.Table | pa.RecordBatch):
            return _without_views(pa.table(given))
        if hasattr(given, "iloc"):
            return _from_pandas(given)
        if hasattr(given, "__arrow_c_stream__"):
            return _without_views(pa.table(given))
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise BadData(
            "The table cannot be turned into an Arrow table",
            where=where,
            value=type(error).__name__,
            mend="Give one type of value in each column.",
        ) from None
    raise BadData(
        "This is no table", where=where, value=type(given).__name__, mend="Give an Arrow, pandas or polars table."
    )


def _without_views(table: pa.Table) -> pa.Table:
    """Return a table with plain strings for string views, which Arrow cannot compare yet."""
    for i, column in enumerate(table.schema):
        if pa.types.is_string_view(column.type):
            table = table.set_column(i, column.name, table.column(i).cast(pa.large_string()))
    return table


def _from_pandas(frame: Any) -> pa.Table:
    columns: dict[str, pa.Array] = {}
    for column in frame.columns:
        values = frame[column]
        try:
            columns[str(column)] = pa.Array.from_pandas(values)
        except (pa.ArrowException, TypeError, ValueError):
            texts = [None if value is None or value != value else text_of(value) for value in values]
            columns[str(column)] = pa.array(texts, pa.string())
    return pa.table(columns)
