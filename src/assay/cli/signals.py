"""`assay signals`: what precedes an outcome that no rule reads yet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter
from rich.padding import Padding
from rich.text import Text

from assay.cli import screen
from assay.cli.asking import From, Outcome, ReachOf, Report, To, Within, asked, note, prepared, say_where, write_report
from assay.cli.given import AsOf, Connection, Data, Definitions, Format, inputs, instant

if TYPE_CHECKING:
    from assay.core.outcomes.signals import Signals

Subject = Annotated[Literal["person", "account"], Parameter(name="--subject", help="Of people, or of accounts.")]
Among = Annotated[
    str,
    Parameter(name="--among", help="A criterion, or RULE.CRITERION: those alone are looked at who meet it just then."),
]
AlsoRead = Annotated[
    bool, Parameter(name="--also-read", negative="", help="Try also what rules read already, not only what is new.")
]


def signals(
    *,
    data: Data = None,
    connection: Connection = (),
    outcome: Outcome,
    within: Within = "90 days",
    definitions: Definitions = Path("definitions"),
    subject: Subject = "person",
    also_read: AlsoRead = False,
    start: From = None,
    end: To = None,
    as_of: AsOf = None,
    reach: ReachOf = "account",
    among: Among = "",
    format: Format = "text",
    report: Report = None,
) -> int:
    """Say what precedes an outcome and is in no rule yet, as criteria that can be pasted into one."""
    question, at = asked(outcome, within, start, end, reach, among=among), instant(as_of)
    checked, folder, reached = inputs(definitions, data, connection)
    from assay.core import hindsight
    from assay.core.outcomes import plain
    from assay.core.outcomes.candidates import with_all_properties

    with prepared(with_all_properties(checked), folder, reached, as_of=at, shown=format == "text") as (store, told):
        found = hindsight.precursors(store, checked, subject, question, also_read=also_read, as_of=at, progress=told)
    if report is not None:
        from assay.report.signals import render_signals

        write_report(report, render_signals(found))
    if format == "json":
        screen.say_json(plain.signals(found))
    else:
        tell(found)
        say_where(report)
    return 0


def tell(found: Signals) -> None:
    """Print signals, strongest first, each as text for a rule; then what was left out."""
    from assay.core.outcomes import telling_signals as telling

    console = screen.out()
    screen.say(telling.question(found), "bold")
    screen.say(telling.period(found))
    screen.say()
    for line in telling.summary(found):
        console.print(Text(screen.clean(line)))
    screen.say()
    if found.signals:
        screen.say("criteria:", "dim")
    for one in found.signals:
        for line in one.candidate.text.splitlines():
            screen.say(line, "bold")
        for line in telling.signal(one, found.subject):
            console.print(Padding(Text(screen.clean(line)), (0, 0, 0, 6)))
        screen.say()
    for line in telling.left_out(found):
        note(line)
    if found.signals:
        note(telling.NOTE)
