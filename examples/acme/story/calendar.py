"""The year of the story. Instants are floats: days since its beginning, 2025-03-01T00:00Z unless `move` was called."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Days = NDArray[np.float64]

START = datetime(2025, 3, 1, tzinfo=UTC)
DAYS = 365.0  # up to and without 2026-03-01
TRIAL = 30.0


def move(past: date) -> None:
    """Let the story end within the week after a day: it begins on a Saturday, as people rest at weekends."""
    global START  # noqa: PLW0603  # the one year that everything in this process is told of
    ends = past + timedelta(days=1)
    while (ends - timedelta(days=DAYS)).weekday() != 5:
        ends += timedelta(days=1)
    START = datetime.combine(ends - timedelta(days=DAYS), time(), UTC)


def instants(days: Days) -> list[str]:
    """Return each instant as ISO text in UTC, to the second."""
    seconds = np.floor(np.asarray(days, dtype=np.float64) * 86_400).astype("timedelta64[s]")
    begin = np.datetime64(START.replace(tzinfo=None), "s")
    return [text + "Z" for text in np.datetime_as_string(begin + seconds).tolist()]


def dates(days: Days) -> list[str]:
    """Return each instant's UTC date as ISO text."""
    return [text[:10] for text in instants(days)]


def local_times(days: Days, zone: str) -> list[str]:
    """Return each instant as the wall clock of `zone` shows it, without the zone: as many tools export it."""
    there = ZoneInfo(zone)
    moments = (START + timedelta(seconds=int(second)) for second in np.floor(np.asarray(days) * 86_400))
    return [moment.astimezone(there).strftime("%Y-%m-%d %H:%M:%S") for moment in moments]


def office_hours(rng: np.random.Generator, days: Days) -> Days:
    """Return the same days, each at a time of day when people work, mostly on weekdays."""
    day = np.floor(days)
    weekend = np.isin(day.astype(np.int64) % 7, (0, 1))  # the first day of the story is a Saturday
    day = np.where(weekend & (rng.random(day.size) < 0.75), day + 2, day)
    hour = np.clip(rng.normal(13.5, 3.0, day.size), 5.0, 22.5)
    return np.asarray(day + hour / 24, dtype=np.float64)


def sigmoid(x: Days) -> Days:
    """Return the logistic function: how likely, from how much."""
    return np.asarray(1.0 / (1.0 + np.exp(-x)), dtype=np.float64)
