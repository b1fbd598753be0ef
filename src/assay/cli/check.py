"""`assay check`: is every definition right?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from assay.cli import decided, screen
from assay.cli.given import Format, existing_folder
from assay.core.errors import Complaint


def check(definitions: Path, *, examples: bool = True, format: Format = "text") -> int:
    """Check a definitions folder: all complaints at once, each with its place and how to mend it.

    Where the text is right, the cases beside the rules are decided too, unless they were before and nothing changed.

    Parameters
    ----------
    definitions
        The folder that holds sources, lists, qualifications and scores.
    examples
        Decide the cases beside the rules.
    """
    from assay.core.definitions import check as complaints_about

    folder = existing_folder(definitions, "DEFINITIONS")
    complaints: Sequence[Complaint] = complaints_about(folder)
    if examples and not complaints:
        complaints = _decided_otherwise(folder)
    if format == "json":
        screen.say_json({"ok": not complaints, "complaints": [screen.complaint_row(c) for c in complaints]})
    elif complaints:
        screen.print_complaints(tuple(complaints))
        screen.say(f"{len(complaints)} complaint{'s' * (len(complaints) != 1)}.", "bold red")
    else:
        screen.say(f"{definitions}: no complaints.", "green")
    return 1 if complaints else 0


def _decided_otherwise(folder: Path) -> Sequence[Complaint]:
    """Return a complaint for each case that is not decided as stated."""
    name = decided.fingerprint(folder)
    if decided.is_known(name) or not any(folder.rglob("*.examples.yml")):
        return ()
    from assay.core.examples import check as decide_cases

    with screen.progress() as advance:
        advance("deciding the cases beside the rules", 0.0)
        complaints = decide_cases(folder)
    if not complaints:
        decided.remember(name)
    return complaints
