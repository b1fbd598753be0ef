"""Local time to UTC as one SQL expression, with the same time zones as `values.parse_instant`.

DuckDB's own `timezone(zone, local)` takes the later of two readings and shifts times that the clocks skipped; the
contract wants the earlier one, and a reject.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

_FIRST: Final = datetime(1899, 12, 1, tzinfo=UTC)
_LAST: Final = datetime(2200, 2, 1, tzinfo=UTC)
_STEP: Final = timedelta(days=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def local_to_utc_sql(local: str, zone: str) -> str:
    """Return SQL for UTC microseconds of local microseconds; NULL where the clocks skipped that time."""
    return f"({local} - {_tree_sql(local, segments(zone))})"


def _tree_sql(local: str, parts: tuple[tuple[int, int | None], ...]) -> str:
    """Return a balanced tree of CASEs: ten comparisons find one of a thousand segments."""
    if len(parts) == 1:
        return "NULL" if parts[0][1] is None else str(parts[0][1])
    middle = len(parts) // 2
    left, right = _tree_sql(local, parts[:middle]), _tree_sql(local, parts[middle:])
    return f"(CASE WHEN {local} < {parts[middle][0]} THEN {left} ELSE {right} END)"


@lru_cache(maxsize=32)
def segments(zone: str) -> tuple[tuple[int, int | None], ...]:
    """Return (local microseconds from which, offset in microseconds or None where local time was skipped), ordered."""
    found: list[tuple[int, int | None]] = [(-(2**62), _offset(_FIRST, ZoneInfo(zone)))]
    for at, before, after in _transitions(ZoneInfo(zone)):
        if after > before:
            found.append((at + before, None))
            found.append((at + after, after))
        else:  # local times between at + after and at + before come twice: the earlier instant has the old offset
            found.append((at + before, after))
    return tuple(found)


def _transitions(zone: ZoneInfo) -> Iterator[tuple[int, int, int]]:
    """Yield (UTC microseconds, offset before, offset after) of every change of offset."""
    low, before = _FIRST, _offset(_FIRST, zone)
    while low < _LAST:
        high = low + _STEP
        after = _offset(high, zone)
        if before != after:
            at = _first_with_other_offset(low, high, zone)
            yield (at - _EPOCH) // timedelta(microseconds=1), before, after
        low, before = high, after


def _first_with_other_offset(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    old = _offset(low, zone)
    first, last = 0, (high - low) // timedelta(seconds=1)
    while first < last:
        middle = (first + last) // 2
        if _offset(low + timedelta(seconds=middle), zone) == old:
            first = middle + 1
        else:
            last = middle
    return low + timedelta(seconds=first)


def _offset(at: datetime, zone: ZoneInfo) -> int:
    offset = at.astimezone(zone).utcoffset() or timedelta()
    return offset // timedelta(microseconds=1)
