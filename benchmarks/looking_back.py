"""What looking back costs: backtests, thresholds side by side and signals over the generated events.

One event in a thousand is followed by an outcome of its person and account ten days later: 20,000 of 20 million.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final, Protocol

from assay.core import hindsight
from assay.core.definitions.model import Definitions
from assay.core.io.store import Store
from benchmarks import generate, machine

WITHIN: Final = 30 * generate.DAY
ASKED: Final = hindsight.Asked(outcome="won", within=WITHIN)
#: The rule of which one number is varied: a count, joined with two other criteria.
VARIED: Final = "rule_000"
TEN: Final = hindsight.Tried(rule=VARIED, criterion="c0.at_least", values="1..10")

Ask = Callable[[Store, Definitions, int], dict[str, float]]


class _Job(Protocol):
    """What is to be measured: see `contenders.Job`."""

    @property
    def folder(self) -> Path: ...

    def definitions(self) -> Definitions: ...

    def as_of(self) -> int: ...

    def tiny(self) -> Path: ...


class _Measured(Protocol):
    """What it took: see `contenders.Measured`."""

    counts: dict[str, float]

    def phase(self, name: str) -> AbstractContextManager[None]: ...


def load(store: Store, folder: Path) -> None:
    """Fill a store with generated events and with outcomes that follow some of them."""
    generate.load(store, folder)
    store.run(
        f'INSERT INTO prepared.outcomes BY NAME SELECT account, person, "at" + {10 * generate.DAY} AS "at", '
        "'won' AS outcome, NULL AS amount, 'crm' AS source FROM prepared.events WHERE hash(id) % 1000 = 0 ORDER BY ALL"
    )


def _backtest(store: Store, definitions: Definitions, as_of: int) -> dict[str, float]:
    found = hindsight.look_back(store, definitions, [], ASKED, as_of=as_of)
    return {"entered": sum(one.entered for one in found), "outcomes": found[0].reached.conversions}


def _backtest_of_one(store: Store, definitions: Definitions, as_of: int) -> dict[str, float]:
    (found,) = hindsight.look_back(store, definitions, [VARIED], ASKED, as_of=as_of)
    return {"entered": found.entered}


def _thresholds(store: Store, definitions: Definitions, as_of: int) -> dict[str, float]:
    found = hindsight.vary(store, definitions, TEN, ASKED, as_of=as_of)
    return {"entered_most": max(one.entered for _, one in found.points)}


def _signals(store: Store, definitions: Definitions, as_of: int) -> dict[str, float]:
    return _told(hindsight.precursors(store, definitions, "person", ASKED, as_of=as_of))


def _all_signals(store: Store, definitions: Definitions, as_of: int) -> dict[str, float]:
    return _told(hindsight.precursors(store, definitions, "person", ASKED, also_read=True, as_of=as_of))


def _told(found: hindsight.signals.Signals) -> dict[str, float]:
    return {"tried": found.tried, "conversions": sum(found.conversions), "signals": len(found.signals)}


ASKS: Final[dict[str, Ask]] = {
    "backtest": _backtest,
    "backtest_one": _backtest_of_one,
    "thresholds": _thresholds,
    "signals": _signals,
    "signals_all": _all_signals,
}


def contender(name: str) -> Callable[[_Job, _Measured], None]:
    """Return what measures one question about the past, from prepared rows to the answer."""

    def measure(job: _Job, measured: _Measured) -> None:
        definitions, as_of, ask = job.definitions(), job.as_of(), ASKS[name]
        with Store() as tiny:
            load(tiny, job.tiny())
            ask(tiny, definitions, as_of)
        with Store() as store:
            load(store, job.folder)
            measured.counts["people"] = store.number("SELECT count(*) FROM prepared.people")
            machine.forget_peak()
            with measured.phase(name):
                found = ask(store, definitions, as_of)
            measured.counts["peak"] = machine.peak()
        measured.counts |= found

    return measure
