"""`assay publish`: freeze a rule as it stands."""

from __future__ import annotations

from pathlib import Path

from assay.cli import screen
from assay.cli.given import Definitions, existing_folder


def publish(rule: str, *, definitions: Definitions = Path("definitions")) -> int:
    """Write down a rule as published; from then on its meaning cannot change without a new version.

    Parameters
    ----------
    rule
        The rule's name.
    """
    from assay.core.definitions import publish as write_down

    path = write_down(existing_folder(definitions, "--definitions"), rule)
    screen.say(f"Published {path}." if path else f"Published {rule}.")
    return 0
