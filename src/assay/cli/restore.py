"""`assay restore`: a node made anew from a backup."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from assay.cli import screen
from assay.cli.serve import DEFAULT_FOLDER, DataFolder, demand_node


def restore(
    *,
    backup: Annotated[Path, Parameter(name="--from", help="A folder that `assay backup` wrote.")],
    data_folder: DataFolder = DEFAULT_FOLDER,
) -> int:
    """Make a node's data folder anew from a backup; the folder must be empty or missing. Then run `assay serve`."""
    demand_node()
    from assay.node.serving.keeping import restore as make_anew

    kept = make_anew(backup.absolute(), data_folder.absolute(), os.environ)
    screen.say(
        f"Made {data_folder} anew: the database, and {kept.rows:,} rows of the lake in {kept.files:,} files.",
        "bold green",
    )
    at = "an instant that it does not say" if kept.taken_at is None else f"{kept.taken_at:%Y-%m-%d %H:%M:%S} UTC"
    screen.say(f"The backup is of {at}. What came later is not in it: events that clients were told yes for, decisions")
    screen.say(
        "about leads, users, rules. Whoever was told of leads since may hold some that are no more; the next start"
    )
    screen.say("tells each webhook so (node.restored). Send events again from where they are kept: each counts once.")
    return 0
