"""`assay diff`: the draft of a rule beside what was published."""

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
from assay.cli.given import (
    AsOf,
    Connection,
    Data,
    Definitions,
    Format,
    connections_of,
    data_folder,
    existing_folder,
    instant,
)

if TYPE_CHECKING:
    from assay.core.outcomes.comparison import Comparison

Version = Annotated[int | None, Parameter(name="--version", help="The published version; else the latest one.")]


def diff(
    rule: str,
    *,
    data: Data = None,
    connection: Connection = (),
    outcome: Outcome,
    within: Within = "90 days",
    definitions: Definitions = Path("definitions"),
    version: Version = None,
    start: From = None,
    end: To = None,
    as_of: AsOf = None,
    reach: ReachOf = "account",
    format: Format = "text",
    among: Among = "",
    report: Report = None,
) -> int:
    """Hold a rule as it is written now against what was published: who enters, who leaves, what each converts.

    Parameters
    ----------
    rule
        The rule's name.
    """
    question, at = asked(outcome, within, start, end, reach, among=among), instant(as_of)
    folder, place = data_folder(data), existing_folder(definitions, "--definitions")
    from assay.core.definitions import loading

    # What is compared may well be a change that has no new version yet.
    checked = loading.load(place, against_published=False)
    reached = connections_of(checked, connection)
    from assay.core import hindsight
    from assay.core.outcomes import plain

    both = hindsight.versions(checked, rule, version=version)
    with prepared(both.definitions, folder, reached, as_of=at, shown=format == "text") as (store, told):
        found = hindsight.differ(store, both, question, as_of=at, progress=told)
    if report is not None:
        from assay.report.comparison import render_comparison

        write_report(report, render_comparison(found))
    if format == "json":
        screen.say_json(plain.comparison(found))
    else:
        tell(found)
        say_where(report)
    return 0


def tell(found: Comparison) -> None:
    """Print what changed, who comes and goes, and what each group came to."""
    from assay.core.outcomes import telling

    draft = found.draft
    screen.say(draft.rule.name, "bold")
    screen.say(f"{telling.question(draft)}, {telling.period(draft)}")
    for line in telling.changes(found):
        screen.out().print(Text(screen.clean(line)))
    screen.say()
    table = screen.table("", "entered", "convert", "lift", "ahead of", right=("entered", "lift"))
    for name, one in ((f"version {found.published.rule.version}", found.published), ("draft", draft)):
        ahead = f"{one.reached.preceded:,} of {one.reached.conversions:,}, {telling.between(one.reached.share)}"
        table.add_row(name, f"{one.entered:,}", telling.between(one.rate), telling.ratio(one.lift), ahead)
    for name, part in telling.parts(found):
        table.add_row(Text(f"  {name}", style="dim"), f"{part.entered:,}", telling.between(part.rate), "", "")
    screen.out().print(table)
    screen.say()
    for line in telling.comparison(found):
        screen.out().print(Text(screen.clean(line)))
    screen.say()
    kind = draft.rule.subject
    for title, part in (("Only the draft finds", found.only_draft), ("Only the published finds", found.only_published)):
        if part.cases:
            cases = ", ".join(f"{kind}:{one}" for one in part.cases)
            screen.out().print(Text(screen.clean(f"{title}, for example: {cases}.")))
    note(
        f"lift: how many times as often as {telling.beside(draft.question)}. Intervals are of 95 %; "
        "those of differences are of the same subjects."
    )
    mind(found.caveats)
