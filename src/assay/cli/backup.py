"""`assay backup`: everything that a node keeps, written into a folder while it runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from assay.cli import screen
from assay.cli.serve import DEFAULT_FOLDER, DataFolder, demand_node


def backup(
    *,
    to: Annotated[Path, Parameter(help="The folder to write; it must not exist yet.")],
    data_folder: DataFolder = DEFAULT_FOLDER,
) -> int:
    """Write a backup of a node, as of one instant, whether or not it runs.

    It holds everything that the node knows, its secrets too: keep it where only you can read it.
    """
    demand_node()
    from assay.node.serving.keeping import back_up

    kept = back_up(data_folder.absolute(), to.absolute(), os.environ)
    screen.say(f"Wrote {to}: the database, and {kept.rows:,} rows of the lake in {kept.files:,} files.", "bold green")
    return 0
