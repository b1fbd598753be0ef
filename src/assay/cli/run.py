"""`assay run`: who is worth somebody's time, from data and definitions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter
from rich.text import Text

from assay.cli import screen
from assay.cli.given import AsOf, Connection, Data, Definitions, Format, inputs, instant

if TYPE_CHECKING:
    from assay.core.result import Result

_TOP = 10

Engine = Annotated[Literal["here", "spark"], Parameter(name="--engine", help="Where rules are decided.")]
SparkMaster = Annotated[
    str | None, Parameter(name="--spark-master", help="Such as spark://host:7077; else this machine's cores.")
]
SparkFolder = Annotated[
    Path | None, Parameter(name="--spark-folder", help="A folder that this machine and all workers see under one path.")
]


def run(
    *,
    data: Data = None,
    connection: Connection = (),
    out: Annotated[Path, Parameter(name=["--out", "-o"], help="The folder to write to.")],
    definitions: Definitions = Path("definitions"),
    as_of: AsOf = None,
    format: Format = "text",
    engine: Engine = "here",
    spark_master: SparkMaster = None,
    spark_folder: SparkFolder = None,
) -> int:
    """Decide who qualifies; write spells.parquet, leads.csv, rejects.csv and report.html."""
    at = instant(as_of)
    checked, folder, reached = inputs(definitions, data, connection)
    from assay.core import pipeline
    from assay.core.engine import is_compiled
    from assay.core.io.spark import asked

    spark = asked(engine, spark_master, spark_folder)
    if not is_compiled():
        first = "First run of this version: compiling the engine takes a while, once."
        screen.err().print(Text(first, style="dim"))
    with screen.progress(shown=format == "text") as told:
        told("Reading the data")
        with pipeline.run(checked, folder, connections=reached, as_of=at, progress=told, spark=spark) as result:
            told("Writing the report")
            _write(result, out)
    if format == "json":
        screen.say_json(_as_json(result, out))
    else:
        _summary(result, out)
    return 0


def _write(result: Result, out: Path) -> None:
    from assay.core.io import writing
    from assay.report import render

    writing.write_folder(
        out,
        {
            "spells.parquet": result.spells,
            "leads.csv": result.leads,
            "rejects.csv": result.rejects,
            "report.html": render(result),
        },
    )


def _as_json(result: Result, out: Path) -> dict[str, Any]:
    from assay.core.values import format_instant

    top = [
        {key: value.isoformat() if hasattr(value, "isoformat") else value for key, value in row.items()}
        for row in result.leads.slice(0, _TOP).to_pylist()
    ]
    return {
        "as_of": format_instant(result.as_of),
        "as_of_given": result.as_of_given,
        **result.sizes,
        "leads": result.leads.num_rows,
        "spells": result.spells.num_rows,
        "rejects": result.rejects.num_rows,
        "counts": result.counts.to_pylist(),
        "rules": [
            {"rule": c.rule, "holds": c.holds, "entered": c.entered, "left": c.left, "leads": c.leads}
            for c in result.by_rule
        ],
        "top_leads": top,
        "out": str(out),
    }


def _summary(result: Result, out: Path) -> None:
    from assay.core.sentences import exact

    said = "as you asked" if result.as_of_given else "the latest event"
    screen.say(f"As of {exact(result.as_of)} ({said})", "bold")
    screen.say(screen.numbers(result.sizes))
    for line in _counted(result):
        screen.say(line, "dim")
    screen.say()
    _print_rules(result)
    _print_leads(result)
    screen.say(f"Written to {out}:")
    screen.say("  report.html      to read")
    screen.say("  leads.csv        to work, best first")
    screen.say("  spells.parquet   when each rule held of whom, in all of history")
    screen.say("  rejects.csv      rows that could not be read")


def _counted(result: Result) -> list[str]:
    """Return a line a kind of row that was put aside; nothing is dropped in silence."""
    by_kind: dict[str, list[str]] = {}
    for row in result.counts.to_pylist():
        if row["rows"] and row["what"] not in {"rows", "rejects"}:
            by_kind.setdefault(row["what"], []).append(f"{row['source']} {row['rows']:,}")
    if result.rejects.num_rows:
        by_kind.setdefault("rejects", [f"{result.rejects.num_rows:,}"])
    return [f"{kind.replace('_', ' ')}: {', '.join(counts)}" for kind, counts in sorted(by_kind.items())]


def _print_rules(result: Result) -> None:
    rules = {rule.name: rule for rule in result.definitions.rules}
    table = screen.table(
        "rule", "stage", "in now", "entered", "left", "leads", right=("in now", "entered", "left", "leads")
    )
    for count in result.by_rule:
        rule = rules[count.rule]
        leads = f"{count.leads:,}" if rule.status == "live" else rule.status
        stage = Text(rule.stage, style=screen.stage_style(rule.stage))
        table.add_row(Text(count.rule), stage, f"{count.holds:,}", f"{count.entered:,}", f"{count.left:,}", leads)
    screen.out().print(table)
    screen.say()


def _print_leads(result: Result) -> None:
    total = result.leads.num_rows
    if not total:
        screen.say("No leads: nobody qualifies under a live rule at this instant.", "bold")
        return screen.say()
    screen.say(f"{total:,} lead{'s' * (total != 1)}" + (f", the first {_TOP}:" if total > _TOP else ":"), "bold")
    table = screen.table("#", "who", "stage", "score", "why", right=("#", "score"))
    table.columns[1].max_width = 24
    for row in result.leads.slice(0, _TOP).to_pylist():
        who = Text(screen.clean(f"{row['subject_type']}:{row['subject_id']}"), style="bold")
        if row["name"]:
            who.append("\n").append(screen.clean(row["name"]), style="not bold dim")
        score = "" if row["score"] is None else f"{row['score']:.0f}"
        stage = Text(row["stage"], style=screen.stage_style(row["stage"]))
        table.add_row(str(row["rank"]), who, stage, score, Text(screen.clean(row["reasons"])))
    screen.out().print(table)
    return screen.say()
