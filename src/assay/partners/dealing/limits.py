"""What the escrow sees to for us beside the join: how long the partner's list may be, and numbers without accounts."""

from __future__ import annotations

from assay.escrow import wire
from assay.partners import counting
from assay.partners.asking import Line
from assay.partners.dealing.contract import Allowance, Counted, Level
from assay.partners.dealing.hearing import their_offers
from assay.partners.dealing.memory import Memory
from assay.partners.dealing.session import Session
from assay.partners.pairing import Setting
from assay.partners.tokens import SLOTS


def allow(memory: Memory, line: Line, setting: Setting, asked: Allowance | None) -> None:
    """Say how long the partner's list may be and how fast it may grow, where that is not what was said last.

    The first time is before our word that digits were compared: before it nothing of the partner's can come.
    """
    if asked is None:
        return
    told = [asked.records * SLOTS, asked.weekly * SLOTS]
    if memory.json("about", b"allowance") != told:
        line.allow(setting, *told)
        with memory.together():
            memory.set_json("about", b"allowance", told)


def count(session: Session) -> None:
    """Count once a week, where either side lets the other know how many and no more: both bring what they let know.

    The partner's rows may be missing for a while; then the next step looks again.
    """
    memory, mine = session.memory, session.mine
    week = wire.week(session.now)
    theirs = their_offers(memory)
    is_wanted = any(offer.level is Level.COUNTS for offer in (*mine.offers, *theirs))
    if not is_wanted or not mine.counted or memory.number("counted week") >= week:
        return
    compared = memory.number("epoch compared")
    keys = next((one for one in session.epochs if one.epoch == compared), session.epochs[-1])
    found = counting.snapshot(session.line, keys, mine.counted, session.us.dice)
    if found is None:
        return
    ours = {counting.tag(keys, keys.mine, slug): slug for slug in mine.counted}
    named = {counting.tag(keys, keys.theirs, offer.population): offer.population for offer in theirs}
    numbers = [
        Counted(ours=ours[one.ours], theirs=named[one.theirs], about=one.about)
        for one in found
        if one.ours in ours and one.theirs in named
    ]
    with memory.together():
        memory.set_number("counted week", week)
        session.heard.counted(numbers)
    session.worked = True
