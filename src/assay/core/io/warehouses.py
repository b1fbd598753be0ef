"""Warehouses: SQL databases reached through Ibis, which is imported in this module and its like alone, when needed.

What a driver says is never shown: its words may hold a password, or people's data. It is told in ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any, Final, Self

import pyarrow as pa

from assay.core.errors import BadData, BadRequest
from assay.core.io.reaching import reach, told_reason
from assay.core.values import text_of

#: So many rows come at once.
BATCH: Final = 50_000
#: What a driver cannot make an instant of: beyond, Postgres writes infinity.
_FIRST, _LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
#: Types without a text of their own that means the same in every warehouse.
_NESTED: Final = ("array", "struct", "map", "binary", "geo")
_PLAIN: Final = ("int", "uint", "float", "boolean", "string", "timestamp", "date")

#: What SQLite's tables call columns of 0 and 1.
_FLAGS: Final = ("bool", "boolean")


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is asked of a table: these columns, of rows whose instant in column `at` is absent or not after `until`."""

    table: str
    columns: tuple[str, ...]
    at: str | None = None
    until: int | None = None  # UTC microseconds


class Warehouse:
    """One open connection. Rows come in Arrow batches; what is held at a time is a batch."""

    def __init__(self, name: str, backend: Any, *, is_ours: bool) -> None:
        self.name = name
        self._backend = backend
        self._is_ours = is_ours

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @classmethod
    def open(cls, name: str, given: Any) -> Warehouse:
        """Return the warehouse at a URL, or that of an Ibis connection, which stays open when this is closed.

        BadRequest where Ibis is not installed, the URL is none, or nothing answers.
        """
        return cls(name, reach(name, given), is_ours=isinstance(given, str))

    def close(self) -> None:
        """Close the connection, if it was opened here."""
        if self._is_ours:
            self._backend.disconnect()

    def columns(self, table: str) -> dict[str, str]:
        """Return the columns of a table with their types as Ibis calls them; BadData where there is no such table."""
        with self._asking(table, "The table cannot be looked at"):
            return {column: str(kind).removeprefix("!").lower() for column, kind in self._schema(table).items()}

    def sql(self, query: Query) -> str:
        """Return what the warehouse is asked, in its own SQL."""
        return str(self._backend.compile(self._expression(query)))

    def batches(self, query: Query) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a query; its columns are called c0, c1, ... in the order asked."""
        with self._asking(query.table, "The rows of the table cannot be read"):
            if self._is_untyped:
                yield from self._texts(query)
            else:
                yield from self._backend.to_pyarrow_batches(self._expression(query), limit=None, chunk_size=BATCH)

    @property
    def _is_untyped(self) -> bool:
        """Return whether each value has a type of its own, whatever the column says."""
        return bool(self._backend.name == "sqlite")

    def kinds(self, query: Query) -> list[str]:
        """Return the DuckDB type as which each asked column is to be read; BadData where it has none."""
        types = self.columns(query.table)
        return ["VARCHAR" if self._is_untyped else self._kind(query.table, c, types[c]) for c in query.columns]

    def _kind(self, table: str, column: str, kind: str) -> str:
        """Return "" where the type of the batches says it all."""
        if kind.startswith(_NESTED):
            raise BadData(
                f"The column {column!r} has a type that Assay cannot read",
                where=self._where(table),
                value=re.split("[(<]", kind, maxsplit=1)[0],
                mend="Leave it out, or make a view that turns it into text, numbers or instants.",
            )
        if kind.startswith("decimal"):
            return "VARCHAR" if kind.endswith(", 0)") else "DECIMAL"
        if kind.startswith("json"):
            return "JSON"
        return "" if kind.startswith(_PLAIN) else "VARCHAR"

    def _texts(self, query: Query) -> Iterator[pa.RecordBatch]:
        """Yield values that have a type each as their canonical text."""
        types = self.columns(query.table)
        are_flags = [types[column] in _FLAGS for column in query.columns]
        names = [f"c{i}" for i in range(len(query.columns))]
        cursor = self._backend.raw_sql(self.sql(query))
        try:
            while rows := list(islice(cursor, BATCH)):
                columns = [
                    pa.array([_text(row[i], is_flag=is_flag) for row in rows], pa.string())
                    for i, is_flag in enumerate(are_flags)
                ]
                yield pa.RecordBatch.from_arrays(columns, names)
        finally:
            cursor.close()

    def _schema(self, table: str) -> Any:
        *database, name = table.split(".")
        if self._is_untyped:  # Ibis would look at every value to find the type of a column
            asked = "SELECT name, type FROM pragma_table_info(?, ?)"
            found = dict(self._backend.con.execute(asked, [name, *database] if database else [name, "main"]))
            if not found:
                raise _no_table(self._where(table))
            return found
        found = self._backend.table(name, database=tuple(database) if len(database) > 1 else "".join(database) or None)
        return found.schema()

    def _expression(self, query: Query) -> Any:
        import ibis

        schema = self._schema(query.table)
        *database, name = query.table.split(".")
        if self._is_untyped:
            schema = dict.fromkeys(schema, "string")
        catalog, inner = (database[0], database[1]) if len(database) > 1 else (None, "".join(database) or None)
        table = ibis.table(schema, name=name, database=inner, catalog=catalog)
        kept = table
        if query.at is not None and query.until is not None:
            is_early = _not_after(table[query.at], query.until)
            if is_early is not None:
                kept = table.filter(table[query.at].isnull() | is_early)
        return kept.select(**{f"c{i}": self._column(kept[column]) for i, column in enumerate(query.columns)})

    def _column(self, column: Any) -> Any:
        """Return an expression for a column that every driver can hand over."""
        import ibis

        kind = column.type()
        if not str(kind).removeprefix("!").lower().startswith(_PLAIN):
            return column.cast("string")
        if self._backend.name == "postgres" and (kind.is_timestamp() or kind.is_date()):
            zone = getattr(kind, "timezone", None)
            low, high = (_literal(bound, kind, zone) for bound in (_FIRST, _LAST))
            return ibis.cases((column.between(low, high), column))
        return column

    def _where(self, table: str) -> str:
        return f"connection {self.name}, table {table}"

    @contextmanager
    def _asking(self, table: str, what: str) -> Iterator[None]:
        """Turn whatever a driver raises into BadData."""
        try:
            yield
        except (BadData, BadRequest):
            raise
        except Exception as error:
            raise self._trouble(table, what, error) from None

    def _trouble(self, table: str, what: str, error: Exception) -> BadData:
        reason = told_reason(error)
        if type(error).__name__ == "TableNotFound":
            return _no_table(self._where(table))
        if isinstance(error, pa.ArrowException):
            mend = "Make a view that turns the columns into text, numbers or instants, and name that."
            return BadData(what + ": values do not fit their columns' types", where=self._where(table), mend=mend)
        mend = "Ask for it as this user with another program, and mend what that complains of."
        return BadData(what, where=self._where(table), value=reason, mend=mend)


def _no_table(where: str) -> BadData:
    return BadData(
        "There is no such table in the warehouse",
        where=where,
        mend="Correct 'table:' in the source: capitals count, and a schema goes in front, as in 'analytics.events'.",
    )


def _text(value: object, *, is_flag: bool) -> str | None:
    if is_flag and value in (0, 1):
        return "true" if value else "false"
    if isinstance(value, bytes):
        try:
            return text_of(value.decode())
        except UnicodeDecodeError:
            return None
    return text_of(value)


def _literal(moment: datetime, kind: Any, zone: str | None) -> Any:
    import ibis

    if kind.is_date():
        return ibis.literal(date(moment.year, moment.month, moment.day))
    return ibis.literal(moment, type="timestamp('UTC')") if zone else ibis.literal(moment.replace(tzinfo=None))


def _not_after(column: Any, until: int) -> Any:
    """Return an expression that is true of every value at or before an instant, and of some that lie little after.

    None where the type does not tell: such values are read, and judged later, as are those little after.
    """
    kind = column.type()
    # A local clock is less than a day off; an instant may be finer than a microsecond.
    if not _EPOCH + timedelta(microseconds=until) < _LAST - timedelta(days=3):
        return None
    moment = max(_EPOCH + timedelta(microseconds=until), _FIRST + timedelta(days=3))
    if kind.is_timestamp() and kind.timezone is not None:
        return column < _literal(moment + timedelta(microseconds=1), kind, kind.timezone)
    if kind.is_timestamp() or kind.is_date():
        return column < _literal(moment + timedelta(days=2), kind, None)
    if kind.is_string():
        later = f"{moment + timedelta(days=1):%Y-%m-%d}"
        return ~(column.like("____-__-__%") & (column.substr(0, 10) > later))
    return None
