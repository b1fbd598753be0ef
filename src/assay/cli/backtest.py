"""`assay backtest`: what became of those whom a rule found, beside everybody else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.text import Text

from assay.cli import screen
from assay.cli.asking import (
    Among,
    From,
    Outcome,
    ReachOf,
    Report,
    To,
    Within,
    asked,
    mind,
    note,
    prepared,
    say_where,
    write_report,
)
from assay.cli.given import AsOf, Connection, Data, Definitions, Format, inputs, instant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from assay.core.outcomes.backtest import Backtest


def backtest(
    *rules: Annotated[str, Parameter(name="RULE", help="The rules, whatever their status; else all live and shadow.")],
    data: Data = None,
    connection: Connection = (),
    outcome: Outcome,
    within: Within = "90 days",
    definitions: Definitions = Path("definitions"),
    start: From = None,
    end: To = None,
    as_of: AsOf = None,
    reach: ReachOf = "account",
    format: Format = "text",
    among: Among = "",
    report: Report = None,
) -> int:
    """Say what became of those whom a rule found: how many converted, how soon, and beside everybody else."""
    question, at = asked(outcome, within, start, end, reach, among=among), instant(as_of)
    checked, folder, reached = inputs(definitions, data, connection)
    from assay.core import hindsight
    from assay.core.outcomes import plain

    hindsight.rules_named(checked, rules)
    with prepared(checked, folder, reached, as_of=at, shown=format == "text") as (store, told):
        found = hindsight.look_back(store, checked, rules, question, as_of=at, progress=told)
        names = hindsight.names_of_cases(store, found)
    if report is not None:
        from assay.report.backtest import render_backtests

        write_report(report, render_backtests(found, names))
    if format == "json":
        screen.say_json({"backtests": [plain.backtest(one) for one in found]})
    else:
        tell(found, names)
        say_where(report)
    return 0


def tell(found: Sequence[Backtest], names: Mapping[str, str]) -> None:
    """Print backtests: one at length, several as a table; `names` has event names by cause."""
    from assay.core.outcomes import telling

    first = found[0]
    screen.say(f"{telling.question(first)}, {telling.period(first)}", "bold")
    if len(found) == 1:
        return _tell_fully(first, names)
    table = screen.table(
        "rule", "entered", "convert", "others", "lift", "ahead of", right=("entered", "others", "lift", "ahead of")
    )
    for one in found:
        ahead = f"{one.reached.preceded:,} of {one.reached.conversions:,}"
        others = "–" if one.others is None else telling.percent(one.others.rate.value)
        table.add_row(
            one.rule.name, f"{one.entered:,}", telling.between(one.rate), others, telling.ratio(one.lift), ahead
        )
    screen.say()
    screen.out().print(table)
    screen.say()
    return note(
        "convert: of those who qualified, with the interval of 95 %; others: of "
        f"{telling.beside(first.question)} at the same instants; lift: how many times as often; ahead of: so many of "
        "all conversions. With one RULE you see more of it."
    )


def _tell_fully(found: Backtest, names: Mapping[str, str]) -> None:
    from assay.core.outcomes import telling

    rule = found.rule
    console = screen.out()
    head = Text(rule.stage, style=screen.stage_style(rule.stage))
    status = "" if rule.status == "live" else f", {rule.status}"
    head.append(f"  {rule.name}, version {rule.version}{status}", style="not bold")
    console.print(head, soft_wrap=True)
    screen.say()
    for line in telling.sentences(found):
        console.print(Text(screen.clean(line)))
    screen.say()
    _curve(found)
    _cases(found, names)
    others = "" if found.others is None else f"{telling.everybody_else(found)} "
    note(f"{others}{telling.reach(found)} Brackets are intervals of 95 %.")
    mind(found.caveats)


def _curve(found: Backtest) -> None:
    """Print the curve at six times."""
    from assay.core.outcomes import telling
    from assay.core.outcomes.estimates import Estimate

    rows = found.curve.to_pylist()
    if len(rows) < 2:
        return
    table = screen.table("after", "converted", "everybody else", "still followed", right=("still followed",))
    others = {} if found.others is None else dict(zip(found.others.after, found.others.share, strict=True))
    steps = sorted({round(k * (len(rows) - 1) / 6) for k in range(1, 7)})
    for row in (rows[step] for step in steps):
        told = telling.between(Estimate(row["share"], row["low"], row["high"]))
        other = telling.percent(others[row["after"]]) if row["after"] in others else "–"
        table.add_row(telling.length(row["after"]), told, other, f"{row['at_risk']:,}")
    screen.out().print(table)
    screen.say()


def _cases(found: Backtest, names: Mapping[str, str]) -> None:
    """Print a few leads that came to nothing, and a few conversions that the rule did not see coming."""
    from assay.core.sentences import cause

    kind = found.rule.subject
    if found.false_positives.num_rows:
        screen.say("Qualified and did not convert, for example:", "bold")
        for row in found.false_positives.to_pylist():
            opened = cause(row["opened_by"], names)
            screen.say(f"  {kind}:{row['subject_id']}  since {row['since']:%Y-%m-%d}, by {opened}")
        screen.say()
    if found.missed.num_rows:
        screen.say("Converted without having qualified, for example:", "bold")
        for row in found.missed.to_pylist():
            screen.say(f"  {kind}:{row['subject_id']}  on {row['converted_at']:%Y-%m-%d}")
        screen.say()
