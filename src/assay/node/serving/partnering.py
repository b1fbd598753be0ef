"""Deals with partners, again and again: keeps populations current, ends grants, steps with each. A process of its own.

The worker sends mail, and must not wait for a long list to be compared.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Final

from assay.node.serving.looping import begun, keep_doing

_TICK: Final = 1.0


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    stop = begun()
    from assay.node.partnering.stepping import Background

    keep_doing(Background(lambda: datetime.now(UTC)).step, _TICK, stop)


if __name__ == "__main__":
    main()
    sys.exit(0)
