"""A whole run: stage after stage, and the spells that come out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assay.core.engine import people, told
from assay.core.engine.chunks import Progress, Way, sweep_chunks
from assay.core.engine.plan import StagePlan
from assay.core.engine.settling import Settled, settle_ties
from assay.core.engine.told import Found, Held
from assay.core.engine.world import World


def decide_all(world: World, progress: Progress | None = None, way: Way = sweep_chunks) -> Found:
    """Return the spells of every rule of the world, of every kind of subject it is decided of."""
    found = Found(held={}, active={})
    windows = tuple(told.windows_of_activity(world))
    for of in world.stages:
        if of.stage.rules:
            steps = told.steps_for(world, of, found)
            asked = windows if of.stage.kind == "pair" else ()
            swept = list(way(world, of, steps, asked, progress))
            for within in asked:
                found.active[within] = people.join([part.active[within] for part in swept])
            _note_spells(world, of, found, [part.spells for part in swept])
    return found


def _note_spells(world: World, of: StagePlan, found: Found, settled: Sequence[Settled]) -> None:
    settle_ties(world.store, settled)
    for place, rule in enumerate(of.stage.rules):
        found.held[of.stage.kind, rule.name] = _held(settled, place)


def _held(parts: Sequence[Settled], rule: int) -> Held:
    spans = [(part, part.lo[rule], part.lo[rule + 1]) for part in parts]
    return Held(
        subject=np.concatenate([part.subject[a:b] for part, a, b in spans]),
        start=np.concatenate([part.start[a:b] for part, a, b in spans]),
        end=np.concatenate([part.end[a:b] for part, a, b in spans]),
        opened=np.concatenate([part.cause[2 * a : 2 * b : 2] for part, a, b in spans]),
        closed=np.concatenate([part.cause[2 * a + 1 : 2 * b : 2] for part, a, b in spans]),
    )
