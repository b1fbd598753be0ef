"""Which worker does which jobs: what people wait for never waits for what takes long.

Takes: nothing.
Gives: the queues of each worker, by its name.
Never: leaves a queue to nobody, or to two; a test holds every task against it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

QUEUES: Final[Mapping[str, Sequence[str]]] = {
    # Mails, webhooks, reminders, and what keeps the jobs themselves going: each is done within seconds.
    "worker": ("telling", "housekeeping", "builtin"),
    # Uploads, looks back and rehearsals: each may take as long as a replay of everything.
    "long worker": ("looks", "default"),
}


def command(python: str, name: str) -> list[str]:
    """Return what starts the worker of that name."""
    return [
        *(python, "-m", "django", "procrastinate", "worker", "--concurrency", "1", "--queues", ",".join(QUEUES[name])),
        *("--delete-jobs", "successful", "--shutdown-graceful-timeout", "10"),
    ]
