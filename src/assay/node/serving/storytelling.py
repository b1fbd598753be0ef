"""Tells stories before anybody looks, and counts what rules hold of: a process that all others outrank."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from assay.core.definitions.model import Definitions
from assay.core.values import micros
from assay.node.serving.looping import begun, keep_doing

_TICK: Final = 0.5
#: Subjects that are told of at once: what a telling costs is mostly the same for one and for ten.
_AT_ONCE: Final = 10
#: Between two looks at all open leads, where the last found nothing to tell.
_LOOK_EVERY: Final = timedelta(seconds=5)
#: What nobody waits for is told during a third of the time at most: two busy processors are slower than one each, and
#: whoever decides who qualifies must not be.
_REST: Final = 2.0
_SWEEP_EVERY: Final = timedelta(minutes=10)
_COUNT_EVERY: Final = timedelta(minutes=1)
_LEAST_URGENT: Final = 19

_log: Final = logging.getLogger(__name__)


class Teller:
    """Tells what is wanted, then what may be; called again and again, and may be cut short anywhere."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._look_at = self._sweep_at = self._count_at = clock()
        self._failed: set[tuple[str, str]] = set()

    def step(self) -> bool:
        """Tell a few stories; say whether somebody may wait for more."""
        from assay.node.leads import foretelling
        from assay.node.live import kept
        from assay.node.rulebook import current

        now = self._clock()
        self._count(now)
        if now >= self._sweep_at:
            self._sweep_at = now + _SWEEP_EVERY
            kept.sweep(now)
            self._failed.clear()
        number, definitions = current.edition_and_definitions()
        if not number:
            return False
        subjects = self._without_failed(kept.wanted(_AT_ONCE + len(self._failed)))
        if subjects:
            self._tell(number, definitions, subjects)
            return True
        if now < self._look_at:
            return False
        since = time.monotonic()
        few = _AT_ONCE + len(self._failed)
        subjects = self._without_failed(foretelling.next_to_tell(number, now, few))
        self._tell(number, definitions, subjects)
        rest = timedelta(seconds=_REST * (time.monotonic() - since))
        self._look_at = self._clock() + (rest if subjects else _LOOK_EVERY)
        return False

    def _count(self, now: datetime) -> None:
        """Count what rules hold of, if it is time; what takes long is done more seldom."""
        from assay.node.live import counting

        if now < self._count_at:
            return
        since = time.monotonic()
        counting.count(now)
        self._count_at = now + max(_COUNT_EVERY, timedelta(seconds=20 * (time.monotonic() - since)))

    def _without_failed(self, subjects: list[tuple[str, str]]) -> list[tuple[str, str]]:
        return [one for one in subjects if one not in self._failed][:_AT_ONCE]

    def _tell(self, number: int, definitions: Definitions, subjects: list[tuple[str, str]]) -> None:
        """Tell of several at once, and keep it; where that fails, of each by itself, and of who fails then later."""
        if not subjects:
            return
        from assay.node import jobs
        from assay.node.live import asking

        try:
            asking.tell_and_keep(number, definitions, subjects, micros(self._clock()))
        except jobs.UNAVAILABLE:
            raise
        except Exception as error:
            if len(subjects) > 1:
                for one in subjects:
                    self._tell(number, definitions, [one])
                return
            self._failed.update(subjects)
            _log.error("a story could not be told: %s", type(error).__name__)  # its text may hold what was sent


def _let_others_first() -> None:
    """Take the lowest priority there is."""
    os.setpriority(os.PRIO_PROCESS, 0, _LEAST_URGENT)
    # Where Linux shares processors among sessions, a process is less urgent than others of its session alone.
    if os.getsid(0) == os.getpid():
        with suppress(OSError):
            Path("/proc/self/autogroup").write_text(str(_LEAST_URGENT))


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    _let_others_first()
    keep_doing(Teller(lambda: datetime.now(UTC)).step, _TICK, begun())


if __name__ == "__main__":
    main()
    sys.exit(0)
