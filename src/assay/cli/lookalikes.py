"""`assay lookalikes`: whom a few named accounts or people look like, where there are no outcomes yet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from cyclopts import Parameter
from rich.padding import Padding
from rich.text import Text

from assay.cli import screen
from assay.cli.asking import Report, note, prepared, say_where, write_report
from assay.cli.given import AsOf, Connection, Data, Definitions, Format, inputs, instant
from assay.cli.names import Column, Like, Names, read_names

if TYPE_CHECKING:
    from assay.core.outcomes.lookalikes import Answer

Subject = Annotated[Literal["person", "account"], Parameter(name="--subject", help="Of accounts, or of people.")]
Without = Annotated[
    tuple[str, ...],
    Parameter(
        name="--without", help="An event or attribute to leave aside, such as the one they were chosen by.", negative=()
    ),
]
Top = Annotated[int, Parameter(name="--top", help="How many to propose.")]
Seed = Annotated[int, Parameter(name="--seed", help="Which random sets and draws the names are held beside.")]

_NUMBERS: Final = ("", "Points", "Place")


def lookalikes(
    *,
    data: Data = None,
    connection: Connection = (),
    like: Like = (),
    names: Names = None,
    column: Column = None,
    definitions: Definitions = Path("definitions"),
    subject: Subject = "account",
    without: Without = (),
    top: Top = 20,
    seed: Seed = 0,
    as_of: AsOf = None,
    format: Format = "text",
    report: Report = None,
) -> int:
    """Say who is most like some ten named accounts or people, why, and how sure that is; no outcomes are needed."""
    named, at = read_names(like, names, column), instant(as_of)
    checked, folder, reached = inputs(definitions, data, connection)
    from assay.core import cold_start
    from assay.core.outcomes import plain_lookalikes
    from assay.core.outcomes.candidates import with_all_properties
    from assay.core.outcomes.lookalikes import Asked

    asked = Asked(top=top, seed=seed, without=without)
    with prepared(with_all_properties(checked), folder, reached, as_of=at, shown=format == "text") as (store, told):
        found = cold_start.resemble(store, checked, subject, named, asked, as_of=at, progress=told)
    if report is not None:
        from assay.report.lookalikes import render_lookalikes

        write_report(report, render_lookalikes(found))
    if format == "json":
        screen.say_json(plain_lookalikes.lookalikes(found))
    else:
        tell(found)
        say_where(report)
    return 0


def tell(answer: Answer) -> None:
    """Print who is most like the named, then what these have in common as text for a rule, then what to mind."""
    from assay.core.outcomes import telling_lookalikes as telling

    found, console = answer.lookalikes, screen.out()
    screen.say(telling.question(found), "bold")
    screen.say(telling.period(found))
    screen.say()
    for line in telling.summary(found):
        console.print(Text(screen.clean(line)))
    if found.found:
        screen.say()
        _table(answer)
    if found.traits:
        screen.say()
        screen.say("criteria:", "dim")
    for one in found.traits:
        for line in one.candidate.text.splitlines():
            screen.say(line, "bold")
        console.print(Padding(Text(screen.clean(telling.trait(one, found))), (0, 0, 0, 6)))
    if found.traits:
        screen.say()
    for line in telling.minding(found, answer.ids):
        note(line)
    if found.found:
        note(telling.note(found))


def _table(answer: Answer) -> None:
    from assay.core.outcomes import telling_lookalikes as telling
    from assay.core.outcomes.telling import percent

    found = answer.lookalikes
    who = "Person" if found.subject == "person" else "Account"
    table = screen.table("", "Points", f"In top {found.top}", "Place", f"{who}, and why", right=_NUMBERS)
    for number, one in enumerate(found.found, 1):
        cell = Text(screen.clean(f"{answer.ids[one.subject]} {answer.called.get(one.subject, '')}".rstrip()), "bold")
        why = "; ".join(telling.reasons(one, found, most=telling.FEW))
        cell.append(f"\n{screen.clean(why)}", style="not bold")
        numbers = telling.points(one.points, sign=""), percent(one.in_top), telling.place(one)
        table.add_row(str(number), *numbers, cell)
    screen.out().print(table)
