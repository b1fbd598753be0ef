"""What one step works with, and how messages leave and come: sealed, numbered, kept until the partner has them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, TypeVar

from assay.escrow import wire
from assay.partners import sealing
from assay.partners.asking import Line, Refused
from assay.partners.dealing.contract import Heard, Mine, Us
from assay.partners.dealing.memory import Memory
from assay.partners.identities import Distrust
from assay.partners.pairing import EpochKeys, Setting

NOBODY: Final = bytes(wire.HANDLE_BYTES)
#: What fits into the largest message, beside its kind.
MOST: Final = sealing.BUCKETS[-1] - 64
_AT_ONCE: Final = 50
_Item = TypeVar("_Item")


@dataclass(slots=True, kw_only=True)
class Session:
    """One step: who, with whom, under which keys; the newest keys are the last."""

    us: Us
    line: Line
    memory: Memory
    setting: Setting
    partner: bytes
    epochs: list[EpochKeys] = field(repr=False)
    mine: Mine = field(repr=False)
    heard: Heard
    now: int
    worked: bool = False

    def queue(self, kind: str, payload: bytes, about: bytes = NOBODY) -> int:
        """Seal a message, give it the next number and keep it; call this inside a transaction."""
        return queue(self.memory, self.epochs[-1], self.us, (kind, payload, about))

    def tell(self, kind: str, body: Mapping[str, Any], about: bytes = NOBODY) -> int:
        """Queue a message of JSON."""
        return self.queue(kind, json.dumps(body, separators=(",", ":")).encode(), about)

    def trouble(self, text: str) -> None:
        """Tell the owner that something stands in the way, once for as long as it does."""
        if self.memory.json("about", b"trouble") != text:
            self.memory.set_json("about", b"trouble", text)
            self.heard.trouble(text)


def queue(memory: Memory, keys: EpochKeys, us: Us, told: tuple[str, bytes, bytes]) -> int:
    """Seal a message (kind, payload, handle), give it the next number and keep it."""
    kind, payload, about = told
    number = memory.number("sent") + 1
    text = wire.joined([kind.encode(), payload])
    sealed = sealing.seal(keys, sealing.About(handle=about, grant=memory.number("grant")), number, text, us.dice)
    memory.keep.put("out", number.to_bytes(8, "big"), sealed)
    memory.set_number("sent", number)
    return number


def post(session: Session, state: Mapping[str, Any]) -> None:
    """Leave with the escrow whatever it does not have yet, from where its mailbox ends.

    What may be there is remembered beforehand. What was sealed since an old memory was brought back counts for nothing
    here: else some new messages would hide that the escrow has older ones which this memory knows nothing of.
    """
    memory = session.memory
    ours = session.line.identity.public.hex()
    there = next((box["sent"] for box in state["mailboxes"] if box["from"] == ours), 0)
    sent = memory.number("sent")
    if there > memory.number("posting"):
        raise Distrust(
            "The escrow holds later messages from here than this memory knows of",
            value=f"message {there}, {memory.number('posting')} is known",
            mend="An old backup was brought back, or two copies are running: pair anew.",
        )
    if sent > memory.number("posting"):
        with memory.together():
            memory.set_number("posting", sent)
    while there < sent:
        waiting = []
        for key, sealed in memory.keep.scan("out", there.to_bytes(8, "big")):
            waiting.append((int.from_bytes(key, "big"), sealed))
            if len(waiting) == _AT_ONCE:
                break
        if not waiting or waiting[0][0] != there + 1:
            raise Distrust(
                "The escrow has lost messages that your partner already had",
                value=f"message {there + 1}",
                mend="Ask the operator to bring back a newer backup, or pair anew.",
            )
        try:
            session.line.post(session.setting, there + 1, [sealed for _, sealed in waiting])
        except Refused as refusal:
            if refusal.code == "full":
                return  # the partner has not read for long; what it wrote can be read meanwhile
            raise
        there += len(waiting)
        session.worked = True


def heard_through(session: Session, number: int) -> None:
    """Forget messages that the partner itself says it has; an escrow's word is not enough."""
    memory = session.memory
    gone = [key for key, _ in memory.keep.scan("out") if int.from_bytes(key, "big") <= number]
    for key in gone:
        memory.keep.drop("out", key)


def batched(items: Iterable[_Item], size: int) -> Iterator[tuple[_Item, ...]]:
    """Yield items in groups of at most `size`."""
    left = iter(items)
    while group := tuple(islice(left, size)):
        yield group
