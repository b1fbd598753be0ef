"""How sharing begins: the terms are shown, an invitation accepted, the digits compared."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from assay.cli import screen
from assay.cli.asking import note
from assay.core.errors import BadRequest

if TYPE_CHECKING:
    from assay.cli.sharing_options import Beginning
    from assay.partners.dealing import Deal, Invitation, Us
    from assay.partners.sharing import Folder


def begun(place: Path, beginning: Beginning) -> Folder:
    """Return the folder, accepting an invitation where none was; its terms are shown before."""
    from assay.partners.sharing import Folder

    folder = _accepted(place, beginning) if beginning.with_ else Folder(place, os.urandom)
    try:
        _keep_recovery(folder, beginning.recovery)
    except BaseException:
        folder.close()
        raise
    return folder


def _accepted(place: Path, beginning: Beginning) -> Folder:
    """Return the folder in which the invitation is accepted; BadRequest where another one is, or the terms are not."""
    from assay.partners.dealing import accept
    from assay.partners.sharing import Folder

    folder = Folder(place, os.urandom) if (place / "key").exists() else None
    try:
        invitation = _read(beginning.with_)
        accepted = None if folder is None else folder.invitation()
        if accepted is None:
            say_terms(invitation)
            _demand_trust(invitation, is_accepted=beginning.accept_trusted)
        elif accepted != invitation:
            raise BadRequest(
                "Another invitation was accepted here",
                where="--with",
                value=f"from {accepted.name}" if accepted.name else "",
                mend="Each partner has a folder of its own: add --state and a new name, such as --state "
                "second-partner.assay.",
            )
        folder = folder or Folder.make(place, os.urandom)
        accept(folder.keep, us_of(folder, invitation.escrow), invitation)
    except BaseException:
        if folder is not None:
            folder.close()
        raise
    return folder


def _read(given: str) -> Invitation:
    from assay.partners.dealing import Invitation

    if not given.startswith("@"):
        return Invitation.of_text(given)
    try:
        return Invitation.of_text(Path(given[1:]).read_text("utf-8"))
    except (OSError, ValueError):
        raise BadRequest(
            "The invitation's file cannot be read",
            where="--with",
            value=given,
            mend="Name the file that holds the word of the invitation, with @ before it.",
        ) from None


def _keep_recovery(folder: Folder, path: Path | None) -> None:
    """Write the key to a file, whenever that is asked."""
    from assay.partners.sharing import Recovery

    if path is None:
        if folder.setting("says") is None:
            note("There is no recovery file of the key: add --recovery FILE to have one.")
        return
    invitation = folder.invitation()
    if invitation is None:
        raise BadRequest(
            "No invitation was accepted here", where="--with", mend="Add --with INVITATION, as your partner sent it."
        )
    Recovery(seed=folder.identity.seed, invitation=invitation.text()).write(path)
    screen.say(f"The key is written to {path}. Keep it like a password, away from this machine.")


def say_terms(invitation: Invitation) -> None:
    """Show all that an invitation asks to agree on."""
    from assay.partners.evidence import Relation
    from assay.partners.odds import odds

    agreed = invitation.agreed
    terms = agreed.matching
    screen.say(f"Invited by {invitation.name or 'somebody without a name'}, over the escrow {invitation.escrow}.")
    screen.say("What both of you sign:", "bold")
    one = "the same company" if terms.relation is Relation.ENTITY else "of the same group of companies"
    people = "people are, too; this command brings companies alone" if terms.people else "people are not"
    lines = [
        f"Companies are compared; {people}.",
        f"Two rows belong together where they are {one}: taken as sure from {odds(terms.match_from)} on; both sides "
        f"are asked from {odds(terms.ask_from)} on.",
        f"It is a success if: {agreed.success}" if agreed.success else "No measure of success was agreed.",
        f"It is reviewed on {agreed.review_on}." if agreed.review_on else "No day was agreed to look at it again.",
    ]
    for line in lines:
        screen.say(f"  - {line}")
    if agreed.is_blind:
        screen.say("  - The escrow is blind: neither of you runs it.")
    else:
        screen.say("  - One of the two companies runs this escrow: it is trusted, not blind.", "yellow")
        screen.say("    Who runs it could try out which companies are in your list.", "yellow")


def _demand_trust(invitation: Invitation, *, is_accepted: bool) -> None:
    if invitation.agreed.is_blind or is_accepted:
        return
    if not sys.stdin.isatty():
        raise BadRequest(
            "This escrow is trusted and not blind, and nobody can be asked here; nothing was accepted",
            where="--with",
            mend="If you accept the terms above, run it again with --accept-trusted.",
        )
    if asked("Do you accept that? Type yes: ", otherwise="--accept-trusted") != "yes":
        raise BadRequest(
            "Nothing was accepted, and nothing kept",
            where="--with",
            mend="Ask your partner for an invitation over an escrow that neither of you runs.",
        )


def asked(question: str, *, otherwise: str) -> str:
    """Return what somebody types, in lower case; BadRequest where the typing ended, which names the option to use."""
    try:
        return input(question).strip().lower()
    except (EOFError, OSError, ValueError):
        screen.say()
        raise BadRequest(
            "Nothing was answered, and nothing confirmed", mend=f"Run it again and type yes, or use {otherwise}."
        ) from None


def us_of(folder: Folder, escrow: str) -> Us:
    """Return who we are to an escrow."""
    from assay.cli.calling import escrow_at
    from assay.partners.dealing import Us

    return Us(
        identity=folder.identity,
        name="",
        send=escrow_at(escrow),
        clock=_clock,
        count=folder.counter(_clock),
        dice=os.urandom,
    )


def _clock() -> int:
    return time.time_ns() // 1000


def deal_of(folder: Folder) -> Deal:
    """Return the partnership that is kept in a folder."""
    from assay.partners.dealing import Deal

    invitation = folder.invitation()
    if invitation is None:
        raise BadRequest(
            "No invitation was accepted here", where="--with", mend="Add --with INVITATION, as your partner sent it."
        )
    return Deal(folder.keep, us_of(folder, invitation.escrow))


def compared(digits: str, confirmed: str, again: str) -> bool:
    """Return whether a person says that the digits agree; raise BadRequest where they do not."""
    plain = digits.replace(" ", "")
    if confirmed:
        if "".join(filter(str.isdigit, confirmed)) != plain:
            raise BadRequest(
                "These are not the digits",
                where="--confirmed",
                mend="Read them out to each other again. If they differ somebody stands in between: ask for a new "
                "invitation over another way.",
            )
        return True
    screen.say()
    screen.say("Call your partner, on a number that you know, and compare these digits:", "bold")
    groups = digits.split()
    for at in range(0, len(groups), 4):
        screen.say("    " + "  ".join(groups[at : at + 4]), "bold cyan")
    if not sys.stdin.isatty():
        screen.say("If they agree, run it again with --confirmed and the digits. Nothing was uploaded.")
        return False
    if asked("Do they agree? Type yes: ", otherwise="--confirmed and the digits") == "yes":
        return True
    screen.say("Nothing was confirmed and nothing uploaded.", "yellow")
    screen.say("Not sure yet? Run it again once you have compared them.")
    screen.say(
        "Do they differ? Then somebody may stand in between. Tell your partner, end this with the command below, and "
        "ask for a new invitation over another way, such as a mail to an address that you know."
    )
    screen.say(f"    {again} --leave")
    return False
