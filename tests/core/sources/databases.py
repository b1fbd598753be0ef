"""Real databases for tests: SQLite files, and a Postgres server of their own."""

from __future__ import annotations

import csv
import gzip
import os
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from assay.core.errors import BadRequest
from assay.node.postgres import cluster, programs

#: Planted: it must not show up anywhere.
PASSWORD = "hunter2+Sesam/oeffne@dich"
ENCODED = "hunter2+Sesam%2Foeffne%40dich"
ACME = Path(__file__).resolve().parents[3] / "examples" / "acme"


@dataclass(frozen=True)
class Server:
    """A Postgres server with its superuser, and `reader`, who may read and has a password."""

    port: int

    @property
    def url(self) -> str:
        return f"postgres://reader:{ENCODED}@127.0.0.1:{self.port}/postgres"

    def run(self, *statements: str) -> None:
        import psycopg

        with psycopg.connect(self.owner, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    @property
    def owner(self) -> str:
        return f"postgres://{cluster.SUPERUSER}:{ENCODED}@127.0.0.1:{self.port}/postgres"


@contextmanager
def postgres() -> Iterator[Server]:
    """Give a server, started as the product starts its own; skip the test where there is none to be had."""
    try:
        programs.found()
    except BadRequest as error:
        if os.environ.get("ASSAY_TEST_POSTGRES") == "required":
            pytest.fail(str(error))
        pytest.skip(str(error))
    with tempfile.TemporaryDirectory(prefix="assay-postgres-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)
        made, port = cluster.opened(folder / "postgres", PASSWORD), cluster.free_port()
        with (folder / "log").open("wb") as log:
            running = cluster.start(made, port, log, {"fsync": "off"})
            try:
                cluster.wait_until_ready(running, cluster.url(port, cluster.SUPERUSER, PASSWORD, "postgres"))
                server = Server(port)
                server.run(
                    f"CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'",
                    "GRANT pg_read_all_data TO reader",
                    "CREATE SCHEMA analytics",
                )
                yield server
            finally:
                cluster.stop(running)


def rows_of(files: Sequence[Path]) -> tuple[list[str], list[list[str | None]]]:
    """Return the columns and the rows of CSV files; empty fields are absent, lines that are no row are left out."""
    columns: list[str] = []
    rows: list[list[str | None]] = []
    for path in files:
        with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as file:
            lines = csv.reader(file)
            columns = next(lines)
            rows += [[value or None for value in line] for line in lines if len(line) == len(columns)]
    return columns, rows


def load_sqlite(path: Path, table: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Make a table of a SQLite file; what a column is declared as stands behind its name, as in `at timestamp`."""
    names = [column if " " in column else f'"{column}"' for column in columns]
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f'CREATE TABLE "{table}" ({", ".join(names)})')
        connection.executemany(f'INSERT INTO "{table}" VALUES ({", ".join("?" * len(names))})', rows)


def load_postgres(server: Server, table: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Make a table of the server; columns without a type are text."""
    import psycopg

    names = [column if " " in column else f'"{column}" text' for column in columns]
    with psycopg.connect(server.owner) as connection:
        connection.execute(f"CREATE TABLE {table} ({', '.join(names)})")
        with connection.cursor().copy(f"COPY {table} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


def in_tables(definitions: Path, folder: Path, schema: str = "") -> list[tuple[str, str]]:
    """Copy definitions with every file replaced by a table; return (file, table) of each."""
    shutil.copytree(definitions, folder)
    found: list[tuple[str, str]] = []
    for path in sorted((folder / "sources").glob("*.yml")):

        def table_for(match: re.Match[str]) -> str:
            table = re.sub(r"\W+", "_", match[2].split(".")[0]).strip("_")
            found.append((match[2], table))
            return f"{match[1]}table: {schema}{table}\n{match[1]}connection: warehouse"

        path.write_text(re.sub(r"^( +)file: (.*)$", table_for, path.read_text(), flags=re.M))
    return found
