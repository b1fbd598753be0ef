"""A child process that is started again when it dies."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from typing import IO, Final

from assay.node import children

_SHORTEST_WAIT: Final = 0.1
_LONGEST_WAIT: Final = 5.0
_STEADY_AFTER: Final = 10.0


class Process:
    """One of the node's processes: started, looked at often, started again with growing patience, stopped."""

    def __init__(self, name: str, command: Sequence[str], variables: Mapping[str, str], log: IO[bytes] | int) -> None:
        self.name = name
        self._command = list(command)
        self._variables = dict(variables)
        self._log = log
        self._running: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._wait = _SHORTEST_WAIT
        self._again_at = 0.0

    @property
    def pid(self) -> int | None:
        """Return the process's number; None while it does not run."""
        return self._running.pid if self._running is not None and self._running.poll() is None else None

    def start(self) -> None:
        """Start it; it ends when this process does, and a Ctrl-C reaches this process alone."""
        self._started = time.monotonic()
        self._running = subprocess.Popen(
            self._command,
            env={**os.environ, **self._variables},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
            preexec_fn=children.dying_with_parent(signal.SIGTERM),  # noqa: PLW1509  # there are no threads here
        )

    def look(self) -> int | None:
        """Start it again if it died and has waited long enough; return the exit code of one that was found dead."""
        if self._running is not None:
            code = self._running.poll()
            if code is None:
                return None
            self._running = None
            was_steady = time.monotonic() - self._started > _STEADY_AFTER
            self._wait = _SHORTEST_WAIT if was_steady else min(self._wait * 2, _LONGEST_WAIT)
            self._again_at = time.monotonic() + self._wait
            return code
        if time.monotonic() >= self._again_at:
            self.start()
        return None

    def ask_to_stop(self) -> None:
        """Ask it to finish what it does."""
        if self._running is not None and self._running.poll() is None:
            self._running.terminate()

    def stop(self, seconds: float) -> None:
        """Wait until it ended; kill it, and what it started, where that takes too long."""
        if self._running is None:
            return
        try:
            self._running.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(self._running.pid, signal.SIGKILL)
            self._running.wait()
