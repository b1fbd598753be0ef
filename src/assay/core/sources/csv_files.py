"""CSV: the header, the dialect, and the fast way in; `careful` has the sure way for files that are not plain."""

from __future__ import annotations

import csv
import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from assay.core.errors import BadData
from assay.core.io.store import literal, name
from assay.core.sources.fields import Scan
from assay.core.sources.files import open_bytes

#: A longer line is a reject: it is a broken file, not a row.
LONGEST_LINE: Final = 2_000_000
_DELIMITERS: Final = (",", ";", "\t", "|")
_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a CSV file is written. `columns` are the header's names, trimmed; `header_lines` how many lines it takes."""

    delimiter: str
    quote: str
    columns: tuple[str, ...]
    header_lines: int = 1


def read_dialect(path: Path, file: str, wanted: Sequence[str]) -> Dialect:
    """Return how a CSV file is written, from its header line; BadData where there is none to read.

    The delimiter is the one under which the header has most of the `wanted` columns, then most columns.
    """
    try:
        with open_bytes(path) as stream:
            first = stream.readline(LONGEST_LINE)
    except PermissionError:
        raise BadData("The file may not be read", where=file, mend="Let this user read it.") from None
    except (OSError, EOFError, zlib.error) as error:
        raise BadData(
            "The file cannot be opened",
            where=file,
            value=type(error).__name__,
            mend="Check that it is complete, and that its ending says how it is packed.",
        ) from None
    if first.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise BadData("The file is written in UTF-16", where=file, mend="Save it as UTF-8.")
    line = _decoded(first.removeprefix(b"\xef\xbb\xbf"), file).rstrip("\r\n")
    if "\r" in line:
        raise BadData("The lines end in carriage returns alone", where=file, mend="Save it with ordinary line ends.")
    if not line.strip():
        raise BadData(
            "The file is empty: it has no header", where=file, mend="Give a first line with the names of the columns."
        )
    quote = "'" if line.startswith("'") and line.endswith("'") else '"'
    best: Dialect | None = None
    for delimiter in _DELIMITERS:
        try:
            columns = tuple(cell.strip() for cell in next(csv.reader([line], delimiter=delimiter, quotechar=quote)))
        except csv.Error:
            continue
        found = Dialect(delimiter=delimiter, quote=quote, columns=columns)
        if best is None or _fit(found, wanted) > _fit(best, wanted):
            best = found
    if best is None:
        raise BadData("The header cannot be read", where=file, mend="Separate the columns by ',', ';' or tabs.")
    return best


def _decoded(line: bytes, file: str) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        raise BadData("The header is not UTF-8", where=file, mend="Save the file as UTF-8.") from None


def _fit(dialect: Dialect, wanted: Sequence[str]) -> tuple[int, int]:
    return len(set(wanted) & set(dialect.columns)), len(dialect.columns)


def fast_scan(path: Path, file: str, dialect: Dialect) -> Scan:
    """Return a scan that lets DuckDB parse the file; row and line are those of the stage's own rowid."""
    unique = _unique(dialect.columns)
    types = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in unique)
    source = (
        f"read_csv({literal(escaped(path))}, auto_detect=false, header=true, delim={literal(dialect.delimiter)}, "
        f"quote={literal(dialect.quote)}, escape={literal(dialect.quote)}, strict_mode=true, null_padding=false, "
        f"max_line_size={LONGEST_LINE}, columns={{{types}}})"
    )
    columns = {column: (name(own), "VARCHAR") for column, own in zip(dialect.columns, unique, strict=True)}
    return Scan(source=source, columns=columns, row="0", line="0", file=literal(file))


def _unique(columns: Sequence[str]) -> list[str]:
    return [f"{i}:{column.lower()}" for i, column in enumerate(columns)]


def escaped(path: Path) -> str:
    """Return a path in which DuckDB finds nothing to expand."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(path))


def count_lines(path: Path) -> int:
    """Return the number of lines of a file; a last line without an end counts."""
    lines, last = 0, b"\n"
    with open_bytes(path) as stream:
        while chunk := stream.read(_CHUNK):
            lines += chunk.count(b"\n")
            last = chunk[-1:]
    return lines + (last != b"\n")


def parse_line(text: str, dialect: Dialect) -> list[str]:
    """Return the cells of one whole record; csv.Error where its quotes do not close."""
    if dialect.quote not in text:
        return text.split(dialect.delimiter)
    lines = io.StringIO(text, newline="")
    return next(csv.reader(lines, delimiter=dialect.delimiter, quotechar=dialect.quote, strict=True))
