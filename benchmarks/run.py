"""Measure and compare: `python -m benchmarks [--quick] [part ...]`.

Each contender runs in a process of its own, one at a time, alternating with those it is compared with; the best of the
rounds counts. Ratios are of figures from one run of this program.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq

from benchmarks import generate, intake, machine, overload, rules
from benchmarks.contenders import Job

RESULTS: Final = Path(__file__).parent / "results"
_SLOW: Final = 60.0  # seconds after which a contender runs no further round

Key = tuple[str, int, int]


@dataclass(slots=True)
class Bench:
    """One run of the program: where data lie, how large, and what was measured so far."""

    data: Path
    events: int
    rounds: int
    runs: dict[Key, list[dict[str, Any]]] = field(default_factory=dict)
    ratios: list[dict[str, Any]] = field(default_factory=list)

    def folder(self, events: int) -> Path:
        """Return the folder of so many events, generated if need be."""
        size = generate.Size.of(events)
        folder = self.data / size.label
        if not (folder / "done").exists():
            print(f"  generating {events:,} events ...", flush=True)
            generate.write(folder, size)
        return folder

    def out(self, key: Key) -> Path:
        """Return where the answers of a contender go."""
        name, count, events = key
        return self.data / f"answers-{name}-{count}-{events}.parquet"

    def measure(self, keys: Sequence[Key], rounds: int | None = None) -> None:
        """Run contenders in turn, each so many rounds; what was measured before is not measured again."""
        fresh = [key for key in keys if key not in self.runs]
        for i in range(self.rounds if rounds is None else rounds):
            for key in fresh:
                if i == 0 or min(run["seconds"] for run in self.runs[key]) < _SLOW:
                    self.runs.setdefault(key, []).append(self._run(key))

    def _run(self, key: Key) -> dict[str, Any]:
        name, count, events = key
        command = [
            sys.executable,
            "-m",
            "benchmarks.contenders",
            name,
            str(self.folder(events)),
            str(count),
            str(self.out(key)),
        ]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{name} with {count} rules over {events:,} events failed ({done.returncode}).")
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        phases = ", ".join(f"{phase} {seconds:.2f}" for phase, seconds in found["phases"].items())
        others = ", ".join(
            f"{what} {number:,.4g}"
            for what, number in found.items()
            if what not in ("seconds", "processor", "phases", "peak")
        )
        print(
            f"  {name:<12} {count:>4} rules {events:>12,} events {found['seconds']:>9.2f} s "
            f"(processor {found['processor']:.2f} s) {found['peak']:>6.2f} GiB   "
            f"{phases}{'; ' if others else ''}{others}",
            flush=True,
        )
        return found

    def best(self, key: Key, of: str = "seconds") -> float:
        """Return the fewest seconds of a contender, by the clock or of the "processor"."""
        return min(float(run[of]) for run in self.runs[key])

    def peak(self, key: Key) -> float:
        """Return the most memory of a contender, in GiB."""
        return max(float(run["peak"]) for run in self.runs[key])

    def judge(self, what: str, measured: float, target: float | None, unit: str = "x") -> None:
        """Print and keep a figure beside its target (at most)."""
        verdict = (
            ""
            if target is None
            else f"   target at most {target:g} {unit}: " + ("met" if measured <= target else "NOT MET")
        )
        print(f"  => {what}: {measured:.3f} {unit}{verdict}", flush=True)
        self.ratios.append({"what": what, "measured": measured, "target": target, "unit": unit})

    def ratio(self, ours: Key, theirs: Key, target: float | None) -> None:
        """Judge how often their seconds go into ours."""
        what = f"{ours[0]} at {ours[1]} rules / {theirs[0]}" + (f" at {theirs[1]}" if theirs[1] else "")
        self.judge(what, self.best(ours) / self.best(theirs), target)

    def both_ratios(self, what: str, ours: Key, theirs: Key, target: float) -> None:
        """Judge how often their seconds go into ours, of the processor and by the clock."""
        for of, words in (("processor", "processor"), ("seconds", "by the clock")):
            self.judge(f"{what}, {words}", self.best(ours, of) / self.best(theirs, of), target)

    def same_answers(self, one: Key, other: Key) -> None:
        """Refuse to go on where two contenders gave different subjects."""
        rows = [set(zip(*pq.read_table(self.out(key)).to_pydict().values(), strict=True)) for key in (one, other)]
        if rows[0] != rows[1]:
            differing = sorted({rule for rule, _ in rows[0] ^ rows[1]})
            raise SystemExit(
                f"ANSWERS DIFFER between {one[0]} ({len(rows[0]):,}) and {other[0]} ({len(rows[1]):,}) "
                f"in rules {differing}, {len(rows[0] ^ rows[1]):,} subjects."
            )
        print(f"  == {one[0]} and {other[0]} answer alike: {len(rows[0]):,} subjects under {one[1]} rules")


def _same_spells(bench: Bench, one: Key, other: Key) -> None:
    """Refuse to go on where raw files and prepared rows gave different spells."""
    spells = [pq.read_table(bench.out(key).with_suffix(".spells.parquet")) for key in (one, other)]
    if not spells[0].equals(spells[1]):
        raise SystemExit(f"SPELLS DIFFER between {one[0]} ({len(spells[0]):,}) and {other[0]} ({len(spells[1]):,}).")
    print(f"  == {one[0]} and {other[0]} give the same {len(spells[0]):,} spells under {one[1]} rules")


def part_a(bench: Bench) -> None:
    """Prepared rows: both orders, sweep and spells written, against DuckDB's two bare ordered reads."""
    n = bench.events
    bench.measure([("reads", 0, n), ("reads_same_memory", 0, n), ("sweep", 20, n), ("sweep", 200, n)])
    for count, target in ((20, 2.0), (200, 4.0)):
        bench.ratio(("sweep", count, n), ("reads", 0, n), target)
        bench.ratio(("sweep", count, n), ("reads_same_memory", 0, n), None)


def part_b(bench: Bench) -> None:
    """Raw files with string ids to spells, against DuckDB deduplicating, encoding and ordering alone."""
    n = bench.events
    bench.measure([("prepare", 0, n), ("pipeline", 20, n), ("pipeline", 200, n)])
    bench.ratio(("pipeline", 20, n), ("prepare", 0, n), 2.0)
    bench.ratio(("pipeline", 200, n), ("prepare", 0, n), None)


def part_c(bench: Bench) -> None:
    """The whole history against one instant in ClickHouse and DuckDB."""
    n = bench.events
    for count, target in ((20, 1.0), (200, 1 / 3)):
        contenders = [(name, count, n) for name in ("clickhouse", "duckdb", "set")]
        bench.measure([("sweep", count, n), *contenders])
        for key in contenders:
            bench.same_answers(("sweep", count, n), key)
        bench.ratio(("sweep", count, n), contenders[0], target)
        bench.ratio(("sweep", count, n), contenders[1], None)
        bench.ratio(("sweep", count, n), contenders[2], None)


def part_d(bench: Bench) -> None:
    """Growth: 2, 10 and 50 million events, people growing alike, raw files to spells."""
    sizes = [bench.events // 10, bench.events // 2, bench.events * 5 // 2]
    keys = [("pipeline", 20, n) for n in sizes]
    bench.measure(keys, rounds=1)
    for small, large in pairwise(keys):
        growth = bench.best(large) / bench.best(small) / (large[2] / small[2])
        bench.judge(f"time from {small[2]:,} to {large[2]:,} events / linear", growth, 1.2)
    bench.judge("peak memory", max(bench.peak(key) for key in keys), 4.0, "GiB")


def part_e(bench: Bench) -> None:
    """One subject's history recomputed."""
    key = ("recompute", 20, bench.events)
    bench.measure([key], rounds=1)
    run = bench.runs[key][0]
    events = f"a person of {run['person_events']:,.0f} events"
    bench.judge(f"{events}, rows in memory, the {run['kernel_rules']} rules about people", run["kernel_ms"], 1.0, "ms")
    bench.judge(f"{events} under 20 rules, read from a store of these events", run["person_ms"], None, "ms")
    bench.judge(
        f"an account of {run['account_people']:,.0f} people and {run['account_events']:,.0f} events",
        run["account_ms"],
        None,
        "ms",
    )


def part_f(bench: Bench) -> None:
    """Looking back: backtests of 20 rules and ten thresholds against the run itself, and signals, of prepared rows."""
    run, all_rules, one, ten, new, read = (
        (name, 20, bench.events)
        for name in ("sweep", "backtest", "backtest_one", "thresholds", "signals", "signals_all")
    )
    bench.measure([run, all_rules, one, ten])
    bench.both_ratios("backtest of 20 rules / the run of 20 rules", all_rules, run, 1.5)
    bench.both_ratios("sweep of ten thresholds / backtest of that rule alone", ten, one, 1.5)
    bench.both_ratios("sweep of ten thresholds / the run of 20 rules", ten, run, 1.5)
    bench.measure([new, read], rounds=1)
    for key, words in ((new, "that no rule reads"), (read, "of all kinds")):
        told = bench.runs[key][0]
        of = f"signals among {told['tried']:,.0f} criteria {words}, {told['people']:,.0f} people"
        bench.judge(f"{of}, processor", bench.best(key, "processor"), None, "s")
        bench.judge(f"{of}, by the clock", bench.best(key), None, "s")


def _partnering(bench: Bench, part: str, *words: str) -> dict[str, float]:
    """Run a part of `benchmarks.partnering` in a process of its own; print what it prints, return its figures."""
    command = [sys.executable, "-m", "benchmarks.partnering", part, *words]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{part} of partnering failed ({done.returncode}).")
    _, *lines, last = done.stdout.splitlines()
    print("\n".join(f"  {line}" for line in lines), flush=True)
    found: dict[str, float] = json.loads(last)
    bench.runs[f"partnering {part}", 0, bench.events] = [dict(found)]
    return found


def part_partners(bench: Bench) -> None:
    """Partners: records to tokens, two lists matched, openmined-psi beside, one new lead against 50 partners."""
    records = bench.events // 20
    made = _partnering(bench, "tokens", "--records", str(records))
    bench.judge(f"{records:,} records to tokens, processor", made["seconds"], 60 * records / 1_000_000, "s")
    matched = _partnering(bench, "matching", "--records", str(records), "--rounds", str(bench.rounds))
    bench.judge(f"{records:,} x {records:,} records matched / DuckDB's bare hash join, processor", matched["ratio"], 5)
    if beside := _partnering(bench, "psi", "--records", str(records // 50)):
        bench.judge("our tokens and matching / openmined-psi of one key, processor", beside["ours"] / beside["psi"], 1)
    few, many = records // 100, records // 10
    found = _partnering(bench, "service", "--sizes", str(few), str(many), "--folder", str(bench.data))
    for what, target in (("p99", 20.0), ("median", None), ("processor p99", None), ("processor", None)):
        bench.judge(f"a new lead against 50 partners of {many:,}, {what}", found[f"{what} {many}"], target, "ms")
    growth = found[f"processor {many}"] / found[f"processor {few}"]
    bench.judge(f"its processor time from {few:,} to {many:,} records", growth, None)
    bench.judge("index", found[f"bytes {many}"], None, "bytes a row")
    bench.judge("index", found[f"GiB {many}"], None, "GiB")


def part_intake(bench: Bench) -> None:
    """Durable ingestion over HTTP in batches of 100, against bare COPY into the same table on the same core."""
    rates = intake.measure(max(bench.rounds, 3), 8.0)
    bench.judge("bare COPY / taken in, by the clock", 1 / rates.share, 2.0)
    bench.judge("bare COPY / taken in, processor", 1 / rates.share_of_processor, 2.0)


def part_overload(bench: Bench) -> None:
    """Twice the rate that can be kept up, for a minute: refused with 429 and never lost."""
    found = overload.measure()
    bench.judge("what can be kept up / half of what was offered", 2 / found.times, 1.1)
    bench.judge("calls lost, kept twice, or answered otherwise than with 200 and 429", found.wrong, 0.0, "")


def part_check(bench: Bench) -> None:
    """Answers at several instants, compared among spells, ClickHouse and both ways of DuckDB; raw files too."""
    size = generate.Size.of(min(bench.events, 1_000_000))
    for count in (20, 200):
        keys = [(f"{name}_often", count, size.events) for name in ("sweep", "clickhouse", "duckdb", "set")]
        raw = ("pipeline", count, size.events)
        bench.measure([*keys, raw], rounds=1)
        for key in keys[1:]:
            bench.same_answers(keys[0], key)
        _same_spells(bench, keys[0], raw)


def part_pages(bench: Bench) -> None:
    """Every page of a node as each role, over people with 20 events each: p95 by the clock, and processor."""
    out = bench.data / "pages.json"
    command = [sys.executable, "-m", "benchmarks.pages", "--people", str(bench.events // 20), "--out", str(out)]
    subprocess.run(command, check=True)
    found = json.loads(out.read_text())
    worst = max(found, key=lambda one: float(one["p95"]))
    bench.judge(f"p95 of the slowest page, {worst['page']!r} for {worst['role']}", worst["p95"], 150.0, "ms")
    costly = max(found, key=lambda one: float(one["processor"]))
    what = f"processor of the costliest page, {costly['page']!r} for {costly['role']}"
    bench.judge(what, costly["processor"], None, "ms")


PARTS: Final[dict[str, Callable[[Bench], None]]] = {
    "a": part_a,
    "b": part_b,
    "c": part_c,
    "d": part_d,
    "e": part_e,
    "f": part_f,
    "partners": part_partners,
    "pages": part_pages,
    "intake": part_intake,
    "overload": part_overload,
    "check": part_check,
}


def _prepare_rules(bench: Bench) -> None:
    for count in (20, 200):
        definitions = Job(bench.data / "any", count, bench.data).definitions()
        print(f"  {count} rules: " + ", ".join(f"{what} {number}" for what, number in rules.mix(definitions).items()))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the parts that were asked for and keep their figures in benchmarks/results."""
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"{' '.join(PARTS)}; all by default")
    parser.add_argument("--quick", action="store_true", help="1 million events instead of 20 million")
    parser.add_argument("--events", type=int, help="so many events (d: a tenth, half and two and a half times as many)")
    parser.add_argument("--rounds", type=int, default=2, help="runs of each contender, the best counts")
    parser.add_argument(
        "--data", type=Path, default=Path(tempfile.gettempdir()) / "assay-bench", help="where generated events are kept"
    )
    given = parser.parse_args(arguments)
    unknown = sorted(set(given.parts) - set(PARTS))
    if unknown:
        parser.error(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    given.data.mkdir(parents=True, exist_ok=True)
    bench = Bench(given.data, given.events or (1_000_000 if given.quick else 20_000_000), given.rounds)
    print(machine.statement())
    _prepare_rules(bench)
    for name in given.parts or PARTS:
        print(f"\n({name}) {PARTS[name].__doc__}", flush=True)
        bench.ratios.clear()
        start = time.perf_counter()
        PARTS[name](bench)
        RESULTS.mkdir(exist_ok=True)
        kept = {
            "machine": machine.statement(),
            "events": bench.events,
            "ratios": bench.ratios,
            "runs": [
                {"contender": key[0], "rules": key[1], "events": key[2], "runs": runs}
                for key, runs in bench.runs.items()
            ],
        }
        file = RESULTS / f"{datetime.now(UTC).date().isoformat()}-{name}.json"
        file.write_text(json.dumps(kept, indent=1) + "\n")
        print(f"  ({time.perf_counter() - start:.0f} s)")


if __name__ == "__main__":
    main()
