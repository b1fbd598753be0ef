"""How sharing ends: it is left, or its folder was lost and the key is brought back."""

from __future__ import annotations

import os
from pathlib import Path

from assay.cli import screen
from assay.cli.sharing_begin import deal_of, us_of
from assay.core.errors import BadRequest


def leave(place: Path) -> int:
    """End the partnership, write the ledger beside the folder, destroy the rest."""
    from assay.partners.sharing import Folder

    folder = Folder(place, os.urandom)
    try:
        deal = deal_of(folder)
        ledger = folder.ledger_path()
        deal.revoke()
        told = deal.ledger()
        is_gone = folder.remove(ledger, told)
    finally:
        folder.close()
    screen.say("It is ended: the escrow destroyed your tokens, and the key is gone from here.", "green")
    if not is_gone:
        screen.say(f"The folder {place} stays: there are things in it that are not of this command.")
    if told:
        screen.say(f"What either side told the other stays provable: {ledger} (assay partners verify {ledger}).")
    return 0


def recover(path: Path, place: Path) -> int:
    """Bring a key back; its lost partnership cannot go on without its memory, and is ended.

    Where it was stopped, by a network that failed, it goes on.
    """
    from assay.partners.asking import Line, Refused
    from assay.partners.dealing import Invitation
    from assay.partners.sharing import Folder, Recovery

    held = Recovery.read(path)
    invitation = Invitation.of_text(held.invitation)
    folder = Folder.make(place, os.urandom, held.seed)
    try:
        if folder.identity.seed != held.seed or folder.invitation() is not None:
            raise BadRequest(
                "Sharing is kept here already", where="--state", value=str(place), mend="Name a new folder."
            )
        us = us_of(folder, invitation.escrow)
        line = Line(identity=us.identity, escrow=invitation.escrow, send=us.send, clock=us.clock, count=us.count)
        line.revoke(invitation.setting())
    except Refused as refusal:
        if refusal.code not in {"revoked", "unknown"}:
            raise
    finally:
        folder.close()
    screen.say(f"The key is back in {place}.", "green")
    screen.say("What was shared before cannot go on without its memory. It is ended, and its tokens are destroyed.")
    screen.say("Ask your partner for a new invitation, and run: assay share LIST --with INVITATION")
    return 0
