"""Canonical text as SQL over columns of any type: what `values.text_of` gives, for whole columns at once."""

from __future__ import annotations

from typing import Final

from assay.core.io.store import literal

#: What Python's str.strip takes for white space; written out, as a sum of characters costs more to plan than the rest.
_SPACES: Final = (*range(9, 14), *range(28, 33), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B))
_FAR_SPACES: Final = (0x2028, 0x2029, 0x202F, 0x205F, 0x3000)
_SPACES_SQL: Final = literal("".join(map(chr, (*_SPACES, *_FAR_SPACES))))

_MOMENTS: Final = frozenset({"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"})


def trimmed_sql(expression: str) -> str:
    """Return SQL for text trimmed of white space, NULL where nothing is left."""
    # Most text has nothing to trim: looking at both ends is cheaper than trimming. What is absent takes the way of what
    # has nothing to trim, for the other way is dear, and to be avoided by whole batches.
    odd = f"{expression} < '!' OR {expression} >= '~' OR {expression}[-1] NOT BETWEEN '!' AND '~'"
    return f"(CASE WHEN {odd} THEN nullif(trim({expression}, {_SPACES_SQL}), '') ELSE {expression} END)"


def all_trimmed_sql(column: str) -> str:
    """Return SQL over a whole column of text, an aggregate: whether trimming would change none of its values."""
    # The least and the greatest cost less than a look at each value.
    last = f"{column}[-1]"
    return f"coalesce(min({column}) >= '!' AND max({column}) < '~' AND min({last}) >= '!' AND max({last}) <= '~', true)"


def said_sql(json: str) -> str:
    """Return SQL for what a JSON value says as text: a string without its quotes."""
    return f"({json} ->> '$')"


def text_sql(expression: str, kind: str, *, said: str | None = None) -> str:
    """Return SQL for the canonical text of a column of DuckDB type `kind`; NULL where the value is absent.

    Of JSON, `said` names a column that holds `said_sql`: written out here it would be worked out four times a value.
    """
    if kind == "VARCHAR":
        return trimmed_sql(expression)
    if kind == "JSON":
        return _json_text_sql(expression, said or said_sql(expression))
    if kind in ("FLOAT", "DOUBLE"):
        return _float_text_sql(f"CAST({expression} AS DOUBLE)")
    if kind.startswith("DECIMAL"):
        plain = f"CAST({expression} AS VARCHAR)"
        return f"regexp_replace(regexp_replace({plain}, '(\\.[0-9]*?)0*$', '\\1'), '\\.$', '')"
    if kind in _MOMENTS:
        return _instant_text_sql(f"CAST({expression} AS TIMESTAMP)")
    if kind == "TIMESTAMP WITH TIME ZONE":
        return _instant_text_sql(f"timezone('UTC', {expression})")
    if kind == "BLOB":
        return trimmed_sql(f"TRY(decode({expression}))")
    if kind.endswith("]") or kind.startswith(("STRUCT", "MAP")):
        return f"CAST(to_json({expression}) AS VARCHAR)"
    plain = f"CAST({expression} AS VARCHAR)"
    return trimmed_sql(plain) if kind.startswith("ENUM") else plain


def _float_text_sql(number: str) -> str:
    whole = f"{number} = trunc({number}) AND abs({number}) < 9223372036854775808.0"
    return (
        f"(CASE WHEN {whole} THEN CAST(CAST({number} AS BIGINT) AS VARCHAR) "
        f"WHEN isfinite({number}) THEN CAST({number} AS VARCHAR) END)"
    )


def _instant_text_sql(moment: str) -> str:
    written = f"strftime({moment}, '%Y-%m-%dT%H:%M:%S.%f')"
    return f"(CASE WHEN isfinite({moment}) THEN regexp_replace({written}, '\\.000000$', '') || 'Z' END)"


def _json_text_sql(value: str, said: str) -> str:
    """Return SQL for the text of a JSON value: strings without quotes, nested values as JSON."""
    raw = f"CAST({value} AS VARCHAR)"
    number = f"TRY_CAST({raw} AS DOUBLE)"
    return (
        f"(CASE WHEN {raw} = 'null' THEN NULL "
        f"WHEN starts_with({raw}, '\"') THEN {trimmed_sql(said)} "
        f"WHEN regexp_matches({raw}, '^[-0-9]') AND regexp_matches({raw}, '[.eE]|^-0$') THEN {_float_text_sql(number)} "
        f"ELSE {raw} END)"
    )
