"""Pairing and key epochs: greetings out and in, the two words of confirmation, which keys are held, when they go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from assay.escrow import wire
from assay.partners import pairing
from assay.partners.asking import Line, Refused
from assay.partners.dealing.contract import Heard, Us
from assay.partners.dealing.memory import Memory
from assay.partners.dealing.session import Session
from assay.partners.identities import Identity
from assay.partners.pairing import EpochKeys, Greeting, Secret, Setting

_FIRST = 1
#: How far apart epochs are that a partner begins: each is a whole list anew, which nobody can tell from new guesses.
_APART: Final = 28 * 86_400 * 1_000_000
TOO_SOON: Final = (
    "Your partner begins new keys a second time within four weeks. They are taken up once those are over; "
    "where you agreed on it, make new keys, too."
)


def pair(memory: Memory, us: Us, line: Line, of: tuple[Setting, Heard]) -> bool:
    """Go as far towards a live partnership as it goes now; return whether it is live."""
    setting, heard = of
    told = memory.json("about", b"partner")
    if told is not None and _own(memory, us, setting, _FIRST) is None:
        begin(memory, us, setting)
    if told is not None:
        greet_all(memory, us, line, setting)
    try:
        state = line.state(setting)
    except Refused as refusal:
        if refusal.code == "unknown" and told is None:
            return False  # nobody has accepted the invitation yet
        raise
    if told is None:
        with memory.together():
            ours = us.identity.public.hex()
            theirs = next((of["by"] for of in state["greetings"] if of["by"] != ours), None)
            if theirs is None:
                return False
            memory.set_json("about", b"partner", theirs)
        begin(memory, us, setting)
        greet_all(memory, us, line, setting)
    meet(memory, us, line, (setting, state))
    greetings = [_kept(memory, setting, side, _FIRST) for side in (us.identity.public, _partner(memory))]
    mine, theirs_ = greetings
    if mine is None or theirs_ is None:
        return False
    _go_on(memory, "comparing", heard)
    if not memory.json("about", b"compared"):
        return False
    word = pairing.confirm(us.identity, mine, theirs_)
    line.confirm(setting, word)
    _go_on(memory, "confirmed", heard)
    given = next((of for of in line.state(setting)["confirmations"] if of["by"] == theirs_.by.hex()), None)
    if given is None:
        return False
    pairing.demand_confirmed(mine, theirs_, bytes.fromhex(given["transcript"]) + bytes.fromhex(given["signature"]))
    _go_on(memory, "live", heard)
    return True


def _go_on(memory: Memory, state: str, heard: Heard) -> None:
    if memory.json("about", b"state") == state:
        return
    with memory.together():
        memory.set_json("about", b"state", state)
        if state == "live":
            told = memory.json("about", b"invitation")
            ours = memory.json("about", b"us")
            parties = {"partnership": told["partnership"], "ours": ours, "theirs": _partner(memory).hex()}
            memory.set_json("about", b"parties", parties)
            heard.paired()


def begin(memory: Memory, us: Us, setting: Setting) -> None:
    """Draw the secret of the next epoch and keep it with its greeting, which the next step leaves with the escrow."""
    with memory.together():
        epoch = memory.number("epoch") + 1
        secret, greeting = pairing.greet(us.identity, setting, epoch, us.dice)
        memory.set_json("about", b"us", us.identity.public.hex())
        memory.keep.put("epoch", epoch.to_bytes(4, "big"), secret.key)
        memory.keep.put("greeting", epoch.to_bytes(4, "big") + us.identity.public, greeting.packed())
        memory.set_number("epoch", epoch)


def greet_all(memory: Memory, us: Us, line: Line, setting: Setting) -> None:
    """Leave with the escrow the greetings that it may not have yet."""
    for epoch in range(memory.number("greeted") + 1, memory.number("epoch") + 1):
        greeting = _own(memory, us, setting, epoch)
        if greeting is not None:
            line.greet(greeting, _partner(memory))
        with memory.together():
            memory.set_number("greeted", epoch)


def meet(memory: Memory, us: Us, line: Line, of: tuple[Setting, Mapping[str, Any]]) -> bool:
    """Take the partner's greetings, and greet in return where it has begun an epoch that we have not.

    Return whether it has begun one too soon after the last, which is left for later.
    """
    setting, state = of
    partner, is_too_soon = _partner(memory), False
    for told in state["greetings"]:
        key = int(told["epoch"]).to_bytes(4, "big") + partner
        if told["by"] != partner.hex() or memory.keep.get("greeting", key) is not None:
            continue
        greeting = pairing.unpack(bytes.fromhex(told["greeting"]), setting)
        newest = memory.number("epoch")
        if greeting.by != partner or greeting.epoch != int(told["epoch"]) or greeting.epoch > newest + 1:
            continue
        if newest < greeting.epoch:
            if us.clock() < memory.number("epochs until"):
                is_too_soon = True
                continue
            begin(memory, us, setting)
        with memory.together():
            if greeting.epoch > max(newest, _FIRST):
                memory.set_number("epochs until", us.clock() + _APART)
            memory.keep.put("greeting", key, greeting.packed())
    greet_all(memory, us, line, setting)
    return is_too_soon


def held(memory: Memory, identity: Identity, setting: Setting) -> list[EpochKeys]:
    """Return the keys of all epochs that both have greeted for and whose secrets are still there, oldest first."""
    found = []
    partner = _partner(memory)
    for key, secret in memory.keep.scan("epoch"):
        epoch = int.from_bytes(key, "big")
        mine, theirs = (_kept(memory, setting, side, epoch) for side in (identity.public, partner))
        if mine is not None and theirs is not None:
            found.append(pairing.agree(mine, Secret(secret), theirs, partner))
    return found


def to_upload(session: Session) -> list[EpochKeys]:
    """Return the keys under which lists are kept: of the epoch that is compared now, and of newer ones."""
    compared = session.memory.number("epoch compared")
    return [keys for keys in session.epochs if keys.epoch >= compared]


def retire(session: Session, state: Mapping[str, Any]) -> None:
    """Take away lists and secrets of epochs that are over: a newer one is compared, and the partner writes under it."""
    memory, compared = session.memory, session.memory.number("epoch compared")
    ours = session.line.identity.public.hex()
    for of in state["lists"]:
        if of["of"] == ours and of["epoch"] < compared and of["rows"]:
            session.line.drop(session.setting, of["epoch"])
    for keys in session.epochs:
        if keys.epoch < min(compared, memory.number("epoch read")):
            with memory.together():
                memory.keep.drop("epoch", keys.epoch.to_bytes(4, "big"))
                for key, _ in list(memory.under("list", keys.epoch.to_bytes(4, "big"))):
                    memory.keep.drop("list", keys.epoch.to_bytes(4, "big") + key)


def _own(memory: Memory, us: Us, setting: Setting, epoch: int) -> Greeting | None:
    return _kept(memory, setting, us.identity.public, epoch)


def _kept(memory: Memory, setting: Setting, side: bytes, epoch: int) -> Greeting | None:
    found = memory.keep.get("greeting", epoch.to_bytes(4, "big") + side)
    return None if found is None else pairing.unpack(found, setting)


def _partner(memory: Memory) -> bytes:
    return wire.digits(memory.json("about", b"partner"), wire.KEY_BYTES)
