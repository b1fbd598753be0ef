"""One new lead compared with the lists of many partners, at the escrow: how long one request takes."""

from __future__ import annotations

import argparse
import io
import os
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from assay.escrow import wire
from assay.escrow.app import Escrow, Limits
from assay.escrow.peppers import Peppers
from assay.escrow.serving import settle_down, tidy
from assay.escrow.store import Store
from assay.partners import identities, pairing
from assay.partners.asking import Line
from assay.partners.tokens import SLOTS
from benchmarks.machine import Clocks

ADDRESS: Final = "http://127.0.0.1:8100"
#: New leads that are asked about, those before that do not count, and how many partners know each.
_ASKED: Final = 400
_WARM: Final = 20
_KNOW: Final = 5
#: New leads between two steps with each partner, which take up what was put off.
_A_STEP: Final = 10
#: New leads a second where they come at a pace; that is 432,000 a day, each compared with every partner.
_PACE: Final = 5.0
#: Of a record's tokens those that are no padding, and so may agree.
_REAL: Final = 8


@dataclass(frozen=True, slots=True)
class _Pair:
    setting: pairing.Setting
    ours: identities.Identity
    theirs: identities.Identity


def service(asked: argparse.Namespace) -> dict[str, float]:
    """Print how long one request takes that compares a new lead with every partner's list."""
    found: dict[str, float] = {}
    for records in asked.sizes:
        with tempfile.TemporaryDirectory(prefix="assay-partnering-", dir=asked.folder) as home:
            ours = identities.make(os.urandom)
            with _house(Path(home)) as (app, _):
                pairs = [_paired(app, number, ours) for number in range(1, asked.partners + 1)]
            filling = Clocks()
            _fill(Path(home) / "escrow.sqlite", pairs, records)
            rows, size = 2 * records * SLOTS * asked.partners, (Path(home) / "escrow.sqlite").stat().st_size
            print(
                f"{asked.partners} partners of {records:,} records, and as many of ours for each: {rows:,} rows, "
                f"{size / 2**30:.2f} GiB, {size / rows:.0f} bytes a row; filled in {filling.told()}",
                flush=True,
            )
            for how, pace in (("", _PACE), (" back to back", None)):
                with _house(Path(home)) as (app, spent):
                    times = _ask(app, pairs, spent, pace)
                clock, processor = ((float(np.percentile(of, 50)), float(np.percentile(of, 99))) for of in times)
                print(f"  {f'{pace:.0f} leads a second' if pace else 'leads one upon the other'}:")
                for what, (half, most) in (("by the clock", clock), ("of processor", processor)):
                    print(f"    a new lead, {what}: median {half:.1f} ms, p99 {most:.1f} ms", flush=True)
                found |= {f"median {records}{how}": clock[0], f"p99 {records}{how}": clock[1]}
                found |= {f"processor {records}{how}": processor[0], f"processor p99 {records}{how}": processor[1]}
            found |= {f"bytes {records}": size / rows, f"GiB {records}": size / 2**30}
    return found


def _ask(
    app: Escrow, pairs: Sequence[_Pair], spent: list[tuple[float, float]], pace: float | None
) -> tuple[list[float], list[float]]:
    """Return the milliseconds of each request by the clock and of the processor; some partners know the lead.

    At a pace, leads begin so many a second; without, each as soon as the one before it was answered.
    """
    leads = [[os.urandom(wire.HASH_BYTES) for _ in range(SLOTS)] for _ in range(_WARM + _ASKED)]
    for one in pairs[:_KNOW]:
        shared = [(os.urandom(wire.HANDLE_BYTES), lead[:_REAL]) for lead in leads]
        rows = [wire.Row(handle, 0, token) for handle, tokens in shared for token in tokens]
        _line(app, one.theirs).upload(one.setting, 1, rows)
    line = _line(app, pairs[0].ours)
    newest = line.state(pairs[-1].setting)["lists"][0]["newest"]
    walked = {one.setting.partnership: newest for one in pairs}
    asked: list[tuple[float, float]] = []
    put_off: list[tuple[float, float]] = []
    begun = time.monotonic()
    for number, lead in enumerate(leads):
        if pace is not None:
            time.sleep(max(0.0, begun + number / pace - time.monotonic()))
        handle = os.urandom(wire.HANDLE_BYTES)
        new = [(one.setting, 1, [wire.Row(handle, 0, token) for token in lead]) for one in pairs]
        spent.clear()
        told = line.compare(new)
        assert [len(found) for _, found in told] == [at < _KNOW for at in range(len(pairs))]
        asked += spent
        if number % _A_STEP == _A_STEP - 1:
            spent.clear()
            for one in pairs:
                for cursor, _ in line.pairs(one.setting, 1, walked[one.setting.partnership], of="mine"):
                    walked[one.setting.partnership] = cursor
            put_off += spent
    later = sum(processor for _, processor in put_off) / len(leads)
    print(f"  put off to each partner's next step: {later:.1f} ms of processor a lead, for all partners together")
    clock, processor = zip(*asked[_WARM:], strict=True)
    return list(clock), list(processor)


@contextmanager
def _house(home: Path) -> Iterator[tuple[Escrow, list[tuple[float, float]]]]:
    """Give an escrow without a network in front of it, and a list of what each of its answers took."""
    (home / "peppers").mkdir(exist_ok=True)
    kept = Store(home / "escrow.sqlite")
    spent: list[tuple[float, float]] = []
    app = _Timing(
        kept,
        Peppers(home / "peppers", os.urandom),
        ADDRESS,
        clock=lambda: time.time_ns() // 1000,
        limits=Limits(rows=1 << 40, members=None),
    )
    app.spent = spent
    stop = threading.Event()
    tidying = threading.Thread(target=tidy, args=(kept, stop))
    tidying.start()
    settle_down()
    yield app, spent
    stop.set()
    tidying.join()
    kept.close()


class _Timing(Escrow):
    """An escrow that notes what each of its answers took, from the request's first byte to the answer's last."""

    spent: list[tuple[float, float]]

    def __call__(self, environ: Any, start_response: Any) -> Any:
        begun, worked = time.perf_counter(), time.process_time()
        answer = super().__call__(environ, start_response)
        self.spent.append((1000 * (time.perf_counter() - begun), 1000 * (time.process_time() - worked)))
        return answer


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


def _paired(app: Escrow, number: int, ours: identities.Identity) -> _Pair:
    """Return a partnership that both sides confirmed."""
    setting = pairing.Setting(partnership=number.to_bytes(16, "big"), escrow=ADDRESS, terms=bytes(32), canonicaliser=1)
    theirs = identities.make(os.urandom)
    sides = [(one, pairing.greet(one, setting, 1, os.urandom)[1]) for one in (ours, theirs)]
    for (one, mine), (other, _) in (sides, sides[::-1]):
        _line(app, one).greet(mine, other.public)
    for (one, mine), (_, other_greeting) in (sides, sides[::-1]):
        _line(app, one).confirm(setting, pairing.confirm(one, mine, other_greeting))
    return _Pair(setting, ours, theirs)


def _fill(file: Path, pairs: Sequence[_Pair], records: int) -> None:
    """Put two lists of random tokens a partnership there, ours and the partner's, in the order of their keys.

    They come to lie in the same tables, in the same order, as if companies had uploaded them.
    """
    database = sqlite3.connect(file, isolation_level=None)
    for setting in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-262144", "locking_mode=EXCLUSIVE"):
        database.execute(f"PRAGMA {setting}")
    database.execute("BEGIN")
    for number, pair in enumerate(pairs):
        _fill_both(database, number, pair, records)
    database.execute("COMMIT")
    database.close()


def _fill_both(database: sqlite3.Connection, number: int, pair: _Pair, records: int) -> None:
    dice = np.random.default_rng(number)
    places = dice.integers(0, (1 << 63) - 1, (2 * records, SLOTS), np.int64)
    first = 2 * records * number + 1
    for side, whose in enumerate((pair.ours, pair.theirs)):
        mine, start = 2 * number + side, first + side * records
        row = [mine, pair.setting.partnership, whose.public, 1, records * SLOTS, start + records - 1]
        database.execute("INSERT INTO lists VALUES (?, ?, ?, ?, 1, ?, ?)", row)
        handles = np.sort(dice.integers(0, (1 << 63) - 1, records, np.int64).astype(">i8")).tobytes()
        packed = places[side * records : (side + 1) * records].astype(">i8").tobytes()
        whole = 8 * SLOTS
        database.executemany(
            f"INSERT INTO records VALUES (?, {mine}, ?, ?)",
            (
                (start + at, 2 * handles[8 * at : 8 * at + 8], packed[whole * at : whole * (at + 1)])
                for at in range(records)
            ),
        )
    order = np.argsort(places, axis=None)
    owners = order // SLOTS
    told = zip(places.ravel()[order].tolist(), (owners // records).tolist(), (owners + first).tolist(), strict=True)
    database.executemany(f"INSERT INTO tokens VALUES ({number}, ?, ?, ?)", told)
