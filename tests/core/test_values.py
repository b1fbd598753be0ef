"""What values mean, judged by properties and by cases worked by hand."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core import values
from assay.core.definitions.model import Condition, Threshold

DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12)
THRESHOLDS = st.builds(
    Threshold, low=st.none() | DECIMALS, low_open=st.booleans(), high=st.none() | DECIMALS, high_open=st.booleans()
)
INSTANTS = st.integers(min_value=-(10**16), max_value=10**17)


@given(DECIMALS)
def test_a_number_survives_its_text(number):
    assert values.parse_number(str(number)) == number


@pytest.mark.parametrize(
    "text", ["", "1,000", "7 EUR", "NaN", "inf", "-Infinity", "1_000", "٣", ".5", "5.", "1e", " 1"]
)
def test_what_is_no_plain_decimal_is_no_number(text):
    assert values.parse_number(text) is None


@pytest.mark.parametrize(("text", "value"), [("+7", 7), ("-0.50", "-0.5"), ("1e3", 1000), ("2.5E-1", "0.25")])
def test_signs_decimals_and_exponents_are_read(text, value):
    assert values.parse_number(text) == Decimal(value)


@pytest.mark.parametrize("text", ["1e999999999999999999999", "9" * 5000 + "e" + "9" * 30])
def test_numbers_beyond_decimals_are_absent(text):
    assert values.parse_number(text) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None), ("  a b ", "a b"), ("   ", None), (True, "true"), (7, "7"), (7.0, "7"), (7.25, "7.25"),
        (float("nan"), None), (float("inf"), None), (-0.0, "0"), (1e300, "1e+300"), (Decimal("7.00"), "7"),
        (Decimal("1E+2"), "100"), (Decimal("NaN"), None), (b"x ", "x"), (["a", 1], '["a",1]'),
        (datetime(2026, 3, 10, 9, tzinfo=UTC), "2026-03-10T09:00:00Z"),
    ],
)  # fmt: skip
def test_raw_values_have_one_text(value, text):
    assert values.text_of(value) == text


@given(st.floats() | st.integers() | st.text() | st.booleans() | st.decimals())
def test_canonical_text_is_its_own_canonical_text(value):
    text = values.text_of(value)
    assert text is None or values.text_of(text) == text


@given(st.integers(1, 5000), st.sampled_from(["minute", "hour", "day", "week"]), st.booleans())
def test_durations_are_read_and_written_back(count, unit, plural):
    length = values.parse_duration(f"{count} {unit}{'s' if plural else ''}")
    assert length == count * {"minute": 60, "hour": 3600, "day": 86400, "week": 604800}[unit] * 1_000_000
    assert values.parse_duration(values.format_duration(length)) == length


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        ("1 month", "30 days"), ("3 months", "90 days"), ("1 year", "365 days"), ("7d", "7 days"),
        ("1.5 days", "36 hours"),
        ("0 days", "longer than nothing"), ("10 s", "1 minute"), ("soon", "7 days"), ("-1 days", "7 days"),
        ("99999999 weeks", "36500 days"), ("9" * 400 + " days", "7 days"),
    ],
)  # fmt: skip
def test_other_durations_say_what_to_write(text, mend):
    with pytest.raises(ValueError, match=mend):
        values.parse_duration(text)


@given(INSTANTS)
def test_instants_survive_their_text(us):
    assert values.parse_instant(values.format_instant(us)) == us


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2026-03-10", "2026-03-10T00:00:00Z"), ("2026-03-10 09:00", "2026-03-10T09:00:00Z"),
        ("2026-03-10T09:00:00+02:00", "2026-03-10T07:00:00Z"), ("2026-03-10T09:00:00-0330", "2026-03-10T12:30:00Z"),
        ("2026-03-10T09:00:00.1234567Z", "2026-03-10T09:00:00.123456Z"),
        ("2026-03-10 09:00:00 UTC", "2026-03-10T09:00:00Z"),
    ],
)  # fmt: skip
def test_instants_are_utc_unless_they_say_otherwise(text, iso):
    assert values.format_instant(values.parse_instant(text)) == iso


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-02-30", "2026-03-10T25:00", "10.03.2026", "2026-03-10T09:00+99:00"]
)
def test_what_is_no_instant_is_refused(text):
    with pytest.raises(ValueError, match=r"\w"):
        values.parse_instant(text)


def test_an_ambiguous_local_time_is_the_earlier_instant():
    assert values.format_instant(values.parse_instant("2026-10-25 02:30", "Europe/Berlin")) == "2026-10-25T00:30:00Z"


def test_a_local_time_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="does not exist in Europe/Berlin"):
        values.parse_instant("2026-03-29 02:30", "Europe/Berlin")


def test_an_offset_in_the_text_outweighs_the_zone():
    assert values.parse_instant("2026-03-10T09:00Z", "Asia/Tokyo") == values.parse_instant("2026-03-10T09:00Z")


@given(st.integers(0, 3 * 10**9), st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]))
def test_every_instant_is_at_or_after_the_reading_of_its_local_time(seconds, zone):
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    local = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None).isoformat()
    read = values.parse_instant(local, zone)
    assert read in {seconds * values.SECOND, (seconds - 3600) * values.SECOND, (seconds - 1800) * values.SECOND}


@given(THRESHOLDS, st.integers(-(10**13), 10**13))
def test_the_range_of_whole_numbers_is_the_threshold(threshold, number):
    low, high = values.whole_range(threshold)
    assert (low <= number <= high) == values.threshold_holds(threshold, Decimal(number))


@given(THRESHOLDS, st.integers(-(10**18), 10**18))
def test_the_range_of_millionths_is_the_threshold(threshold, number):
    low, high = values.millionths_range(threshold)
    assert (low <= number <= high) == values.threshold_holds(threshold, Decimal(number).scaleb(-6))


@given(THRESHOLDS.filter(lambda t: t.low is not None), st.integers(-3, 3))
def test_ranges_are_exact_at_their_ends(threshold, step):
    number = int(threshold.low.to_integral_value()) + step
    low, high = values.whole_range(threshold)
    assert (low <= number <= high) == values.threshold_holds(threshold, Decimal(number))


@pytest.mark.parametrize("edge", [Decimal("1e30"), Decimal("-1e30"), Decimal(2**63), Decimal(-(2**63) - 1)])
def test_ranges_stay_inside_64_bits(edge):
    for threshold in (Threshold(low=edge), Threshold(high=edge), Threshold(low=edge, low_open=True)):
        for bound in (*values.whole_range(threshold), *values.millionths_range(threshold)):
            assert -(2**63) <= bound < 2**63


@given(st.integers(-(10**12), 10**12))
def test_millionths_are_rounded_half_to_even(half):
    assert values.millionths(Decimal(2 * half + 1).scaleb(-7) * 5) == round((2 * half + 1) / 2)


@pytest.mark.parametrize("text", ["1e20", "-1e300", "9223372036854.775808"])
def test_sums_beyond_64_bits_are_absent(text):
    assert values.millionths(Decimal(text)) is None


LISTS = {"plans": ("team", Decimal(7), True)}


@pytest.mark.parametrize(
    ("kind", "operands", "met", "unmet"),
    [
        ("is", ("trial",), ["trial"], ["Trial", " trial", None]),
        ("is", (Decimal(7),), ["7", "7.0", "+7", "70e-1"], ["7 EUR", "8", None]),
        ("is", (True,), ["true", "TRUE"], ["false", "yes", "1", None]),
        ("is_not", ("trial",), ["free", "Trial"], ["trial", None]),
        ("is_not", (Decimal(7),), ["8"], ["7.0", "seven", None]),
        ("is_not", (True,), ["false"], ["true", "maybe", None]),
        ("one_of", ("a", Decimal(7)), ["a", "7.0"], ["b", "8", None]),
        ("exists", (True,), ["x"], [None]),
        ("exists", (False,), [None], ["x"]),
    ],
)
def test_conditions_mean_what_the_language_says(kind, operands, met, unmet):
    condition = Condition(kind=kind, values=operands)
    assert [text for text in (*met, *unmet) if values.meets(condition, text, {})] == met


def test_a_list_is_looked_up_each_value_by_its_own_type():
    condition = Condition(kind="in_list", list_name="plans")
    found = [text for text in ("team", "7.00", "TRUE", "Team", "8", None) if values.meets(condition, text, LISTS)]
    assert found == ["team", "7.00", "TRUE"]


OPERANDS = st.sampled_from(["1", "true", "7.0", "a", True, False, Decimal(1), Decimal(0), Decimal(7)])


@given(st.lists(OPERANDS, max_size=4).map(tuple), st.sampled_from(["1", "1.0", "0", "true", "TRUE", "7", "7.0", "a"]))
def test_a_value_is_in_a_list_where_it_is_one_of_its_values(operands, text):
    one_by_one = [values.meets(Condition(kind="is", values=(operand,)), text, {}) for operand in operands]
    plain = [
        text == o if isinstance(o, str) else text.lower() == str(o).lower() if isinstance(o, bool) else
        values.parse_number(text) == o
        for o in operands
    ]  # fmt: skip
    assert one_by_one == plain
    assert values.meets(Condition(kind="in_list", list_name="l"), text, {"l": operands}) == any(plain)
    assert values.meets(Condition(kind="one_of", values=operands), text, {}) == any(plain)


def test_a_list_of_thousands_is_not_walked_for_each_value():
    domains = tuple(f"mail{i}.example" for i in range(50_000))
    condition = Condition(kind="in_list", list_name="free")
    start = time.process_time()
    met = sum(values.meets(condition, f"mail{i}.example", {"free": domains}) for i in range(40_000, 60_000))
    assert met == 10_000
    assert time.process_time() - start < 5  # walking takes minutes


def test_a_range_reads_numbers_and_nothing_else():
    condition = Condition(kind="range", threshold=Threshold(low=Decimal(50), high=Decimal(2000), high_open=True))
    assert [t for t in ("50", "1999.9", "2000", "1,000", "many", None) if values.meets(condition, t, {})] == [
        "50",
        "1999.9",
    ]
