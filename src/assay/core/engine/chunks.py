"""A stage on this machine: chunk after chunk of subjects, on all cores."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from assay.core.engine import people, rows
from assay.core.engine.arrays import Int32s, Int64s, Rows, Steps
from assay.core.engine.people import Changes
from assay.core.engine.plan import StagePlan
from assay.core.engine.settling import Settled, settle
from assay.core.engine.sweep import sweep_subjects
from assay.core.engine.world import World

#: Told how far a run is: (what is being done, share done from 0 to 1).
Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Swept:
    """What the sweep of some subjects gives: spells in the order of rules, and activity by window."""

    spells: Settled
    active: dict[int, Changes]


#: A way to sweep a stage: yields what ranges of subjects give, in the order of subjects. It takes the world, the stage,
#: the tracks told to it, and the windows over which to say who was active.
Way = Callable[[World, StagePlan, Steps, Sequence[int], Progress | None], Iterable[Swept]]


def rows_to_sweep(world: World, of: StagePlan, windows: Sequence[int]) -> tuple[Int32s, Int64s]:
    """Return which subject each event is swept with, -1 for none, and each subject's birth (or NEVER)."""
    subject, born = world.subject_of(of.stage.kind), world.born(of.stage.kind)
    if not windows:  # who was active is told by every event, a criterion by few
        rows.note_births(subject, world.events.at, born)
        feeds_something = np.diff(of.plan.kind_lo) > 0
        subject = np.where(feeds_something[world.events.kind], subject, np.int32(-1))
    return subject, born


def sweep_chunks(
    world: World, of: StagePlan, steps: Steps, windows: Sequence[int], progress: Progress | None
) -> Iterator[Swept]:
    """Yield what each chunk of subjects gives, in the order of subjects."""
    kind = of.stage.kind
    subject, born = rows_to_sweep(world, of, windows)
    lo = rows.count_rows(subject, world.counts[kind])
    events = world.events
    source = Rows(0, lo[:1], events.at, events.kind, events.event, events.values)

    asking = world.kinds.distinct, world.chosen(kind), np.empty((0, 2), np.int64), 0

    def sweep(ends: tuple[int, int]) -> Swept:
        own = rows.gather(subject, source, lo, *ends)
        spells, causes, _, _ = sweep_subjects(of.plan, own, steps, born, asking)
        settled = settle(spells, causes, len(of.stage.rules))
        return Swept(settled, {within: people.activity(own, within) for within in windows})

    threads = os.cpu_count() or 1
    size = min(rows.CHUNK, max(len(events) // (2 * threads), 50_000))
    ranges = list(rows.chunks(lo, size)) or [(0, 0)]
    with ThreadPoolExecutor(threads) as pool:
        for done, part in enumerate(pool.map(sweep, ranges), start=1):
            if progress:
                progress(f"{kind}s", done / len(ranges))
            yield part
