"""Starts everything, keeps it running, stops it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO, Final

from assay.core.errors import BadRequest
from assay.node import environment
from assay.node.serving import database, folder, keeping, queues, secrets
from assay.node.serving.processes import Process
from assay.node.serving.secrets import Secrets

#: The file of the data folder that tells commands under which address people come.
ADDRESS: Final = "address"
_TICK: Final = 0.05
_EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}
_PATIENCE: Final = 60.0
_TO_STOP: Final = 15.0
#: Seconds that a web server left behind by a node that was killed has to let go of the address.
_TO_LET_GO: Final = 15.0
#: The file that is there while a node works, and after one that was killed.
_AT_WORK: Final = "at-work"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was typed: where to keep everything, and where to listen."""

    data_folder: Path
    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A node that answers: under which address, and where its logs go ('' is standard error)."""

    address: str
    logs: str


class _Stop:
    """Whether somebody asked to stop; a second Ctrl-C changes nothing, as stopping is bounded in time."""

    is_asked = False

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        self.is_asked = True


def serve(asked: Asked, tell: Callable[[str], None], ready: Callable[[Running], None]) -> None:
    """Run a node until SIGINT or SIGTERM; `tell` hears each step, `ready` once people can come."""
    stop = _Stop()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    home = folder.made(asked.data_folder)
    environment.read(os.environ)
    with folder.held(home), ExitStack() as to_close:
        kept = secrets.kept(home)
        _wait_until_free(asked, stop, _TO_LET_GO if (home / _AT_WORK).exists() else 0.0)
        (home / _AT_WORK).touch()
        keeping.sweep(home)
        logs = _Logs(home)
        reached, look_after_postgres = _database(home, kept, logs, tell, to_close)
        variables = {**environment_of(_address(asked), home, kept, reached), "ASSAY_CHILD": "1"}
        tell("Fitting the database to this version")
        prepare({**variables, "DATABASE_URL": reached.owner}, logs.of("preparing"), "The log says why.")
        processes = _processes(asked, variables, logs)
        to_close.callback(_stop_all, processes)
        for process in processes:
            process.start()
        tell("Starting")
        if asked.host in _EVERYWHERE and "ASSAY_ADDRESS" not in os.environ:
            tell("Listening to other machines, but they are refused until ASSAY_ADDRESS says how they call this one")
        if _is_up(asked, processes, stop):
            (home / ADDRESS).write_text(variables["ASSAY_ADDRESS"], "utf-8")
            ready(Running(address=variables["ASSAY_ADDRESS"], logs=logs.where))
        while not stop.is_asked:
            time.sleep(_TICK)
            look_after_postgres()
            _look_after(processes, tell)
        tell("Stopping")
    (home / _AT_WORK).unlink(missing_ok=True)


class _Logs:
    """Where children write: to standard error, or to files where that is somebody's terminal."""

    def __init__(self, home: Path) -> None:
        self.where = str(home / "logs") if sys.stderr.isatty() else ""
        if self.where:
            Path(self.where).mkdir(mode=0o700, exist_ok=True)

    def of(self, name: str) -> IO[bytes] | int:
        """Return what the process of that name writes to; a file that grew large makes room first."""
        if not self.where:
            return sys.stderr.fileno()
        path = Path(self.where) / f"{name}.log"
        if path.exists() and path.stat().st_size > 20 << 20:
            path.replace(path.with_suffix(".log.1"))
        return path.open("ab")


def _wait_until_free(asked: Asked, stop: _Stop, seconds: float) -> None:
    """Raise BadRequest where somebody still listens at the address after so long."""
    until = time.monotonic() + seconds
    while True:
        try:
            _demand_free(asked)
        except BadRequest:
            if stop.is_asked or time.monotonic() >= until:
                raise
            time.sleep(_TICK)
        else:
            return


def _demand_free(asked: Asked) -> None:
    """Raise BadRequest where somebody listens at the address already."""
    family = socket.AF_INET6 if ":" in asked.host else socket.AF_INET
    with closing(socket.socket(family)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((asked.host, asked.port))
        except OSError as error:
            raise BadRequest(
                f"Nobody can listen there: {error.strerror}",
                where="--host, --port",
                value=f"{asked.host}:{asked.port}",
                mend=f"Stop what listens there, or choose another port, such as --port {asked.port + 1}.",
            ) from None


def _database(
    home: Path, kept: Secrets, logs: _Logs, tell: Callable[[str], None], to_close: ExitStack
) -> tuple[database.Database, Callable[[], None]]:
    """Return the database, and what must be called often to keep it running."""
    named = database.elsewhere(os.environ)
    if named is not None:
        return named, lambda: None
    tell("Starting Postgres")
    keeper = database.Keeper(home, kept, logs.of("postgres"), tell)
    to_close.callback(keeper.stop)
    return keeper.reached, keeper.look


def _address(asked: Asked) -> str:
    """Return how people reach the node where nothing else is set."""
    host = "localhost" if asked.host in {"127.0.0.1", "0.0.0.0", "::", "::1"} else asked.host
    return f"http://{host}:{asked.port}"


def environment_of(address: str, home: Path, kept: Secrets, reached: database.Database) -> dict[str, str]:
    """Return what a process that works on the node is told on top of the environment that there is."""
    return {
        "ASSAY_ADDRESS": os.environ.get("ASSAY_ADDRESS") or address,
        "ASSAY_DATA_FOLDER": str(home),
        "ASSAY_SECRET_KEY": os.environ.get("ASSAY_SECRET_KEY") or kept.secret_key,
        "ASSAY_METRICS_TOKEN": os.environ.get("ASSAY_METRICS_TOKEN") or kept.metrics_token,
        "DJANGO_SETTINGS_MODULE": "assay.node.settings",
        **reached.variables(),
    }


def prepare(variables: Mapping[str, str], log: IO[bytes] | int | None, mend: str) -> None:
    """Fit the database to this version, in a process of its own; BadRequest where that fails."""
    command = [sys.executable, "-m", "assay.node.serving.preparing"]
    if subprocess.run(command, env={**os.environ, **variables}, stdout=log, stderr=log, check=False).returncode:
        raise BadRequest("The database could not be fitted to this version", mend=mend)


def _processes(asked: Asked, variables: Mapping[str, str], logs: _Logs) -> list[Process]:
    threads = environment.read({**os.environ, **variables}).web_threads
    web = [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", asked.host, "--port", str(asked.port)),
        *("--workers", "1", "--blocking-threads", str(threads), "--backpressure", str(threads * 16)),
        *("--respawn-failed-workers", "--respawn-interval", "0.1", "--workers-kill-timeout", "10"),
        *("--no-ws", "--no-access-log", "--log-config", str(Path(__file__).with_name("granian.json"))),
        "assay.node.wsgi:application",
    ]
    workers = {name: queues.command(sys.executable, name) for name in queues.QUEUES}
    lake = [sys.executable, "-m", "assay.node.serving.gathering"]
    partners = [sys.executable, "-m", "assay.node.serving.partnering"]
    stories = [sys.executable, "-m", "assay.node.serving.storytelling"]
    commands = {"web": web, **workers, "lake": lake, "partners": partners, "stories": stories}
    return [Process(name, command, variables, logs.of(name.replace(" ", "-"))) for name, command in commands.items()]


def _is_up(asked: Asked, processes: list[Process], stop: _Stop) -> bool:
    """Wait until the web answers; raise BadRequest where it ends instead."""
    host = _EVERYWHERE.get(asked.host, asked.host)
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and not stop.is_asked:
        if any(process.look() is not None for process in processes):
            break
        if _answers(f"http://{host}:{asked.port}/healthz"):
            return True
        time.sleep(_TICK)
    if stop.is_asked:
        return False
    raise BadRequest("The node did not start", mend="Its log says why.")


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def _look_after(processes: list[Process], tell: Callable[[str], None]) -> None:
    for process in processes:
        code = process.look()
        if code is not None:
            tell(f"The {process.name} ended with {code} and is started again")


def _stop_all(processes: list[Process]) -> None:
    for process in processes:
        process.ask_to_stop()
    for process in processes:
        process.stop(_TO_STOP)
