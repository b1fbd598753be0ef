"""What values mean: numbers, booleans, durations, instants, thresholds and conditions.

Every part that reads, compares or prints a value does it through here, so that no two parts can disagree.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation, localcontext
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from assay.core.definitions.model import Condition, Scalar, Threshold

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
WEEK: Final = 7 * DAY

INT64_LOW: Final = -(2**63)
INT64_HIGH: Final = 2**63 - 1

#: The closed interval that holds no whole number.
EMPTY_RANGE: Final = (1, 0)

#: Longer windows than this are surely a slip, and would run out of 64 bits of microseconds.
LONGEST: Final = 36_500 * DAY

_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_DURATION = re.compile(r"([0-9]{1,12}) +(minute|hour|day|week)s?")
_LOOSE_DURATION = re.compile(r"([+-]?[0-9]{0,12}\.?[0-9]{1,12})\s*([A-Za-z]*)")
_UNITS: Final = {"minute": MINUTE, "hour": HOUR, "day": DAY, "week": WEEK}
_UNIT_LETTERS: Final = {
    "m": "minute",
    "min": "minute",
    "h": "hour",
    "hr": "hour",
    "d": "day",
    "w": "week",
    "wk": "week",
}
_INSTANT = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]+))?)?"
    r"\s?(Z|z|UTC|[+-][0-9]{2}(?::?[0-9]{2})?)?)?"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse_number(text: str) -> Decimal | None:
    """Return the finite decimal that `text` writes, exactly; None where it writes none.

    Written as `[+-]? digits [. digits] [e[+-]digits]`: no thousand separators, units, NaN or infinities.
    """
    if not _NUMBER.fullmatch(text):
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:  # an exponent beyond what decimals can hold
        return None
    return number if number.is_finite() else None


def parse_boolean(text: str) -> bool | None:
    """Return True or False for `true` and `false` in any case, else None."""
    return {"true": True, "false": False}.get(text.lower())


def millionths(number: Decimal) -> int | None:
    """Return `number` in integer millionths, rounded half-even; None where they do not fit in 63 bits."""
    if number.adjusted() > 13:
        return None
    if number.adjusted() < -7:  # keeps the fraction below small
        return 0
    units = round(Fraction(number) * SECOND)
    return units if INT64_LOW < units <= INT64_HIGH else None


def text_of(value: object) -> str | None:
    """Return the canonical text of a raw Python value; None where it is absent.

    Text is trimmed and absent where empty; booleans are `true` and `false`; a whole number has no decimal point;
    other numbers are their shortest text; NaN and infinities are absent; instants are ISO in UTC; lists and
    mappings are JSON.
    """
    if value is None:
        return None
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _text_of_float(value)
    if isinstance(value, Decimal):
        return _text_of_decimal(value)
    return _text_of_other(value)


def _text_of_float(value: float) -> str | None:
    if not math.isfinite(value):
        return None
    if value.is_integer() and abs(value) < 2**63:
        return str(int(value))
    return repr(value)


def _text_of_decimal(value: Decimal) -> str | None:
    if not value.is_finite():
        return None
    if abs(value.adjusted()) > 40:
        return str(value)
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "+0") else text


def _text_of_other(value: object) -> str | None:
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return format_instant(micros(aware))
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return text_of(value.decode("utf-8", errors="replace"))
    if isinstance(value, Mapping | Sequence):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    item = getattr(value, "item", None)  # numpy's scalars
    if callable(item):
        plain = item()
        return str(plain).strip() or None if type(plain) is type(value) else text_of(plain)
    return str(value).strip() or None


def parse_duration(text: str) -> int:
    """Return the microseconds of `N minutes | hours | days | weeks` (singular too); ValueError says how to mend it."""
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise ValueError(_duration_mend(text))
    length = int(found[1]) * _UNITS[found[2]]
    if length == 0:
        raise ValueError("Write a duration longer than nothing, such as '7 days'.")
    if length > LONGEST:
        raise ValueError("Write at most '36500 days', or leave the key out to look at the whole history.")
    return length


def _duration_mend(text: str) -> str:
    found = _LOOSE_DURATION.fullmatch(text.strip())
    if found is None:
        return "Write a whole number and minutes, hours, days or weeks, such as '7 days'."
    unit = found[2].lower()
    single = unit[:-1] if unit.endswith("s") and len(unit) > 1 else unit
    amount = Decimal(found[1])
    if found[2] == "M" or single in ("month", "mo", "quarter", "year", "y", "yr"):
        days = {"quarter": 90, "year": 365, "y": 365, "yr": 365}.get(single, 30)
        return f"Months and years differ in length: write '{_tidy(amount * days)} days'."
    word = _UNIT_LETTERS.get(single, single)
    if word in _UNITS and amount > 0:
        return f"Write '{format_duration(max(MINUTE, int(amount * _UNITS[word]) // MINUTE * MINUTE))}'."
    if single in ("s", "sec", "second"):
        return "The shortest unit is a minute: write '1 minute'."
    return "Write a whole number and minutes, hours, days or weeks, such as '7 days'."


def _tidy(number: Decimal) -> str:
    whole = number.to_integral_value(rounding=ROUND_CEILING)
    return str(int(whole))


def format_duration(us: int) -> str:
    """Return microseconds in words, in the largest of days, hours and minutes that fits: "7 days", "90 minutes"."""
    for unit, length in (("day", DAY), ("hour", HOUR), ("minute", MINUTE)):
        if us % length == 0:
            return f"{us // length} {unit}" + ("" if us == length else "s")
    seconds = Decimal(us) / SECOND
    return f"{_text_of_decimal(seconds)} seconds"


def parse_instant(text: str, zone: str | None = None) -> int:
    """Return the UTC microseconds since 1970 of an ISO date or date and time.

    A date is its midnight. Without an offset the text is local time in `zone` (an IANA name), or UTC where that is
    None. An ambiguous local time is the earlier instant; one that does not exist, like anything unreadable, raises
    ValueError. Digits beyond the microsecond are cut off.
    """
    found = _INSTANT.fullmatch(text.strip())
    if found is None:
        raise ValueError("Write an instant such as '2026-03-10T09:00:00Z', or a date such as '2026-03-10'.")
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    fraction = int(((found[7] or "") + "000000")[:6])
    try:
        local = datetime(year, month, day, hour, minute, second, fraction, tzinfo=UTC)
    except ValueError as error:
        raise ValueError(f"There is no such instant: {error}.") from None
    if found[8]:
        return micros(local) - _offset(found[8])
    return micros(local) if zone is None else _in_zone(local, zone)


def _offset(text: str) -> int:
    if text in ("Z", "z", "UTC"):
        return 0
    digits = text[1:].replace(":", "")
    hours, minutes = int(digits[:2]), int(digits[2:] or 0)
    if hours > 23 or minutes > 59:
        raise ValueError("Write an offset such as '+02:00'.")
    return (hours * HOUR + minutes * MINUTE) * (-1 if text[0] == "-" else 1)


def _in_zone(local: datetime, zone: str) -> int:
    # fold=0 is the earlier of two readings; a time that does not exist does not survive the way to UTC and back.
    there: tzinfo = ZoneInfo(zone)
    us = micros(local.replace(tzinfo=there, fold=0))
    try:
        back = instant(us).astimezone(there)
    except OverflowError:
        raise ValueError("Write an instant of the years 1 to 9999.") from None
    if back.replace(tzinfo=UTC) != local:
        raise ValueError(f"This local time does not exist in {zone}: the clocks were put forward over it.")
    return us


def micros(aware: datetime) -> int:
    """Return an instant that knows its zone as UTC microseconds, exactly."""
    return (aware - _EPOCH) // timedelta(microseconds=1)


def instant(us: int) -> datetime:
    """Return UTC microseconds as an instant."""
    return _EPOCH + timedelta(microseconds=us)


def is_zone(name: str) -> bool:
    """Return whether `name` is a time zone of the IANA database, such as Europe/Berlin."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def format_instant(us: int) -> str:
    """Return UTC microseconds since 1970 as ISO text ending in Z; ValueError outside the years 1 to 9999."""
    try:
        moment = instant(us)
    except OverflowError:
        raise ValueError("Only instants of the years 1 to 9999 can be written.") from None
    return moment.replace(tzinfo=None).isoformat() + "Z"


def threshold_holds(threshold: Threshold, number: Decimal) -> bool:
    """Return whether `number` lies in the threshold's interval."""
    low, high = threshold.low, threshold.high
    if low is not None and (number < low or (threshold.low_open and number == low)):
        return False
    return high is None or number < high or (number == high and not threshold.high_open)


def whole_range(threshold: Threshold) -> tuple[int, int]:
    """Return the closed int64 interval of the whole numbers that meet `threshold`; low > high where none does."""
    return _integer_range(threshold, 1)


def millionths_range(threshold: Threshold) -> tuple[int, int]:
    """Return the closed int64 interval of the integer millionths that meet `threshold`; low > high where none does."""
    return _integer_range(threshold, 1_000_000)


def _integer_range(threshold: Threshold, scale: int) -> tuple[int, int]:
    low, high = INT64_LOW, INT64_HIGH
    if threshold.low is not None:
        low = _bound(threshold.low, scale, ROUND_CEILING)
        low += threshold.low_open and threshold.low == Decimal(low) / scale
    if threshold.high is not None:
        high = _bound(threshold.high, scale, ROUND_FLOOR)
        high -= threshold.high_open and threshold.high == Decimal(high) / scale
    if low > min(high, INT64_HIGH) or high < INT64_LOW:
        return EMPTY_RANGE
    return max(low, INT64_LOW), min(high, INT64_HIGH)


def _bound(number: Decimal, scale: int, rounding: str) -> int:
    if number.adjusted() > 25:  # far beyond 64 bits: only the sign matters
        return INT64_HIGH + 2 if number > 0 else INT64_LOW - 2
    with localcontext() as context:
        context.prec = 60 + len(number.as_tuple().digits)
        return int((number * scale).to_integral_value(rounding=rounding))


def meets(condition: Condition, text: str | None, lists: Mapping[str, Sequence[Scalar]]) -> bool:
    """Return whether a value, as canonical text (None: absent), meets `condition`.

    `lists` are the named lists that `in_list` looks in. An absent value meets nothing but `exists: false`, and a
    value that is not of the operand's type is absent.
    """
    if condition.kind == "exists":
        return (text is not None) is condition.values[0]
    if text is None:
        return False
    if condition.kind == "range":
        number = parse_number(text)
        return number is not None and condition.threshold is not None and threshold_holds(condition.threshold, number)
    if condition.kind == "is_not":
        return _equals(text, condition.values[0]) is False
    return _is_among(text, lists[condition.list_name] if condition.kind == "in_list" else condition.values)


@dataclass(frozen=True, slots=True, eq=False)
class _Same:
    """Operands as a key that is equal where they are the very same: as tuples (1,) and (True,) would be equal."""

    operands: tuple[Scalar, ...]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.operands is self.operands

    def __hash__(self) -> int:
        return id(self.operands)


@dataclass(frozen=True, slots=True)
class _ByType:
    """Operands by what they are compared as."""

    texts: frozenset[str]
    truths: frozenset[bool]
    numbers: frozenset[Decimal]


@lru_cache(maxsize=256)
def _by_type(same: _Same) -> _ByType:
    """Return operands by type, worked out once: lists of domains have thousands, and every value is looked up."""
    found = same.operands
    return _ByType(
        texts=frozenset(o for o in found if isinstance(o, str)),
        truths=frozenset(o for o in found if isinstance(o, bool)),
        numbers=frozenset(o for o in found if not isinstance(o, str | bool)),
    )


def _is_among(text: str, operands: Sequence[Scalar]) -> bool:
    """Return whether the value equals one of the operands, each by its own type."""
    found = _by_type(_Same(operands if isinstance(operands, tuple) else tuple(operands)))
    if text in found.texts or (found.truths and parse_boolean(text) in found.truths):
        return True
    return bool(found.numbers) and parse_number(text) in found.numbers


def _equals(text: str, operand: Scalar) -> bool | None:
    """Return whether the value equals the operand; None where it is not of the operand's type."""
    if isinstance(operand, str):
        return text == operand
    if isinstance(operand, bool):
        truth = parse_boolean(text)
        return None if truth is None else truth == operand
    number = parse_number(text)
    return None if number is None else number == operand
