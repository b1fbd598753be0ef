"""Deadlines run in working hours: what clocks show decides when somebody works, what passes how long."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.errors import BadRequest
from assay.node import environment, hours

OFFICE = "Mon-Fri 09:00-17:00 Europe/Berlin"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def _by(told, at, within):
    """Return the deadline of something that came at a local time."""
    found = hours.read(told, "here")
    zone = ZoneInfo(found.zone)
    by = found.after(datetime.fromisoformat(at).replace(tzinfo=zone).astimezone(UTC), found.work(within))
    return by.astimezone(zone).strftime("%a %d %H:%M")


@pytest.mark.parametrize(
    ("at", "within", "by"),
    [
        ("2026-03-11 10:00", 4 * HOUR, "Wed 11 14:00"),
        ("2026-03-11 16:00", 4 * HOUR, "Thu 12 12:00"),
        ("2026-03-13 16:00", 4 * HOUR, "Mon 16 12:00"),  # over a weekend
        ("2026-03-14 11:00", 4 * HOUR, "Mon 16 13:00"),  # on a weekend
        ("2026-03-11 07:00", HOUR, "Wed 11 10:00"),
        ("2026-03-11 22:00", HOUR, "Thu 12 10:00"),
        ("2026-03-11 09:00", 8 * HOUR, "Wed 11 17:00"),  # to the last minute
        ("2026-03-13 15:00", DAY, "Mon 16 15:00"),  # a day is a working day
        ("2026-03-11 15:00", 2 * DAY, "Fri 13 15:00"),
    ],
)
def test_a_deadline_runs_while_somebody_works(at, within, by):
    assert _by(OFFICE, at, within) == by


@pytest.mark.parametrize(
    ("at", "by"),
    [
        ("2026-03-27 16:00", "Mon 30 12:00"),  # clocks go forward on Sunday the 29th
        ("2026-10-23 16:00", "Mon 26 12:00"),  # and back on Sunday the 25th
    ],
)
def test_a_change_of_clocks_between_two_working_days_moves_no_deadline(at, by):
    assert _by(OFFICE, at, 4 * HOUR) == by


@pytest.mark.parametrize(
    ("at", "by"),
    [
        ("2026-03-29 00:00", "Sun 29 07:00"),  # 02:00 to 03:00 does not exist
        ("2026-10-25 00:00", "Sun 25 05:00"),  # 02:00 to 03:00 comes twice
    ],
)
def test_where_clocks_change_while_somebody_works_what_passes_counts(at, by):
    assert _by("Sat-Sun 00:00-24:00 Europe/Berlin", at, 6 * HOUR) == by


@settings(max_examples=60, deadline=None)
@given(
    days=st.sets(st.sampled_from(hours.DAYS), min_size=1),
    opens=st.integers(0, 22),
    length=st.integers(1, 24),
    minutes=st.integers(0, 60 * 24 * 20),
    work=st.integers(1, 60 * 30),
)
def test_a_deadline_is_where_counting_minute_by_minute_ends(days, opens, length, minutes, work):
    closes = min(opens + length, 24)
    at = datetime(2026, 3, 20, tzinfo=UTC) + timedelta(minutes=minutes)
    found = hours.read(f"{','.join(days)} {opens}:00-{closes}:00 Europe/Berlin", "here")
    then, left = at, work
    while left:
        local = then.astimezone(ZoneInfo("Europe/Berlin"))
        if hours.DAYS[local.weekday()] in days and opens <= local.hour < closes:
            left -= 1
        then += timedelta(minutes=1)
    assert found.after(at, timedelta(minutes=work)) == then


def test_around_the_clock_a_deadline_is_as_without_working_hours():
    found = hours.read("Mon-Sun 00:00-24:00 UTC", "here")
    at = datetime(2026, 3, 11, 15, 30, tzinfo=UTC)
    for within in (HOUR, DAY, 2 * DAY + 5 * HOUR):
        assert found.after(at, found.work(within)) == at + within


@pytest.mark.parametrize(
    ("told", "days"), [("Sun-Thu", {6, 0, 1, 2, 3}), ("Mon-Thu,Sat", {0, 1, 2, 3, 5}), ("mon,WED", {0, 2})]
)
def test_days_are_told_one_by_one_or_from_one_to_another(told, days):
    assert hours.read(f"{told} 9:00-17:00 UTC", "here").days == days


@pytest.mark.parametrize(
    ("told", "what"),
    [
        ("9-5", "These are no working hours"),
        ("Mon-Fry 09:00-17:00 UTC", "There is no such day of the week"),
        ("Mon-Fri 09:00-25:00 UTC", "There is no such time of the day"),
        ("Mon-Fri 09:75-17:00 UTC", "There is no such time of the day"),
        ("Mon-Fri 17:00-09:00 UTC", "They end before they begin"),
        ("Mon-Fri 09:00-17:00 Europe/Atlantis", "There is no such time zone"),
        ("Mon-Fri 09:00-17:00 ../etc", "There is no such time zone"),
    ],
)
def test_what_are_no_working_hours_is_refused_with_a_mend(told, what):
    with pytest.raises(BadRequest) as raised:
        environment.read({"ASSAY_WORKING_HOURS": told})
    assert raised.value.text().startswith(f"ASSAY_WORKING_HOURS: {what}")
    assert "Europe/Berlin" in raised.value.mend


@pytest.mark.parametrize(
    ("holidays", "at", "by"),
    [
        ("12-25, 12-26", "2026-12-24 15:00", "Mon 28 11:00"),  # Friday and Saturday
        ("12-24..01-02", "2026-12-23 15:00", "Mon 04 11:00"),
        ("2026-12-25", "2026-12-24 15:00", "Mon 28 11:00"),
        ("2025-12-25", "2026-12-24 15:00", "Fri 25 11:00"),  # of another year
        ("02-29", "2026-02-27 15:00", "Mon 02 11:00"),
        ("2026-12-25", "2026-12-25 10:00", "Mon 28 13:00"),  # on a holiday
    ],
)
def test_no_deadline_runs_on_a_holiday(holidays, at, by):
    found = environment.read({"ASSAY_WORKING_HOURS": OFFICE, "ASSAY_HOLIDAYS": holidays}).working_hours
    zone = ZoneInfo(found.zone)
    due = found.after(datetime.fromisoformat(at).replace(tzinfo=zone), found.work(4 * HOUR))
    assert due.astimezone(zone).strftime("%a %d %H:%M") == by


@settings(max_examples=60, deadline=None)
@given(
    days=st.sets(st.dates(date(2026, 3, 15), date(2026, 4, 15)), max_size=12),
    yearly=st.sets(st.dates(date(2026, 3, 15), date(2026, 4, 15)), max_size=5),
    minutes=st.integers(0, 60 * 24 * 20),
    work=st.integers(1, 60 * 30),
)
def test_with_holidays_too_a_deadline_is_where_counting_minute_by_minute_ends(days, yearly, minutes, work):
    told = ",".join([*(day.isoformat() for day in sorted(days)), *(f"{day:%m-%d}" for day in sorted(yearly))])
    found = environment.read({"ASSAY_WORKING_HOURS": OFFICE, "ASSAY_HOLIDAYS": told}).working_hours
    at = datetime(2026, 3, 20, tzinfo=UTC) + timedelta(minutes=minutes)
    then, left = at, work
    while left:
        local = then.astimezone(ZoneInfo("Europe/Berlin"))
        if local.weekday() < 5 and 9 <= local.hour < 17 and local.date() not in days | yearly:
            left -= 1
        then += timedelta(minutes=1)
    assert found.after(at, timedelta(minutes=work)) == then


@pytest.mark.parametrize(
    ("told", "what"),
    [
        ("Christmas", "These are no days"),
        ("2026-12-24..12-26", "These are no days"),
        ("02-30", "There is no such day"),
        ("2026-02-29", "There is no such day"),
        ("2026-12-26..2026-12-24", "They end before they begin"),
        ("2026-01-01..2026-12-31", "These are more than 180 days in a row"),
        ("01-01..06-01,07-01..12-01", "These are more than 180 days of every year"),
    ],
)
def test_what_are_no_holidays_is_refused_with_a_mend(told, what):
    with pytest.raises(BadRequest) as raised:
        environment.read({"ASSAY_WORKING_HOURS": OFFICE, "ASSAY_HOLIDAYS": told})
    assert raised.value.text().startswith(f"ASSAY_HOLIDAYS: {what}")
    assert "12-24..12-26" in raised.value.mend


def test_holidays_without_working_hours_are_refused_as_deadlines_would_not_heed_them():
    with pytest.raises(BadRequest, match="ASSAY_WORKING_HOURS"):
        environment.read({"ASSAY_HOLIDAYS": "12-25"})
