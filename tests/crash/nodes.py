"""A real `assay serve` that can be loaded, killed and asked what it holds."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg
import pyarrow.parquet as pq

from assay.node.intake.digests import digest
from assay.node.postgres import cluster
from assay.node.serving import secrets

KEY = "a write key of crashes"


@dataclass
class Node:
    """One data folder, and the `assay serve` on it."""

    folder: Path
    port: int = field(default_factory=cluster.free_port)
    serving: subprocess.Popen | None = None

    def start(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.folder.chmod(0o711)  # as root, Postgres passes through as nobody

        command = [sys.executable, "-m", "assay", "serve", "--data-folder", str(self.folder), "--port", str(self.port)]
        with (self.folder / "serve.log").open("ab") as log:
            self.serving = subprocess.Popen(command, stdout=log, stderr=log)
        self.wait_until_ready()

    def wait_until_ready(self, seconds: float = 90) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as answer:
                if answer.status == 200:
                    return
            assert self.serving.poll() is None, self.log()
            time.sleep(0.1)
        raise AssertionError(f"the node is not ready:\n{self.log()}")

    def log(self) -> str:
        return (self.folder / "serve.log").read_text("utf-8", "replace")[-4000:]

    def stop(self) -> None:
        if self.serving is not None and self.serving.poll() is None:
            self.serving.send_signal(signal.SIGTERM)
            self.serving.wait(60)

    def make_key(self) -> None:
        with self.database() as connection:
            connection.execute(
                "INSERT INTO intake_writekey "
                "(name, digest, events_source, people_source, accounts_source, is_active, made_at) "
                "VALUES ('crash', %s, 'app', 'people', 'accounts', true, now())",
                [digest(KEY)],
            )

    def database(self) -> psycopg.Connection:
        """Return a connection as the superuser; wait where Postgres is just starting again."""
        kept = secrets.kept(self.folder)
        until = time.monotonic() + 60
        while True:
            port = cluster.port_of_running(cluster.Cluster(self.folder / "postgres", None))
            if port is not None:
                with suppress(psycopg.OperationalError):
                    return psycopg.connect(cluster.url(port, cluster.SUPERUSER, kept.superuser_password, "assay"))
            assert time.monotonic() < until, "Postgres does not answer"
            time.sleep(0.05)

    def processes(self) -> dict[str, list[psutil.Process]]:
        """Return who can be killed, by name."""
        found: dict[str, list[psutil.Process]] = {"serve": [psutil.Process(self.serving.pid)]}
        for child in psutil.Process(self.serving.pid).children():
            with suppress(psutil.Error):
                words = " ".join(child.cmdline())
                if "granian" in words:
                    found["web"] = [child]
                    found["web worker"] = child.children()
                elif "gathering" in words:
                    found["lake"] = [child]
                elif "procrastinate" in words:
                    found.setdefault("jobs", []).append(child)
                elif "postgres" in words:
                    found["postgres"] = [child]
                    found["a backend"] = child.children()
        return {name: those for name, those in found.items() if those}

    def kill(self, name: str) -> None:
        """Kill a process as the system does when memory is short; start everything again where all of it is gone."""
        for process in self.processes().get(name, [])[-1:]:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        if name == "serve":
            self.serving.wait()
            self.start()

    def held(self) -> Counter:
        """Return how often each message is in the inbox or in a file that counts."""
        with self.database() as connection:
            found = Counter(
                json.loads(body)["messageId"] for (body,) in connection.execute("SELECT body FROM intake_inbox")
            )
            names = connection.execute("SELECT name, rows FROM lake_lakefile WHERE replaced_at IS NULL").fetchall()
        for name, rows in names:
            ids = pq.read_table(self.folder / "lake" / name)["id"].to_pylist()
            assert len(ids) == rows
            found.update(ids)
        return found

    def drain(self, seconds: float = 60) -> None:
        """Wait until the inbox is empty."""
        until = time.monotonic() + seconds
        while True:
            with self.database() as connection:
                if not connection.execute("SELECT count(*) FROM intake_inbox").fetchone()[0]:
                    return
            assert time.monotonic() < until, f"the inbox is not drained:\n{self.log()}"
            time.sleep(0.2)


class Load:
    """Clients that send until told to stop, again and again whatever they are answered, and note what they are told."""

    def __init__(self, port: int, clients: int = 4, size: int = 25) -> None:
        self.port, self.size = port, size
        self.sent: set[str] = set()
        self.told: set[str] = set()
        self.answers: Counter = Counter()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(n,)) for n in range(clients)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self, client: int) -> None:
        number = 0
        while not self._stop.is_set():
            ids = [f"{client}-{number}-{i}" for i in range(self.size)]
            self.sent.update(ids)
            # A client that hears nothing, or 429 or 503, sends the same again; some lose patience and never know.
            for _ in range(40):
                if self.send(ids) == 200:
                    self.told.update(ids)
                    break
                if self._stop.is_set():
                    break
                time.sleep(0.1)
            number += 1

    def send(self, ids: list[str]) -> int:
        """Send a batch; return how it was answered, 0 where it was not."""
        batch = [{"type": "track", "userId": f"u{one}", "event": "e", "messageId": one} for one in ids]
        status = post(self.port, {"batch": batch, "writeKey": KEY})
        self.answers[status] += 1
        return status


def post(port: int, body: object) -> int:
    """Post a batch; return its status, 0 where there is no answer. An answer is JSON, without a traceback."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", "/v1/batch", json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        told = answer.read()
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
    if answer.status == 200:
        assert told == b'{"success": true}'
    else:
        assert set(json.loads(told)) == {"code", "message"}
        assert answer.status not in {429, 503} or int(answer.headers["Retry-After"]) > 0
    return answer.status


def variable(name: str) -> str:
    """Return an environment variable; '' where it is not set."""
    return os.environ.get(name, "")
