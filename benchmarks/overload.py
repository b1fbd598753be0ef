"""Twice what a node can work on, for a minute: `python -m benchmarks.overload [--seconds N] [--limit CALLS]`.

A real `assay serve` with a bounded inbox is first given as much as it takes, to see at what rate the lake takes in what
arrives; that rate can be kept up. Then batches come at twice that rate whatever is answered, each sent once. In the end
every call that was acknowledged must be in the lake once, and no other; the rest must have been answered 429, with when
to come again. The senders share the machine, so the rate that was really offered is printed too.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psycopg
import pyarrow.parquet as pq

from benchmarks.intake import KEY

BATCH: Final = 100
_SENDERS: Final = 16
_TO_WARM_UP: Final = 5.0


@dataclass
class Heard:
    """What was sent, and what was answered: numbers of batches by status."""

    sent: set[int] = field(default_factory=set)
    told: set[int] = field(default_factory=set)
    refused: set[int] = field(default_factory=set)
    statuses: Counter[int] = field(default_factory=Counter)
    without_retry_after: int = 0
    seconds: float = 0.0

    @property
    def offered(self) -> float:
        """Return calls a second that were offered."""
        return len(self.sent) * BATCH / self.seconds


class Node:
    """A running `assay serve`."""

    def __init__(self, folder: Path, limit: int) -> None:
        from assay.node.postgres import cluster

        self.folder, self.port = folder, cluster.free_port()
        words = ["serve", "--data-folder", str(folder), "--port", str(self.port)]
        known = {**os.environ, "ASSAY_INBOX_LIMIT": str(limit)}
        with (folder / "serve.log").open("wb") as log:
            command = [sys.executable, "-m", "assay", *words]
            self._serving = subprocess.Popen(command, env=known, stdout=log, stderr=log)
        until = time.monotonic() + 300
        while not self._is_ready():
            if self._serving.poll() is not None or time.monotonic() > until:
                raise SystemExit((folder / "serve.log").read_text("utf-8", "replace")[-4000:])
            time.sleep(0.1)

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def database(self) -> psycopg.Connection:
        """Return a connection as the superuser."""
        from assay.node.postgres import cluster
        from assay.node.serving import secrets

        port = cluster.port_of_running(cluster.Cluster(self.folder / "postgres", None))  # type: ignore[arg-type]
        assert port is not None
        kept = secrets.kept(self.folder)
        return psycopg.connect(cluster.url(port, cluster.SUPERUSER, kept.superuser_password, "assay"))

    def counts(self) -> tuple[int, int]:
        """Return how many calls wait in the inbox, and how many rows the lake has."""
        with self.database() as connection:
            waiting = connection.execute("SELECT count(*) FROM intake_inbox").fetchone()
            rows = connection.execute("SELECT coalesce(sum(seq), 0) FROM lake_position").fetchone()
        assert waiting is not None
        assert rows is not None
        return int(waiting[0]), int(rows[0])

    def held(self) -> Counter[str]:
        """Return how often each call is in the lake, by its id."""
        with self.database() as connection:
            names = connection.execute("SELECT name FROM lake_lakefile WHERE replaced_at IS NULL").fetchall()
        found: Counter[str] = Counter()
        for (name,) in names:
            found.update(pq.read_table(self.folder / "lake" / name, columns=["id"])["id"].to_pylist())
        return found

    def stop(self) -> None:
        """Stop it in good order."""
        if self._serving.poll() is None:
            self._serving.send_signal(signal.SIGTERM)
            self._serving.wait(120)


@contextmanager
def running(limit: int) -> Iterator[Node]:
    """Run a node in a folder of its own that goes away."""
    from assay.node.intake.digests import digest

    folder = Path(tempfile.mkdtemp(prefix="assay-overload-"))
    folder.chmod(0o711)
    node = None
    try:
        node = Node(folder, limit)
        with node.database() as connection:
            connection.execute(
                "INSERT INTO intake_writekey "
                "(name, digest, events_source, people_source, accounts_source, is_active, made_at) "
                "VALUES ('overload', %s, 'app', 'people', 'accounts', true, now())",
                [digest(KEY)],
            )
        time.sleep(3)  # until the web knows the key
        yield node
    finally:
        if node is not None:
            node.stop()
        shutil.rmtree(folder, ignore_errors=True)


def body(number: int) -> bytes:
    """Return a batch whose calls have ids of their own."""
    batch = [
        {
            "type": "track",
            "messageId": f"{number}-{i}",
            "userId": f"user-{(number * BATCH + i) % 20_000}",
            "event": "project_created",
            "properties": {"plan": "team", "limit": 25, "template": "board"},
        }
        for i in range(BATCH)
    ]
    return json.dumps({"batch": batch, "writeKey": KEY}).encode()


def send(port: int, seconds: float, rate: float | None, first: int) -> Heard:
    """Send batches from a number on for so long: at a rate of calls a second, or as fast as they are answered."""
    heard, lock = Heard(), threading.Lock()
    begin = time.monotonic()
    until = begin + seconds

    def run(sender: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        turn = 0
        while True:
            place = turn * _SENDERS + sender
            turn += 1
            if rate is not None:
                time.sleep(max(0.0, begin + place * BATCH / rate - time.monotonic()))
            if time.monotonic() >= until:
                break
            number = first + place
            status, retry_after = 0, None
            try:
                connection.request("POST", "/v1/batch", body(number), {"Content-Type": "application/json"})
                answer = connection.getresponse()
                answer.read()
                status, retry_after = answer.status, answer.headers["Retry-After"]
            except (OSError, http.client.HTTPException):
                connection.close()
            with lock:
                heard.sent.add(number)
                heard.statuses[status] += 1
                if status == 200:
                    heard.told.add(number)
                elif status:
                    heard.refused.add(number)
                    heard.without_retry_after += not retry_after
        connection.close()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(_SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    heard.seconds = time.monotonic() - begin
    return heard


def sustainable(node: Node, seconds: float) -> tuple[float, Heard]:
    """Return how many calls a second the lake takes in while as much arrives as the web takes, and what was heard."""
    found: list[Heard] = []
    sender = threading.Thread(target=lambda: found.append(send(node.port, seconds + _TO_WARM_UP, None, 0)))
    sender.start()
    time.sleep(_TO_WARM_UP)
    begin, (_, before) = time.monotonic(), node.counts()
    sender.join()
    (_, after), end = node.counts(), time.monotonic()
    return (after - before) / (end - begin), found[0]


def drained(node: Node, seconds: float = 600) -> float:
    """Wait until nothing waits in the inbox; return how long that took."""
    begin = time.monotonic()
    while node.counts()[0]:
        if time.monotonic() - begin > seconds:
            raise SystemExit("the inbox is not drained")
        time.sleep(0.5)
    return time.monotonic() - begin


@dataclass(frozen=True, slots=True)
class Found:
    """What became of twice as much as can be worked on."""

    times: float  # how often what can be kept up was offered
    lost: int
    twice: int
    refused_and_kept: int
    refused_otherwise: int
    without_retry_after: int

    @property
    def wrong(self) -> int:
        """Return how much should not have happened."""
        kept = self.lost + self.twice + self.refused_and_kept
        return kept + self.refused_otherwise + self.without_retry_after


def measure(seconds: float = 60.0, limit: int = 20_000) -> Found:
    """Print the figures, and return what is judged by."""
    with running(limit) as node:
        rate, first = sustainable(node, min(seconds, 20.0))
        drained(node)
        print(f"  the lake takes in {rate:,.0f} calls a second while as much arrives as is answered", flush=True)
        second = send(node.port, seconds, 2 * rate, 10_000_000)
        times = second.offered / rate
        print(f"  offered for {second.seconds:.0f} s: {second.offered:,.0f} calls a second, {times:.2f} times that")
        print(f"  batches of {BATCH} by answer: {dict(sorted(second.statuses.items()))}")
        print(f"  then drained in {drained(node):.1f} s", flush=True)
        held = node.held()
    told = {f"{number}-{i}" for number in first.told | second.told for i in range(BATCH)}
    refused = {f"{number}-{i}" for number in first.refused | second.refused for i in range(BATCH)}
    found = Found(
        times=times,
        lost=len(told - set(held)),
        twice=sum(n > 1 for n in held.values()),
        refused_and_kept=len(refused & set(held)),
        refused_otherwise=sum(n for status, n in second.statuses.items() if status not in {200, 429}),
        without_retry_after=second.without_retry_after,
    )
    print(
        f"  acknowledged {len(told):,}, stored {sum(held.values()):,}: {found.lost} lost, {found.twice} twice,", end=" "
    )
    print(f"{found.refused_and_kept} refused and yet stored; {found.refused_otherwise} answers other than 200", end=" ")
    print(f"and 429, {found.without_retry_after} refusals without Retry-After", flush=True)
    return found


def main() -> int:
    """Print the figures; return 1 where something was lost, kept twice, or refused otherwise than by 429."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seconds", type=float, default=60)
    asked.add_argument("--limit", type=int, default=20_000, help="calls that may wait for the lake")
    given = asked.parse_args()
    return int(bool(measure(given.seconds, given.limit).wrong))


if __name__ == "__main__":
    sys.exit(main())
