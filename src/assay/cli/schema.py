"""`assay schema`: what editors need to complete and check definitions while they are typed."""

from __future__ import annotations

from assay.cli import screen


def schema() -> int:
    """Print the JSON schema of definition files, for editors."""
    from assay.core.definitions import json_schema

    screen.say_json(json_schema())
    return 0
