"""A stage on this machine: chunk after chunk of subjects, on all cores."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from assay.core.engine import people, rows
from assay.core.engine.arrays import Bools, Int32s, Int64s, Steps
from assay.core.engine.gathering import CHUNK, Gathering
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


@dataclass(frozen=True, slots=True)
class Asked:
    """What a stage sweeps: which events of which subject, when each subject was born, and who is in it at all."""

    subject: Int32s  # of each event, -1 for none
    wanted: Bools  # of each kind of event
    born: Int64s  # of each subject, NEVER where nothing tells
    chosen: Bools  # of each subject, EVERYBODY for all

    @classmethod
    def of(cls, world: World, of: StagePlan, windows: Sequence[int]) -> Asked:
        """Return what a stage sweeps; who was active in `windows` is told by every event, a criterion by few."""
        kind = of.stage.kind
        subject, born = world.subject_of(kind), world.born(kind)
        rows.note_births(subject, world.events.at, born)
        return cls(subject, (np.diff(of.plan.kind_lo) > 0) | bool(windows), born, world.chosen(kind, born))


def sweep_chunks(
    world: World, of: StagePlan, steps: Steps, windows: Sequence[int], progress: Progress | None
) -> Iterator[Swept]:
    """Yield what each chunk of subjects gives, in the order of subjects."""
    kind = of.stage.kind
    asked = Asked.of(world, of, windows)
    asking = world.kinds.distinct, asked.chosen, np.empty((0, 2), np.int64), 0
    threads = os.cpu_count() or 1
    size = min(CHUNK, max(len(world.events) // (2 * threads), 50_000))
    gathering = Gathering(world.events, asked.subject, wanted=asked.wanted, subjects=world.counts[kind], size=size)

    def sweep(ends: tuple[int, int]) -> Swept:
        with gathering.lend(ends) as own:
            spells, causes, _, _ = sweep_subjects(of.plan, own, steps, asked.born, asking)
            settled = settle(spells, causes, len(of.stage.rules))
            return Swept(settled, {within: people.activity(own, within) for within in windows})

    with ThreadPoolExecutor(threads) as pool:
        for done, part in enumerate(pool.map(sweep, gathering.ranges), start=1):
            if progress:
                progress(f"{kind}s", done / len(gathering.ranges))
            yield part
