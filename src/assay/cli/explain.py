"""`assay explain`: why a person or an account qualifies, or what is missing."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter
from rich.padding import Padding
from rich.text import Text

from assay.cli import screen
from assay.cli.given import AsOf, Connection, Data, Definitions, Format, inputs, instant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from assay.core.definitions.model import Definitions as Language
    from assay.core.definitions.model import Rule
    from assay.core.engine.results import Finding, Verdict
    from assay.core.pipeline import Explanation


def explain(
    *,
    subject: Annotated[str, Parameter(help="person:ID or account:ID.")],
    data: Data = None,
    connection: Connection = (),
    definitions: Definitions = Path("definitions"),
    rule: Annotated[str | None, Parameter(help="One rule; else all that are live or shadow.")] = None,
    as_of: AsOf = None,
    format: Format = "text",
) -> int:
    """Say in words what holds of one person or account: what was seen, what was needed, what is missing."""
    at = instant(as_of)
    checked, folder, reached = inputs(definitions, data, connection)
    from assay.core import pipeline

    with screen.progress(shown=format == "text") as told:
        told("Reading the data")
        told_of = pipeline.explain(
            checked, folder, connections=reached, subject=subject, rule=rule, as_of=at, progress=told
        )
    if format == "json":
        screen.say_json({"subject": subject, "verdicts": [_as_json(verdict) for verdict in told_of.verdicts]})
    else:
        tell(checked, subject, told_of, at_length=rule is not None)
    return 0


def tell(definitions: Language, subject: str, told_of: Explanation, *, at_length: bool) -> None:
    """Print verdicts in words: those that hold in full, the others by what is missing (in full if `at_length`)."""
    from assay.core.sentences import exact

    screen.say(subject, "bold")
    screen.say(f"as of {exact(told_of.as_of)}", "dim")
    verdicts = told_of.verdicts
    if not verdicts:
        return screen.say("No live or shadow rule is about this kind of subject.")
    brief = [] if at_length else [verdict for verdict in verdicts if not verdict.qualified]
    for verdict in (v for v in verdicts if v not in brief):
        screen.say()
        _tell_fully(definitions.rule(verdict.rule), verdict, told_of.event_names)
    if brief:
        screen.say()
        _tell_briefly(brief)
    return None


def _tell_fully(rule: Rule, verdict: Verdict, names: Mapping[str, str]) -> None:
    head = Text(
        "● Qualified" if verdict.qualified else "○ Not qualified",
        style="bold green" if verdict.qualified else "bold yellow",
    )
    head.append("  ")
    head.append(verdict.stage, style=screen.stage_style(verdict.stage))
    status = "" if rule.status == "live" else f", {rule.status}"
    head.append(f"  {verdict.rule}, version {verdict.version}{status}", style="not bold")
    console = screen.out()
    console.print(head, soft_wrap=True)
    if rule.purpose:
        console.print(Padding(Text(" ".join(rule.purpose.split()), style="dim"), (0, 0, 0, 2)))
    for line in history(verdict, names):
        console.print(Padding(Text(screen.clean(line)), (0, 0, 0, 2)))
    screen.say()
    table = screen.table("", "criterion", "seen", "needed")
    # A column that insists on its width would push others off the screen; these only give way.
    table.columns[1].max_width, table.columns[3].max_width = 22, 20
    barred = _barring(rule)
    for finding in sorted(verdict.findings, key=lambda f: _order(verdict, f, barred)):
        table.add_row(*_row(rule, verdict, finding, barred))
    console.print(table)


def history(verdict: Verdict, names: Mapping[str, str]) -> list[str]:
    """Return when and by what the verdict came about, and what time will do to it, a sentence each."""
    from assay.core.sentences import cause, day, plain

    lines = []
    if verdict.qualified and verdict.since is not None:
        opened = cause(verdict.opened_by, names)
        lines.append(f"Since {day(verdict.since)} UTC" + (f", by {opened}." if opened else "."))
        if verdict.until is None:
            lines.append("Stays so until something happens.")
        else:
            why = cause(verdict.closed_by, names)
            lines.append(f"Until {day(verdict.until)} UTC if nothing happens" + (f", by {why}." if why else "."))
    if verdict.missing:
        lines.append("Missing: " + ", ".join(plain(name) for name in verdict.missing) + ".")
    if verdict.excluded_by:
        lines.append("Excluded by: " + ", ".join(plain(name) for name in verdict.excluded_by) + ".")
    if verdict.next_entry is not None:
        lines.append(f"Will qualify on {day(verdict.next_entry)} UTC if nothing happens.")
    return lines


def _barring(rule: Rule) -> frozenset[str]:
    """Return the criteria that must not be met."""
    groups = [group for group in rule.qualify if group.kind == "none_of"]
    return frozenset(member for group in groups for member in group.members if isinstance(member, str))


def _order(verdict: Verdict, finding: Finding, barred: frozenset[str]) -> tuple[bool, bool, bool]:
    """Put first what excludes, then what is met, then what is not, last what does not exclude."""
    return finding.criterion not in verdict.excluded_by, finding.criterion in barred, not finding.met


def _row(rule: Rule, verdict: Verdict, finding: Finding, barred: frozenset[str]) -> tuple[Text, Text, Text, Text]:
    from assay.core.sentences import day, plain, sentence

    criterion = rule.criterion(finding.criterion)
    bars, as_wanted = finding.criterion in barred, finding.met != (finding.criterion in barred)
    mark = Text("✓", "green") if as_wanted else Text("✗", "red") if bars else Text("·", "dim")
    seen = Text(screen.clean(sentence(criterion, finding.seen)))
    if finding.lapses_at is not None and finding.met:
        seen.append(f"\nuntil {day(finding.lapses_at)}", style="dim")
    if finding.events:
        seen.append(f"\nlast {day(finding.events[-1].at)}", style="dim")
    name = Text(plain(finding.criterion), style="" if as_wanted else "bold")
    needed = f"not {finding.needed}" if bars else finding.needed
    return mark, name, seen, Text(screen.clean(needed), style="" if as_wanted else "bold")


def _tell_briefly(verdicts: Sequence[Verdict]) -> None:
    from assay.core.sentences import plain

    table = screen.table("not qualified under", "stage", "missing")
    for verdict in verdicts:
        missing = ", ".join(plain(name) for name in verdict.missing)
        excluded = "excluded by " + ", ".join(plain(name) for name in verdict.excluded_by)
        why = "; ".join([*([missing] if missing else []), *([excluded] if verdict.excluded_by else [])])
        table.add_row(verdict.rule, Text(verdict.stage, style=screen.stage_style(verdict.stage)), why)
    screen.out().print(table)
    screen.say("With --rule NAME you see all that was counted.", "dim")


def _as_json(verdict: Verdict) -> dict[str, Any]:
    from assay.core.values import format_instant

    row = asdict(verdict)
    for key in ("as_of", "since", "until", "next_entry"):
        row[key] = None if row[key] is None else format_instant(row[key])
    for finding in row["findings"]:
        finding["lapses_at"] = None if finding["lapses_at"] is None else format_instant(finding["lapses_at"])
        for event in finding["events"]:
            event["at"] = format_instant(event["at"])
    return row
