"""JSON lines: one object a line; columns are its keys, or paths into nested objects (`properties.plan`)."""

from __future__ import annotations

from collections.abc import Sequence

from assay.core.io.store import Store, literal
from assay.core.sources.fields import Scan


def json_scan(store: Store, lines: str, line: str, needed: Sequence[str], file: str) -> tuple[Scan, tuple[str, ...]]:
    """Return a scan over the objects in `lines` (column `j`), and which columns any of them has.

    A column is the key so named or, where no object has that key, a path whose steps are separated by dots.
    """
    whole = f"{lines} WHERE json_valid(j) AND json_type(CASE WHEN json_valid(j) THEN j END) = 'OBJECT'"
    keys = {key for (key,) in store.rows(f"SELECT DISTINCT unnest(json_keys(j)) FROM {whole}")}
    paths = [json_path([column] if column in keys else column.split(".")) for column in needed]
    found = ", ".join(map(literal, paths))
    source = f"(SELECT {line} AS at_line, json_extract(j, [{found}]) AS v FROM {whole})"
    columns = {column: (f"v[{i + 1}]", "JSON") for i, column in enumerate(needed)}
    nested = [column for column in needed if column not in keys and column.split(".")[0] in keys and "." in column]
    has_rows = bool(keys) or store.number(f"SELECT count(*) FROM {whole}") > 0
    present = (*sorted(keys), *nested) if has_rows else tuple(needed)
    return Scan(source=source, columns=columns, row="at_line", line="at_line", file=literal(file)), present


def json_path(steps: Sequence[str]) -> str:
    """Return the path of a value in an object, as DuckDB writes it."""
    return "$" + "".join('."' + step.replace('"', '\\"') + '"' for step in steps)
