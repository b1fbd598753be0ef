"""`assay serve`: the node, on this machine."""

from __future__ import annotations

import logging
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import Parameter
from rich.text import Text

from assay.cli import screen
from assay.core.errors import BadRequest

if TYPE_CHECKING:
    from assay.node.serving.serve import Running

DataFolder = Annotated[
    Path, Parameter(help="The folder that holds everything the node keeps; made where it is missing.")
]
DEFAULT_FOLDER: Final = Path("assay-data")


def serve(
    *,
    data_folder: DataFolder = DEFAULT_FOLDER,
    host: Annotated[
        str, Parameter(help="The address to listen at; 0.0.0.0 for every one this machine has.")
    ] = "127.0.0.1",
    port: Annotated[int, Parameter(help="The port to listen at.")] = 8000,
) -> int:
    """Run the server that turns events into leads which people work: database, pages, jobs. Ctrl-C stops it.

    Settings come from the environment: DATABASE_URL names a Postgres of your own instead of the one brought along,
    ASSAY_ADDRESS the address under which people come. docs/operate.md lists them all.
    """
    demand_node()
    from assay.node.serving.serve import Asked
    from assay.node.serving.serve import serve as keep_serving

    keep_serving(Asked(data_folder=data_folder, host=host, port=port), _tell, _greet)
    return 0


def demand_node() -> None:
    """Raise BadRequest where the parts that a server needs are not installed."""
    if find_spec("django") is None:
        raise BadRequest("The server's parts are not installed", mend="Run: pip install 'assay[node]'")


def _tell(step: str) -> None:
    """Show a step to who looks on; among the lines of a log it is one of them."""
    console = screen.err()
    if console.is_terminal:
        console.print(Text(f"{step} …", style="dim"), soft_wrap=True)
        return
    from assay.node.logs import JsonFormatter

    record = logging.LogRecord("assay.serve", logging.INFO, __file__, 0, step, None, None)
    sys.stderr.write(f"{JsonFormatter().format(record)}\n")


def _greet(running: Running) -> None:
    screen.say(f"Assay runs at {running.address}", "bold green")
    if running.logs:
        screen.say(f"Logs: {running.logs}", "dim")
    screen.say("Ctrl-C stops it.", "dim")
