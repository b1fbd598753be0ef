"""Names of subjects as options and files hold them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from assay.core.errors import BadRequest, did_you_mean

if TYPE_CHECKING:
    from assay.core.outcomes.naming import Name

Like = Annotated[
    tuple[str, ...],
    Parameter(name="--like", help="An account (id, domain or name) or person (id); again for each.", negative=()),
]
Names = Annotated[Path | None, Parameter(name="--names", help="A file of them: one a line, or a CSV file.")]
Column = Annotated[str | None, Parameter(name="--column", help="The column of that CSV file that holds them.")]


def read_names(like: Sequence[str], file: Path | None, column: str | None) -> tuple[Name, ...]:
    """Return all names with where they stand; BadRequest where there are none, or the file cannot be read."""
    from assay.core.outcomes.naming import Name

    names = [Name(text=text, where="--like") for text in like]
    if file is not None:
        names += [Name(text=text, where=str(file), line=line) for line, text in _of_file(file, column) if text]
    elif column is not None:
        raise BadRequest("There is no file to take a column of", where="--column", mend="Name it: --names FILE.")
    if not names:
        raise BadRequest(
            "Nobody is named",
            where="--names" if file is not None else "--like",
            mend="Name about ten: --like ID for each, or --names FILE with one a line.",
        )
    return tuple(names)


def _of_file(file: Path, column: str | None) -> list[tuple[int, str]]:
    """Return what stands in a file with its lines."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        mend = "Write its path as seen from here."
        raise BadRequest("There is no such file", where="--names", value=str(file), mend=mend) from None
    except (OSError, UnicodeDecodeError):
        mend = "Name a readable text file in UTF-8."
        raise BadRequest("The file cannot be read", where="--names", value=str(file), mend=mend) from None
    lines = text.splitlines()
    if column is None and file.suffix.lower() not in {".csv", ".tsv"}:
        return [(number, line.strip()) for number, line in enumerate(lines, 1)]
    return _of_column(file, lines, column)


def _of_column(file: Path, lines: Sequence[str], column: str | None) -> list[tuple[int, str]]:
    first = lines[0] if lines else ""
    delimiter = max(",;\t", key=first.count)
    rows = csv.reader(lines, delimiter=delimiter)
    head = [name.strip() for name in next(rows, [])]
    # The first line may be no head, and hold people: it is not shown.
    if column is None and len(head) > 1:
        mend = "Name the one that holds them as its first line does: --column NAME."
        raise BadRequest(f"The file has {len(head)} columns", where=str(file), mend=mend)
    if column is not None and column not in head:
        mend = did_you_mean(column, head, "Write it as the first line of the file does.")
        raise BadRequest("The file has no such column", where="--column", value=column, mend=mend)
    at = 0 if column is None else head.index(column)
    return [(rows.line_num, row[at].strip()) for row in rows if len(row) > at]
