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
    return 0
