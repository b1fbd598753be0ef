"""Instants as SQL: what `values.parse_instant` gives, for whole columns at once, and epochs besides.

Three steps, each a layer of one query so that no expression is written out twice: the clock reading in microseconds
(`clock_sql`), the shift from local time (`shift_sql`), and why there is no instant (`trouble_sql`).
"""

from __future__ import annotations

from typing import Final

from assay.core.sources.zones import local_to_utc_sql

#: Instants outside are rejected: they are slips of the pen, or "never" in somebody's system.
EARLIEST: Final = -2_208_988_800_000_000  # 1900-01-01
LATEST: Final = 7_258_118_400_000_000  # 2200-01-01

UNREADABLE: Final = 1
SKIPPED: Final = 2
OUT_OF_RANGE: Final = 3
TROUBLES: Final = {
    UNREADABLE: "not an instant: write it like 2026-03-10T09:00:00Z",
    SKIPPED: "a local time that the clocks skipped in this time zone",
    OUT_OF_RANGE: "an instant before 1900 or after 2200",
}

_TIME: Final = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_ZONE: Final = r"(?:Z|z|UTC|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?)"
_INSTANT: Final = (
    rf"([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})(?:[Tt ]({_TIME})(?::([0-5][0-9])(?:[.,]([0-9]+))?)?\s?({_ZONE})?)?"
)
_EPOCH: Final = "[0-9]{10}|[0-9]{13}|[0-9]{16}|[0-9]{19}"

_WHOLE: Final = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"}
)
_NAIVE: Final = frozenset({"DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"})
_AWARE: Final = "TIMESTAMP WITH TIME ZONE"


def is_native(kind: str) -> bool:
    """Return whether a DuckDB type is an instant already, so that reading it costs next to nothing."""
    return kind in _NAIVE or kind == _AWARE


def clock_sql(column: str, text: str, kind: str) -> str:
    """Return SQL for what the clock shows, in microseconds (UTC where the value says so); NULL where unreadable.

    `text` names the column's canonical text. Whole numbers, and digits as text, are an epoch in seconds, milli-,
    micro- or nanoseconds when they have 10, 13, 16 or 19 digits: other lengths could be dates.
    """
    if kind in _NAIVE:
        return f"(CASE WHEN isfinite({column}) THEN epoch_us(CAST({column} AS TIMESTAMP)) END)"
    if kind == _AWARE:
        return f"(CASE WHEN isfinite({column}) THEN epoch_us({column}) END)"
    if kind in _WHOLE:
        return _epoch_sql(f"TRY_CAST({column} AS BIGINT)")
    if kind in ("FLOAT", "DOUBLE"):
        return _epoch_sql(f"(CASE WHEN {column} = trunc({column}) THEN TRY_CAST({column} AS BIGINT) END)")
    if kind in ("VARCHAR", "JSON") or kind.startswith("ENUM"):
        return (
            f"(CASE WHEN regexp_full_match({text}, '{_INSTANT}') THEN {_written_sql(text)} "
            f"WHEN regexp_full_match({text}, '{_EPOCH}') THEN {_epoch_sql(f'TRY_CAST({text} AS BIGINT)')} END)"
        )
    return "CAST(NULL AS BIGINT)"


def _epoch_sql(number: str) -> str:
    return (
        f"(CASE WHEN {number} BETWEEN 1000000000 AND 9999999999 THEN {number} * 1000000 "
        f"WHEN {number} BETWEEN 1000000000000 AND 9999999999999 THEN {number} * 1000 "
        f"WHEN {number} BETWEEN 1000000000000000 AND 9999999999999999 THEN {number} "
        f"WHEN {number} BETWEEN 1000000000000000000 AND 9223372036854775807 THEN {number} // 1000 END)"
    )


def _written_sql(text: str) -> str:
    part = [f"regexp_extract({text}, '^{_INSTANT}$', {group})" for group in range(6)]
    # Rebuilt only where the plain cast fails: no seconds, a comma, a space before the offset, a small z.
    rebuilt = (
        f"TRY_CAST({part[1]} || ' ' || CASE WHEN {part[2]} = '' THEN '00:00' ELSE {part[2]} END || ':' || "
        f"CASE WHEN {part[3]} = '' THEN '00' ELSE {part[3]} END || CASE WHEN {part[4]} = '' THEN '' ELSE '.' || "
        f"{part[4]} END || CASE WHEN {part[5]} IN ('', 'UTC', 'z') THEN 'Z' ELSE {part[5]} END AS TIMESTAMPTZ)"
    )
    return f"epoch_us(coalesce(TRY_CAST({text} AS TIMESTAMPTZ), {rebuilt}))"


def shift_sql(clock: str, text: str, kind: str, zone: str | None) -> str:
    """Return SQL for UTC microseconds of a clock reading; NULL where the clocks of `zone` skipped it."""
    if zone is None or zone == "UTC" or (kind not in _NAIVE and kind != "VARCHAR" and kind != "JSON"):
        return clock
    shifted = local_to_utc_sql(clock, zone)
    if kind in _NAIVE:
        return shifted
    says_so = f"regexp_matches({text}, ':[0-9:.,]*\\s?{_ZONE}$') OR regexp_full_match({text}, '{_EPOCH}')"
    return f"(CASE WHEN {says_so} THEN {clock} ELSE {shifted} END)"


def trouble_sql(column: str, clock: str, instant: str) -> str:
    """Return SQL for the code in TROUBLES of a value that is present and no instant; NULL where all is well."""
    return (
        f"CAST(CASE WHEN {instant} BETWEEN {EARLIEST} AND {LATEST} THEN NULL "
        f"WHEN {instant} IS NOT NULL THEN {OUT_OF_RANGE} WHEN {clock} IS NOT NULL THEN {SKIPPED} "
        f"WHEN {column} IS NOT NULL THEN {UNREADABLE} END AS TINYINT)"
    )
