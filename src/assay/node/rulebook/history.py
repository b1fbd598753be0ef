"""Where looks back get everything that ever happened from: one function, which is plugged in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
#: Gives for each decided rule of how many it holds now, and how many it began to hold of within seven days.
Counts = Callable[[], Mapping[str, tuple[int, int]]]


@dataclass
class _Plugged:
    replay: Replay | None = None
    now: Now = lambda: None
    counts: Counts = dict


_PLUGGED: Final = _Plugged()


def plug(replay: Replay | None, now: Now = lambda: None, counts: Counts = dict) -> None:
    """Let history come from these functions from now on; None goes back to having none."""
    _PLUGGED.replay, _PLUGGED.now, _PLUGGED.counts = replay, now, counts


def replayed(definitions: Definitions) -> AbstractContextManager[Store]:
    """Give a store with everything that ever happened; BadRequest where there is no history."""
    if _PLUGGED.replay is None:
        raise BadRequest("No history is at hand here", mend="Ask where events come in.")
    return _PLUGGED.replay(definitions)


def now() -> int | None:
    """Return the instant as of which questions are answered; None for the latest event's."""
    return _PLUGGED.now()


def counts() -> Mapping[str, tuple[int, int]]:
    """Return for each decided rule of how many it holds now, and how many it began to hold of within seven days."""
    return _PLUGGED.counts()
