"""Where `assay share` keeps and writes things, and what is typed to run it again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Final

from assay.core.errors import BadRequest

if TYPE_CHECKING:
    import pyarrow as pa

    from assay.cli.sharing_options import Columns, Places

_LEARNT: Final = "learnt.csv"


def state_of(list_: Path | None, places: Places) -> Path:
    """Return the folder of key and memory; BadRequest where it cannot be told."""
    if places.state is not None:
        return places.state
    if list_ is None:
        raise BadRequest("Which list?", where="LIST", mend="Name the file that is shared, or its --state folder.")
    return list_.with_name(f"{list_.name.split('.')[0]}.assay")


def again(list_: Path, places: Places, columns: Columns) -> str:
    """Return what is typed to run the command again."""
    words = ["assay", "share", quote(str(list_))]
    for option, path in (("--state", places.state), ("--out", places.out)):
        words += [option, quote(str(path))] if path is not None else []
    for role, column in columns.given().items():
        words += [f"--{role}", quote(column)]
    return " ".join(words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """What is written: what was learnt, and beside it questions, messages, and rows that look like one company."""

    learnt: Path
    questions: Path
    messages: Path
    duplicates: Path

    @classmethod
    def of(cls, list_: Path, places: Places) -> Files:
        """Return the files; those of two partners do not meet where each has a folder of its own."""
        own = f"{places.state.resolve().name.removesuffix('.assay')}." if places.state is not None else ""
        learnt = places.out or list_.with_name(f"{own}{_LEARNT}")
        before = learnt.name.removesuffix(_LEARNT) if learnt.name.endswith(_LEARNT) else f"{learnt.stem}."
        # Where the list lies somebody may not write: then all goes to where --out is.
        beside = list_ if places.out is None else learnt
        return cls(
            learnt=learnt,
            questions=learnt.with_name(f"{before}questions.csv"),
            messages=learnt.with_name(f"{before}messages.csv"),
            duplicates=beside.with_name(f"{list_.name.split('.')[0]}.duplicates.csv"),
        )

    def demand_writable(self) -> None:
        """Raise BadRequest where what will be learnt could not be written; nothing was done until then."""
        if self.learnt.is_dir():
            raise BadRequest("This is a folder", where="--out", value=str(self.learnt), mend="Name a file: learnt.csv.")
        folder = next(one for one in (self.learnt.absolute().parent, *self.learnt.absolute().parents) if one.exists())
        if not folder.is_dir() or not os.access(folder, os.W_OK):
            raise _unwritable(self.learnt)


def write(path: Path, told: pa.Table) -> None:
    """Write a table as CSV."""
    from assay.core.io.writing import file_aside, write_csv

    with writing(path), file_aside(path) as aside:
        write_csv(aside, told)


def write_some(path: Path, told: pa.Table) -> None:
    """Write a table as CSV; without rows, only where an earlier one of the same columns stands there."""
    if told.num_rows or _is_ours(path, told):
        write(path, told)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Raise BadRequest where a file that is written inside cannot be."""
    try:
        yield
    except OSError:
        raise _unwritable(path) from None


def _is_ours(path: Path, told: pa.Table) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.readline().decode("utf-8", "replace").replace('"', "").strip() == ",".join(told.column_names)


def _unwritable(path: Path) -> BadRequest:
    return BadRequest(
        "This file cannot be written",
        where="--out",
        value=str(path),
        mend="Name a file in a folder that this user may write to: --out learnt.csv.",
    )
