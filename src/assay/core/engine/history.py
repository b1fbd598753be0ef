"""A whole run: stage after stage, chunk after chunk of subjects on all cores, and the spells that come out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from assay.core.engine import people, rows, told
from assay.core.engine.arrays import Steps
from assay.core.engine.gathering import CHUNK, Gathering
from assay.core.engine.people import Changes
from assay.core.engine.plan import StagePlan
from assay.core.engine.settling import Settled, settle, settle_ties
from assay.core.engine.sweep import sweep_subjects
from assay.core.engine.told import Found, Held
from assay.core.engine.world import World

#: Told how far a run is: (what is being done, share done from 0 to 1).
Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class _Swept:
    """What the sweep of one chunk gives: spells and causes as `sweep_subjects` says, and activity by window."""

    spells: Settled
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
    settled = [part.spells for part in swept]
    settle_ties(world.store, settled)
    for place, rule in enumerate(of.stage.rules):
        found.held[kind, rule.name] = _held(settled, place)


def _held(parts: Sequence[Settled], rule: int) -> Held:
    spans = [(part, part.lo[rule], part.lo[rule + 1]) for part in parts]
    return Held(
        subject=np.concatenate([part.subject[a:b] for part, a, b in spans]),
        start=np.concatenate([part.start[a:b] for part, a, b in spans]),
        end=np.concatenate([part.end[a:b] for part, a, b in spans]),
        opened=np.concatenate([part.cause[2 * a : 2 * b : 2] for part, a, b in spans]),
        closed=np.concatenate([part.cause[2 * a + 1 : 2 * b : 2] for part, a, b in spans]),
    )


def _sweep_chunks(
    world: World, of: StagePlan, steps: Steps, windows: Sequence[int], progress: Progress | None
) -> Iterator[_Swept]:
    """Yield what each chunk of subjects gives, in the order of subjects."""
    kind = of.stage.kind
    subject = world.subject_of(kind)
    born = world.born(kind)
    rows.note_births(subject, world.events.at, born)
    asking = world.kinds.distinct, world.chosen(kind, born), np.empty((0, 2), np.int64), 0
    # Who was active is told by every event, a criterion by few.
    wanted = (np.diff(of.plan.kind_lo) > 0) | bool(windows)
    threads = os.cpu_count() or 1
    size = min(CHUNK, max(len(world.events) // (2 * threads), 50_000))
    gathering = Gathering(world.events, subject, wanted=wanted, subjects=world.counts[kind], size=size)

    def sweep(ends: tuple[int, int]) -> _Swept:
        with gathering.lend(ends) as own:
            spells, causes, _, _ = sweep_subjects(of.plan, own, steps, born, asking)
            settled = settle(spells, causes, len(of.stage.rules))
            return _Swept(settled, {within: people.activity(own, within) for within in windows})

    with ThreadPoolExecutor(threads) as pool:
        for done, part in enumerate(pool.map(sweep, gathering.ranges), start=1):
            if progress:
                progress(f"{kind}s", done / len(gathering.ranges))
            yield part
