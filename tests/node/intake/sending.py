"""What tests of the intake know of each other."""

from collections.abc import Callable
from typing import Any

KEY = "a write key of tests"
Sender = Callable[..., Any]


def track(**facts):
    """Return a track call as clients write it."""
    return {"type": "track", "userId": "u1", "event": "project_created", "messageId": "m1", **facts}
