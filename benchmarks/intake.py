"""Durable ingestion over HTTP as a share of bare COPY into the same table: `python -m benchmarks.intake [--seconds N]`.

Postgres with fsync, as the product starts it, and whatever writes into it share one core: the web server, which takes
batches of 100 calls from eight connections, or four connections that COPY the same rows, 100 a commit. Those who send
requests have another core, where there is one. Both alternate; the best of the rounds counts.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psutil
import psycopg

BATCH: Final = 100
KEY: Final = "a write key of benchmarks"
_SENDERS: Final = 8
_COPIERS: Final = 4


@dataclass(frozen=True, slots=True)
class Rate:
    """Events a second by the clock, and events a second of processor that the core gave."""

    by_clock: float
    by_processor: float


@dataclass(frozen=True, slots=True)
class Rates:
    """The best of the rounds, each way."""

    taken_in: Rate
    copied: Rate

    @property
    def share(self) -> float:
        """Return what durable ingestion is of bare COPY, by the clock."""
        return self.taken_in.by_clock / self.copied.by_clock

    @property
    def share_of_processor(self) -> float:
        """Return the same by processor: what others do on the machine matters less."""
        return self.taken_in.by_processor / self.copied.by_processor


def body(number: int) -> bytes:
    """Return a batch as a client sends it: a real event has some properties and a context that is not kept."""
    context = {"library": {"name": "analytics-python", "version": "2.3.2"}, "groupId": f"account-{number % 5000}"}
    batch = [
        {
            "type": "track",
            "messageId": f"{number:08x}-{i:04x}-4c5e-8a1b-0123456789ab",
            "userId": f"user-{number * BATCH + i}",
            "event": "project_created",
            "timestamp": "2026-05-04T12:30:00.123456+00:00",
            "integrations": {},
            "context": context,
            "properties": {"plan": "team", "limit": 25, "template": "board", "duration": 12.5, "is_first": False},
        }
        for i in range(BATCH)
    ]
    return json.dumps({"batch": batch, "sentAt": "2026-05-04T12:30:01.123456+00:00"}).encode()


def _as_core(core: int) -> Callable[[], None]:
    return lambda: os.sched_setaffinity(0, {core})


@dataclass(frozen=True, slots=True)
class _Node:
    """A running node: the URLs of the owner and the intake, the web's port, the processes of its core."""

    owner: str
    intake: str
    port: int
    pids: tuple[int, ...]

    def processor(self) -> float:
        """Return the seconds of processor that its processes, and those that they started, took so far."""
        known = [psutil.Process(pid) for pid in self.pids]
        found = [one for process in known for one in (process, *process.children(recursive=True))]
        return sum(sum(_times(process)) for process in found)


def _times(process: psutil.Process) -> tuple[float, ...]:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return (0.0,)
    return times.user, times.system, times.children_user, times.children_system


@contextmanager
def _node(core: int) -> Iterator[_Node]:
    """Run Postgres and the web on a core."""
    from assay.node.postgres import cluster
    from assay.node.serving import database, secrets

    folder = Path(tempfile.mkdtemp(prefix="assay-bench-"))
    folder.chmod(0o711)
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})  # what is started inherits it
    try:
        kept = secrets.kept(folder)
        with (folder / "log").open("wb") as log:
            running, reached = database.start(folder, cluster.free_port(), kept, log)
            port = cluster.free_port()
            variables = {
                "DJANGO_SETTINGS_MODULE": "assay.node.settings",
                "ASSAY_SECRET_KEY": kept.secret_key,
                "ASSAY_DATA_FOLDER": str(folder),
                "ASSAY_INBOX_LIMIT": "999999999",
                **reached.variables(),
            }
            environment = {**os.environ, **variables}
            prepare = [sys.executable, "-m", "assay.node.serving.preparing"]
            subprocess.run(
                prepare, env={**environment, "DATABASE_URL": reached.owner}, check=True, stdout=log, stderr=log
            )
            command = [
                *(sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port), "--workers", "1"),
                *("--blocking-threads", "8", "--backpressure", "128", "--no-ws", "--log-level", "warning"),
                "assay.node.wsgi:application",
            ]
            web = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
            os.sched_setaffinity(0, before)
            try:
                _make_key(reached.owner)
                yield _Node(reached.owner, reached.intake, port, (running.pid, web.pid))
            finally:
                _end(web)
                cluster.stop(running)
    finally:
        os.sched_setaffinity(0, before)
        shutil.rmtree(folder, ignore_errors=True)


def _end(web: subprocess.Popen[bytes]) -> None:
    web.terminate()
    try:
        web.wait(10)
    except subprocess.TimeoutExpired:
        for process in psutil.Process(web.pid).children(recursive=True):
            process.kill()
        web.kill()
        web.wait()


def _make_key(url: str) -> None:
    from assay.node.intake.digests import digest

    with psycopg.connect(url) as owner:
        owner.execute(
            "INSERT INTO intake_writekey "
            "(name, digest, events_source, people_source, accounts_source, is_active, made_at) "
            "VALUES ('bench', %s, 'app', '', '', true, now())",
            [digest(KEY)],
        )


def _together(count: int, work: Callable[[int, float], int], seconds: float) -> float:
    """Return how many a second so many threads did together."""
    done = [0] * count
    until = time.monotonic() + seconds

    def run(i: int) -> None:
        done[i] = work(i, until)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / (time.monotonic() - start)


def _send(port: int, seconds: float) -> float:
    bodies = [body(n) for n in range(200)]
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}

    def work(i: int, until: float) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        sent = 0
        while time.monotonic() < until:
            connection.request("POST", "/v1/batch", bodies[(i * 25 + sent) % len(bodies)], headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise SystemExit(f"the node answered {answer.status}")
            sent += 1
        return sent * BATCH

    return _together(_SENDERS, work, seconds)


def _copy(url: str, core: int, seconds: float) -> tuple[float, float]:
    """Copy in a process of its own, on the core of Postgres; return its rate and the seconds of processor it took."""
    command = [sys.executable, "-m", "benchmarks.intake", "--copy", url, "--seconds", str(seconds)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, preexec_fn=_as_core(core))
    rate, processor = map(float, done.stdout.split())
    return rate, processor


def copy_alone(url: str, seconds: float) -> tuple[float, float]:
    """Return the rate of bare COPY, and the seconds of processor on this side.

    Four connections, 100 rows a commit, the very rows that the web would write.
    """
    from assay.node.intake import calls, copying

    now = datetime.now(UTC)
    packed = [
        copying.packed([copying.rows(1, calls.microseconds(now), calls.kept(calls.read_batch(body(n)), now))])
        for n in range(50)
    ]

    def work(i: int, until: float) -> int:
        sent = 0
        with psycopg.connect(url, autocommit=True) as connection:
            while time.monotonic() < until:
                with connection.cursor().copy(copying.COPY) as copy:
                    copy.write(packed[(i * 10 + sent) % len(packed)])
                sent += 1
        return sent * BATCH

    before = time.process_time()
    return _together(_COPIERS, work, seconds), time.process_time() - before


def measure(rounds: int = 3, seconds: float = 8.0) -> Rates:
    """Return the rates of both ways."""
    cores = sorted(os.sched_getaffinity(0))
    server, others = cores[0], set(cores[1:] or cores)
    taken, copied = [], []
    with _node(server) as node:
        os.sched_setaffinity(0, others)
        try:
            _wait_for(node.port)
            _send(node.port, 2.0)
            for number in range(rounds):
                copied.append(_rate(node, seconds, lambda: _copy(node.intake, server, seconds)))
                taken.append(_rate(node, seconds, lambda: (_send(node.port, seconds), 0.0)))
                print(f"  round {number + 1}: COPY {_told(copied[-1])}, taken in {_told(taken[-1])}", flush=True)
        finally:
            os.sched_setaffinity(0, set(cores))
    best = [Rate(max(r.by_clock for r in rates), max(r.by_processor for r in rates)) for rates in (taken, copied)]
    return Rates(*best)


def _rate(node: _Node, seconds: float, run: Callable[[], tuple[float, float]]) -> Rate:
    with psycopg.connect(node.owner, autocommit=True) as connection:
        connection.execute("TRUNCATE intake_inbox")
    before = node.processor()
    rate, elsewhere = run()
    return Rate(rate, rate * seconds / (node.processor() - before + elsewhere))


def _told(rate: Rate) -> str:
    return f"{rate.by_clock:,.0f} events/s ({rate.by_processor:,.0f} a second of processor)"


def _wait_for(port: int) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("GET", "/v1/batch")
            connection.getresponse()
            return
        except OSError:
            if time.monotonic() > until:
                raise SystemExit("the web does not answer") from None
            time.sleep(0.1)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--copy", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.copy:
        print(*copy_alone(asked.copy, asked.seconds))
        return
    rates = measure(asked.rounds, asked.seconds)
    print(f"COPY {_told(rates.copied)}, taken in {_told(rates.taken_in)}")
    print(f"share {rates.share:.2f} by the clock, {rates.share_of_processor:.2f} of processor (aim 0.5)")


if __name__ == "__main__":
    main()
