"""A master and two workers in processes of their own give the tables of a run in one process."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from assay.core import definitions, engine, pipeline
from assay.core.definitions.model import Definitions, PeopleQualified, Sequence, Sum, Window
from assay.core.errors import BadRequest
from assay.core.io import spark
from assay.core.io.spark import Cluster, Spark, connect
from tests.model.building import DAY, at, at_least, did, rule
from tests.model.implementations import shared_store
from tests.model.strategies import assemble
from tests.model.world import Event, World, load

GOLDEN = Path(__file__).resolve().parents[2] / "golden/cli"
ROWS_A_BATCH = 100
PATIENCE = 60.0
EVENTS = 8_000

pytestmark = [
    pytest.mark.spark_cluster,
    pytest.mark.skipif(
        shutil.which("java") is None, reason="Spark needs Java: on Debian, apt install default-jre-headless"
    ),
]


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@contextmanager
def _process(folder: Path, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    import pyspark

    home = Path(pyspark.__file__).parent
    environment = {**os.environ, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_NO_DAEMONIZE": "1"}
    with (folder / f"{words[0].rpartition('.')[2]}-{time.monotonic_ns()}.log").open("wb") as log:
        command = [str(home / "bin/spark-class"), *words]
        running = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=folder)
        try:
            yield running
        finally:
            running.terminate()
            running.wait(PATIENCE)


def _wait_until(told: str, folder: Path, times: int) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if sum(path.read_text("utf-8", "replace").count(told) for path in folder.glob("*.log")) >= times:
            return
        time.sleep(0.2)
    raise AssertionError(f"no log says {told!r} {times} times: {[p.read_text()[-2000:] for p in folder.glob('*.log')]}")


@contextmanager
def _started(folder: Path, workers: int) -> Iterator[str]:
    port = str(_free_port())
    deploy = "org.apache.spark.deploy"
    address = f"spark://127.0.0.1:{port}"
    with ExitStack() as stack:
        of_master = ("--host", "127.0.0.1", "--port", port, "--webui-port", "0")
        stack.enter_context(_process(folder, f"{deploy}.master.Master", *of_master))
        _wait_until("I have been elected leader", folder, 1)
        for _ in range(workers):
            of_worker = ("--cores", "1", "--memory", "1g", "--webui-port", "0", "--host", "127.0.0.1")
            stack.enter_context(_process(folder, f"{deploy}.worker.Worker", *of_worker, address))
        _wait_until("Successfully registered with master", folder, workers)
        yield address


@pytest.fixture(scope="module")
def master(tmp_path_factory) -> Iterator[str]:
    """The address of a master with two workers of one core each."""
    with _started(tmp_path_factory.mktemp("spark"), workers=2) as address:
        yield address


def test_a_master_without_workers_is_named(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(spark, "_PATIENCE_WITH_WORKERS", 3.0)
    with _started(tmp_path, workers=0) as address:
        told = "The Spark master has no worker free"
        with pytest.raises(BadRequest, match=told), connect(Spark(master=address)):
            pass


@pytest.fixture(scope="module")
def cluster(master: str) -> Iterator[Cluster]:
    """A session there, with Arrow batches of few rows."""
    settings = {"spark.sql.execution.arrow.maxRecordsPerBatch": str(ROWS_A_BATCH)}
    with connect(Spark(master=master, settings=settings)) as found:
        yield found


def _world() -> World:
    """One account with most of the events, of many people, beside small ones; instants often coincide."""
    people = tuple(f"p{number}" for number in range(40))
    accounts = tuple(f"a{number}" for number in range(20))
    events = tuple(
        Event(
            at=at(number**3 * 7919 % 8009 // 4 / 20),
            event=("invite", "login", "pay")[number % 3],
            person=people[number * 31 % 40],
            account=accounts[0] if number % 5 else accounts[number % 20],
            id=f"e{number:05}",
            properties={"amount": str(number % 13)},
        )
        for number in range(EVENTS)
    )
    return World(people=people, accounts=accounts, events=events)


def _rules() -> Definitions:
    """Rules of accounts, of which one reads a rule of its people, and one a sum."""
    seen = did("login", 5, within=DAY // 6, distinct="person")
    pays = Sum(property="amount", events=("pay",), threshold=at_least(30), window=Window(within=DAY // 12))
    logs_in = did("login", 2, within=DAY // 2)
    few = Sequence(steps=("invite", "login", "pay"), window=Window(within=DAY // 20))
    several = PeopleQualified(rule="keen", people=4, active_within=3 * DAY)
    return assemble(
        (
            rule({"logs_in": logs_in, "leads_on": few}, name="keen", any_of=("logs_in", "leads_on")),
            rule({"seen": seen, "pays": pays}, name="busy", subject="account", any_of=("seen", "pays")),
            rule({"several": several}, name="team", subject="account"),
        )
    )


def test_an_account_whose_events_span_many_batches_is_decided_alike(cluster: Cluster) -> None:
    world, asked = _world(), _rules()
    assert sum(event.account == "a0" for event in world.events) > 50 * ROWS_A_BATCH
    load(world, shared_store(), asked)
    here = engine.sweep(shared_store(), asked, as_of=at(200))
    large = Counter(row["rule"] for row in here.to_pylist() if row["subject_id"] == "a0")
    assert min(large["busy"], large["team"]) > 20
    assert engine.sweep(shared_store(), asked, as_of=at(200), cluster=cluster).equals(here)


def test_a_whole_run_on_the_cluster_gives_the_same_tables(cluster: Cluster) -> None:
    checked = definitions.load(GOLDEN / "definitions")
    with pipeline.run(checked, GOLDEN / "data") as here, pipeline.run(checked, GOLDEN / "data", spark=Spark()) as there:
        assert there.spells.equals(here.spells)
        assert there.leads.equals(here.leads)
        assert there.counts.equals(here.counts)
