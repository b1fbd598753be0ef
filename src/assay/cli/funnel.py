"""`assay funnel`: from stage to stage."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.text import Text

from assay.cli import screen
from assay.cli.asking import From, Report, To, Within, duration, note, prepared, say_where, write_report
from assay.cli.given import AsOf, Connection, Data, Definitions, Format, inputs, instant

if TYPE_CHECKING:
    from assay.core.outcomes.funnel import Funnel, Passage

Stages = Annotated[
    str | None, Parameter(name="--stages", help="The way, else MQL,PQL,SAL,SQL,SQO,won as far as the data tells of it.")
]
Among = Annotated[
    str,
    Parameter(name="--among", help="A criterion, or RULE.CRITERION: those alone count at a stage who meet it then."),
]
By = Annotated[
    str | None, Parameter(name="--by", help="Also by one of rule, version, motion, month, source and partner.")
]


def funnel(
    *,
    data: Data = None,
    connection: Connection = (),
    within: Within = "90 days",
    definitions: Definitions = Path("definitions"),
    stages: Stages = None,
    by: By = None,
    among: Among = "",
    start: From = None,
    end: To = None,
    as_of: AsOf = None,
    format: Format = "text",
    report: Report = None,
) -> int:
    """Say how many leads get from stage to stage, how soon, and where they came from."""
    at, begins, ends, horizon = instant(as_of), instant(start, "--from"), instant(end, "--to"), duration(within)
    checked, folder, reached = inputs(definitions, data, connection)
    from assay.core import hindsight
    from assay.core.outcomes import plain

    path = [stage.strip() for stage in (stages or "").split(",") if stage.strip()]
    by = hindsight.dimension(by)
    with prepared(checked, folder, reached, as_of=at, shown=format == "text") as (store, told):
        found = hindsight.flow(
            store, checked, within=horizon, path=path, among=among, start=begins, end=ends, as_of=at, progress=told
        )
    if report is not None:
        from assay.report.funnel import render_funnel

        write_report(report, render_funnel(found))
    if format == "json":
        screen.say_json(plain.funnel(found))
    else:
        tell(found, by)
        say_where(report)
    return 0


def tell(found: Funnel, by: str | None) -> None:
    """Print the steps, if asked each by a dimension, and leads by designation."""
    from assay.core.outcomes import telling
    from assay.core.values import format_duration, format_instant

    known = format_instant(found.period.as_of)[:10]
    screen.say(f"From stage to stage within {format_duration(found.within)}, as known on {known}", "bold")
    screen.say(" · ".join(f"{stage} {number:,}" for stage, number in found.stages))
    if found.among:
        screen.say(telling.alone(found.among))
    screen.say()
    table = screen.table("step", "set out", "got on", "half after", "had before", right=("set out", "had before"))
    for step in found.steps:
        name = Text(f"{step.start} → {step.end}", style="bold")
        table.add_row(name, *_cells(step.whole), f"{step.before:,}")
        for value, passage in (step.parts[by] if by else {}).items():
            table.add_row(Text(screen.clean(f"  {value}"), style="dim"), *_cells(passage), "")
    screen.out().print(table)
    screen.say()
    rows = [row for row in found.designated.to_pylist() if row["as_of"] == found.designated["as_of"][-1].as_py()]
    if rows:
        screen.out().print(Text("Leads by the stage that opened latest: " + telling.listed(rows)))
    note(
        "set out: got to the first stage in the period, and not to the second before; got on: of them, with the "
        "interval of 95 %, young ones for as long as they could be followed; half after: by when half of those "
        "who get on have."
    )


def _cells(passage: Passage) -> tuple[str, str, str]:
    from assay.core.outcomes import telling

    return f"{passage.entered:,}", telling.between(passage.rate), telling.length(passage.half_time)
