"""A backup of a data folder while the node runs, and a data folder made anew from it.

A backup is a folder: `database.dump` (pg_dump's own format), `lake/` with every file that the manifest named at the
instant of the dump, and `secrets`, by which sessions, links and second factors stay what they were. What is not in it
can be made anew: the index of the live part, Postgres's programs. It holds everything, secrets too: keep it like that.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from assay.core.errors import BadRequest
from assay.core.io.writing import sync
from assay.node.api.feed import TOUCH_ALL
from assay.node.partnering.restored import PAUSE_ALL, RESTORED
from assay.node.postgres import cluster, programs
from assay.node.postgres.cluster import Cluster
from assay.node.serving import database, secrets
from assay.node.serving import folder as folders

_DUMP: Final = "database.dump"
_LAKE: Final = "lake"
_SECRETS: Final = "secrets"
_TAKEN_AT: Final = "taken-at"
#: Left in a data folder that was made anew until the node told so; it holds when the backup was taken.
RESTORED_FILE: Final = "restored"
#: Held by each backup that is being written, shared with others: what is there while nobody holds it was left behind.
_UNDER_WAY: Final = "backing-up"
#: What a backup holds on to meanwhile.
_HELD: Final = "backup-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a backup holds, or what was made anew from one."""

    files: int
    rows: int
    bytes: int
    taken_at: datetime | None  # None of a backup that does not say


def back_up(home: Path, to: Path, variables: Mapping[str, str]) -> Kept:
    """Write a backup of a data folder into a folder that does not exist yet, whether or not a node runs on it."""
    if to.exists():
        raise BadRequest("It exists already", where="--to", value=str(to), mend="Name a folder that does not.")
    if not (home / _SECRETS).exists():
        raise BadRequest(
            "No node keeps its data here", where="--data-folder", value=str(home), mend="Name another one."
        )
    aside = to.with_name(f"{to.name}.new-{uuid.uuid4().hex[:8]}")
    aside.mkdir(mode=0o700, parents=True)
    held = home / f"{_HELD}{uuid.uuid4().hex}"  # beside the lake: a second name of a file takes no room
    under_way = (home / _UNDER_WAY).open("a")
    try:
        fcntl.flock(under_way, fcntl.LOCK_SH)
        with _running(home, variables) as url, psycopg.connect(url) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            snapshot = _one(connection, "SELECT pg_export_snapshot()")
            taken_at = datetime.now(UTC)
            # Whatever replaces or erases files from here on, what this snapshot names stays.
            files = _hold(connection, home, held)
            dump = ["pg_dump", f"--snapshot={snapshot}", "--format=custom", "--no-owner", "--no-privileges"]
            _run(url, [*dump, f"--file={aside / _DUMP}"], "The database could not be written out")
        (aside / _LAKE).mkdir()
        for name, size, _ in files:
            _copied(held / name, aside / _LAKE / name, size)
        _copied(home / _SECRETS, aside / _SECRETS, None)
        (aside / _SECRETS).chmod(0o600)
        (aside / _TAKEN_AT).write_text(taken_at.isoformat(), "utf-8")
        sync(aside / _DUMP)
        aside.rename(to)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    finally:
        shutil.rmtree(held, ignore_errors=True)
        under_way.close()
    return _kept(files, taken_at)


def _kept(files: Sequence[tuple[str, int, int]], taken_at: datetime | None) -> Kept:
    rows, size = sum(rows for *_, rows in files), sum(size for _, size, _ in files)
    return Kept(files=len(files), rows=rows, bytes=size, taken_at=taken_at)


def sweep(home: Path) -> int:
    """Remove what backups that were killed hold on to, unless one is being written; return how many there were.

    Files that were erased since would live on by those second names.
    """
    left = list(home.glob(f"{_HELD}*"))
    if not left:
        return 0
    with (home / _UNDER_WAY).open("a") as under_way:
        try:
            fcntl.flock(under_way, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return 0
        for held in left:
            shutil.rmtree(held, ignore_errors=True)
    return len(left)


def restore(backup: Path, home: Path, variables: Mapping[str, str]) -> Kept:
    """Make a data folder anew from a backup; the folder, and a database of one's own, must be empty."""
    if not (backup / _DUMP).is_file() or not (backup / _SECRETS).is_file():
        raise BadRequest(
            "This is no backup", where="--from", value=str(backup), mend="Name a folder of `assay backup`."
        )
    home = folders.made(home)
    if any(home.iterdir()):
        raise BadRequest("There is something in it", where="--data-folder", value=str(home), mend="Name an empty one.")
    with folders.held(home):
        try:
            _copied(backup / _SECRETS, home / _SECRETS, None)
            (home / _SECRETS).chmod(0o600)
            with _running(home, variables) as url:
                _demand_empty(url)
                load = ["pg_restore", "--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges"]
                _run(url, [*load, str(backup / _DUMP)], "The database could not be read back")
                with psycopg.connect(url) as connection:
                    files = _files(connection)
                    if _one(connection, "SELECT to_regclass('api_touched')") != "None":  # older backups lack it
                        connection.execute(TOUCH_ALL)
                    if _one(connection, "SELECT to_regclass('partnering_partnership')") != "None":
                        connection.execute(PAUSE_ALL, [RESTORED])
            (home / _LAKE).mkdir(mode=0o700, exist_ok=True)
            for name, size, _ in files:
                _copied(backup / _LAKE / name, home / _LAKE / name, size)
            noted = backup / _TAKEN_AT
            taken_at = datetime.fromisoformat(noted.read_text("utf-8")) if noted.exists() else None
            (home / RESTORED_FILE).write_text("" if taken_at is None else taken_at.isoformat(), "utf-8")
        except BaseException:
            for one in home.iterdir():
                shutil.rmtree(one, ignore_errors=True) if one.is_dir() else one.unlink(missing_ok=True)
            raise
    return _kept(files, taken_at)


@contextmanager
def _running(home: Path, variables: Mapping[str, str]) -> Iterator[str]:
    """Yield how the owner reaches the database of a folder; start its server where it does not run."""
    named = database.elsewhere(variables)
    if named is not None:
        yield named.owner
        return
    kept = secrets.kept(home)
    port = cluster.port_of_running(Cluster(home / "postgres", programs.found()))
    if port is not None:
        yield database.embedded(port, kept).owner
        return
    with open(os.devnull, "wb") as log:  # noqa: PTH123
        running, reached = database.start(home, cluster.free_port(), kept, log)
    try:
        yield reached.owner
    finally:
        cluster.stop(running)


def _files(connection: psycopg.Connection) -> list[tuple[str, int, int]]:
    """Return name, bytes and rows of each file that counts."""
    found = connection.execute("SELECT name, bytes, rows FROM lake_lakefile WHERE replaced_at IS NULL ORDER BY name")
    return [(str(name), int(size), int(rows)) for name, size, rows in found]


def _hold(connection: psycopg.Connection, home: Path, held: Path) -> Sequence[tuple[str, int, int]]:
    files = _files(connection)
    held.mkdir(mode=0o700)
    for name, *_ in files:
        os.link(home / _LAKE / name, held / name)
    return files


def _demand_empty(url: str) -> None:
    with psycopg.connect(url) as connection:
        count = int(_one(connection, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"))
    if count:
        raise BadRequest(
            "There are tables in the database already", where="DATABASE_URL", mend="Name a database that is empty."
        )


def _one(connection: psycopg.Connection, query: str) -> str:
    found = connection.execute(query.encode()).fetchone()
    return str(found[0]) if found is not None else ""


def _run(url: str, command: Sequence[str], trouble: str) -> None:
    """Run one of Postgres's programs on a database; the password goes by the environment, which nobody else sees."""
    program, *words = command
    known = conninfo_to_dict(url)
    password = str(known.pop("password", "") or "")
    bare = make_conninfo(**{word: str(value) for word, value in known.items() if value is not None})
    done = subprocess.run(
        [programs.found().path(program), f"--dbname={bare}", *words],
        env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "PGPASSWORD": password},
        capture_output=True,
        cwd="/",
        check=False,
    )
    if done.returncode:
        raise BadRequest(trouble, mend="See that the disk has room, and that Postgres is the version that wrote it.")


def _copied(start: Path, end: Path, size: int | None) -> None:
    """Copy a file; raise BadRequest where it is not as long as it should be."""
    try:
        shutil.copyfile(start, end)
    except FileNotFoundError:
        raise BadRequest("A file is missing", where=str(start), mend="Take another backup.") from None
    if size is not None and end.stat().st_size != size:
        raise BadRequest("A file is not whole", where=str(start), mend="Take another backup.")
    sync(end)
