"""What a cluster gives: `python -m benchmarks.spark rate | local | skew`.

`rate` runs the tasks of each stage in this process, over rows already in order: rows a second of one core. `local` runs
the stages on Spark with two cores and counts the processor seconds of everything that Spark started. `skew` needs
neither: it deals accounts of uneven sizes, one of them with 1 % of all events, to partitions, and tasks to cores.
"""

from __future__ import annotations

import argparse
import heapq
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from assay.core import engine
from assay.core.io.spark import Spark, connect, partitions_of
from assay.core.io.store import Store
from benchmarks import generate, machine
from benchmarks.contenders import STORE_MEMORY, Job

Batches = Iterator[pa.RecordBatch]
_LOUD: Final = 0.01  # the share of all events that one account has
_EVENTS_AN_ACCOUNT: Final = 500
_AT_ONCE: Final = 10_000_000


@dataclass(slots=True)
class Alone:
    """One task a stage, in this process; what it took of the processor, by number of rows."""

    taken: list[tuple[int, float, int]] = field(default_factory=list)

    def work_on(
        self, rows: Batches, work: Callable[[Batches], Batches], *, key: str, order: Sequence[str], gives: pa.Schema
    ) -> pa.Table:
        """Return what one task gives over all rows."""
        sent = pa.Table.from_batches(rows)
        placed = sent.sort_by([(name, "ascending") for name in (key, *order)]).combine_chunks()
        busy = time.process_time()
        given = list(work(iter(placed.to_batches(max_chunksize=100_000))))
        self.taken.append((len(sent), time.process_time() - busy, sent.nbytes))
        return pa.Table.from_batches(given, schema=gives)


def rate(job: Job) -> None:
    """Print the rows a second that one core sweeps."""
    definitions = job.definitions()
    with Store(memory_limit=STORE_MEMORY) as store:
        generate.load(store, job.tiny())
        engine.sweep(store, definitions, as_of=job.as_of(), cluster=Alone())  # compiles
        generate.load(store, job.folder)
        alone = Alone()
        engine.sweep(store, definitions, as_of=job.as_of(), cluster=alone)
    for number, (rows, seconds, size) in enumerate(alone.taken, start=1):
        print(
            f"stage {number}: {rows:,} rows, {size / rows:.0f} bytes a row, {seconds:.2f} s of one core, "
            f"{rows / seconds / 1e6:.2f} million rows a second"
        )
    rows, seconds = sum(one[0] for one in alone.taken), sum(one[1] for one in alone.taken)
    print(f"together: {rows:,} rows, {seconds:.2f} s, {rows / seconds / 1e6:.2f} million rows a second of one core")


def local(job: Job) -> None:
    """Print what the stages take on Spark with two cores of this machine."""
    import psutil

    def processor() -> float:
        times = [one.cpu_times() for one in psutil.Process().children(recursive=True)]
        return sum(one.user + one.system for one in times)

    definitions = job.definitions()
    with Store(memory_limit=STORE_MEMORY) as store, connect(Spark(master="local[2]")) as cluster:
        for folder in (job.tiny(), job.folder):
            generate.load(store, folder)
            clock, busy, own = time.perf_counter(), processor(), time.process_time()
            spells = engine.sweep(store, definitions, as_of=job.as_of(), cluster=cluster)
            clock, busy, own = time.perf_counter() - clock, processor() - busy, time.process_time() - own
            print(
                f"{folder.name}: {spells.num_rows:,} spells, {clock:.1f} s by the clock; of the processor Spark and "
                f"its tasks took {busy:.1f} s, the driver {own:.1f} s"
            )
        here = engine.sweep(store, definitions, as_of=job.as_of())
        print(f"the same rows as in one process: {spells.equals(here)}")


def skew(events: int, cores: int, rows_a_second: float) -> None:
    """Print how uneven partitions are, and when the last of their tasks ends."""
    partitions = partitions_of(events, cores)
    dice = np.random.default_rng(20_260_101)
    sizes = np.zeros(partitions)
    accounts = events // _EVENTS_AN_ACCOUNT
    for begin in range(0, accounts, _AT_ONCE):
        count = min(_AT_ONCE, accounts - begin)
        sizes += np.bincount(dice.integers(partitions, size=count), dice.lognormal(0, 1.5, count), partitions)
    sizes *= events * (1 - _LOUD) / sizes.sum()
    even = sizes.copy()
    loud = events * _LOUD
    sizes[-1] += loud  # the worst place: its task begins last
    print(f"{events:,} events of {accounts:,} accounts, {partitions:,} partitions, {cores:,} cores")
    print(
        f"  rows a partition: mean {even.mean():,.0f}, most {even.max():,.0f}; with the one account {sizes.max():,.0f}"
    )
    for name, dealt in (("without the one account", even), ("with it", sizes)):
        seconds = _ends(dealt / rows_a_second, cores)
        ideal = dealt.sum() / rows_a_second / cores
        print(f"  {name}: {seconds:,.0f} s; {seconds / ideal:.2f} times of what even shares take ({ideal:,.0f} s)")


def _ends(tasks: np.ndarray, cores: int) -> float:
    """Return when the last task ends: each core takes the next as soon as it is free, as Spark does."""
    free = [0.0] * cores
    for seconds in tasks:
        heapq.heappushpop(free, free[0] + float(seconds))
    return max(free)


def main() -> None:
    """Read what is asked, and print it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.spark", description=__doc__)
    parser.add_argument("part", choices=["rate", "local", "skew"])
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--rules", type=int, default=20, choices=[20, 200])
    parser.add_argument("--data", type=Path, default=Path(__file__).parent / "data")
    parser.add_argument("--cores", type=int, default=64)
    parser.add_argument("--rate", type=float, default=1e6, help="rows a second of one core")
    asked = parser.parse_args()
    if asked.part == "skew":
        return skew(asked.events, asked.cores, asked.rate)
    print(machine.statement())
    size = generate.Size.of(asked.events)
    generate.write(asked.data / size.label, size)
    job = Job(asked.data / size.label, asked.rules, asked.data / "unused.parquet")
    return rate(job) if asked.part == "rate" else local(job)


if __name__ == "__main__":
    main()
