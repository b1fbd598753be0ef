"""One DuckDB connection: the only place in the core that executes SQL."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from assay.core.errors import BadData


def literal(text: str) -> str:
    """Return `text` as a SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def name(text: str) -> str:
    """Return `text` as a quoted SQL identifier."""
    return '"' + text.replace('"', '""') + '"'


#: What DuckDB keeps to while the engine holds the events.
_LITTLE: Final = "400MB"


class Store:
    """A DuckDB database in a temporary folder (or in memory), with bounded memory.

    Use it as a context manager: the folder goes with it. One thread at a time, but for `cursor()`.
    """

    def __init__(self, *, on_disk: bool = True, memory_limit: str = "1500MB", threads: int | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="assay-") if on_disk else None
        path = str(Path(self._folder.name) / "work.duckdb") if self._folder else ":memory:"
        self._memory_limit = memory_limit
        config: dict[str, Any] = {"memory_limit": memory_limit, "threads": threads or os.cpu_count() or 1}
        self._con = duckdb.connect(path, config=config)
        self._con.execute("SET TimeZone = 'UTC'")
        self._con.execute("SET preserve_insertion_order = true")
        # Compressing what is gone after the run costs as much as writing it.
        self._con.execute("PRAGMA force_compression = 'uncompressed'")
        self._con.execute("CREATE SCHEMA IF NOT EXISTS prepared")
        self._con.execute("CREATE SCHEMA IF NOT EXISTS engine")  # what the engine notes for itself

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the database and remove its folder."""
        self._con.close()
        if self._folder:
            self._folder.cleanup()

    @contextmanager
    def leaving_memory(self) -> Iterator[None]:
        """Keep to little memory meanwhile, and let go of what is held: others need it for their arrays."""
        self._con.execute(f"SET memory_limit = {literal(_LITTLE)}")
        try:
            yield
        finally:
            self._con.execute(f"SET memory_limit = {literal(self._memory_limit)}")

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a second connection to the same database, for another thread."""
        return self._con.cursor()

    def watch(self) -> None:
        """Let DuckDB count how far a long statement is, for `progress`; it costs next to nothing."""
        self._con.execute("SET enable_progress_bar = true")
        self._con.execute("SET enable_progress_bar_print = false")

    def progress(self) -> int:
        """Return how many percent of the statement that runs are done; 0 where none does. Any thread may ask."""
        try:
            return max(0, min(100, int(self._con.query_progress())))
        except duckdb.Error:
            return 0

    def run(self, sql: str, parameters: Sequence[object] = ()) -> None:
        """Execute a statement for its effect."""
        self._con.execute(sql, parameters)

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query as Python tuples: for small answers."""
        return self._con.execute(sql, parameters).fetchall()

    def table(self, sql: str, parameters: Sequence[object] = ()) -> pa.Table:
        """Return the answer of a query as an Arrow table."""
        return self._con.execute(sql, parameters).to_arrow_table()

    def arrays(self, sql: str, parameters: Sequence[object] = ()) -> dict[str, npt.NDArray[Any]]:
        """Return the answer of a query as one numpy array a column; the query must not give NULLs in numbers."""
        found = self._con.execute(sql, parameters).fetchnumpy()
        return {key: np.asarray(value) for key, value in found.items()}

    def columns(self, table: str) -> tuple[str, ...]:
        """Return the names of a table's columns. DuckDB's own list of columns takes ten milliseconds to ask."""
        return tuple(column for column, *_ in self._con.execute(f"SELECT * FROM {table} LIMIT 0").description)

    def number(self, sql: str) -> int:
        """Return the one whole number that a query answers."""
        return int(self.rows(sql)[0][0])

    def try_run(self, sql: str) -> bool:
        """Execute a statement for its effect; return False, without effect, where DuckDB cannot read the data."""
        try:
            self._con.execute(sql)
        except duckdb.Error:  # its CSV reader gives up in many ways, "not implemented" among them
            return False
        return True

    @contextmanager
    def reading(self, where: str, *, mend: str) -> Iterator[None]:
        """Turn what DuckDB says about unreadable files into BadData; its own words may hold people's data."""
        try:
            yield
        except (duckdb.InvalidInputException, duckdb.IOException, duckdb.ConversionException) as error:
            raise BadData("The file cannot be read", where=where, value=type(error).__name__, mend=mend) from None

    def insert(self, table_name: str, rows: pa.Table) -> None:
        """Append an Arrow table to a table of the same columns."""
        self._con.register("appended_rows", rows)
        columns = ", ".join(name(column) for column in rows.column_names)
        self._con.execute(f"INSERT INTO {table_name} ({columns}) SELECT {columns} FROM appended_rows")
        self._con.unregister("appended_rows")

    def fill(self, table_name: str, columns: Sequence[str], batches: Iterable[pa.RecordBatch]) -> None:
        """Make a table of Arrow batches as they come, a batch at a time; where none comes it is empty, and of text."""
        is_made = False
        for batch in batches:
            if is_made:
                self.insert(table_name, pa.Table.from_batches([batch]))
                continue
            self._con.register("first_rows", batch)
            self._con.execute(f"CREATE TABLE {table_name} AS SELECT * FROM first_rows")
            self._con.unregister("first_rows")
            is_made = True
        if not is_made:
            self._con.execute(f"CREATE TABLE {table_name} ({', '.join(f'{name(c)} VARCHAR' for c in columns)})")

    def register(self, table_name: str, rows: pa.Table) -> None:
        """Make an Arrow table readable by name."""
        self._con.register(table_name, rows)

    def save(self, schema: str, table_name: str, rows: pa.Table) -> None:
        """Write an Arrow table as a table of the database, replacing one of that name."""
        self._con.register("_saved", rows)
        self._con.execute(f"CREATE OR REPLACE TABLE {name(schema)}.{name(table_name)} AS SELECT * FROM _saved")
        self._con.unregister("_saved")

    def batches(
        self, sql: str, parameters: Sequence[object] = (), *, rows: int = 1_000_000
    ) -> Iterator[pa.RecordBatch]:
        """Yield the answer of a query as Arrow batches of at most so many rows, as they are made."""
        yield from self._con.execute(sql, parameters).to_arrow_reader(rows)
