"""Brings a table in line with what was read anew: writes what differs, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection, transaction


def bring_in_line(table: str, columns: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> None:
    """Make a table hold these rows alone; `columns` are names and types of Postgres, the key first.

    Rows that are there as they are stay untouched: very many are, each time.
    """
    key, *others = columns
    names = ", ".join(columns)
    ours, fresh = (", ".join(f"{of}.{column}" for column in others) for of in ("o", "r"))
    with transaction.atomic(), connection.cursor() as cursor:
        typed = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        cursor.execute(f"CREATE TEMP TABLE read_anew ({typed}) ON COMMIT DROP")
        with cursor.copy(f"COPY read_anew ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(f"CREATE INDEX ON read_anew ({key})")
        cursor.execute("ANALYZE read_anew")
        cursor.execute(f"DELETE FROM {table} o WHERE NOT EXISTS (SELECT 1 FROM read_anew r WHERE r.{key} = o.{key})")
        cursor.execute(
            f"UPDATE {table} o SET {', '.join(f'{column} = r.{column}' for column in others)} "
            f"FROM read_anew r WHERE r.{key} = o.{key} AND ({ours}) IS DISTINCT FROM ({fresh})"
        )
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {names} FROM read_anew r "
            f"WHERE NOT EXISTS (SELECT 1 FROM {table} o WHERE o.{key} = r.{key})"
        )
        cursor.execute("DROP TABLE read_anew")
