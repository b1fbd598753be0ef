"""`assay sweep`: a rule with other numbers, side by side."""

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
    from assay.core.hindsight import Thresholds

Criterion = Annotated[
    tuple[str, str],
    Parameter(name="--criterion", help="The number to vary and what to try: built_something.at_least 1..6."),
]


def sweep(
    rule: str,
    *,
    data: Data = None,
    connection: Connection = (),
    criterion: Criterion,
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
    """Try a rule with other numbers: how many would qualify, how many of them convert, how many conversions it sees.

    Parameters
    ----------
    rule
        The rule's name.
    """
    question, at = asked(outcome, within, start, end, reach, among=among), instant(as_of)
    checked, folder, reached = inputs(definitions, data, connection)
    from assay.core import hindsight
    from assay.core.outcomes import plain

    tried = hindsight.Tried(rule=rule, criterion=criterion[0], values=criterion[1])
    tried.of(checked)
    with prepared(checked, folder, reached, as_of=at, shown=format == "text") as (store, told):
        found = hindsight.vary(store, checked, tried, question, as_of=at, progress=told)
    if report is not None:
        from assay.report.thresholds import render_thresholds

        write_report(report, render_thresholds(found))
    if format == "json":
        rows = [{"value": one.value, "is_current": one.is_current, **plain.backtest(b)} for one, b in found.points]
        screen.say_json({"rule": found.rule.name, "criterion": str(found.setting), "points": rows})
    else:
        tell(found)
        say_where(report)
    return 0


def tell(found: Thresholds) -> None:
    """Print a row a value."""
    from assay.core.outcomes import telling

    first = found.points[0][1]
    screen.say(f"{found.rule.name}, {found.setting}", "bold")
    screen.say(f"{telling.question(first)}, {telling.period(first)}")
    screen.say()
    table = screen.table(
        found.setting.key.replace("_", " "), "entered", "convert", "lift", "ahead of", right=("entered", "lift")
    )
    for variant, one in found.points:
        value = Text(variant.value, style="bold" if variant.is_current else "")
        if variant.is_current:
            value.append("  as it is", style="not bold dim")
        ahead = f"{one.reached.preceded:,} of {one.reached.conversions:,}, {telling.between(one.reached.share)}"
        table.add_row(value, f"{one.entered:,}", telling.between(one.rate), telling.ratio(one.lift), ahead)
    screen.out().print(table)
    screen.say()
    note(
        "convert: of those who would have qualified; lift: how many times as often as "
        f"{telling.beside(first.question)}; ahead of: so many of all conversions. Intervals are of 95 %. The value "
        "that looks best was chosen among several, so some of its lead is luck: judge it again on later leads."
    )
    mind(first.caveats)
