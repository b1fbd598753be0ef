"""How fast lists are made into tokens, matched, and one new lead compared with many partners.

    python -m benchmarks.partnering tokens [--records 1000000]    records to all tokens, canonicalisation included
    python -m benchmarks.partnering matching [--records 1000000]  two lists matched, beside DuckDB's bare hash join
    python -m benchmarks.partnering service [--partners 50]       one new lead against all partners, at the escrow
    python -m benchmarks.partnering psi [--records 20000]         beside openmined-psi, if that is installed

Times are of the processor, as the machine may have other work; ratios are of one run. `--lists FOLDER` takes lists that
gen_accounts.py made in place of the plain ones that are made here.
"""

from __future__ import annotations

import argparse
import importlib
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow.parquet as pq

from assay.core.io.store import Store
from assay.partners.canonical import Record, keys_of
from assay.partners.evidence import DEFAULT_TERMS
from assay.partners.matching import Decisions, candidates, decide, fields_of, join
from assay.partners.tokens import Tokeniser, TokenList
from benchmarks import comparing, machine
from benchmarks.machine import Clocks

Figures = dict[str, float]
_FORMS: Final = ("Inc.", "LLC", "GmbH", "Ltd", "S.A.", "AB", "")
_COUNTRIES: Final = ("US", "Germany", "GB", "FRA", "Sweden", "NL", "Italy")
_CITIES: Final = ("New York", "Berlin", "London", "Paris", "Stockholm", "Amsterdam", "Milano", "Hamburg", "Lyon")
_SYLLABLES: Final = tuple(a + b for a in "bdfglmnprstv" for b in ("a", "e", "i", "o", "u", "ar", "en", "ol"))


def companies(count: int, side: int) -> Iterator[Record]:
    """Yield companies, a tenth of which the other side has too, with names of two words of which many are common."""
    dice = np.random.default_rng(side)
    numbers = np.where(dice.random(count) < 0.1, np.arange(count), np.arange(count) + (side + 1) * count)
    for number in numbers.tolist():
        fixed = number * 2_654_435_761 % 2**32
        first = "".join(_SYLLABLES[fixed >> shift & 0x3F] for shift in (0, 6, 12))
        second = _SYLLABLES[fixed >> 18 & 0x3F] + _SYLLABLES[number % 64]
        yield Record(
            name=f"{first.title()} {second.title()} {_FORMS[(fixed + side) % len(_FORMS)]}",
            website="" if fixed % 9 == 0 else f"https://www.{first}{second}{number}.com/en",
            country=_COUNTRIES[fixed % len(_COUNTRIES)],
            city=_CITIES[fixed % len(_CITIES)],
        )


def listed(folder: Path, side: str) -> Iterator[Record]:
    """Yield the companies of a list of gen_accounts.py."""
    for batch in pq.ParquetFile(folder / f"{side}.parquet").iter_batches(20_000):
        for row in batch.to_pylist():
            del row["id"]
            texts: dict[str, Any] = {key: value or "" for key, value in row.items()}
            yield Record(**texts)


def _records(asked: argparse.Namespace, side: int) -> Iterator[Record]:
    made = listed(asked.lists, "ab"[side]) if asked.lists else companies(asked.records, side)
    return islice(made, asked.records)


def _tokenised(asked: argparse.Namespace, side: int) -> TokenList:
    keys = (keys_of(record) for record in _records(asked, side))
    return Tokeniser(bytes(32)).tokenise(keys, seed=bytes([side]) * 32)


def tokens(asked: argparse.Namespace) -> Figures:
    """Print what it takes from records to an upload, reading the list taken off."""
    reading = Clocks()
    count = sum(1 for _ in _records(asked, 0))
    spent = reading.processor()
    making = Clocks()
    made = _tokenised(asked, 0)
    took = making.processor() - spent
    print(
        f"{count:,} records, {len(made.kinds):,} rows, {int((made.kinds >= 0).sum()) / count:.1f} real tokens a record"
    )
    print(
        f"records to tokens: {took:.1f} s of processor, {took / count * 1e6:.1f} µs a record, {machine.peak():.1f} GiB"
    )
    return {"records": count, "seconds": took, "GiB": machine.peak()}


def matching(asked: argparse.Namespace) -> Figures:
    """Print what join, candidates and decisions take, beside the bare join of the same rows by one thread."""
    ours, theirs = _tokenised(asked, 0), _tokenised(asked, 1)
    with Store(threads=1, memory_limit="5GB") as store:
        store.register("_bare_ours", ours.upload)
        store.register("_bare_theirs", theirs.upload)
        bare: list[float] = []
        whole: list[float] = []
        for _ in range(asked.rounds):
            clocks = Clocks()
            rows = store.table(
                "SELECT o.handle AS ours, t.handle AS theirs, token FROM _bare_ours o JOIN _bare_theirs t USING (token)"
            ).num_rows
            bare.append(clocks.processor())
            print(f"DuckDB's bare hash join: {rows:,} rows, {clocks.told()}", flush=True)
            clocks = Clocks()
            decisions = _decided(store, ours, theirs)
            whole.append(clocks.processor())
            print(f"join, candidates, decisions: {decisions.count:,} matches, {clocks.told()}", flush=True)
    print(f"ratio of processor time, best of each: {min(whole) / min(bare):.2f} (aim 5); {machine.peak():.1f} GiB")
    return {"ratio": min(whole) / min(bare), "seconds": min(whole), "bare": min(bare), "GiB": machine.peak()}


def _decided(store: Store, ours: TokenList, theirs: TokenList) -> Decisions:
    joined = join(store, ours.upload, theirs.upload)
    return decide(candidates(store, joined, ours, fields_of(theirs)), DEFAULT_TERMS)


def psi(asked: argparse.Namespace) -> Figures:
    """Print what private set intersection of one key a company takes, beside tokens of all keys and the matching."""
    try:
        told = importlib.import_module("private_set_intersection.python")
    except ImportError:
        print("openmined-psi is not installed here: its wheels are for Linux on x86-64 and Python below 3.14")
        return {}
    sides = [[record.website or record.name for record in _records(asked, side)][: asked.records] for side in (0, 1)]
    clocks = Clocks()
    client, server = told.client.CreateWithNewKey(True), told.server.CreateWithNewKey(True)
    setup = server.CreateSetupMessage(1e-9, len(sides[0]), sides[1], told.DataStructure.RAW)
    shared = client.GetIntersection(setup, server.ProcessRequest(client.CreateRequest(sides[0])))
    print(f"openmined-psi, one key a company: {len(shared):,} shared, {clocks.told()}", flush=True)
    theirs_took = clocks.processor()
    clocks = Clocks()
    ours, theirs = _tokenised(asked, 0), _tokenised(asked, 1)
    with Store(threads=1) as store:
        count = _decided(store, ours, theirs).count
    print(f"tokens of both lists and their matching: {count:,} matches, {clocks.told()}")
    return {"psi": theirs_took, "ours": clocks.processor()}


def main() -> None:
    """Read what is asked, and print it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.partnering", description=__doc__)
    parser.add_argument("part", choices=["tokens", "matching", "service", "psi"])
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--lists", type=Path)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--partners", type=int, default=50)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--folder", help="where the escrow's database is put")
    asked = parser.parse_args()
    print(machine.statement())
    parts = {"tokens": tokens, "matching": matching, "service": comparing.service, "psi": psi}
    print(json.dumps(parts[asked.part](asked)))


if __name__ == "__main__":
    main()
