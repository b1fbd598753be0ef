"""`assay escrow`: the operator's side of partnering."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from assay.cli import screen
from assay.core.errors import BadRequest

escrow = App(name="escrow", help="Compare partners' lists without being able to read them.", sort_key=100)


@escrow.command
def serve(
    *,
    data_folder: Annotated[Path, Parameter(help="The folder of the database; made where it is missing.")] = Path(
        "assay-escrow"
    ),
    pepper_folder: Annotated[
        Path | None,
        Parameter(help="The folder of the second keys, which belongs in no backup; beside the other if not told."),
    ] = None,
    host: Annotated[str, Parameter(help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[int, Parameter(help="The port to listen at.")] = 8100,
    address: Annotated[str, Parameter(help="How companies call this escrow, such as https://escrow.example.com.")] = "",
    members: Annotated[
        Path | None, Parameter(help="A file of the keys that may come, one a line; if not told, all.")
    ] = None,
) -> int:
    """Run an escrow: it joins lists of tokens, and holds neither names nor the keys of any partnership."""
    if find_spec("granian") is None or find_spec("cryptography") is None:
        raise BadRequest("The escrow's parts are not installed", mend="Run: pip install 'assay[escrow]'")
    from assay.escrow.serving import Asked, CannotServe
    from assay.escrow.serving import serve as become

    called = (address or f"http://{host}:{port}").rstrip("/")
    beside = data_folder.absolute().with_name(f"{data_folder.absolute().name}-peppers")
    screen.say(f"The escrow answers at {called}", "bold green")
    try:
        become(
            Asked(
                data_folder=data_folder,
                pepper_folder=pepper_folder or beside,
                host=host,
                port=port,
                address=called,
                members=members,
            )
        )
    except CannotServe as trouble:
        raise BadRequest("The escrow cannot start", mend=str(trouble)) from None
    return 0
