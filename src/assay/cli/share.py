"""`assay share`: a list compared with a partner's, without a server of one's own."""

from __future__ import annotations

import os
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from assay.cli import screen
from assay.cli.asking import note
from assay.core.errors import BadRequest

if TYPE_CHECKING:
    from assay.partners.dealing import Deal, Mine, Us
    from assay.partners.sharing import Folder, Listing, Owner

List_ = Annotated[Path | None, Parameter(name="LIST", help="One company a row: csv, csv.gz or parquet.")]
With = Annotated[
    str, Parameter(name="--with", help="The partner's invitation, or @FILE that holds it; the first time alone.")
]
State = Annotated[
    Path | None, Parameter(name="--state", help="The folder of key and memory; else LIST's name with .assay behind.")
]
Let_ = Annotated[
    str | None,
    Parameter(name="--let", help="Columns of shared companies that the partner may see: name,owner; '' for none."),
]
Says = Annotated[
    str | None, Parameter(help="What they are: customer, open_opportunity, prospect, former_customer or own.")
]
Column_ = Annotated[str | None, Parameter(help="The column of it, where that is not guessed right.")]
Confirmed = Annotated[str, Parameter(help="The 60 digits as your partner read them out: no question is asked then.")]
RecoveryFile = Annotated[Path | None, Parameter(name="--recovery", help="A file to write the key to, the first time.")]
Recover = Annotated[Path | None, Parameter(help="A recovery file: the key comes back, what was shared ends.")]
Leave = Annotated[bool, Parameter(help="End it: everything at the escrow and the key are destroyed.", negative="")]
Yes = Annotated[tuple[str, ...], Parameter(name="--same", help="Ids that are the company asked about.", negative=())]
No = Annotated[tuple[str, ...], Parameter(name="--not-same", help="Ids that are not.", negative=())]
Learnt = Annotated[Path | None, Parameter(name="--out", help="Where to write what was learnt; else learnt.csv.")]
Wait = Annotated[float, Parameter(help="Seconds to wait for the partner's side when there is nothing to do.")]


def share(
    list_: List_ = None,
    /,
    *,
    with_: With = "",
    let: Let_ = None,
    says: Says = None,
    id: Column_ = None,
    name: Column_ = None,
    domain: Column_ = None,
    country: Column_ = None,
    city: Column_ = None,
    confirmed: Confirmed = "",
    same: Yes = (),
    not_same: No = (),
    out: Learnt = None,
    state: State = None,
    recovery: RecoveryFile = None,
    recover: Recover = None,
    leave: Leave = False,
    wait: Wait = 25.0,
) -> int:
    """Find which companies of a list a partner has, too; the list itself never leaves this machine.

    Run it with an invitation the first time and compare the digits with your partner; run it again, weekly say, and
    what changed is sent. The partner learns of shared companies that they are shared, and the columns of --let.
    """
    if find_spec("cryptography") is None:
        raise BadRequest("The parts for sharing are not installed", mend="Run: pip install 'assay[partners]'")
    place = _place(list_, state)
    if recover is not None:
        return _recover(recover, place)
    from assay.partners.sharing import Folder

    if leave:
        return _leave(Folder(place, os.urandom))
    if list_ is None:
        raise BadRequest("Which list?", where="LIST", mend="Name a file: assay share customers.csv --with INVITATION")
    from assay.partners.sharing import Owner, Wanted, bring, read_list

    columns = {"id": id, "name": name, "domain": domain, "country": country, "city": city}
    listing = read_list(list_, {role: column for role, column in columns.items() if column is not None})
    fields = None if let is None else tuple(each.strip() for each in let.split(",") if each.strip())
    _say_list(list_, listing)
    _say_doubles(list_, listing)
    folder = _begun(place, with_, recovery)
    try:
        us, deal = _deal(folder)
        mine, owner = bring(folder, listing, Wanted(says=says, fields=fields)), Owner(folder.rows)
        if not _paired((deal, mine, owner), confirmed, wait):
            return 0
        for answers, is_same in ((same, True), (not_same, False)):
            _answer(deal, owner, answers, is_same=is_same)
        _until_quiet((deal, mine, owner), wait)
        _say_what_came(owner, listing, mine)
        _write_learnt(owner, listing, out or list_.with_name("learnt.csv"))
        note(f"Run it again when the list has changed. To end it: assay share {list_} --leave")
        del us
    finally:
        folder.close()
    return 0


def _place(list_: Path | None, state: Path | None) -> Path:
    if state is not None:
        return state
    if list_ is None:
        raise BadRequest("Which list?", where="LIST", mend="Name the file that is shared, or its --state folder.")
    return list_.with_name(f"{list_.name.split('.')[0]}.assay")


def _begun(place: Path, invited: str, recovery: Path | None) -> Folder:
    """Return the folder, accepting an invitation where none was."""
    from assay.partners.dealing import Invitation, accept
    from assay.partners.sharing import Folder, Recovery

    if not invited:
        return Folder(place, os.urandom)
    text = invited
    if invited.startswith("@"):
        try:
            text = Path(invited[1:]).read_text("utf-8")
        except (OSError, ValueError):
            raise BadRequest("The invitation's file cannot be read", where="--with", value=invited) from None
    invitation = Invitation.of_text(text)
    folder = Folder.make(place, os.urandom)
    try:
        accept(folder.keep, _us(folder, invitation.escrow), invitation)
        if recovery is not None:
            Recovery(seed=folder.identity.seed, invitation=invitation.text()).write(recovery)
            screen.say(f"The key is written to {recovery}. Keep it like a password, away from this machine.")
        elif folder.setting("says") is None:
            note("There is no recovery file of the key: add --recovery FILE to have one.")
        _say_terms(invitation.name, invitation.escrow, invitation.agreed.is_blind, invitation.agreed.success)
    except BaseException:
        folder.close()
        raise
    return folder


def _say_terms(name: str, escrow: str, is_blind: bool, success: str) -> None:
    screen.say(f"Invited by {name or 'somebody without a name'}, over the escrow {escrow}.")
    if not is_blind:
        screen.say("One of the two companies runs this escrow: it is trusted, not blind.", "yellow")
    if success:
        screen.say(f"It is a success if: {success}")


def _us(folder: Folder, escrow: str) -> Us:
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


def _deal(folder: Folder) -> tuple[Us, Deal]:
    import json

    from assay.partners.dealing import Deal, Invitation

    told = folder.keep.get("about", b"invitation")
    if told is None:
        raise BadRequest(
            "No invitation was accepted here", where="--with", mend="Add --with INVITATION, as your partner sent it."
        )
    us = _us(folder, Invitation.of_json(json.loads(told)).escrow)
    return us, Deal(folder.keep, us)


def _paired(of: tuple[Deal, Mine, Owner], confirmed: str, wait: float) -> bool:
    """Go on until both sides have confirmed; say what is waited for, and return False, where it is a person's turn."""
    from assay.partners.dealing import State

    deal, mine, owner = of
    deal.step(mine, owner)
    _demand_lasting(deal)
    if deal.state is State.INVITED and not _wait_for(of, wait):
        screen.say("Your partner has not taken notice yet. Run this again in a while; nothing was uploaded.", "yellow")
        return False
    if deal.state is State.COMPARING:
        if not _compared(deal.digits(), confirmed):
            return False
        deal.confirm()
        deal.step(mine, owner)
    if deal.state is State.CONFIRMED and not _wait_for(of, wait):
        screen.say("Your partner has not confirmed the digits yet. Run this again once it has.", "yellow")
        screen.say("Nothing was uploaded.")
        return False
    _demand_lasting(deal)
    return True


def _demand_lasting(deal: Deal) -> None:
    from assay.partners.dealing import State

    if deal.state is State.REVOKED:
        raise BadRequest(
            "Your partner, or you, ended this partnership", mend="Ask for a new invitation, and name a new --state."
        )


def _wait_for(of: tuple[Deal, Mine, Owner], wait: float) -> bool:
    """Step until the state changes; return whether it did."""
    deal, mine, owner = of
    before, until = deal.state, time.monotonic() + wait
    while deal.state is before and time.monotonic() < until:
        time.sleep(min(1.0, wait / 5))
        deal.step(mine, owner)
    return deal.state is not before


def _compared(digits: str, confirmed: str) -> bool:
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
    said = input("Do they agree? Type yes: ").strip().lower()
    if said != "yes":
        screen.say("Nothing was confirmed and nothing uploaded.", "yellow")
    return said == "yes"


def _until_quiet(of: tuple[Deal, Mine, Owner], wait: float) -> None:
    """Step until nothing happened for as long as is waited."""
    deal, mine, owner = of
    quiet_since = time.monotonic()
    while time.monotonic() - quiet_since < wait:
        if deal.step(mine, owner):
            quiet_since = time.monotonic()
            continue
        _demand_lasting(deal)
        time.sleep(min(1.0, wait / 5))


def _answer(deal: Deal, owner: Owner, ids: tuple[str, ...], *, is_same: bool) -> None:
    for record in ids:
        found = [key for key, told in owner.all("question") if told[0] == record]
        if not found:
            where = "--same" if is_same else "--not-same"
            raise BadRequest("Nothing is asked about this id", where=where, value=record)
        for key in found:
            deal.answer(key[:16], key[16:], is_same=is_same)
            owner.note_answer(key, is_same=is_same)


def _say_list(path: Path, listing: Listing) -> None:
    used = ", ".join(f"{role} from {column!r}" for role, column in listing.columns.items())
    screen.say(f"{path}: {len(listing.records):,} companies ({used}).")
    left = (
        (len(listing.repeats), "repeating another row"),
        (listing.unusable, "with neither a domain nor a name of its own"),
        (listing.unreadable, "that cannot be read"),
    )
    if told := [f"{count:,} {why}" for count, why in left if count]:
        note(f"Rows left out: {', '.join(told)}.")


def _say_doubles(path: Path, listing: Listing) -> None:
    """Say how many companies the list seems to have twice, and where it is written which."""
    from assay.partners.sharing import doubles

    count, file = doubles.write(listing, path)
    if count:
        screen.say(f"Pairs of rows that look like one company: {count:,}. Which, and why, stands in {file}.", "yellow")


def _say_what_came(owner: Owner, listing: Listing, mine: Mine) -> None:
    compared = owner.one("compared")
    screen.say()
    if compared is None:
        screen.say("Your list is uploaded as tokens. Your partner's is not there yet: run this again later.", "yellow")
        return
    screen.say(
        f"{owner.many('shared'):,} of your {len(listing.records):,} companies are your partner's, too.", "bold green"
    )
    fields = ", ".join(mine.offers[0].fields) or "no columns"
    screen.say(f"Your partner was told which ({owner.many('told them'):,}), as {mine.offers[0].says}, with {fields}.")
    offered = owner.one("offered")
    if not offered:
        screen.say("Your partner shares nothing with you so far. That is not the same as having nothing in common.")
    counted = dict(owner.one("counted") or [])
    for population, name, _, level, names in offered or []:
        extent = f"which, with {', '.join(names) or 'no fields'}"
        if level == "counts":
            few = "few or none" if population in counted else "not counted yet"
            extent = f"how many are shared: {f'about {about:,}' if (about := counted.get(population)) else few}"
        screen.say(f"It lets you know of its population {name!r}: {extent}.")
    _say_questions(owner, listing)
    if count := owner.many("said"):
        screen.say(f"{count:,} messages of people came. Your partner's portal shows them, and answers there.")
    if trouble := owner.one("trouble"):
        screen.say(f"Mind: {trouble}", "yellow")


def _say_questions(owner: Owner, listing: Listing) -> None:
    for key, (record, _) in owner.all("question"):
        title = listing.title(record)
        if owner.answered(key) is None:
            screen.say(
                f"Perhaps your partner has {title}, too. Is it the same? Add --same or --not-same {record}", "yellow"
            )
        elif owner.answered(key):
            screen.say(f"You said that {title} is the same as one of your partner's, who has not said so yet.")


def _write_learnt(owner: Owner, listing: Listing, path: Path) -> None:
    from assay.core.io.writing import file_aside, write_csv
    from assay.partners.sharing import learnt

    told = learnt.table(owner, listing)
    with file_aside(path) as aside:
        write_csv(aside, told)
    screen.say(f"What you were told of {told.num_rows:,} companies is in {path}.")


def _leave(folder: Folder) -> int:
    """End the partnership, write the ledger beside the folder, destroy the rest."""
    try:
        _, deal = _deal(folder)
        deal.revoke()
        told = deal.ledger()
    except BaseException:
        folder.close()
        raise
    ledger = folder.path.with_suffix(".ledger.jsonl")
    folder.remove(ledger, told)
    screen.say("It is ended: the escrow destroyed your tokens, and the key is gone from here.", "green")
    if told:
        screen.say(f"What either side told the other stays provable: {ledger} (assay partners verify {ledger}).")
    return 0


def _recover(path: Path, place: Path) -> int:
    """Bring a key back; its lost partnership cannot go on without its memory, and is ended."""
    from assay.partners.asking import Line, Refused
    from assay.partners.dealing import Invitation
    from assay.partners.sharing import Folder, Recovery

    if place.exists():
        raise BadRequest("Sharing is kept here already", where="--state", value=str(place), mend="Name a new folder.")
    held = Recovery.read(path)
    invitation = Invitation.of_text(held.invitation)
    folder = Folder.make(place, os.urandom, held.seed)
    try:
        us = _us(folder, invitation.escrow)
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
