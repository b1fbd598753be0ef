"""What people see: consoles, tables that fit 80 columns, errors, progress."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from assay.core.errors import BadDefinitions, Complaint, ShownError

_STYLES: Final = {"PQL": "cyan", "PQA": "blue", "CSQL": "magenta", "MQL": "yellow", "EQL": "green", "XQL": "green"}

#: What the engine calls its steps, as people read them.
_STEPS: Final = {
    "persons": "Deciding about people",
    "pairs": "Deciding about people in accounts",
    "accounts": "Deciding about accounts",
}


def out() -> Console:
    """Return the console for answers."""
    return Console(highlight=False, markup=False, emoji=False)


def err() -> Console:
    """Return the console for errors and progress."""
    return Console(stderr=True, highlight=False, markup=False, emoji=False)


def clean(text: str) -> str:
    """Return text from data so that it can neither move the cursor nor hide: control characters become a mark."""
    return "".join("\ufffd" if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"} else c for c in text)


def table(*columns: str, right: tuple[str, ...] = (), **settings: Any) -> Table:
    """Return an empty table with the house's look; the columns named in `right` hold numbers."""
    made = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold", **settings)
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return made


def say(text: str = "", style: str = "") -> None:
    """Print one line of an answer, never broken at the edge, so that paths can be copied."""
    out().print(Text(clean(text), style=style), soft_wrap=True)


def say_json(value: object) -> None:
    """Print an answer as JSON."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def stage_style(stage: str) -> str:
    """Return the colour of a stage's name."""
    return _STYLES.get(stage, "bold")


def complaint_row(complaint: Complaint) -> dict[str, object]:
    """Return a complaint as editors and CI read it."""
    place = complaint.place
    return {
        "code": complaint.code,
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "message": complaint.message,
        "value": complaint.value,
        "mend": complaint.mend,
    }


def print_complaints(complaints: tuple[Complaint, ...]) -> None:
    """Print complaints in the form that editors parse, `file:line:column: code: message`, each with its mend."""
    console = out()
    for complaint in complaints:
        line = Text(clean(f"{complaint.place}: "), style="bold")
        line.append(clean(f"{complaint.code}: "), style="red")
        line.append(clean(complaint.message), style="not bold")
        console.print(line, soft_wrap=True)
        if complaint.mend:
            console.print(Text(clean(f"    {complaint.mend}"), style="dim"), soft_wrap=True)


def print_error(error: ShownError, *, as_json: bool) -> None:
    """Print an error made for people; definitions' complaints one by one."""
    complaints = error.complaints if isinstance(error, BadDefinitions) else ()
    if as_json:
        mend = "" if complaints else error.mend
        row = {"what": error.what, "where": error.where, "value": error.value, "mend": mend}
        say_json({"error": row, "complaints": [complaint_row(c) for c in complaints]})
    elif complaints:
        print_complaints(complaints)
        err().print(Text(f"{error.what}.", style="bold red"))
    else:
        console = err()
        line = Text("error: ", style="bold red")
        line.append(clean(f"{error.where}: " if error.where else ""), style="bold")
        line.append(clean(error.what.rstrip(".")), style="not bold")
        line.append(clean(f" (found: {error.value})" if error.value else "") + ".", style="not bold")
        console.print(line, soft_wrap=True)
        if error.mend:
            console.print(Padding(Text(clean(error.mend), style="dim"), (0, 0, 0, 2)))


@contextmanager
def progress(*, shown: bool = True) -> Iterator[Callable[..., None]]:
    """Give a function that stages call with a label, and amounts done and in all if they know them.

    Bars are drawn on standard error, and only where that is a terminal.
    """
    console = err()
    if not shown or not console.is_terminal:
        yield lambda *_, **__: None
        return
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), BarColumn(bar_width=24), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True) as bars:
        task = bars.add_task("", total=None)

        def told(label: str, done: float | None = None, total: float | None = None, **_: object) -> None:
            words = clean(_STEPS.get(label, label))
            if done is None:
                bars.update(task, description=words, total=None)
            else:
                # A single number is a share of the whole.
                bars.update(task, description=words, completed=done, total=1 if total is None else total)

        yield told


def numbers(row: Mapping[str, int]) -> str:
    """Return named counts on one line: "1,204 events · 32 people"."""
    return " · ".join(f"{n:,} {name if n != 1 else _one(name)}" for name, n in row.items())


def _one(name: str) -> str:
    return {"people": "person"}.get(name, name.removesuffix("s"))
