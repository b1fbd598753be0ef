"""Working hours: on which days, and between which times of the day in one time zone, a deadline runs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from assay.core.errors import BadRequest

DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY: Final = timedelta(days=1)
_TOLD: Final = re.compile(r"(?P<days>[A-Za-z,-]+) (?P<opens>\d\d?:\d\d)-(?P<closes>\d\d?:\d\d) (?P<zone>\S+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingHours:
    """The days of the week (Monday is 0) on which somebody works, from and until which minute, and where."""

    days: frozenset[int]
    opens: int
    closes: int
    zone: str
    told: str

    def work(self, within: timedelta) -> timedelta:
        """Return how much work a deadline leaves time for: each whole day of it is a working day."""
        days, rest = divmod(within, _DAY)
        return days * timedelta(minutes=self.closes - self.opens) + rest

    def after(self, at: datetime, work: timedelta) -> datetime:
        """Return the instant by which so much time of work has passed."""
        at, left = at.astimezone(UTC), work
        day = at.astimezone(ZoneInfo(self.zone)).date()
        while True:
            begins, ends = max(at, self._instant(day, self.opens)), self._instant(day, self.closes)
            if day.weekday() in self.days and begins < ends:
                if left <= ends - begins:
                    return begins + left
                left -= ends - begins
            day += _DAY

    def _instant(self, day: date, minute: int) -> datetime:
        days, rest = divmod(minute, 24 * 60)
        of_day = time(rest // 60, rest % 60)
        # In UTC from here on: in a zone of its own Python adds what clocks show, not what passes.
        return datetime.combine(day + days * _DAY, of_day, ZoneInfo(self.zone)).astimezone(UTC)


def read(told: str, where: str) -> WorkingHours:
    """Return the working hours that a text tells, such as Mon-Fri 09:00-17:30 Europe/Berlin; BadRequest otherwise."""
    found = _TOLD.fullmatch(" ".join(told.split()))
    if found is None:
        raise _no_hours("These are no working hours", where, told)
    days = frozenset(day for part in found["days"].split(",") for day in _days(part, where, told))
    opens, closes = (_minute(found[name], where, told) for name in ("opens", "closes"))
    if opens >= closes:
        raise _no_hours("They end before they begin", where, told)
    try:
        ZoneInfo(found["zone"])
    except (ValueError, OSError, LookupError):
        raise _no_hours("There is no such time zone", where, told) from None
    return WorkingHours(days=days, opens=opens, closes=closes, zone=found["zone"], told=found[0])


def _days(part: str, where: str, told: str) -> list[int]:
    first, dash, last = part.title().partition("-")
    if first not in DAYS or (dash and last not in DAYS):
        raise _no_hours("There is no such day of the week", where, told)
    begin, end = DAYS.index(first), DAYS.index(last or first)
    return [day % 7 for day in range(begin, end + 1 if begin <= end else end + 8)]


def _minute(clock: str, where: str, told: str) -> int:
    hour, minute = map(int, clock.split(":"))
    if minute > 59 or hour * 60 + minute > 24 * 60:
        raise _no_hours("There is no such time of the day", where, told)
    return hour * 60 + minute


def _no_hours(what: str, where: str, told: str) -> BadRequest:
    return BadRequest(what, where=where, value=told[:100], mend="Write them as Mon-Fri 09:00-17:30 Europe/Berlin.")
