"""Brings what arrived into the lake and decides of whom it touched, again and again. A process of its own."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from assay.node.serving.looping import begun, keep_doing, tidy

_TICK: Final = 0.2
_TO_ORDER: Final = 5.0
_TO_KEEP_DEADLINES: Final = 1.0
_TO_WRITE_BACK: Final = 10.0
_TO_TIDY: Final = 300.0


def gather(stop: threading.Event) -> None:
    """Live until asked to stop, and keep the lake in order; a failure, such as Postgres being away, is waited out."""
    from assay.node.serving.living import Life

    beside = [
        threading.Thread(target=keep_doing, args=(_order, _TO_ORDER, stop)),
        threading.Thread(target=keep_doing, args=(_keep_deadlines, _TO_KEEP_DEADLINES, stop)),
        threading.Thread(target=keep_doing, args=(_write_back, _TO_WRITE_BACK, stop)),
    ]
    for thread in beside:
        thread.start()
    life = Life(lambda: datetime.now(UTC))
    keep_doing(_and_then_tidied(life.step), _TICK, stop)
    life.close()
    for thread in beside:
        thread.join()


def _and_then_tidied(step: Callable[[], bool]) -> Callable[[], bool]:
    """Return a step that tidies memory in idle moments: else that would take a good part of every few turns."""
    not_before = 0.0

    def tidied() -> bool:
        nonlocal not_before
        has_more = step()
        if not has_more and time.monotonic() >= not_before:
            tidy()
            not_before = time.monotonic() + _TO_TIDY
        return has_more

    return tidied


def _order() -> bool:
    """Do one step of keeping the lake in order; tell whether there may be more to do."""
    from assay.node.lake import compacting, draining

    now = datetime.now(UTC)
    compacting.sweep(now)
    draining.forget_messages(now)
    return compacting.compact(now)


def _write_back() -> bool:
    """Write the index's journal back, once."""
    from assay.node.live import asking
    from assay.node.live.index import write_back

    if asking.place().exists():
        write_back(asking.place())
    return False


def _keep_deadlines() -> bool:
    """Do what deadlines bring, which must not wait until everybody is decided of; tell whether there may be more."""
    from assay.node.leads import timers
    from assay.node.rulebook import current

    number, definitions = current.edition_and_definitions()
    return bool(number and timers.keep_deadlines(definitions, datetime.now(UTC)))


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    gather(begun())


if __name__ == "__main__":
    main()
    sys.exit(0)
