"""Where looks back get everything that ever happened from: one function, which is plugged in."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final

from assay.core.definitions.model import Definitions
from assay.core.errors import BadRequest
from assay.core.io.store import Store

#: Gives a store with everything prepared by the definitions (tables.PREPARED), for as long as the context lasts.
Replay = Callable[[Definitions], AbstractContextManager[Store]]
#: Gives the instant of questions, in UTC microseconds; None for the latest event's.
Now = Callable[[], int | None]


@dataclass
class _Plugged:
    replay: Replay | None = None
    now: Now = lambda: None


_PLUGGED: Final = _Plugged()


def plug(replay: Replay | None, now: Now = lambda: None) -> None:
    """Let history come from this function from now on; None goes back to having none."""
    _PLUGGED.replay, _PLUGGED.now = replay, now


def replayed(definitions: Definitions) -> AbstractContextManager[Store]:
    """Give a store with everything that ever happened; BadRequest where there is no history."""
    if _PLUGGED.replay is None:
        raise BadRequest("No history is at hand here", mend="Ask where events come in.")
    return _PLUGGED.replay(definitions)


def now() -> int | None:
    """Return the instant as of which questions are answered; None for the latest event's."""
    return _PLUGGED.now()
