"""A full recomputation from a node's lake beside the core's own run: `python -m benchmarks.recompute [--people N]`.

Both decide the same rules of the same events (those of `benchmarks.live`): a node from its lake's files, as it does
when an edition is published, and the core from one Parquet file, as `assay run` does. What a node does on top,
bringing what is stored in line, is told apart: once where nothing is stored yet, and once where nothing changed.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import live, machine

_AIM: Final = 1.5
_PLANS: Final = ("team", "free", "trial")
_Found = TypeVar("_Found")


def main() -> None:
    """Read the options, fill a node, and print what it gave."""
    parser = argparse.ArgumentParser(description="A recomputation of everybody, beside the core's own.")
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=2)
    asked = parser.parse_args()
    print(machine.statement(), flush=True)
    folder = Path(tempfile.mkdtemp(prefix="assay-recompute-"))
    folder.chmod(0o711)
    try:
        _measure(folder, asked.people, asked.rounds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _measure(folder: Path, people: int, rounds: int) -> None:
    from assay.node.serving.visiting import visited

    with visited(folder / "node"):
        from assay.core import definitions, pipeline
        from assay.node.lake import manifest
        from assay.node.live import replaying
        from assay.node.rulebook import current

        live.fill(people, folder)
        as_of = int(time.time() * 1_000_000)
        lake, rules = manifest.relation(manifest.paths()), current.definitions()
        texts = folder / "definitions" / "sources" / "app.yml"
        texts.write_text(texts.read_text().replace("app.csv", "app.parquet"))
        by_files = definitions.load(folder / "definitions", against_published=False)
        (folder / "data").mkdir()
        rows = _as_a_file(folder / "data" / "app.parquet", manifest.paths())
        print(f"{rows:,} events of {people:,} people, {len(rules.rules)} rules", flush=True)

        def by_core() -> int:
            with pipeline.run(by_files, folder / "data", as_of=as_of) as result:
                return len(result.spells)

        def by_node() -> int:
            with replaying.replaying(rules, lake, as_of=as_of) as replay:
                return len(replay.spells)

        core, node = [], []
        for _ in range(rounds):
            ours, spells = _timed(by_core)
            core.append(ours)
            theirs, replayed = _timed(by_node)
            node.append(theirs)
            if spells != replayed:
                raise AssertionError(f"the core gives {spells} spells and the node {replayed}")
        _tell("the core, from a Parquet file", min(core), None)
        _tell("a node, from its lake", min(node), min(core))
        with replaying.replaying(rules, lake, as_of=as_of) as replay:
            for what in ("stored where nothing was", "stored where nothing changed"):
                took, _ = _timed(lambda: replaying.store_replay(replay))
                _tell(f"{spells:,} spells {what}", took, None)
        print(f"aim: {_AIM} x")


def _as_a_file(path: Path, lake: list[Path]) -> int:
    """Write the lake's events as a source's own file; return how many there are."""
    count = 0
    plans = {f'{{"plan": "{plan}", "amount": 5}}': plan for plan in _PLANS}
    with pq.ParquetWriter(path, _SCHEMA) as writer:
        for part in lake:
            rows = pq.read_table(part)
            told = rows["body"].combine_chunks().dictionary_encode()
            plan = pa.array([plans[text] for text in told.dictionary.to_pylist()]).take(told.indices)
            columns = [rows["id"], rows["at"], rows["event"], rows["user_id"], rows["group_id"], plan]
            writer.write_table(pa.table([*columns, pa.repeat("5", len(rows))], schema=_SCHEMA))
            count += len(rows)
    return count


_SCHEMA: Final = pa.schema(
    [
        ("id", pa.string()),
        ("at", pa.timestamp("us", tz="UTC")),
        *((name, pa.string()) for name in ("event", "user", "account", "plan", "amount")),
    ]
)


def _timed(work: Callable[[], _Found]) -> tuple[tuple[float, float], _Found]:
    """Return seconds by the clock and of processor, and what the work gave."""
    clock, processor = time.monotonic(), time.process_time()
    found = work()
    return (time.monotonic() - clock, time.process_time() - processor), found


def _tell(what: str, took: tuple[float, float], beside: tuple[float, float] | None) -> None:
    ratio = ""
    if beside is not None:
        clock, processor = (one / other for one, other in zip(took, beside, strict=True))
        missed = "" if clock <= _AIM else " NOT MET"
        ratio = f", {clock:.2f} x by the clock{missed}, {processor:.2f} x of processor"
    print(f"{what}: {took[0]:.1f} s, {took[1]:.1f} s of processor{ratio}", flush=True)


if __name__ == "__main__":
    main()
