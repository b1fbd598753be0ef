"""Spark gives the tables of a run in one process, and says in words what it lacks."""

from __future__ import annotations

import builtins
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given

from assay.core import definitions, engine, identity, pipeline, sources
from assay.core.definitions.model import Definitions
from assay.core.engine.stages import forms_read
from assay.core.errors import BadRequest
from assay.core.io import spark
from assay.core.io.spark import Cluster, Spark, connect
from assay.core.io.store import Store
from tests.model.comparing import examples
from tests.model.implementations import shared_store
from tests.model.strategies import any_definitions, of_form
from tests.model.world import World, load
from tests.model.worlds import as_ofs, worlds

ROOT = Path(__file__).resolve().parents[3]
ACME = ROOT / "examples/acme"
GOLDEN = ROOT / "tests/golden/cli"

needs_java = pytest.mark.skipif(
    shutil.which("java") is None, reason="Spark needs Java: on Debian, apt install default-jre-headless"
)


@pytest.fixture(scope="module")
def cluster():
    """Two cores of this machine, with batches so small that subjects span several."""
    settings = {"spark.sql.execution.arrow.maxRecordsPerBatch": "7"}
    with connect(Spark(master="local[2]", settings=settings)) as found:
        yield found


@needs_java
def test_acme_is_decided_alike_on_spark(cluster: Cluster, tmp_path: Path) -> None:
    command = [sys.executable, ACME / "generate.py", "--out", tmp_path, "--scale", "0.05"]
    subprocess.run(command, check=True, capture_output=True)
    checked = definitions.load(ACME / "definitions")
    with Store() as store:
        sources.read(store, checked, tmp_path)
        identity.resolve(store, checked)
        as_of = engine.latest_instant(store)
        here = engine.sweep(store, checked, as_of=as_of)
        there = engine.sweep(store, checked, as_of=as_of, cluster=cluster)
    assert len(here) > 100
    assert there.equals(here)


def test_acme_has_criteria_of_every_form_but_a_sum() -> None:
    """So that the run above compares them all; sums are drawn below."""
    checked = definitions.load(ACME / "definitions")
    forms = forms_read(checked, [criterion.form for rule in checked.rules for criterion in rule.criteria])
    assert {type(form).__name__ for form in forms} >= {
        *("Attribute", "Count", "Corroboration", "PartnerInsight", "PartnerSays"),
        *("PeopleQualified", "Qualified", "ScoreIs", "Sequence"),
    }


@needs_java
@examples(6)
@given(worlds(people=4, accounts=3, events=25), any_definitions(fading=True), as_ofs)
def test_rules_in_all_combinations_are_decided_alike_on_spark(
    cluster: Cluster, world: World, definitions: Definitions, as_of: int
) -> None:
    load(world, shared_store(), definitions)
    here = engine.sweep(shared_store(), definitions, as_of=as_of)
    assert engine.sweep(shared_store(), definitions, as_of=as_of, cluster=cluster).equals(here)


@needs_java
@examples(3)
@given(worlds(), of_form("sum"), as_ofs)
def test_sums_are_decided_alike_on_spark(cluster: Cluster, world: World, definitions: Definitions, as_of: int) -> None:
    load(world, shared_store(), definitions)
    here = engine.sweep(shared_store(), definitions, as_of=as_of)
    assert engine.sweep(shared_store(), definitions, as_of=as_of, cluster=cluster).equals(here)


@needs_java
def test_a_running_session_is_used_and_left_running(cluster: Cluster) -> None:
    checked = definitions.load(GOLDEN / "definitions")
    with pipeline.run(checked, GOLDEN / "data") as here, pipeline.run(checked, GOLDEN / "data", spark=Spark()) as there:
        assert there.spells.equals(here.spells)
        assert there.leads.equals(here.leads)
    with connect(Spark(master="local[2]")) as again:
        assert isinstance(again, Cluster)


@needs_java
def test_a_master_beside_the_running_session_is_refused(cluster: Cluster) -> None:
    with pytest.raises(BadRequest, match="another master is running"), connect(Spark(master="local[1]")):
        pass


@needs_java
def test_what_breaks_in_a_worker_is_told_in_words(cluster: Cluster) -> None:
    def work(batches):
        raise ModuleNotFoundError("No module named 'assay'")

    def batches():
        yield spark.pa.record_batch({"subject": [1], "at": [2]})

    asked = {"key": "subject", "order": ("at",), "gives": spark.pa.schema([("of", spark.pa.int32())])}
    with pytest.raises(BadRequest, match="Install assay\\[spark\\] on every worker"):
        cluster.work_on(batches(), work, **asked)


def test_without_pyspark_the_mend_is_to_install_it(monkeypatch) -> None:
    real = builtins.__import__

    def absent(name, *rest):
        if name.startswith("pyspark"):
            raise ModuleNotFoundError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(BadRequest, match="pip install 'assay\\[spark\\]'"), connect(Spark()):
        pass


def _no_session(monkeypatch) -> None:
    from pyspark.sql import SparkSession

    monkeypatch.setattr(SparkSession, "getActiveSession", classmethod(lambda _: None))


@pytest.mark.parametrize("home", [None, "/nowhere"])
def test_without_java_the_mend_is_to_install_it(home, monkeypatch) -> None:
    _no_session(monkeypatch)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("JAVA_HOME", home) if home else monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(BadRequest, match="apt install default-jre-headless"), connect(Spark()):
        pass


@needs_java
def test_a_master_that_does_not_answer_is_named(monkeypatch) -> None:
    _no_session(monkeypatch)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        master = f"spark://127.0.0.1:{taken.getsockname()[1]}"
        told = f"No Spark master answers \\(found: {master}\\)"
        with pytest.raises(BadRequest, match=told), connect(Spark(master=master)):
            pass


@needs_java
@pytest.mark.parametrize(
    "master", ["spark://", "spark://host", "spark://127.0.0.1:notaport", "spark://127.0.0.1:99999"]
)
def test_an_address_that_is_none_is_refused(master, monkeypatch) -> None:
    _no_session(monkeypatch)
    with pytest.raises(BadRequest, match="such as spark://host:7077"), connect(Spark(master=master)):
        pass


@needs_java
def test_a_master_of_no_known_kind_is_told_in_the_words_of_spark() -> None:
    """In a process of its own: here a Java process may be running already."""
    program = (
        "from assay.core.errors import BadRequest\nfrom assay.core.io.spark import Spark, connect\n"
        "try:\n    with connect(Spark(master='lokal')): pass\nexcept BadRequest as error: print(error)"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "found: lokal, of which it says: Master must either be" in told.stdout
    assert "Traceback" not in told.stdout + told.stderr


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    told = "--spark-folder: There is no such folder"
    with pytest.raises(BadRequest, match=told), connect(Spark(folder=tmp_path / "none")):
        pass


@pytest.mark.parametrize("asked", [("here", "local[2]", None), ("here", None, Path("there"))])
def test_options_of_spark_are_for_spark_alone(asked) -> None:
    with pytest.raises(BadRequest, match="Write --engine spark as well"):
        spark.asked(*asked)
