"""`assay serve` as a real process: it starts, mends what is killed, stops, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
import pytest

from assay.core.errors import BadRequest
from assay.node.postgres import cluster, roles
from assay.node.serving import database, secrets, serve
from assay.node.serving.queues import QUEUES

#: Long, for machines that do much else; nothing waits longer than it must.
PATIENCE = 60


@dataclass
class Node:
    folder: Path
    port: int
    process: subprocess.Popen

    def children(self) -> dict[str, psutil.Process]:
        """Return the children by what they are."""
        found = {}
        for child in psutil.Process(self.process.pid).children():
            with suppress(psutil.Error):  # one that just died
                words = " ".join(child.cmdline())
                known = {"/bin/postgres": "postgres", "granian": "web"}
                known |= {f"--queues {','.join(own)}": name for name, own in QUEUES.items()}
                found |= {name: child for word, name in known.items() if word in words}
        return found

    def everybody(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def answers(self, path: str = "/readyz") -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return answer.status == 200
        except OSError:
            return False

    def urls(self) -> database.Database:
        port = cluster.port_of_running(cluster.opened(self.folder / "postgres", ""))
        return database.embedded(port, secrets.kept(self.folder))


def eventually(what: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if what():
            return
        time.sleep(0.05)
    raise AssertionError(f"it did not come about within {PATIENCE} seconds")


def gone(processes: list[psutil.Process]) -> bool:
    return not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in processes)


def started(folder: Path, port: int, **variables: str) -> Node:
    command = [sys.executable, "-m", "assay", "serve", "--data-folder", folder, "--port", str(port)]
    log = (folder.parent / "serve.log").open("ab")
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True, env={**os.environ, **variables}
    )
    line = process.stdout.readline()
    assert line == f"Assay runs at http://localhost:{port}\n", (folder.parent / "serve.log").read_text()
    return Node(folder, port, process)


def stopped(node: Node, number: int = signal.SIGINT) -> int:
    node.process.send_signal(number)
    return node.process.wait(PATIENCE)


@pytest.fixture(scope="module")
def node(open_folder: Path) -> Iterator[Node]:
    running = started(home(open_folder, "serving"), cluster.free_port())
    yield running
    everybody = running.everybody()
    assert stopped(running) == 0
    assert gone(everybody)


def home(open_folder: Path, name: str) -> Path:
    """Return where a node may keep its data, in a folder that Postgres may pass through."""
    (open_folder / name).mkdir()
    (open_folder / name).chmod(0o711)
    return open_folder / name / "data"


def test_a_node_that_says_it_runs_answers(node):
    assert node.answers("/account/login/")
    assert node.answers("/static/pages/assay.css")


def test_what_a_node_keeps_secret_only_its_owner_can_read(node):
    assert stat.S_IMODE((node.folder / "secrets").stat().st_mode) == 0o600
    assert stat.S_IMODE(node.folder.stat().st_mode) & 0o066 == 0
    readable = [path for path in node.folder.iterdir() if stat.S_IMODE(path.stat().st_mode) & 0o077]
    assert readable == []


def test_no_process_shows_a_secret_on_its_command_line(node):
    kept = secrets.kept(node.folder)
    words = [word for process in node.everybody() for word in process.cmdline()]
    assert not any(secret in word for word in words for secret in vars_of(kept))


def vars_of(kept: secrets.Secrets) -> list[str]:
    return [getattr(kept, name) for name in kept.__slots__]


def test_a_second_node_on_the_same_folder_is_refused(node):
    command = [sys.executable, "-m", "assay", "serve", "--data-folder", node.folder, "--port", str(node.port + 1)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 1
    assert "Another `assay serve` works on this data folder" in done.stderr


def test_a_port_that_is_taken_is_refused_with_a_mend(node, tmp_path):
    command = [sys.executable, "-m", "assay", "serve", "--data-folder", tmp_path / "other", "--port", str(node.port)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 1
    assert f"--port {node.port + 1}" in done.stderr


def test_a_killed_postgres_comes_back_and_the_pages_with_it(node):
    before = node.children()["postgres"]
    before.kill()
    eventually(lambda: node.answers() and node.children().get("postgres", before).pid != before.pid)


def test_a_killed_web_comes_back_and_leaves_nobody_at_its_port(node):
    before = [node.children()["web"], *node.children()["web"].children()]
    assert len(before) == 2
    before[0].kill()
    eventually(lambda: gone(before))
    eventually(node.answers)


def test_the_worker_works_on_after_a_killed_postgres_and_a_kill_of_its_own(node):
    for name in ("postgres", "worker", "long worker"):
        before = node.children()[name]
        before.kill()
        eventually(lambda name=name, before=before: node.children().get(name, before).pid != before.pid)
        eventually(node.answers)
        job = deferred(node.urls().web)
        eventually(lambda job=job: is_done(node.urls().web, job))


def deferred(url: str) -> int:
    """Ask the worker for something that every worker can do; return the job's number."""
    import procrastinate

    app = procrastinate.App(connector=procrastinate.SyncPsycopgConnector(conninfo=url))
    with app.open():
        return app.configure_task("builtin:procrastinate.builtin_tasks.remove_old_jobs").defer(max_hours=1000)


def is_done(url: str, job: int) -> bool:
    """Tell whether a job is over; the worker forgets those that went well."""
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT status FROM procrastinate_jobs WHERE id = %s", [job]).fetchone()
    return found is None


@pytest.mark.crash
def test_a_killed_node_leaves_nobody_behind_and_starts_again_with_everything_there(open_folder):
    """Killed with SIGKILL: it had no chance to tell its children."""
    folder = home(open_folder, "killed")
    node = started(folder, cluster.free_port())
    with psycopg.connect(node.urls().web) as connection:
        connection.execute(
            "INSERT INTO access_user (email, password, name, role, is_active, joined_at)"
            " VALUES ('a@b.example', '', '', 'rep', true, now())"
        )
    everybody = node.everybody()
    assert len(everybody) > 4
    os.kill(node.process.pid, signal.SIGKILL)
    node.process.wait()
    again = started(folder, node.port)  # at once: what is left of the first one is still dying
    eventually(lambda: gone(everybody))
    with psycopg.connect(again.urls().web) as connection:
        assert connection.execute("SELECT count(*) FROM access_user").fetchone() == (1,)
    everybody = again.everybody()
    assert stopped(again, signal.SIGTERM) == 0
    assert gone(everybody)


def test_the_web_reaches_the_database_as_a_role_that_owns_nothing(node):
    with psycopg.connect(node.urls().web) as connection:
        owners = connection.execute("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'").fetchall()
    assert owners == [(roles.OWNER,)]


def test_a_node_uses_the_postgres_that_the_environment_names(open_folder, node_postgres):
    owner = node_postgres.url(cluster.SUPERUSER, roles.DATABASE)
    node = started(home(open_folder, "elsewhere"), cluster.free_port(), DATABASE_URL=owner)
    assert node.answers()
    assert set(node.children()) == {"web", *QUEUES}
    assert not (node.folder / "postgres").exists()
    assert stopped(node) == 0


#: Holds a port, says so, and lets go of it after some seconds.
_HOLDER = """
import socket, sys, time
held = socket.socket()
held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
held.bind(("127.0.0.1", int(sys.argv[1])))
held.listen()
print("held", flush=True)
time.sleep(float(sys.argv[2]))
"""


@pytest.fixture
def hold():
    """A function that has another process hold a port for some seconds."""
    holders = []

    def begin(port: int, seconds: float) -> subprocess.Popen:
        command = [sys.executable, "-c", _HOLDER, str(port), str(seconds)]
        holders.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        assert holders[-1].stdout.readline() == "held\n"
        return holders[-1]

    yield begin
    for one in holders:
        one.kill()
        one.wait()


@pytest.mark.crash
def test_a_start_waits_for_a_web_server_that_a_killed_node_left_behind(open_folder, hold):
    folder, port = home(open_folder, "left-behind"), cluster.free_port()
    folder.mkdir(mode=0o711)
    (folder / "at-work").touch()  # as a node that was killed leaves it
    left = hold(port, 3)
    node = started(folder, port)
    assert left.poll() == 0
    assert node.answers()
    assert stopped(node) == 0
    assert not (folder / "at-work").exists()


def test_a_port_that_a_stranger_holds_is_refused_at_once(tmp_path, hold):
    port = cluster.free_port()
    hold(port, 60)
    asked = serve.Asked(data_folder=tmp_path, host="127.0.0.1", port=port)
    begun = time.monotonic()
    with pytest.raises(BadRequest, match="Nobody can listen there"):
        serve.serve(asked, lambda _: None, lambda _: None)
    assert time.monotonic() - begun < 1
    assert not (tmp_path / "at-work").exists()
