"""`assay new`: a ready-made rule to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from assay.cli import screen


def new(
    kind: str = "",
    definitions: Path = Path("definitions"),
    *,
    name: Annotated[str | None, Parameter(help="The rule's name; else the kind's usual one.")] = None,
) -> int:
    """Write a ready-made rule with its examples. Without a kind: say which there are.

    Parameters
    ----------
    kind
        What kind of rule, such as pql-trial.
    definitions
        The definitions folder to write to.
    """
    from assay.cli.new import names_to_edit, template_kinds, write_template

    if not kind:
        table = screen.table("kind", "what it finds")
        for one in template_kinds().values():
            table.add_row(one.kind, one.says)
        screen.out().print(table)
        return 0
    written = write_template(kind, definitions, name=name)
    for path in written:
        screen.say(f"wrote {path}")
    complaints = names_to_edit(definitions, written)
    if complaints:
        screen.say()
        screen.say("These names are the template's; put in those of your own data:", "bold")
        screen.print_complaints(tuple(complaints))
    return 0
