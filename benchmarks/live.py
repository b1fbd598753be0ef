"""From an event's acceptance to a visible lead, over a full lake: `python -m benchmarks.live [--people N] [--rate R]`.

A node as `assay serve` runs it, with so many people and twenty events each in its lake and twenty rules. Clients send
batches of 100 events at a steady rate, each event of another person, and once in a while the event of somebody who by
it qualifies for the first time. Its latency runs from the answer 200 to the moment at which a lead of that person can
be read from the database. What pages cost meanwhile is measured beside.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from benchmarks import machine

BATCH: Final = 100
EVENTS: Final = 20  # a person
COLLEAGUES: Final = 10  # an account
_NAMES: Final = tuple(f"did_{i}" for i in range(12))
SIGNAL: Final = "asked_for_a_call"
#: What `--folder` is for.
KEPT: Final = "a folder that keeps the node and its store: another run over as many people finds them there"


def definitions(folder: Path) -> None:
    """Write twenty rules, seventeen of people and three of accounts: counts and distinct days in windows of days."""
    (folder / "sources").mkdir(parents=True)
    (folder / "qualifications").mkdir()
    (folder / "sources" / "app.yml").write_text(
        "source: app\nevents:\n  file: app.csv\n  id: id\n  at: at\n  event: {column: event}\n  person: user\n"
        f"  account: account\n  properties: [plan, amount]\nevent_names: [{', '.join([*_NAMES, SIGNAL])}]\n"
    )
    for number in range(20):
        name, other = _NAMES[number % 12], _NAMES[(number * 5 + 1) % 12]
        if number == 0:
            criteria = f"  asked: {{count: {SIGNAL}, at_least: 1, within: 7 days}}\n"
            group, subject = "all_of: [asked]", "person"
        elif number > 16:
            criteria = (
                f"  wide: {{count: {name}, distinct: person, at_least: {number - 13}, within: 14 days}}\n"
                f"  busy: {{count: {other}, at_least: 5, within: 30 days}}\n"
            )
            group, subject = "all_of: [wide, busy]", "account"
        else:
            criteria = (
                f"  much: {{count: {name}, at_least: {2 + number % 3}, within: {3 + number} days}}\n"
                f"  often: {{count: any, distinct: day, at_least: {3 + number % 4}, within: {7 + number} days}}\n"
                f"  some: {{count: {other}, where: {{plan: team}}, at_least: 1, within: 30 days}}\n"
            )
            group, subject = "all_of: [much]\n  any_of: [often, some]", "person"
        status = "live" if number == 0 else "shadow"
        handoff = "handoff: {to: desk, respond_within: 4 hours}\n" if number == 0 else ""
        (folder / "qualifications" / f"rule_{number}.yml").write_text(
            f"qualification: rule_{number}\nversion: 1\nstatus: {status}\nstage: PQL\nmotion: m{number}\n"
            f"subject: {subject}\ncriteria:\n{criteria}qualify:\n  {group}\n{handoff}"
        )
    (folder / "qualifications" / "rule_0.examples.yml").write_text(
        "examples_for: rule_0\nas_of: 2026-03-10\ncases:\n"
        f"  asked:\n    events: {{{SIGNAL}: [2026-03-09]}}\n    expect: {{qualified: true}}\n"
        "  silent:\n    events: {did_0: [2026-03-09]}\n    expect: {qualified: false}\n"
    )


def fill(people: int, folder: Path) -> bool:
    """Put rules and everybody's history into a node that is being visited; return False where some are there."""
    from django.db import transaction

    from assay.node.access.actions import Machine
    from assay.node.lake import manifest
    from assay.node.rulebook.importing import import_folder

    if manifest.last_seq():
        return False
    definitions(folder / "definitions")
    import_folder(Machine("benchmarks"), folder / "definitions")
    now = datetime.now(UTC)
    for begin in range(0, people, 25_000):
        with transaction.atomic():
            manifest.add(_history(begin, min(begin + 25_000, people), now), now)
    return True


def write_key() -> str:
    """Return a new write key of a node that is being visited."""
    from assay.node.intake.digests import digest
    from assay.node.intake.models import WriteKey

    key = secrets.token_urlsafe(24)
    WriteKey.objects.create(name=f"app {key[:6]}", digest=digest(key), events_source="app")
    return key


def _history(begin: int, end: int, now: datetime) -> pa.Table:
    dice = np.random.default_rng(begin)
    count = (end - begin) * EVENTS
    person = np.repeat(np.arange(begin, end), EVENTS)
    at = now.timestamp() * 1e6 - dice.random(count) * 90 * 86_400e6
    instants = pa.array(at.astype(np.int64)).cast(pa.timestamp("us", tz="UTC"))
    names = pa.array(_NAMES).take(pa.array(dice.integers(0, 12, count)))
    users = pa.array([f"u{one}" for one in person.tolist()])
    bodies = pa.array([json.dumps({"plan": plan, "amount": 5}) for plan in ("team", "free", "trial")])
    nothing = pa.nulls(count, pa.string())
    return pa.table(
        {
            "source": pa.array(["app"]).take(pa.array(np.zeros(count, np.int64))),
            "kind": pa.array(["track"]).take(pa.array(np.zeros(count, np.int64))),
            "id": pa.array([f"h{begin * EVENTS + i}" for i in range(count)]),
            "at": instants,
            "received_at": pa.repeat(pa.scalar(now, pa.timestamp("us", tz="UTC")), count),
            "user_id": users,
            "anonymous_id": nothing,
            "group_id": pa.array([f"a{one // COLLEAGUES}" for one in person.tolist()]),
            "event": names,
            "body": bodies.take(pa.array(dice.integers(0, 3, count))),
        }
    )


class Sending:
    """Batches at a steady rate from one connection, and when each signal was accepted."""

    def __init__(self, port: int, key: str, people: int, rate: float) -> None:
        self.accepted: dict[str, float] = {}
        self.sent = self.refused = 0
        self._port, self._key, self._people, self._rate = port, key, people, rate
        # Other people than any run or warm-up before: whose rows were just read are in memory, and read sooner.
        self._dice = np.random.default_rng()
        self._fresh = (f"fresh{secrets.token_hex(4)}-{number}" for number in itertools.count())

    def run(self, seconds: float) -> None:
        """Send for so long; where the node is slower than the rate, as fast as it answers."""
        connection = http.client.HTTPConnection("localhost", self._port, timeout=30)
        begun = time.monotonic()
        for number in itertools.count():
            due = begun + number * BATCH / self._rate
            if due > begun + seconds:
                return
            time.sleep(max(0.0, due - time.monotonic()))
            self._batch(connection)

    def _batch(self, connection: http.client.HTTPConnection) -> None:
        now = datetime.now(UTC).isoformat()
        users = self._dice.integers(0, self._people, BATCH)
        calls = [
            {
                "type": "track",
                "messageId": secrets.token_hex(12),
                "event": _NAMES[i % 12],
                "userId": f"u{one}",
                "timestamp": now,
                "context": {"groupId": f"a{one // COLLEAGUES}"},
                "properties": {"plan": "team", "amount": 5},
            }
            for i, one in enumerate(users.tolist())
        ]
        signal_of = next(self._fresh)
        calls[0] |= {"event": SIGNAL, "userId": signal_of}
        body = json.dumps({"batch": calls, "sentAt": now, "writeKey": self._key})
        connection.request("POST", "/v1/batch", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        if answer.status == 200:
            self.sent += BATCH
            self.accepted[signal_of] = time.time()
        else:
            self.refused += BATCH


def watch(accepted: dict[str, float], stop: threading.Event) -> dict[str, float]:
    """Return how long each signal took to become a lead that can be read."""
    from django.db import connection

    seen: dict[str, float] = {}
    last = -1  # one process makes leads: a later one has a higher number
    while True:
        is_last = stop.is_set()
        with connection.cursor() as cursor:
            cursor.execute("SELECT id, subject_id FROM leads_lead WHERE id > %s ORDER BY id", [last])
            now = time.time()
            for number, one in cursor.fetchall():
                last, seen[one] = number, now
        if is_last:
            return {one: at - accepted[one] for one, at in seen.items() if one in accepted}
        time.sleep(0.02)


def main() -> None:
    """Read the options, run a node, and print what it gave."""
    parser = argparse.ArgumentParser(description="How long from an accepted event to a lead.")
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--rate", type=float, default=1000.0, help="events a second")
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--warm-up", type=float, default=0.0, help="seconds of half the load before, not measured")
    parser.add_argument("--port", type=int, default=8377)
    parser.add_argument("--folder", type=Path, help=KEPT)
    asked = parser.parse_args()
    print(machine.statement(), flush=True)
    with room("assay-live-", asked.folder) as folder:
        _measure(folder, asked)


@contextmanager
def room(prefix: str, kept: Path | None) -> Iterator[Path]:
    """Give a folder that the database's own user may enter: one that is kept, or one for now."""
    folder = Path(tempfile.mkdtemp(prefix=prefix)) if kept is None else kept
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        if kept is None:
            shutil.rmtree(folder, ignore_errors=True)


def _measure(folder: Path, asked: argparse.Namespace) -> None:
    with serving(folder, asked.port):
        begun = time.monotonic()
        is_new = fill(asked.people, folder)
        print(
            f"{asked.people * EVENTS:,} events of {asked.people:,} people "
            + (f"filled in {time.monotonic() - begun:.0f} s" if is_new else "are there"),
            flush=True,
        )
        wait_until_decided(folder)
        print(f"decided of after {time.monotonic() - begun:.0f} s", flush=True)
        _report(asked, write_key())


@contextmanager
def serving(folder: Path, port: int) -> Iterator[int]:
    """Run `assay serve` on a folder, visited meanwhile; give its process, and print what it complained of."""
    from assay.node.serving.visiting import visited

    command = [str(Path(sys.executable).with_name("assay")), "serve", "--data-folder", str(folder / "node")]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([*command, "--port", str(port)], stdout=log, stderr=log)
        try:
            while not answers(port):
                time.sleep(0.2)
            with visited(folder / "node"):
                yield server.pid
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(60)
            told = (folder / "log").read_text(errors="replace").splitlines()
            print("\n".join(line[:300] for line in told if '"error"' in line or '"warning"' in line)[-3000:])


def wait_until_decided(folder: Path) -> None:
    from assay.node.lake import manifest
    from assay.node.live.index import NAME, Index

    with Index(folder / "node" / NAME) as index:
        while index.mark("seq") != str(manifest.last_seq()) or index.waiting():
            time.sleep(0.2)


def _report(asked: argparse.Namespace, key: str) -> None:
    if asked.warm_up:
        Sending(asked.port, key, asked.people, asked.rate / 2).run(asked.warm_up)
        print(f"{asked.warm_up:.0f} s of half the load before what is measured", flush=True)
    sending, stop = Sending(asked.port, key, asked.people, asked.rate), threading.Event()
    found: dict[str, float] = {}
    watching = threading.Thread(target=lambda: found.update(watch(sending.accepted, stop)))
    watching.start()
    begun = time.monotonic()
    sending.run(asked.seconds)
    took = time.monotonic() - begun
    until = time.monotonic() + 60
    while len(found) < len(sending.accepted) and time.monotonic() < until and not stop.wait(5):
        stop.set()
    stop.set()
    watching.join()
    late = np.array(sorted(found.values()) or [np.nan])
    p50, p95, p99 = np.percentile(late, [50, 95, 99])
    print(
        f"{sending.sent / took:.0f} events a second accepted, {sending.refused} refused; leads of "
        f"{len(found)} of {len(sending.accepted)} signals; p50 {p50:.2f} s, p95 {p95:.2f} s, p99 {p99:.2f} s, "
        f"most {late.max():.2f} s (aim: p99 under 2 s)",
        flush=True,
    )


def answers(port: int) -> bool:
    connection = http.client.HTTPConnection("localhost", port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False


if __name__ == "__main__":
    main()
