"""Options that several verbs share, read the same way."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from assay.core.errors import BadRequest

Data = Annotated[Path, Parameter(name=["--data", "-d"], help="The data folder.")]
Definitions = Annotated[Path, Parameter(name=["--definitions", "-f"], help="The definitions folder.")]
AsOf = Annotated[
    str | None, Parameter(name="--as-of", help="The instant of the answer, in UTC; else that of the latest event.")
]
Format = Annotated[Literal["text", "json"], Parameter(name="--format", help="How to answer.")]


def existing_folder(folder: Path, where: str) -> Path:
    """Return the folder; BadRequest where there is none."""
    if not folder.is_dir():
        mend = "Name the folder, not a file in it." if folder.exists() else "Write its path as seen from here."
        raise BadRequest("There is no such folder", where=where, value=str(folder), mend=mend)
    return folder


def instant(text: str | None, where: str = "--as-of") -> int | None:
    """Return the UTC microseconds that an option writes; BadRequest where it writes none."""
    from assay.core.values import parse_instant

    if text is None:
        return None
    try:
        return parse_instant(text)
    except ValueError:
        raise BadRequest(
            "This is not an instant",
            where=where,
            value=text,
            mend="Write a date or a date and time, such as 2026-03-10 or 2026-03-10T09:00:00Z.",
        ) from None
