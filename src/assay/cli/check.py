"""`assay check`: is every definition right?"""

from __future__ import annotations

from pathlib import Path

from assay.cli import screen
from assay.cli.given import Format, existing_folder


def check(definitions: Path, *, format: Format = "text") -> int:
    """Check a definitions folder: all complaints at once, each with its place and how to mend it.

    Parameters
    ----------
    definitions
        The folder that holds sources, lists, qualifications and scores.
    """
    from assay.core.definitions import check as complaints_about

    folder = existing_folder(definitions, "DEFINITIONS")
    complaints = tuple(complaints_about(folder))
    if format == "json":
        screen.say_json({"ok": not complaints, "complaints": [screen.complaint_row(c) for c in complaints]})
    elif complaints:
        screen.print_complaints(complaints)
        screen.say(f"{len(complaints)} complaint{'s' * (len(complaints) != 1)}.", "bold red")
    else:
        screen.say(f"{definitions}: no complaints.", "green")
    return 1 if complaints else 0
