"""`assay init`: a first definitions folder, proposed from the data."""

from __future__ import annotations

from pathlib import Path

from assay.cli import screen
from assay.cli.files import write_whole
from assay.cli.given import Definitions, existing_folder


def init(data: Path, *, definitions: Definitions = Path("definitions")) -> int:
    """Look at a data folder and propose sources for it. Nothing that exists is overwritten.

    Parameters
    ----------
    data
        The folder that holds the data: csv, csv.gz, parquet or jsonl.
    """
    from assay.core.errors import BadRequest

    folder = existing_folder(data, "DATA")
    from assay.core.sources import propose

    proposal = propose(folder)
    if not proposal:
        raise BadRequest(
            "No file here looks like data",
            where="DATA",
            value=str(data),
            mend="Name a folder with csv, csv.gz, parquet or jsonl files.",
        )
    paths = {
        (definitions / name if "/" in name else definitions / "sources" / name): text for name, text in proposal.items()
    }
    there = sorted(str(path) for path in paths if path.exists())
    if there:
        raise BadRequest(
            "These files exist already, and nothing was written",
            where="--definitions",
            value=", ".join(there),
            mend="Name another folder, or move them away.",
        )
    for path, text in sorted(paths.items()):
        write_whole(path, text)
        screen.say(f"wrote {path}")
    screen.say()
    screen.say("It is a proposal: read it, mend it, then")
    screen.say(f"  assay new pql-trial {definitions}     to write a first rule")
    screen.say(f"  assay check {definitions}")
    return 0
