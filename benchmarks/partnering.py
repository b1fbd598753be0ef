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
import io
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow.parquet as pq

from assay.core.io.store import Store
from assay.escrow import wire
from assay.escrow.app import Escrow, Limits
from assay.escrow.peppers import Peppers
from assay.escrow.store import Store as EscrowStore
from assay.partners import identities, pairing
from assay.partners.asking import Line
from assay.partners.canonical import Record, keys_of
from assay.partners.evidence import DEFAULT_TERMS
from assay.partners.matching import Decisions, candidates, decide, fields_of, join
from assay.partners.tokens import SLOTS, Tokeniser, TokenList
from benchmarks import machine

ADDRESS: Final = "http://127.0.0.1:8100"
_ASKED: Final = 400
_FORMS: Final = ("Inc.", "LLC", "GmbH", "Ltd", "S.A.", "AB", "")
_COUNTRIES: Final = ("US", "Germany", "GB", "FRA", "Sweden", "NL", "Italy")
_CITIES: Final = ("New York", "Berlin", "London", "Paris", "Stockholm", "Amsterdam", "Milano", "Hamburg", "Lyon")
_SYLLABLES: Final = tuple(a + b for a in "bdfglmnprstv" for b in ("a", "e", "i", "o", "u", "ar", "en", "ol"))


class Clocks:
    """Seconds by the clock and of the processor since it was made."""

    def __init__(self) -> None:
        self._clock, self._processor = time.perf_counter(), time.process_time()

    def told(self) -> str:
        """Return both in words."""
        return f"{self.processor():.2f} s of processor, {time.perf_counter() - self._clock:.2f} s by the clock"

    def processor(self) -> float:
        """Return the processor's seconds."""
        return time.process_time() - self._processor


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


def tokens(asked: argparse.Namespace) -> None:
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


def matching(asked: argparse.Namespace) -> None:
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


def _decided(store: Store, ours: TokenList, theirs: TokenList) -> Decisions:
    joined = join(store, ours.upload, theirs.upload)
    return decide(candidates(store, joined, ours, fields_of(theirs)), DEFAULT_TERMS)


@contextmanager
def _house(folder: str | None) -> Iterator[tuple[EscrowStore, Escrow, Path, Peppers]]:
    """Give an escrow without a network in front of it."""
    with tempfile.TemporaryDirectory(prefix="assay-partnering-", dir=folder) as named:
        home = Path(named)
        (home / "peppers").mkdir()
        peppers = Peppers(home / "peppers", os.urandom)
        kept = EscrowStore(home / "escrow.sqlite")
        app = Escrow(
            kept, peppers, ADDRESS, clock=lambda: time.time_ns() // 1000, limits=Limits(rows=1 << 40, members=None)
        )
        yield kept, app, home / "escrow.sqlite", peppers
        kept.close()


def _line(app: Escrow, identity: identities.Identity) -> Line:
    def send(method: str, path: str, headers: Any, body: bytes) -> tuple[int, bytes]:
        environ = {
            **{"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": "", "CONTENT_LENGTH": str(len(body))},
            **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()},
            "wsgi.input": io.BytesIO(body),
        }
        status: list[int] = []
        told = b"".join(app(environ, lambda line, _headers: status.append(int(line.split()[0]))))  # type: ignore[arg-type]
        return status[0], told

    return Line(identity=identity, escrow=ADDRESS, send=send, clock=lambda: time.time_ns() // 1000, count=time.time_ns)


def _paired(app: Escrow, number: int, ours: identities.Identity) -> tuple[pairing.Setting, identities.Identity]:
    """Return a partnership that both sides confirmed."""
    setting = pairing.Setting(partnership=number.to_bytes(16, "big"), escrow=ADDRESS, terms=bytes(32), canonicaliser=1)
    sides = [(one, pairing.greet(one, setting, 1, os.urandom)[1]) for one in (ours, identities.make(os.urandom))]
    for (one, mine), (other, _) in (sides, sides[::-1]):
        _line(app, one).greet(mine, other.public)
    for (one, mine), (_, theirs) in (sides, sides[::-1]):
        _line(app, one).confirm(setting, pairing.confirm(one, mine, theirs))
    return setting, sides[1][0]


def _fill(kept: EscrowStore, peppers: Peppers, setting: pairing.Setting, of: tuple[identities.Identity, int]) -> None:
    """Put a list of random tokens there in one go, in the order in which the tables are kept."""
    identity, records = of
    dice = np.random.default_rng(int.from_bytes(setting.partnership, "big"))
    rows = records * SLOTS
    hashes = np.sort(dice.integers(0, 2**63, (rows,), np.int64).astype(">i8")).view("V8")
    owner = dice.permutation(np.arange(rows) // SLOTS)
    with kept.transaction() as database:
        number = database.execute(
            "INSERT INTO lists(partnership, identity, epoch, is_complete, rows) VALUES (?, ?, 1, 1, ?) "
            "RETURNING number",
            [setting.partnership, identity.public, rows],
        ).fetchone()[0]
        first = database.execute("SELECT coalesce(max(number), 0) + 1 FROM records").fetchone()[0]
        database.executemany(
            "INSERT INTO records VALUES (?, ?, ?)", ((first + i, number, os.urandom(16)) for i in range(records))
        )
        told = zip(_eights(hashes.tobytes()), owner.tolist(), strict=True)
        database.executemany(
            "INSERT INTO tokens VALUES (?, 0, ?, ?)", ((number, half + half, first + record) for half, record in told)
        )
    del peppers


def _eights(data: bytes) -> Iterator[bytes]:
    return (data[at : at + 8] for at in range(0, len(data), 8))


def service(asked: argparse.Namespace) -> None:
    """Print how long one request takes that compares a new lead with every partner's list, by the clock."""
    for records in asked.sizes:
        with _house(asked.folder) as (kept, app, file, peppers):
            ours = identities.make(os.urandom)
            settings = []
            building = Clocks()
            for number in range(1, asked.partners + 1):
                setting, partner = _paired(app, number, ours)
                _fill(kept, peppers, setting, (partner, records))
                settings.append(setting)
            kept.scrub()
            size = file.stat().st_size
            rows = records * SLOTS * asked.partners
            print(
                f"{asked.partners} partners of {records:,} records: {rows:,} rows, {size / 2**30:.2f} GiB, "
                f"{size / rows:.0f} bytes a row; filled in {building.told()}",
                flush=True,
            )
            line = _line(app, ours)
            taken: list[float] = []
            busy: list[float] = []
            for _ in range(_ASKED):
                new = [
                    (setting, 1, [wire.Row(handle, 0, os.urandom(16)) for _ in range(SLOTS)])
                    for setting in settings
                    for handle in (os.urandom(16),)
                ]
                begun, worked = time.perf_counter(), time.process_time()
                line.compare(new)
                taken.append(1000 * (time.perf_counter() - begun))
                busy.append(1000 * (time.process_time() - worked))
            for what, times in (("by the clock", taken), ("of processor", busy)):
                half, most = np.percentile(times[20:], [50, 99])
                print(f"  a new lead, {what}: median {half:.1f} ms, p99 {most:.1f} ms", flush=True)


def psi(asked: argparse.Namespace) -> None:
    """Print what private set intersection of one key a company takes, beside tokens of all keys and the matching."""
    try:
        told = importlib.import_module("private_set_intersection.python")
    except ImportError:
        print("openmined-psi is not installed: pip install openmined-psi")
        return
    sides = [[record.website or record.name for record in _records(asked, side)][: asked.records] for side in (0, 1)]
    clocks = Clocks()
    client, server = told.client.CreateWithNewKey(True), told.server.CreateWithNewKey(True)
    setup = server.CreateSetupMessage(1e-9, len(sides[0]), sides[1], told.DataStructure.RAW)
    shared = client.GetIntersection(setup, server.ProcessRequest(client.CreateRequest(sides[0])))
    print(f"openmined-psi, one key a company: {len(shared):,} shared, {clocks.told()}", flush=True)
    clocks = Clocks()
    ours, theirs = _tokenised(asked, 0), _tokenised(asked, 1)
    with Store(threads=1) as store:
        count = _decided(store, ours, theirs).count
    print(f"tokens of both lists and their matching: {count:,} matches, {clocks.told()}")


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
    {"tokens": tokens, "matching": matching, "service": service, "psi": psi}[asked.part](asked)


if __name__ == "__main__":
    main()
