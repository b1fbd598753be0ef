"""What processes beside the web have in common: they do a step again and again until they are told to stop."""

from __future__ import annotations

import gc
import logging
import os
import signal
import threading
from collections.abc import Callable
from typing import Final

import django

_AFTER_FAILURE: Final = 1.0
_log: Final = logging.getLogger(__name__)


def begun() -> threading.Event:
    """Make a process ready to work, and return what is set once SIGTERM or SIGINT tell it to stop."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "assay.node.settings")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    django.setup()
    return stop


def keep_doing(step: Callable[[], bool], pause: float, stop: threading.Event) -> None:
    """Do a step again and again: at once while it says that there is more, after a pause where it does not."""
    from django.db import close_old_connections, connection

    has_failed = False
    while not stop.is_set():
        try:
            close_old_connections()
            has_more = step()
        except Exception as error:
            if not has_failed:  # once, not every second while it lasts; its text may hold what was sent
                _log.error("a step failed and is tried again: %s", type(error).__name__)
            has_failed = True
            connection.close()
            stop.wait(_AFTER_FAILURE)
            continue
        has_failed = False
        if not has_more:
            stop.wait(pause)
    connection.close()


def tidy() -> None:
    """Leave what is in memory now out of later searches for garbage: to look through all of it again is slow."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
