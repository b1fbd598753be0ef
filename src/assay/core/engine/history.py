"""A whole run: stage after stage, chunk after chunk of subjects on all cores, and the spells that come out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from assay.core.engine import people, rows, told
from assay.core.engine.arrays import Int64s, Rows, Steps
from assay.core.engine.people import Changes
from assay.core.engine.plan import StagePlan
from assay.core.engine.sweep import sweep_subjects
from assay.core.engine.told import Found, Held
from assay.core.engine.world import World
from assay.core.io.store import Store

#: Told how far a run is: (what is being done, share done from 0 to 1).
Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class _Swept:
    """What the sweep of one chunk gives: spells and causes as `sweep_subjects` says, and activity by window."""

    spells: Int64s
    causes: Int64s
    active: dict[int, Changes]


def decide_all(world: World, progress: Progress | None = None) -> Found:
    """Return the spells of every rule of the world, of every kind of subject it is decided of."""
    found = Found(held={}, active={})
    windows = tuple(told.windows_of_activity(world))
    for of in world.stages:
        if of.stage.rules:
            _decide_stage(world, of, found, windows if of.stage.kind == "pair" else (), progress)
    return found


def _decide_stage(world: World, of: StagePlan, found: Found, windows: Sequence[int], progress: Progress | None) -> None:
    kind = of.stage.kind
    swept = list(_sweep_chunks(world, of, told.steps_for(world, of, found), windows, progress))
    for within in windows:
        found.active[within] = people.join([part.active[within] for part in swept])
    spells = np.concatenate([part.spells for part in swept])
    causes, ends = _resolve(world.store, swept)
    for place, rule in enumerate(of.stage.rules):
        mine = spells[:, 0] == place
        found.held[kind, rule.name] = Held(
            subject=spells[mine, 1].astype(np.int32),
            start=spells[mine, 2],
            end=spells[mine, 3],
            opened=causes[mine],
            closed=ends[mine],
        )


def _sweep_chunks(
    world: World, of: StagePlan, steps: Steps, windows: Sequence[int], progress: Progress | None
) -> Iterator[_Swept]:
    """Yield what each chunk of subjects gives, in the order of subjects."""
    kind = of.stage.kind
    subject = world.subject_of(kind)
    born = world.born(kind)
    if not windows:  # who was active is told by every event, a criterion by few
        rows.note_births(subject, world.events.at, born)
        feeds_something = np.diff(of.plan.kind_lo) > 0
        subject = np.where(feeds_something[world.events.kind], subject, np.int32(-1))
    lo = rows.count_rows(subject, world.counts[kind])
    events = world.events
    source = Rows(0, lo[:1], events.at, events.kind, events.event, events.values)

    no_questions = np.empty((0, 2), np.int64)

    def sweep(ends: tuple[int, int]) -> _Swept:
        own = rows.gather(subject, source, lo, *ends)
        spells, causes, _, _ = sweep_subjects(of.plan, own, steps, born, (world.kinds.distinct, no_questions, 0))
        return _Swept(spells, causes, {within: people.activity(own, within) for within in windows})

    threads = os.cpu_count() or 1
    size = min(rows.CHUNK, max(len(events) // (2 * threads), 50_000))
    ranges = list(rows.chunks(lo, size)) or [(0, 0)]
    with ThreadPoolExecutor(threads) as pool:
        for done, part in enumerate(pool.map(sweep, ranges), start=1):
            if progress:
                progress(f"{kind}s", done / len(ranges))
            yield part


def _resolve(store: Store, swept: Sequence[_Swept]) -> tuple[Int64s, Int64s]:
    """Return the one cause that opened and the one that closed each spell: among events the least (source, id)."""
    first = np.cumsum([0, *(len(part.causes) for part in swept)])
    causes = np.concatenate([part.causes for part in swept])
    bounds = np.concatenate([part.spells[:, 4:8] + first[i] for i, part in enumerate(swept)])
    chosen = np.zeros((len(bounds), 2), np.int64)
    for side in range(2):
        lo, hi = bounds[:, 2 * side], bounds[:, 2 * side + 1]
        some = hi > lo
        chosen[some, side] = causes[lo[some]]
        several = np.flatnonzero(hi - lo > 1)
        if len(several):
            many = hi[several] - lo[several]
            which = np.repeat(several, many)
            places = np.repeat(lo[several], many) + np.arange(len(which)) - np.repeat(np.cumsum(many) - many, many)
            store.save("engine", "rivals", pa.table({"spell": which, "event": causes[places]}))
            least = store.arrays(
                "SELECT r.spell, arg_min(r.event, {'source': e.source, 'id': e.id}) AS event FROM engine.rivals r "
                "JOIN prepared.events e ON e.rowid = r.event GROUP BY r.spell"
            )
            chosen[least["spell"], side] = least["event"]
    return chosen[:, 0], chosen[:, 1]
