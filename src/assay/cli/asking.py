"""Options of the verbs that look back, read the same way."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from assay.cli.given import instant
from assay.core.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from assay.core.definitions.model import Definitions as Language
    from assay.core.hindsight import Asked, Progress
    from assay.core.io.store import Store
    from assay.core.outcomes.caveats import Caveat

Outcome = Annotated[str, Parameter(name="--outcome", help="What leads should come to, as the data names it: won.")]
Within = Annotated[str, Parameter(name="--within", help="How soon it should come: '90 days'.")]
From = Annotated[str | None, Parameter(name="--from", help="Where the period begins; else with the data.")]
To = Annotated[str | None, Parameter(name="--to", help="Where it ends, itself not part of it; else with the data.")]
ReachOf = Annotated[
    Literal["account", "person"],
    Parameter(name="--reach", help="Whether an outcome of a person's account counts as the person's."),
]
Among = Annotated[
    str,
    Parameter(name="--among", help="A criterion of the rule: everybody else are those alone who meet it just then."),
]
Report = Annotated[Path | None, Parameter(name="--report", help="An HTML file to write the answer to, with charts.")]


def asked(
    outcome: str,
    within: str,
    start: str | None,
    end: str | None,
    reach: Literal["account", "person"],
    *,
    among: str = "",
) -> Asked:
    """Return the question that the options put; BadRequest where one cannot be read."""
    from assay.core.hindsight import Asked

    return Asked(
        outcome=outcome,
        within=duration(within),
        start=instant(start, "--from"),
        end=instant(end, "--to"),
        reach=reach,
        among=among,
    )


def duration(text: str, where: str = "--within") -> int:
    """Return the microseconds that a duration writes; BadRequest where it writes none."""
    from assay.core.values import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        raise BadRequest("This is not a duration", where=where, value=text, mend=str(error)) from None


@contextmanager
def prepared(
    definitions: Language, data: Path | None, connections: Mapping[str, str], *, as_of: int | None, shown: bool
) -> Iterator[tuple[Store, Progress]]:
    """Read and resolve the data; give it, and what is told how far things are (on the screen, where that is wanted)."""
    from assay.cli import screen
    from assay.core import hindsight

    with screen.progress(shown=shown) as told:
        told("Reading the data")
        with hindsight.prepared(definitions, data, connections=connections, as_of=as_of, progress=told) as store:
            yield store, told


def write_report(path: Path, page: str) -> None:
    """Write an HTML page, whole or not at all."""
    from assay.core.io.writing import write_text

    write_text(path, page)


def note(text: str) -> None:
    """Print what helps to read an answer, quietly and folded at the edge."""
    from rich.text import Text

    from assay.cli import screen

    screen.out().print(Text(screen.clean(text), style="dim"))


def mind(caveats: Sequence[Caveat]) -> None:
    """Print what makes an answer less to be trusted, if anything does."""
    from rich.padding import Padding
    from rich.text import Text

    from assay.cli import screen

    if not caveats:
        return
    screen.say()
    screen.say("Mind:", "bold")
    for caveat in caveats:
        words = Text(screen.clean(f"{caveat.of}: " if caveat.of else ""), style="bold")
        words.append(screen.clean(caveat.text), style="not bold")
        screen.out().print(Padding(words, (0, 0, 0, 2)))


def say_where(report: Path | None) -> None:
    """Print where the report was written, if it was."""
    from assay.cli import screen

    if report is not None:
        screen.say()
        screen.say(f"Written to {report}.", "dim")
