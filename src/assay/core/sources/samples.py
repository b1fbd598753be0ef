"""A look at the beginning of each data file: its columns and what stands in them."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq

from assay.core.errors import BadData
from assay.core.sources.careful import LineReject, csv_rows, text_lines
from assay.core.sources.csv_files import read_dialect
from assay.core.sources.files import format_of
from assay.core.values import parse_instant, parse_number, text_of

#: So many rows are looked at.
ROWS: Final = 3_000

_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_DOMAIN: Final = re.compile(r"(https?://)?([a-z0-9-]+\.)+[a-z]{2,}(:\d+)?(/.*)?", re.IGNORECASE)
_EPOCH: Final = re.compile(r"1\d{9}|1\d{12}")


@dataclass(frozen=True)
class Column:
    """A column's name and the values at the beginning of the file (None where absent)."""

    name: str
    values: tuple[str | None, ...]

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Return the words of the name in lower case: `orgId` and `org_id` are both (org, id)."""
        spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", self.name)
        return tuple(re.findall(r"[a-z]+|[0-9]+", spaced.lower()))

    @cached_property
    def present(self) -> tuple[str, ...]:
        """Return the values that are there."""
        return tuple(value for value in self.values if value is not None)

    @cached_property
    def different(self) -> frozenset[str]:
        """Return the different values."""
        return frozenset(self.present)

    @property
    def filled(self) -> float:
        """Return the share of rows in which it has a value."""
        return len(self.present) / len(self.values) if self.values else 0.0

    @property
    def is_unique(self) -> bool:
        """Return whether no value comes twice and none is absent."""
        return len(self.different) == len(self.values)

    def _share(self, holds: Iterator[bool]) -> float:
        return sum(holds) / len(self.present) if self.present else 0.0

    @cached_property
    def instants(self) -> float:
        """Return the share of values that are instants."""
        return self._share(map(_is_instant, self.present))

    @cached_property
    def emails(self) -> float:
        """Return the share of values that are e-mail addresses."""
        return self._share(_EMAIL.fullmatch(value) is not None for value in self.present)

    @cached_property
    def domains(self) -> float:
        """Return the share of values that are web addresses or domains."""
        return self._share(_DOMAIN.fullmatch(value) is not None for value in self.present)

    @cached_property
    def numbers(self) -> float:
        """Return the share of values that are numbers."""
        return self._share(parse_number(value) is not None for value in self.present)


def _is_instant(value: str) -> bool:
    if _EPOCH.fullmatch(value):
        return True
    try:
        parse_instant(value)
    except ValueError:
        return False
    return True


def sample(path: Path, file: str) -> tuple[Column, ...]:
    """Return the columns of a file; none where it cannot be read."""
    try:
        return columns_of(path, file)
    except BadData:
        return ()


def columns_of(path: Path, file: str) -> tuple[Column, ...]:
    """Return the columns of a file; BadData where it cannot be read, none where it is of no known form."""
    readers = {"csv": _csv, "parquet": _parquet, "jsonl": _jsonl}
    form = format_of(path)
    if form is None:
        return ()
    with whole(file):
        return tuple(readers[form](path, file))


@contextmanager
def whole(file: str) -> Iterator[None]:
    """Raise BadData where a file that is read inside turns out to be cut off, or not what its ending says."""
    try:
        yield
    except EOFError:
        raise BadData(
            "The file is cut off in the middle", where=file, mend="Export or copy it again, and wait until it is whole."
        ) from None
    except (gzip.BadGzipFile, zlib.error):
        raise BadData(
            "The file is damaged, or not packed with gzip",
            where=file,
            mend="Export or copy it again; a file that is not packed ends in .csv.",
        ) from None
    except PermissionError:
        raise BadData("The file may not be read", where=file, mend="Let this user read it.") from None
    except (OSError, ValueError) as error:  # Arrow's own errors are ValueErrors
        raise BadData(
            "The file cannot be read",
            where=file,
            value=type(error).__name__,
            mend="Check that it is complete, and that its ending says how it is written.",
        ) from None


def _csv(path: Path, file: str) -> Iterator[Column]:
    dialect = read_dialect(path, file, ())
    rejects: list[LineReject] = []
    rows = [cells for _, cells in islice(csv_rows(path, dialect, rejects), ROWS)]
    for i, column in enumerate(dialect.columns):
        yield Column(column, tuple(text_of(cells[i]) for cells in rows))


def _parquet(path: Path, file: str) -> Iterator[Column]:
    with pq.ParquetFile(path) as parquet:
        batch = next(parquet.iter_batches(batch_size=ROWS), None)
        names = parquet.schema_arrow.names
    for i, column in enumerate(names):
        yield Column(column, tuple(map(text_of, batch.column(i).to_pylist())) if batch is not None else ())


def _jsonl(path: Path, file: str) -> Iterator[Column]:
    rejects: list[LineReject] = []
    objects = []
    for _, line in islice(text_lines(path, rejects), ROWS):
        value = json.loads(line)
        if isinstance(value, dict):
            objects.append(value)
    flat = [dict(_flattened(each, "")) for each in objects]
    for column in dict.fromkeys(key for each in flat for key in each):
        yield Column(column, tuple(text_of(each.get(column)) for each in flat))


def _flattened(value: dict[str, object], before: str) -> Iterator[tuple[str, object]]:
    """Yield nested values under paths with dots, as sources may name them."""
    for key, inner in value.items():
        if isinstance(inner, dict):
            yield from _flattened(inner, f"{before}{key}.")
        else:
            yield f"{before}{key}", inner
