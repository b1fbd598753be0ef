"""Spark, where a run's sweeps may happen: the only module that imports pyspark.

Rows go out as Parquet files in a folder that the driver and all workers see, and what tasks give comes back the same
way, so neither has to fit into the memory of the driver's Java process.
"""

from __future__ import annotations

import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.parquet as pq

from assay.core.errors import BadRequest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

#: Rows that one task gets on average; where there are fewer, each core has one task.
TASK: Final = 2_000_000

#: Tasks from which on they get more rows instead of more of them: every file that is read is cut once a task.
_MOST_TASKS: Final = 10_000

_OURS: Final = {
    "spark.app.name": "assay",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "100000",
}
# With no appender at all Spark takes this for no configuration, and talks.
_QUIET: Final = """\
appender.nothing.type = Null
appender.nothing.name = nothing
rootLogger.level = off
rootLogger.appenderRef.nothing.ref = nothing
"""
_TYPES: Final = {"int32": "int", "int64": "bigint", "list<item: int64>": "array<bigint>"}
_PATIENCE: Final = 5.0  # seconds to wait for a master to answer
_PATIENCE_WITH_WORKERS: Final = 60.0

Batches = Iterator[pa.RecordBatch]


def partitions_of(rows: int, cores: int) -> int:
    """Return into how many partitions so many rows are put."""
    return max(cores, min(-(-rows // TASK), _MOST_TASKS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Spark:
    """Which Spark: without `master` the session that runs already, and without one this machine's cores.

    `folder` is seen by the driver and all workers under one path (None: the system's temporary folder). `settings` are
    Spark's own, of a session that is not running yet.
    """

    master: str | None = None
    folder: Path | None = None
    settings: Mapping[str, str] = field(default_factory=dict)


def asked(engine: str, master: str | None, folder: Path | None) -> Spark | None:
    """Return the Spark that options ask for, None for none; BadRequest where they contradict each other."""
    if engine == "spark":
        return Spark(master=master, folder=folder)
    for option, value in (("--spark-master", master), ("--spark-folder", folder)):
        if value is not None:
            mend = "Write --engine spark as well, or leave it out."
            raise BadRequest("This is for Spark alone", where=option, value=str(value), mend=mend)
    return None


@contextmanager
def connect(spark: Spark) -> Iterator[Cluster]:
    """Give a cluster to work on; a session that was not running before is stopped afterwards.

    BadRequest where PySpark or Java is missing, or nothing answers at the master's address.
    """
    sessions = _sessions()
    running = sessions.getActiveSession()
    if running is not None and spark.master not in (None, running.sparkContext.master):
        raise BadRequest(
            "A Spark session of another master is running",
            where="--spark-master",
            value=str(spark.master),
            mend="Stop it first, or leave the master out to use it.",
        )
    with tempfile.TemporaryDirectory(prefix="assay-spark-", dir=_folder(spark), ignore_cleanup_errors=True) as named:
        folder = Path(named)
        session = _started(sessions, spark, folder) if running is None else running
        try:
            yield Cluster(session, folder)
        finally:
            if running is None:
                session.stop()


class Cluster:
    """A Spark session, and the folder through which rows travel."""

    def __init__(self, session: SparkSession, folder: Path) -> None:
        self._session = session
        self._folder = folder
        self._jobs = 0

    def work_on(
        self, rows: Batches, work: Callable[[Batches], Batches], *, key: str, order: Sequence[str], gives: pa.Schema
    ) -> pa.Table:
        """Return all that `work` gives.

        It is called once a partition: rows of one key are in one partition, in order of the key and then of `order`;
        batches begin and end anywhere. What one call gives stays in its order.
        """
        self._jobs += 1
        sent, given = (self._folder / f"{self._jobs}-{name}" for name in ("sent", "given"))
        count = _write(rows, sent)
        partitions = partitions_of(count, self._session.sparkContext.defaultParallelism)
        columns = ", ".join(f"{field.name} {_TYPES[str(field.type)]}" for field in gives)
        with _telling():
            placed = self._session.read.parquet(sent.as_uri()).repartition(partitions, key)
            placed = placed.sortWithinPartitions(key, *order)
            placed.mapInArrow(work, columns).write.parquet(given.as_uri())
        found = pq.read_table(given, schema=gives)
        shutil.rmtree(sent)
        shutil.rmtree(given, ignore_errors=True)
        return found


def _write(rows: Batches, folder: Path) -> int:
    """Write batches as Parquet files of a bounded number of rows; return how many rows there were."""
    folder.mkdir()
    count = 0
    for number, batch in enumerate(rows):
        pq.write_table(pa.Table.from_batches([batch]), folder / f"{number:08}.parquet")
        count += len(batch)
    return count


def _sessions() -> type[SparkSession]:
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise BadRequest(
            "PySpark is not installed", where="--engine", value="spark", mend="Install it: pip install 'assay[spark]'."
        ) from None
    return SparkSession


def _started(sessions: type[SparkSession], spark: Spark, folder: Path) -> SparkSession:
    """Return a new session, which keeps quiet: what goes wrong is told by `_telling`."""
    _see_java()
    master = spark.master or "local[*]"
    _see_master(master)
    builder = sessions.builder.master(master)
    quiet = folder / "log4j2.properties"
    quiet.write_text(_QUIET, "utf-8")
    of_this_machine = {"spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={quiet}"}
    if master.startswith("local") or _host(master) in ("127.0.0.1", "localhost"):
        of_this_machine |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    for name, value in {**_OURS, **of_this_machine, **spark.settings}.items():
        builder = builder.config(name, value)
    log = folder / "spark.log"
    try:
        with _aside(log):
            session = builder.getOrCreate()
    except Exception as error:
        raise BadRequest(
            "Spark does not start",
            where="--spark-master",
            value=f"{master}, of which it says: {_complaint(log) or _first_line(error)}",
            mend="Write a master such as local[4] or spark://host:7077, and see that Java is of version 17 or later.",
        ) from error
    context = session.sparkContext
    if context.pythonExec == "python3":  # nobody chose one
        context.pythonExec = context.getConf().get("spark.pyspark.python", sys.executable)
    if master.startswith("spark://"):
        _see_worker(session, master)
    return session


def _see_java() -> None:
    home = os.environ.get("JAVA_HOME")  # noqa: TID251 - where Spark itself looks
    found = (Path(home) / "bin/java").exists() if home else shutil.which("java")
    if not found:
        raise BadRequest(
            "There is no Java, which Spark runs on",
            where="JAVA_HOME" if home else "PATH",
            value=home or "",
            mend="Install a Java runtime of version 17 or later (on Debian: apt install default-jre-headless).",
        )


def _host(master: str) -> str:
    return urlsplit(master).hostname or "" if master.startswith("spark://") else ""


def _see_master(master: str) -> None:
    """See that something listens where a standalone master should be: Spark itself would try for a minute."""
    if not master.startswith("spark://"):
        return
    for one in master.removeprefix("spark://").split(","):
        host, _, port = one.rpartition(":")
        try:
            socket.create_connection((host, int(port)), timeout=_PATIENCE).close()
        except (OSError, ValueError, OverflowError):
            continue
        return
    raise BadRequest(
        "No Spark master answers",
        where="--spark-master",
        value=master,
        mend="Start it, or write its address as its own page shows it, such as spark://host:7077.",
    )


def _see_worker(session: SparkSession, master: str) -> None:
    """See that the master gives us a worker: Spark itself would wait for ever, and say so to its log alone."""
    context: Any = session.sparkContext
    if context.getConf().get("spark.dynamicAllocation.enabled", "false") == "true":
        return  # then they come when there is work
    for _ in range(int(_PATIENCE_WITH_WORKERS * 10)):
        if context._jsc.sc().getExecutorMemoryStatus().size() > 1:  # the driver is one of them
            return
        context._jvm.java.lang.Thread.sleep(100)
    session.stop()
    raise BadRequest(
        "The Spark master has no worker free",
        where="--spark-master",
        value=master,
        mend="Start a worker, or wait until another run has ended.",
    )


def _folder(spark: Spark) -> Path | None:
    if spark.folder is not None and not spark.folder.is_dir():
        raise BadRequest(
            "There is no such folder",
            where="--spark-folder",
            value=str(spark.folder),
            mend="Name a folder that the driver and all workers see under one path.",
        )
    return None if spark.folder is None else spark.folder.resolve()


@contextmanager
def _aside(log: Path) -> Iterator[None]:
    """Let the Java process that is started here write to a file what it says on standard error."""
    sys.stderr.flush()
    before = os.dup(2)
    with log.open("wb") as file:
        os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)


@contextmanager
def _telling() -> Iterator[None]:
    """Turn what goes wrong in a cluster into words with a mend."""
    try:
        yield
    except Exception as error:
        text = str(error)
        if "No module named" in text:
            what, mend = "The workers' Python lacks what Assay needs", "Install assay[spark] on every worker, too."
        elif any(sign in text for sign in ("PATH_NOT_FOUND", "FileNotFound", "FILE_NOT_EXIST", "NoSuchFile")):
            what = "The workers do not see the driver's files"
            mend = "Name with --spark-folder a folder that the driver and all workers see under one path."
        else:
            what, mend = "Spark did not finish", "Its own log says more."
        raise BadRequest(what, where="--engine", value=f"spark: {_first_line(error)}", mend=mend) from error


def _complaint(log: Path) -> str:
    """Return what a Java process died of, in its own words; nothing where it did not say."""
    lines = log.read_text("utf-8", "replace").splitlines() if log.exists() else []
    found = next((line for line in lines if "Exception: " in line or "Error: " in line), "")
    return found.rpartition("Exception: ")[2].strip()[:200].rstrip(".")


def _first_line(error: Exception) -> str:
    lines: list[Any] = [line.strip() for line in str(error).splitlines() if line.strip()]
    return str(lines[0])[:200].rstrip(".") if lines else type(error).__name__
