"""What the two companies say to each other that is not of the protocol: taken from, and given to, who is plugged in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from assay.node.partnering.models import Partnership
from assay.partners.dealing import Deal

Receive = Callable[[Partnership, str, str, Mapping[str, Any]], object]
HandOn = Callable[[Partnership, Deal], int]


@dataclass(slots=True)
class _Plugged:
    receive: Receive | None = None
    hand_on: HandOn | None = None


_plugged = _Plugged()


def plug(*, receive: Receive, hand_on: HandOn) -> None:
    """Say who takes what partners say, and who gives what is said to them; called once a process."""
    _plugged.receive, _plugged.hand_on = receive, hand_on


def receive(partnership: Partnership, kind: str, public_id: str, body: Mapping[str, Any]) -> None:
    """Give on what a partner said, within the transaction in which it was heard."""
    if _plugged.receive is not None:
        _plugged.receive(partnership, kind, public_id, body)


def hand_on(partnership: Partnership, deal: Deal) -> int:
    """Say what waits to be said; return how much."""
    return 0 if _plugged.hand_on is None else _plugged.hand_on(partnership, deal)
