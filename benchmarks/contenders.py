"""What is measured: each contender runs alone in a fresh process, once, after its data is loaded and its code compiled.

    python -m benchmarks.contenders NAME FOLDER RULES OUT

prints one line of JSON: seconds, seconds of all cores together, seconds a phase, peak memory in GiB, and counts.
Answers at the instant go to OUT.
"""

from __future__ import annotations

import hashlib
import json
import pickle
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from assay.core.definitions import model
from assay.core.definitions.model import Definitions
from assay.core.io.store import Store
from benchmarks import baselines_duckdb, baselines_set, calibrate, generate, looking_back, machine, rules

#: What a Store may use of memory by default, and what DuckDB may use as a baseline.
STORE_MEMORY: Final = "1500MB"
AMPLE_MEMORY: Final = "8GB"
_TINY: Final = generate.Size(events=20_000, people=400, accounts=40)


@dataclass(slots=True)
class Measured:
    """What one run took."""

    phases: dict[str, float] = field(default_factory=dict)
    counts: dict[str, float] = field(default_factory=dict)
    processor: float = 0.0

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Add what happens inside to a phase."""
        start, busy = time.perf_counter(), time.process_time()
        yield
        self.phases[name] = self.phases.get(name, 0.0) + time.perf_counter() - start
        self.processor += time.process_time() - busy


@dataclass(frozen=True, slots=True)
class Job:
    """One run: the generated folder, the rules, where answers go, and whether to answer at several instants."""

    folder: Path
    rules: int
    out: Path
    often: bool = False

    def definitions(self) -> Definitions:
        """Return the rules, made once for all processes."""
        texts = b"".join(Path(str(module.__file__)).read_bytes() for module in (rules, calibrate, generate, model))
        file = self.folder.parent / f"rules-{self.rules}-{hashlib.blake2b(texts, digest_size=6).hexdigest()}.pickle"
        if not file.exists():
            file.write_bytes(pickle.dumps(rules.make(self.rules)))
        found: Definitions = pickle.loads(file.read_bytes())
        return found

    def as_of(self) -> int:
        """Return the latest event's instant."""
        parquet = pq.ParquetFile(self.folder / "prepared" / "events.parquet").metadata
        return max(int(parquet.row_group(i).column(0).statistics.max) for i in range(parquet.num_row_groups))

    def instants(self) -> list[int]:
        """Return the instants to answer at: the latest, or several, some of them just as a window ends."""
        latest = self.as_of()
        if not self.often:
            return [latest]
        return [latest, generate.START + 120 * generate.DAY, latest - 60 * generate.DAY, latest - 30 * generate.DAY]

    def numbered(self) -> list[tuple[int, int]]:
        """Return each instant with what is added to the number of a rule in the answers at it."""
        return [(1_000 * i, instant) for i, instant in enumerate(self.instants())]

    def tiny(self) -> Path:
        """Return a folder of a few events, for compiling."""
        folder = self.folder.parent / _TINY.label
        generate.write(folder, _TINY)
        return folder

    def keep(self, answers: dict[int, frozenset[int]]) -> None:
        """Keep the subjects of each rule for comparison."""
        pairs = [(rule, subject) for rule in sorted(answers) for subject in sorted(answers[rule])]
        pq.write_table(pa.table({"rule": [p[0] for p in pairs], "subject": [p[1] for p in pairs]}), self.out)


def _write_spells(spells: pa.Table, job: Job) -> None:
    pq.write_table(spells, job.out.with_suffix(".spells.parquet"), compression="lz4")


def _qualified(store: Store, spells: pa.Table, instant: int) -> list[tuple[str, frozenset[int]]]:
    """Return the subjects of each rule at an instant."""
    moment = pa.scalar(instant, pa.int64()).cast(pa.timestamp("us", tz="UTC"))
    held = pc.and_(
        pc.less_equal(spells["starts_at"], moment), pc.fill_null(pc.greater(spells["ends_at"], moment), True)
    )
    store.register("current_spells", spells.filter(held).select(["rule", "subject_type", "subject_id"]))
    found = store.rows(
        "SELECT rule, list(subject) FROM ("
        "SELECT rule, person AS subject FROM current_spells JOIN prepared.people ON subject_id = id "
        "WHERE subject_type = 'person' UNION ALL "
        "SELECT rule, account FROM current_spells JOIN prepared.accounts ON subject_id = id "
        "WHERE subject_type = 'account') GROUP BY rule"
    )
    return [(rule, frozenset(subjects)) for rule, subjects in found]


def _keep_spells(store: Store, spells: pa.Table, job: Job, measured: Measured) -> None:
    """Keep who is qualified at the instant, and how many subjects entered each rule."""
    definitions = job.definitions()
    number = {rule.name: i for i, rule in enumerate(definitions.rules)}
    job.keep(
        {
            number[rule] + offset: subjects
            for offset, instant in job.numbered()
            for rule, subjects in _qualified(store, spells, instant)
        }
    )
    store.register("all_spells", spells.select(["rule", "subject_id"]))
    entered = store.rows("SELECT rule, count(DISTINCT subject_id) FROM all_spells GROUP BY rule")
    people, accounts = store.rows("SELECT count(DISTINCT person), count(DISTINCT account) FROM prepared.events")[0]
    of = {"person": people, "account": accounts}
    shares = sorted(dict(entered).get(rule.name, 0) / of[rule.subject] for rule in definitions.rules)
    measured.counts |= {
        "spells": spells.num_rows,
        "share_least": shares[0],
        "share_median": shares[len(shares) // 2],
        "share_most": shares[-1],
    }


def sweep(job: Job, measured: Measured) -> None:
    """Prepared rows to spells, written."""
    from assay.core import engine

    definitions = job.definitions()
    with Store() as tiny:
        generate.load(tiny, job.tiny())
        engine.sweep(tiny, definitions, as_of=job.as_of())
    with Store(memory_limit=STORE_MEMORY) as store:
        generate.load(store, job.folder)
        machine.forget_peak()
        with measured.phase("sweep"):
            spells = engine.sweep(store, definitions, as_of=job.as_of())
        with measured.phase("write"):
            _write_spells(spells, job)
        measured.counts["peak"] = machine.peak()
        _keep_spells(store, spells, job, measured)


def pipeline(job: Job, measured: Measured) -> None:
    """Raw files to spells, written."""
    from assay.core import engine, identity, sources

    definitions = job.definitions()

    def through(raw: Path, parts: Measured) -> pa.Table:
        with parts.phase("read"):
            sources.read(store, definitions, raw)
        with parts.phase("identity"):
            identity.resolve(store, definitions)
        with parts.phase("sweep"):
            return engine.sweep(store, definitions, as_of=job.as_of())

    with Store() as store:
        through(job.tiny() / "raw", Measured())
    machine.forget_peak()
    with Store(memory_limit=STORE_MEMORY) as store:
        spells = through(job.folder / "raw", measured)
        with measured.phase("write"):
            _write_spells(spells, job)
        measured.counts["peak"] = machine.peak()
        measured.counts["spells"] = spells.num_rows
        measured.counts["events"] = store.rows("SELECT count(*) FROM prepared.events")[0][0]


def reads(job: Job, measured: Measured, memory: str = AMPLE_MEMORY) -> None:
    """DuckDB's two bare ordered reads of the prepared columns, as integers, with ample memory."""
    con = baselines_duckdb.connect(job.folder, memory)
    baselines_duckdb.warm(con)
    machine.forget_peak()
    with measured.phase("by person"):
        baselines_duckdb.ordered_read(con, "person")
    with measured.phase("by account"):
        baselines_duckdb.ordered_read(con, "account")


def reads_same_memory(job: Job, measured: Measured) -> None:
    """The same with as much memory as a Store gets; larger sorts go to disk."""
    reads(job, measured, STORE_MEMORY)


def prepare(job: Job, measured: Measured) -> None:
    """DuckDB deduplicating, encoding and ordering raw files."""
    con = baselines_duckdb.empty(job.out.with_suffix(".duckdb"), AMPLE_MEMORY)
    with measured.phase("encode"):
        baselines_duckdb.encode_raw(con, job.folder)
    with measured.phase("order"):
        for subject in ("person", "account"):
            baselines_duckdb.ordered_read(con, subject, "encoded")
    con.close()
    job.out.with_suffix(".duckdb").unlink()


def clickhouse(job: Job, measured: Measured) -> None:
    """ClickHouse, one query a rule at one instant."""
    from benchmarks import baselines_clickhouse

    definitions = job.definitions()
    con = baselines_clickhouse.connect(job.folder)
    baselines_clickhouse.warm(con)
    machine.forget_peak()
    with measured.phase("rules"):
        for offset, instant in job.numbered():
            baselines_clickhouse.query_a_rule(con, definitions, instant, offset)
    job.keep(baselines_clickhouse.answers(con))


def duckdb(job: Job, measured: Measured) -> None:
    """DuckDB, one query a rule at one instant."""
    definitions = job.definitions()
    con = baselines_duckdb.connect(job.folder)
    baselines_duckdb.warm(con)
    machine.forget_peak()
    with measured.phase("rules"):
        for offset, instant in job.numbered():
            baselines_duckdb.query_a_rule(con, definitions, instant, offset)
    job.keep(baselines_duckdb.answers(con))


def set_based(job: Job, measured: Measured) -> None:
    """DuckDB, all rules at one instant in one pass."""
    definitions = job.definitions()
    con = baselines_duckdb.connect(job.folder)
    baselines_duckdb.warm(con)
    machine.forget_peak()
    with measured.phase("rules"):
        for offset, instant in job.numbered():
            baselines_set.set_based(con, definitions, instant, offset)
    job.keep(baselines_duckdb.answers(con))


def _rows_in_hand(store: Store, definitions: Definitions, person: int, as_of: int) -> dict[str, float]:
    """Return how long the kernel takes to decide one person's rules once the rows are in memory, in order."""
    from assay.core.engine import history, readings, scope, told, world
    from assay.core.engine.sweep import EVERYBODY, sweep_subjects

    names = [rule.name for rule in definitions.rules]
    few = scope.scope_of(store, definitions, names, as_of=as_of, persons=[person])
    here = world.load(store, definitions, as_of=as_of, names=names, scope=few)
    of = next(stage for stage in here.stages if stage.stage.kind == "person")
    own, born = readings.rows_of(here, of, np.array([person]))
    steps = told.steps_for(here, of, history.decide_all(here))
    asking = here.kinds.distinct, EVERYBODY, np.empty((0, 2), np.int64), 0
    best = float("inf")
    for _ in range(100):
        start = time.perf_counter()
        sweep_subjects(of.plan, own, steps, born, asking)
        best = min(best, time.perf_counter() - start)
    return {"kernel_ms": best * 1000, "kernel_rules": len(of.stage.rules)}


def recompute(job: Job, measured: Measured) -> None:
    """One person of about 1,000 events, and the account with the most people, from a store of their events alone."""
    from assay.core import engine

    definitions, as_of = job.definitions(), job.as_of()
    events = job.folder / "prepared" / "events.parquet"
    person, account, people = baselines_duckdb.subjects_to_recompute(events)
    cases = {"person": f"person = {person}", "account": "account = " + str(account)}
    for kind, where in cases.items():
        with Store(memory_limit=STORE_MEMORY) as store:
            generate.load(store, job.folder, where=where)
            count = store.rows("SELECT count(*) FROM prepared.events")[0][0]
            table, column, number = ("people", "person", person) if kind == "person" else ("accounts", kind, account)
            subject_id = store.rows(f"SELECT id FROM prepared.{table} WHERE {column} = ?", [number])[0][0]
            best = float("inf")
            for _ in range(30 if kind == "person" else 5):
                start = time.perf_counter()
                engine.recompute(store, definitions, [(kind, subject_id)], as_of=as_of)
                best = min(best, time.perf_counter() - start)
            measured.counts |= {f"{kind}_ms": best * 1000, f"{kind}_events": count}
            if kind == "person":
                measured.counts |= _rows_in_hand(store, definitions, person, as_of)
    measured.counts["account_people"] = people


CONTENDERS: Final[dict[str, Callable[[Job, Measured], None]]] = {
    "sweep": sweep,
    "pipeline": pipeline,
    "reads": reads,
    "reads_same_memory": reads_same_memory,
    "prepare": prepare,
    "clickhouse": clickhouse,
    "recompute": recompute,
    "duckdb": duckdb,
    "set": set_based,
    **{name: looking_back.contender(name) for name in looking_back.ASKS},
}


def main(arguments: list[str]) -> None:
    """Run one contender and print what it took."""
    name, folder, count, out = arguments
    measured = Measured()
    often = name.endswith("_often")
    CONTENDERS[name.removesuffix("_often")](Job(Path(folder), int(count), Path(out), often), measured)
    measured.counts.setdefault("peak", machine.peak())
    print(
        json.dumps(
            {
                "seconds": sum(measured.phases.values()),
                "processor": measured.processor,
                "phases": measured.phases,
                **measured.counts,
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1:])
