"""`assay erase`: one person forgotten, on request."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from assay.cli import screen
from assay.cli.serve import DEFAULT_FOLDER, DataFolder, demand_node
from assay.core.errors import BadRequest


def erase(
    person: Annotated[str, Parameter(name="PERSON", help="Any id of the person.")],
    /,
    *,
    yes: Annotated[bool, Parameter(help="Yes, this cannot be undone.", negative="")] = False,
    data_folder: DataFolder = DEFAULT_FOLDER,
) -> int:
    """Erase a person from the server under every id: events, attributes, spells, leads, notes and messages.

    Backups that were written before still hold the person.
    """
    if not yes:
        raise BadRequest("What is erased cannot be brought back", where="--yes", mend="Add --yes if that is wanted.")
    demand_node()
    from assay.node.serving.visiting import visited

    with visited(data_folder):
        from django.utils import timezone

        from assay.node.access.actions import Machine
        from assay.node.live.stories import micros
        from assay.node.serving.erasing import forget_person

        gone = forget_person(Machine("assay erase"), person, as_of=micros(timezone.now()))
    screen.say(f"Erased: {gone.ids} ids, {gone.rows + gone.calls:,} rows, {gone.leads} leads.", "green")
    return 0
