"""`assay rules`: definitions that a server decides by, taken in and given out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from assay.cli import screen
from assay.cli.serve import DEFAULT_FOLDER, DataFolder, demand_node

rules = App(
    name="rules", help="What the server decides by: take a folder of definitions in, or give one out.", sort_key=98
)
_BY = "assay rules"


@rules.command(name="import")
def take_in(
    definitions: Annotated[Path, Parameter(help="The folder of definitions.")],
    /,
    *,
    data_folder: DataFolder = DEFAULT_FOLDER,
) -> int:
    """Take in a folder of definitions. The first is decided at once; later ones become drafts."""
    demand_node()
    from assay.node.serving.visiting import visited

    with visited(data_folder):
        from assay.node.access.actions import Machine
        from assay.node.rulebook.importing import import_folder

        found = import_folder(Machine(_BY), definitions)
    if found.edition is not None:
        screen.say(f"{found.rules} rules are decided from now on.", "green")
    elif found.drafts:
        screen.say(f"{len(found.drafts)} files differ from what is decided and are drafts now:")
        for path in found.drafts:
            screen.say(f"  {path}")
        screen.say("Publish them on the page of rules.", "dim")
    else:
        screen.say("The folder holds what is decided already.")
    return 0


@rules.command(name="export")
def give_out(
    folder: Annotated[Path, Parameter(help="The folder to write; its files of the same names are replaced.")],
    /,
    *,
    data_folder: DataFolder = DEFAULT_FOLDER,
) -> int:
    """Write what is decided now, and every published version, as a folder that `assay run` and `assay diff` read."""
    demand_node()
    from assay.node.serving.visiting import visited

    with visited(data_folder):
        from assay.node.rulebook.importing import export_folder

        count = export_folder(folder)
    screen.say(f"Wrote {count} files to {folder}." if count else "Nothing is decided yet: run 'assay rules import'.")
    return 0
