"""Which unit of time a picture counts in, and how its axis writes instants: minutes for two hours, weeks for a year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import altair as alt
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
WEEK: Final = 7 * DAY
_MOST_BARS: Final = 60
#: 1970-01-05, the first Monday: weeks begin on Mondays.
_MONDAY: Final = 4 * DAY

_UNITS: Final = (
    (SECOND, "second"),
    (10 * SECOND, "10 seconds"),
    (MINUTE, "minute"),
    (5 * MINUTE, "5 minutes"),
    (15 * MINUTE, "15 minutes"),
    (HOUR, "hour"),
    (6 * HOUR, "6 hours"),
    (DAY, "day"),
    (WEEK, "week"),
    (4 * WEEK, "4 weeks"),
    (13 * WEEK, "13 weeks"),
    (52 * WEEK, "52 weeks"),
)


@dataclass(frozen=True, slots=True)
class Unit:
    """A length of time in microseconds, and its name after "per"."""

    length: int
    name: str

    def floor(self, instants: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the start of the unit that each instant (microseconds) falls in."""
        shift = _MONDAY if self.length % WEEK == 0 else 0
        return (instants - shift) // self.length * self.length + shift


def unit_for(span: int, *, at_most: int) -> Unit:
    """Return the finest unit that cuts `span` (microseconds) into no more than `at_most` pieces."""
    for length, name in _UNITS:
        if span <= length * at_most:
            return Unit(length, name)
    return Unit(*_UNITS[-1])


def beginning(spells: pa.Table, *, as_of: int) -> int:
    """Return the instant at which pictures of these spells begin: when 1 in 100 of them had opened.

    Spells since ever (1970) and a few old facts would otherwise press everything else against the right edge.
    """
    starts = instants(spells["starts_at"])
    seen = np.sort(starts[(starts > 0) & (starts <= as_of)])
    return min(int(seen[len(seen) // 100]) if len(seen) else as_of - DAY, as_of - SECOND)


def recently(spells: pa.Table, *, as_of: int) -> Unit:
    """Return how long ago is still recent, and soon still soon, in data of this length."""
    span = as_of - beginning(spells, as_of=as_of)
    for unit, name in ((WEEK, "week"), (DAY, "day"), (HOUR, "hour"), (15 * MINUTE, "15 minutes")):
        if span >= 4 * unit:
            return Unit(unit, name)
    return Unit(MINUTE, "minute")


def unit_of(spells: pa.Table, *, as_of: int) -> Unit:
    """Return the unit in which to count entries and exits of these spells up to `as_of`, whatever the width."""
    return unit_for(as_of - beginning(spells, as_of=as_of), at_most=_MOST_BARS)


def instants(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """Return the instants of a timestamp column as microseconds; null becomes the largest integer."""
    numbers = pc.fill_null(pc.cast(column, pa.int64()), np.iinfo(np.int64).max)
    return np.asarray(numbers.to_numpy(), dtype=np.int64)


def milliseconds(at: int) -> int:
    """Return an instant as Vega reads it."""
    return at // 1000


def axis(first: int, last: int, *, width: int, titled: bool = True) -> alt.X:
    """Return the time axis from `first` to `last` (microseconds), in UTC and, if `titled`, saying so."""
    span = last - first
    if span <= 2 * DAY:
        form = "%H:%M"
    elif span <= 6 * DAY:
        form = "%-d %b %H:%M"
    elif span <= 120 * DAY:
        form = "%-d %b"
    else:
        form = "%b %Y"
    day = np.datetime64(first, "us").astype("datetime64[D]").item()
    title = f"{day.day} {day:%B %Y}, UTC" if span <= 2 * DAY else "UTC"
    settings: dict[str, Any] = {"format": form, "grid": False, "tickCount": max(2, width // 120), "labelOverlap": True}
    settings["title"] = title if titled or span <= 2 * DAY else None
    scale = alt.Scale(type="utc", domain=[milliseconds(first), milliseconds(last)], nice=False)
    return alt.X("at:T", scale=scale, axis=alt.Axis(**settings))
