"""Working hours: on which days but holidays, and between which times of the day in one time zone, a deadline runs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from assay.core.errors import BadRequest

DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY: Final = timedelta(days=1)
_HOLIDAYS: Final = re.compile(r"(?P<first>(\d{4}-)?\d\d-\d\d)(\.\.(?P<last>(\d{4}-)?\d\d-\d\d))?")
#: A year in which there is every day that some year has.
_ANY_YEAR: Final = "2000-"
_DATED: Final = re.compile(r"\d{4}-")
#: Nobody has so many holidays, and with fewer there is always a working day to come.
_MOST: Final = 180
_TOLD: Final = re.compile(r"(?P<days>[A-Za-z,-]+) (?P<opens>\d\d?:\d\d)-(?P<closes>\d\d?:\d\d) (?P<zone>\S+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Holidays:
    """Days on which nobody works: some of one year, some (month, day) of every year."""

    days: frozenset[date] = frozenset()
    yearly: frozenset[tuple[int, int]] = frozenset()
    told: str = ""

    def has(self, day: date) -> bool:
        """Tell whether nobody works on a day."""
        return day in self.days or (day.month, day.day) in self.yearly


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingHours:
    """The days of the week (Monday is 0) on which somebody works, from and until which minute, and where."""

    days: frozenset[int]
    opens: int
    closes: int
    zone: str
    told: str
    holidays: Holidays = Holidays()

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
            if day.weekday() in self.days and not self.holidays.has(day) and begins < ends:
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


def read_holidays(told: str, where: str) -> Holidays:
    """Return the days that a text tells, such as 12-24..12-26, 2026-04-03; BadRequest otherwise."""
    days: set[date] = set()
    yearly: set[tuple[int, int]] = set()
    parts = [part.strip() for part in told.split(",") if part.strip()]
    for part in parts:
        found = _from_to(part, where)
        if _DATED.match(part):
            days |= found
        else:
            yearly |= {(day.month, day.day) for day in found}
    if len(yearly) > _MOST:
        raise _no_holidays(f"These are more than {_MOST} days of every year", where, told)
    return Holidays(days=frozenset(days), yearly=frozenset(yearly), told=", ".join(parts))


def _from_to(part: str, where: str) -> set[date]:
    found = _HOLIDAYS.fullmatch(part)
    if found is None or len(found["last"] or found["first"]) != len(found["first"]):
        raise _no_holidays("These are no days", where, part)
    year = "" if _DATED.match(part) else _ANY_YEAR
    try:
        first, last = (date.fromisoformat(year + one) for one in (found["first"], found["last"] or found["first"]))
    except ValueError:
        raise _no_holidays("There is no such day", where, part) from None
    if last < first and year:  # over the turn of the year
        return _each(first, date(first.year, 12, 31)) | _each(date(last.year, 1, 1), last)
    if last < first:
        raise _no_holidays("They end before they begin", where, part)
    if (last - first).days >= _MOST:
        raise _no_holidays(f"These are more than {_MOST} days in a row", where, part)
    return _each(first, last)


def _each(first: date, last: date) -> set[date]:
    return {first + n * _DAY for n in range((last - first).days + 1)}


def _no_holidays(what: str, where: str, told: str) -> BadRequest:
    mend = "Write them as 12-24..12-26, 2026-04-03: without a year for every year."
    return BadRequest(what, where=where, value=told[:100], mend=mend)


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
