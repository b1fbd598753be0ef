"""`assay partners`: what either side told the other, checked."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from assay.cli import screen
from assay.core.errors import BadRequest

partners = App(name="partners", help="Check what partners told each other.", sort_key=101)


@partners.command
def verify(
    *files: Annotated[Path, Parameter(name="FILE", help="An exported ledger; the other side's, too, if you have it.")],
) -> int:
    """Check exported ledgers: signatures, order, gaps, receipts, and where two files are given that they agree."""
    if find_spec("cryptography") is None:
        raise BadRequest("The parts for this are not installed", mend="Run: pip install 'assay[partners]'")
    if not files:
        raise BadRequest("Which ledger?", where="FILE", mend="Name a file that a node or assay share exported.")
    from assay.partners.dealing import exported

    chains, troubles = [], []
    for file in files:
        try:
            lines = file.read_text("utf-8").splitlines()
        except (OSError, ValueError):
            raise BadRequest("The ledger cannot be read", where="FILE", value=str(file)) from None
        found, wrong = exported.read(str(file), lines)
        chains += found
        troubles += wrong
    troubles += exported.check(chains)
    for trouble in troubles:
        screen.say(str(trouble), "red")
    for chain in chains:
        open_ = exported.unreceipted(chain)
        who = chain.parties.discloser.hex()[:16]
        signed = "all signed for" if not open_ else f"{open_:,} not signed for yet"
        screen.say(f"{chain.file}: chain of {who}: {len(chain.entries):,} entries, {signed}.")
    if troubles:
        screen.say(f"{len(troubles):,} things are wrong.", "bold red")
        return 1
    screen.say("Nothing is wrong.", "bold green")
    return 0
