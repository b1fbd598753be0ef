"""Rules and time-ordered rows become spells, findings and scores.

Takes: the tables of the schema `prepared` in a Store, checked Definitions, an `as_of`.
Gives: spells (tables.SPELLS), verdicts with findings, score readings, timers.
Never: reads a clock, accumulates state between runs, or knows what a lead is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import pyarrow as pa

from assay.core.definitions import model
from assay.core.engine import chunks, history, partitions, spells, world
from assay.core.engine.answers import (
    TIMERS,
    explain,
    independent_partners,
    read_scores,
    reasons,
    recompute,
    timers_table,
)
from assay.core.engine.causes import CauseBook
from assay.core.engine.compiled import is_compiled
from assay.core.engine.told import Found
from assay.core.engine.unread import unread_numbers
from assay.core.io.store import Store

__all__ = [
    "TIMERS",
    "explain",
    "independent_partners",
    "is_compiled",
    "latest_instant",
    "read_scores",
    "reasons",
    "recompute",
    "replay",
    "sweep",
    "unread_numbers",
]


def latest_instant(store: Store) -> int | None:
    """Return the latest instant of any event, in UTC microseconds; None where there is no event."""
    latest: int | None = store.rows("SELECT max(e.at) FROM prepared.events e")[0][0]
    return latest


def sweep(
    store: Store,
    definitions: model.Definitions,
    *,
    as_of: int,
    progress: chunks.Progress | None = None,
    cluster: partitions.Cluster | None = None,
) -> pa.Table:
    """Return the spells of all rules, of all subjects, in the whole history up to `as_of` (tables.SPELLS).

    Spells start at or before `as_of`; they may end later, when windows run out if nothing more happens.
    Where there is a `cluster` the same is found there.
    """
    way = chunks.sweep_chunks if cluster is None else partitions.on(cluster)
    with store.leaving_memory():
        causes, found = _decide(store, definitions, as_of, progress, way)
    held = [(rule, found.held[rule.subject, rule.name].until(as_of)) for rule in definitions.rules]
    return spells.spells_table(store, causes, held)


def replay(store: Store, definitions: model.Definitions, *, as_of: int) -> tuple[pa.Table, pa.Table]:
    """Return the spells of all rules and subjects, as `sweep` does, and the entries to come that time alone brings.

    The entries are `TIMERS`: the next one of each rule and subject after `as_of`.
    """
    with store.leaving_memory():
        causes, found = _decide(store, definitions, as_of, None, chunks.sweep_chunks)
    held = [(rule, found.held[rule.subject, rule.name]) for rule in definitions.rules]
    entries = [(rule, [c for c in h.next_changes(as_of) if c[2] == "enter"]) for rule, h in held]
    subjects = {kind: {c[0] for rule, of_rule in entries if rule.subject == kind for c in of_rule} for kind in _TABLES}
    names = {kind: _names(store, kind, dense) for kind, dense in subjects.items()}
    past = spells.spells_table(store, causes, [(rule, h.until(as_of)) for rule, h in held])
    return past, timers_table(entries, names)


_TABLES: Final[Mapping[model.SubjectType, str]] = {"person": "people", "account": "accounts"}


def _names(store: Store, kind: model.SubjectType, dense: Iterable[int]) -> dict[int, str]:
    store.save("engine", "asked", pa.table({"subject": pa.array(sorted(dense), pa.int32())}))
    sql = f"SELECT a.subject, t.id FROM engine.asked a JOIN prepared.{_TABLES[kind]} t ON t.{kind} = a.subject"
    return dict(store.rows(sql))


def _decide(
    store: Store, definitions: model.Definitions, as_of: int, progress: chunks.Progress | None, way: chunks.Way
) -> tuple[CauseBook, Found]:
    """Decide every rule of everybody; the events go from memory with this function."""
    here = world.load(store, definitions, as_of=as_of, names=[rule.name for rule in definitions.rules])
    return here.causes, history.decide_all(here, progress, way)
