"""What tests of the process that decides know of each other."""

from datetime import UTC, datetime, timedelta

KEY = "a write key that tests know"


class Clock:
    """A clock that goes when it is told to."""

    now = datetime.now(UTC)

    def __call__(self):
        return self.now


def built(number, hours_ago, **facts):
    """Return a call of ann's, some hours ago."""
    at = (Clock.now - timedelta(hours=hours_ago)).isoformat()
    return {"type": "track", "messageId": f"m{number}", "event": "built", "userId": "ann", "timestamp": at, **facts}
