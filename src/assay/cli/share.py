"""`assay share`: a list compared with a partner's, without a server of one's own."""

from __future__ import annotations

import time
from importlib.util import find_spec
from typing import TYPE_CHECKING

from assay.cli import screen, sharing_begin, sharing_end, sharing_files, sharing_words
from assay.cli.asking import note
from assay.cli.sharing_options import Answers, Beginning, Columns, Leave, Letting, List_, Places, Recover, Wait
from assay.cli.sharing_words import Visit
from assay.core.errors import BadRequest

if TYPE_CHECKING:
    from assay.partners.dealing import Deal
    from assay.partners.sharing import Folder, Listing


def share(
    list_: List_ = None,
    /,
    *,
    beginning: Beginning | None = None,
    letting: Letting | None = None,
    columns: Columns | None = None,
    answers: Answers | None = None,
    places: Places | None = None,
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
    beginning, letting, columns = beginning or Beginning(), letting or Letting(), columns or Columns()
    answers, places = answers or Answers(), places or Places()
    place = sharing_files.state_of(list_, places)
    if recover is not None:
        return sharing_end.recover(recover, place)
    if leave:
        return sharing_end.leave(place)
    if list_ is None:
        raise BadRequest("Which list?", where="LIST", mend="Name a file: assay share customers.csv --with INVITATION")
    from assay.partners.sharing import read_list

    listing = read_list(list_, columns.given())
    files = sharing_files.Files.of(list_, places)
    files.demand_writable()
    sharing_words.say_list(list_, listing, files)
    folder = sharing_begin.begun(place, beginning)
    try:
        visit = _visit(
            folder, listing, letting, files=files, again=sharing_files.again(list_, places, columns), wait=wait
        )
        if _paired(visit, beginning.confirmed):
            _visited(visit, answers)
    finally:
        folder.close()
    return 0


def _visit(
    folder: Folder, listing: Listing, letting: Letting, *, files: sharing_files.Files, again: str, wait: float
) -> Visit:
    """Return what a run works with; BadRequest where the list seems to be broken."""
    from assay.partners.sharing import Owner, Wanted, bring, limits

    deal, owner = sharing_begin.deal_of(folder), Owner(folder.rows)
    _demand_whole(folder, deal, listing, letting)
    wanted = Wanted(says=letting.says, fields=letting.fields(), longest=letting.longest, weekly=letting.a_week)
    mine = bring(folder, listing, wanted, owner)
    limits.note_brought(folder, listing.records)
    if letting.let_go and not limits.let_go(folder, owner):
        note("Nothing is held back: --let-go is not needed.")
    visit = Visit(
        folder=folder, deal=deal, mine=mine, owner=owner, listing=listing, files=files, again=again, wait=wait
    )
    sharing_words.say_limits(visit)
    return visit


def _demand_whole(folder: Folder, deal: Deal, listing: Listing, letting: Letting) -> None:
    """Raise BadRequest where a list lost so much since the last time that it may be half a file."""
    from assay.partners.dealing import State
    from assay.partners.sharing import limits

    lost = limits.lost(folder, listing.records)
    if lost is None or letting.fewer or deal.state is not State.LIVE:
        return
    before, gone = lost
    raise BadRequest(
        f"{gone:,} of the {before:,} companies that the list had last time are not in it any more; nothing was sent",
        where="LIST",
        value=f"{len(listing.records):,} companies",
        mend="If the export broke off, or ids come from another column now, mend that: all of them would be taken "
        "back, and count as new when they return. If it is meant, add --fewer.",
    )


def _visited(visit: Visit, answers: Answers) -> None:
    """Send and take what is due, then say and write what came."""
    for ids, is_same in ((answers.same, True), (answers.not_same, False)):
        _answer(visit, ids, is_same=is_same)
    _until_quiet(visit)
    sharing_words.say_what_came(visit)
    sharing_words.write_what_came(visit)
    note(f"Run it again when the list has changed: {visit.again}")
    note(f"To end it: {visit.again} --leave")


def _paired(visit: Visit, confirmed: str) -> bool:
    """Go on until both sides have confirmed; say what is waited for, and return False, where it is a person's turn."""
    from assay.partners.dealing import State

    deal = visit.deal
    deal.step(visit.mine, visit.owner)
    _demand_lasting(visit)
    if deal.state is State.INVITED and not _wait_for(visit):
        screen.say("Your partner has not taken notice yet. Run this again in a while; nothing was uploaded.", "yellow")
        return False
    if deal.state is State.COMPARING:
        if not sharing_begin.compared(deal.digits(), confirmed, visit.again):
            return False
        deal.confirm()
        deal.step(visit.mine, visit.owner)
    if deal.state is State.CONFIRMED and not _wait_for(visit):
        screen.say("Your partner has not confirmed the digits yet. Run this again once it has.", "yellow")
        screen.say("Nothing was uploaded.")
        return False
    _demand_lasting(visit)
    return True


def _demand_lasting(visit: Visit) -> None:
    """Raise BadRequest where the partnership is over: what the partner told is taken out of the files before."""
    from assay.partners.dealing import State

    if visit.deal.state is not State.REVOKED:
        return
    sharing_words.write_what_came(visit)
    raise BadRequest(
        "Your partner, or you, ended this partnership: what it told does not hold any more",
        mend=f"Take the ledger of what was told, and clear up, with: {visit.again} --leave. To go on, ask for a new "
        "invitation then.",
    )


def _wait_for(visit: Visit) -> bool:
    """Step until the state changes; return whether it did."""
    deal, wait = visit.deal, visit.wait
    before, until = deal.state, time.monotonic() + wait
    while deal.state is before and time.monotonic() < until:
        time.sleep(min(1.0, wait / 5))
        deal.step(visit.mine, visit.owner)
    return deal.state is not before


def _until_quiet(visit: Visit) -> None:
    """Step until nothing happened for as long as is waited."""
    quiet_since = time.monotonic()
    while time.monotonic() - quiet_since < visit.wait:
        if visit.deal.step(visit.mine, visit.owner):
            quiet_since = time.monotonic()
            continue
        _demand_lasting(visit)
        time.sleep(min(1.0, visit.wait / 5))


def _answer(visit: Visit, ids: tuple[str, ...], *, is_same: bool) -> None:
    from assay.core.io.spreadsheets import unguarded

    for record in ids:
        # An id may be pasted from a file, where nothing begins a formula.
        names = {record, unguarded(record)}
        found = [key for key, told in visit.owner.all("question") if told[0] in names]
        if not found:
            where = "--same" if is_same else "--not-same"
            asked = f"What is asked stands in {visit.files.questions}."
            raise BadRequest("Nothing is asked about this id", where=where, value=record, mend=asked)
        for key in found:
            visit.deal.answer(key[:16], key[16:], is_same=is_same)
            visit.owner.note_answer(key, is_same=is_same)
