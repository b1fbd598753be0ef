"""When somebody wants to be told: not in their quiet hours, and once a day where they asked for that."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


def after_quiet(at: datetime, quiet_from: time | None, quiet_until: time | None, zone: str) -> datetime:
    """Return `at`, or the end of the quiet hours that it falls in; these may go past midnight."""
    if quiet_from is None or quiet_until is None or quiet_from == quiet_until:
        return at
    local = at.astimezone(ZoneInfo(zone))
    now = local.time()
    if quiet_from < quiet_until:
        is_quiet = quiet_from <= now < quiet_until
    else:
        is_quiet = now >= quiet_from or now < quiet_until
    return _next(at, quiet_until, zone) if is_quiet else at


def next_digest(at: datetime, digest_at: time, zone: str) -> datetime:
    """Return the next instant after `at` that is this time of the day there."""
    return _next(at, digest_at, zone)


def _next(at: datetime, of_day: time, zone: str) -> datetime:
    local = at.astimezone(ZoneInfo(zone))
    found = local.replace(hour=of_day.hour, minute=of_day.minute, second=0, microsecond=0)
    if found <= local:
        found = (local + timedelta(days=1)).replace(hour=of_day.hour, minute=of_day.minute, second=0, microsecond=0)
    return found.astimezone(at.tzinfo)
