"""The sure way through a text file, line by line: every row or its reject, each with the line it starts on.

Slower than DuckDB by far, and taken only where the fast way does not account for every line: rows over several lines,
blank lines, stray quotes, other encodings, lines without end, ragged rows.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from assay.core.sources.csv_files import LONGEST_LINE, Dialect, parse_line
from assay.core.sources.files import open_bytes

#: A quote still open after so many lines was never meant to be one.
LONGEST_RECORD: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class LineReject:
    """A line that is no row: `value` is the offending piece of it, if one can be told."""

    line: int
    reason: str
    value: str | None = None


@dataclass(slots=True)
class Lines:
    """The lines of a file, decoded, with their numbers; what cannot be decoded goes to `rejects`."""

    stream: BinaryIO
    rejects: list[LineReject] = field(default_factory=list)
    number: int = 0
    waiting: deque[tuple[int, str]] = field(default_factory=deque)

    def take(self) -> tuple[int, str] | None:
        """Return the next line's number and text without its end; None at the end of the file."""
        if self.waiting:
            return self.waiting.popleft()
        while raw := self.stream.readline(LONGEST_LINE):
            self.number += 1
            if not raw.endswith(b"\n") and len(raw) == LONGEST_LINE:
                while raw and not raw.endswith(b"\n"):
                    raw = self.stream.readline(LONGEST_LINE)
                self.rejects.append(LineReject(line=self.number, reason="a line longer than 2 MB"))
                continue
            try:
                text = raw.decode("utf-8")
            except UnicodeDecodeError as error:
                shown = raw[max(0, error.start - 10) : error.start + 10].decode("utf-8", errors="replace")
                self.rejects.append(LineReject(line=self.number, reason="not UTF-8", value=shown))
                continue
            return self.number, text.rstrip("\r\n")
        return None

    def put_back(self, lines: list[tuple[int, str]]) -> None:
        """Let `lines` be taken again, before all others."""
        self.waiting.extendleft(reversed(lines))


def csv_rows(path: Path, dialect: Dialect, rejects: list[LineReject]) -> Iterator[tuple[int, list[str]]]:
    """Yield (line, cells) of every row of a CSV file; lines that are no row are appended to `rejects`."""
    with open_bytes(path) as stream:
        lines = Lines(stream, rejects)
        lines.take()  # the header
        while (taken := lines.take()) is not None:
            number, text = taken
            if not text:
                continue
            cells = _cells(lines, number, text, dialect)
            if cells is None:
                rejects.append(LineReject(line=number, reason="a quote that does not close"))
            elif len(cells) != len(dialect.columns):
                reason = f"{len(cells)} columns where the header has {len(dialect.columns)}"
                rejects.append(LineReject(line=number, reason=reason))
            else:
                yield number, cells


def _cells(lines: Lines, number: int, text: str, dialect: Dialect) -> list[str] | None:
    """Return the cells of the record that starts with `text`; None where its quotes never close properly.

    Then only its first line is lost: the lines after it are read again as rows of their own.
    """
    taken: list[tuple[int, str]] = []
    record = text
    while True:
        try:
            return parse_line(record, dialect)
        except csv.Error as error:
            open_quote = "unexpected end of data" in str(error)
        if not open_quote or len(record) > LONGEST_LINE:
            break
        added = _until_quote(lines, dialect, taken)
        if added is None:
            break
        record = f"{record}\n{added}"
    lines.put_back(taken)
    return None


def _until_quote(lines: Lines, dialect: Dialect, taken: list[tuple[int, str]]) -> str | None:
    """Take lines up to the next one with a quote, and return them joined; None where there is none near."""
    added: list[str] = []
    while len(taken) < LONGEST_RECORD:
        following = lines.take()
        if following is None:
            return None
        taken.append(following)
        added.append(following[1])
        if dialect.quote in following[1]:
            return "\n".join(added)
    return None


def text_lines(path: Path, rejects: list[LineReject]) -> Iterator[tuple[int, str]]:
    """Yield (line, text) of every line of a file that is not blank; lines that are no text go to `rejects`."""
    with open_bytes(path) as stream:
        lines = Lines(stream, rejects)
        while (taken := lines.take()) is not None:
            if taken[1].strip():
                yield taken
