"""One Postgres server in a folder: made once, started as a child, ready once it answers."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final
from urllib.parse import quote

import psycopg

from assay.core.errors import BadRequest
from assay.node import children
from assay.node.postgres import programs
from assay.node.postgres.programs import Programs

SUPERUSER: Final = "postgres"
_PROCESSES: Final = Path("/proc/" if sys.platform == "linux" else "/nowhere")

#: Errors are logged without what they speak of: rows, values and statements are other people's data.
_SETTINGS: Final[Mapping[str, str]] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "log_min_messages": "log",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_checkpoints": "off",
    "max_connections": "60",
    "shared_buffers": "256MB",
    "wal_compression": "on",
    "max_wal_size": "2GB",
}


@dataclass(frozen=True, slots=True)
class Cluster:
    """A server's folder and the programs that run it."""

    folder: Path
    programs: Programs

    @property
    def data(self) -> Path:
        """Return the folder that Postgres calls its data directory, by its real name: so the system names it, too."""
        return (self.folder / "data").resolve()


def opened(folder: Path, password: str) -> Cluster:
    """Return the server in the folder, making it where there is none; raise BadRequest where that cannot be."""
    folder.mkdir(parents=True, exist_ok=True)
    _demand_a_way_in(folder)
    cluster = Cluster(folder, programs.copied(programs.found(), folder))
    if not cluster.data.exists():
        _make(cluster, password)
    made_by = (cluster.data / "PG_VERSION").read_text("ascii").strip()
    if made_by != str(cluster.programs.major):
        raise BadRequest(
            f"The data is Postgres {made_by}'s, and the programs are Postgres {cluster.programs.major}",
            where=str(cluster.data),
            mend=f"Install Postgres {made_by} again, write a backup, and read it back with the new one.",
        )
    return cluster


def _demand_a_way_in(folder: Path) -> None:
    """Raise BadRequest where the user that Postgres runs as cannot reach the folder."""
    user = programs.somebody_else()
    if user is None:
        return
    shutil.chown(folder, user.pw_uid, user.pw_gid)
    folder.chmod(0o700)
    closed = [
        above for above in folder.parents if not above.stat().st_mode & 0o001 and above.stat().st_uid != user.pw_uid
    ]
    if closed:
        raise BadRequest(
            "As root, Assay runs Postgres as the user nobody, who may not enter this folder",
            where=str(closed[-1]),
            mend="Choose a data folder elsewhere with --data-folder, or start Assay as another user than root.",
        )


def _make(cluster: Cluster, password: str) -> None:
    """Make the server's files aside and rename them, so that a half-made server is never taken for one."""
    aside = cluster.folder / "data.new"
    secret = cluster.folder / "password.new"
    shutil.rmtree(aside, ignore_errors=True)
    secret.unlink(missing_ok=True)
    user = programs.somebody_else()
    secret.touch(mode=0o600)
    secret.write_text(password, "utf-8")
    if user is not None:
        shutil.chown(secret, user.pw_uid, user.pw_gid)
    locale = ["--locale-provider=builtin"] if cluster.programs.major >= 17 else []
    command = [
        *(cluster.programs.path("initdb"), "-D", str(aside), "-U", SUPERUSER, "-E", "UTF8", "--data-checksums"),
        *("--auth=scram-sha-256", f"--pwfile={secret}", *locale, "--locale=C.UTF-8"),
    ]
    try:
        done = subprocess.run(
            command, capture_output=True, cwd="/", env=_bare_environment(), check=False, **programs.as_somebody_else()
        )
    finally:
        secret.unlink(missing_ok=True)
    if done.returncode:
        shutil.rmtree(aside, ignore_errors=True)
        raise BadRequest(
            "Postgres could not make its files",
            where=str(cluster.folder),
            value=_last_line(done.stderr),
            mend="See that the disk has room and the folder belongs to you.",
        )
    aside.rename(cluster.data)


def _last_line(said: bytes) -> str:
    lines = said.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else ""


def _bare_environment() -> dict[str, str]:
    """Return the environment of Postgres's programs: nothing of ours, which holds secrets, and no PG* of the user's."""
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}


def free_port() -> int:
    """Return a port on loopback that nobody listens on just now."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(
    cluster: Cluster, port: int, log: IO[bytes] | int, settings: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start the server as a child that is shut down, in good order, when this process ends."""
    stop_leftover(cluster)
    chosen = [f"--{name}={value}" for name, value in {**_SETTINGS, **(settings or {})}.items()]
    return subprocess.Popen(
        [cluster.programs.path("postgres"), "-D", str(cluster.data), "-p", str(port), *chosen],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        cwd="/",
        env=_bare_environment(),
        start_new_session=True,  # Ctrl-C reaches us alone; Postgres stops last
        preexec_fn=children.dying_with_parent(signal.SIGINT),  # noqa: PLW1509  # there are no threads yet
        **programs.as_somebody_else(),
    )


def port_of_running(cluster: Cluster) -> int | None:
    """Return the port of the server that runs on the folder; None where none does."""
    noted = _noted(cluster)
    return noted[1] if noted is not None and _is_postgres(noted[0], cluster) else None


def stop_leftover(cluster: Cluster) -> None:
    """Stop a server that an earlier process left on this folder, and wait until it is gone.

    Whoever calls this holds the data folder, so no other `assay serve` misses that server.
    """
    if port_of_running(cluster) is not None:
        subprocess.run(
            [cluster.programs.path("pg_ctl"), "stop", "-D", str(cluster.data), "-m", "fast", "-w", "-t", "60"],
            capture_output=True,
            cwd="/",
            env=_bare_environment(),
            check=False,
            **programs.as_somebody_else(),
        )
        return
    _end_orphans(cluster)
    if _noted(cluster) is not None and not _is_entered(cluster):
        # Its number may be another process's by now, which Postgres would take for itself still running.
        (cluster.data / "postmaster.pid").unlink(missing_ok=True)


def _end_orphans(cluster: Cluster, seconds: float = 3.0) -> None:
    """End what a server that was killed left working in its folder: no other server can start beside it.

    Such processes end by themselves once they look up from what they do. Those that do not are asked, and then made to:
    without their server nothing that they do is kept, and the next one reads its journal first.
    """
    for asked in (None, signal.SIGQUIT, signal.SIGKILL):
        if asked is not None:
            for pid in _inhabitants(cluster):
                with suppress(OSError):
                    os.kill(pid, asked)
        until = time.monotonic() + seconds
        while _inhabitants(cluster) and time.monotonic() < until:
            time.sleep(0.02)


def _noted(cluster: Cluster) -> tuple[int, int] | None:
    """Return the process and the port that a server wrote down when it started; None where it wrote nothing."""
    try:
        lines = (cluster.data / "postmaster.pid").read_text("utf-8").splitlines()
        return int(lines[0]), int(lines[3])
    except (OSError, IndexError, ValueError):
        return None


def _is_postgres(pid: int, cluster: Cluster) -> bool:
    """Tell whether the process is the server of this folder, and not another that was given its number since."""
    if _PROCESSES.is_dir():
        with suppress(OSError):
            words = (_PROCESSES / str(pid) / "cmdline").read_bytes().split(b"\0")
            return any(Path(os.fsdecode(word)).resolve() == cluster.data for word in words if word.startswith(b"/"))
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _is_entered(cluster: Cluster) -> bool:
    """Tell whether a process of a server that was killed still lives in the folder; where nobody can tell, yes."""
    return not _PROCESSES.is_dir() or bool(_inhabitants(cluster))


def _inhabitants(cluster: Cluster) -> list[int]:
    """Return the processes that work in the folder, as far as the system tells."""
    found = []
    for process in _PROCESSES.glob("[0-9]*"):
        with suppress(OSError):
            if (process / "cwd").readlink() == cluster.data:
                found.append(int(process.name))
    return found


def url(port: int, role: str, password: str, database: str) -> str:
    """Return the URL by which a role reaches a database of the server."""
    return f"postgres://{role}:{quote(password, safe='')}@127.0.0.1:{port}/{database}"


def wait_until_ready(running: subprocess.Popen[bytes], address: str, seconds: float = 60) -> None:
    """Wait until a real connection answers; raise BadRequest where the server ends instead, or takes too long."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if running.poll() is not None:
            raise BadRequest("Postgres ended as soon as it was started", mend="Its log says why.")
        try:
            with psycopg.connect(address, connect_timeout=5, autocommit=True) as connection:
                connection.execute("SELECT 1")
                return
        except psycopg.OperationalError as error:
            if re.search("authentication failed", str(error)):
                raise BadRequest(
                    "Postgres refuses the password", mend="Put the data folder's file `secrets` back as it was."
                ) from None
            time.sleep(0.02)
    raise BadRequest(f"Postgres did not answer within {seconds:g} seconds", mend="Its log says why.")


def stop(running: subprocess.Popen[bytes], seconds: float = 30) -> None:
    """Shut the server down in good order; kill it where that takes too long."""
    if running.poll() is None:
        running.send_signal(signal.SIGINT)
        try:
            running.wait(seconds)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()
