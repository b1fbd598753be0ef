"""Deals with partners, again and again: keeps populations current, ends grants, steps with each. A process of its own.

The worker sends mail, and must not wait for a long list to be compared.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from datetime import UTC, datetime
from typing import Final

import django

_TICK: Final = 1.0


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "assay.node.settings")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    django.setup()
    from assay.node.partnering.stepping import Background
    from assay.node.serving.gathering import keep_doing

    keep_doing(Background(lambda: datetime.now(UTC)).step, _TICK, stop)


if __name__ == "__main__":
    main()
    sys.exit(0)
