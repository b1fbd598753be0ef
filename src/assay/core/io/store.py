"""One DuckDB connection: the only place in the core that executes SQL."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa


def literal(text: str) -> str:
    """Return `text` as a SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def name(text: str) -> str:
    """Return `text` as a quoted SQL identifier."""
    return '"' + text.replace('"', '""') + '"'


class Store:
    """A DuckDB database in a temporary folder (or in memory), with bounded memory.

    Use it as a context manager: the folder goes with it. One thread at a time, but for `cursor()`.
    """

    def __init__(self, *, on_disk: bool = True, memory_limit: str = "1500MB", threads: int | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="assay-") if on_disk else None
        path = str(Path(self._folder.name) / "work.duckdb") if self._folder else ":memory:"
        config: dict[str, Any] = {"memory_limit": memory_limit, "threads": threads or os.cpu_count() or 1}
        self._con = duckdb.connect(path, config=config)
        self._con.execute("SET TimeZone = 'UTC'")
        self._con.execute("SET preserve_insertion_order = true")
        self._con.execute("CREATE SCHEMA IF NOT EXISTS prepared")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the database and remove its folder."""
        self._con.close()
        if self._folder:
            self._folder.cleanup()

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a second connection to the same database, for another thread."""
        return self._con.cursor()

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

    def register(self, table_name: str, rows: pa.Table) -> None:
        """Make an Arrow table readable by name."""
        self._con.register(table_name, rows)
