"""Simulated crowds whose true lookalikes are known: busy ones meet more of everything, colleagues share much."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.core.outcomes.likeness import Crowd


@dataclass(frozen=True)
class World:
    """A crowd, who would raise a hand, and of these the named."""

    crowd: Crowd
    truly: np.ndarray
    named: np.ndarray


def world(seed, size=400, *, families=20, each=8, names=10, strength=0.0, people_each=1):
    """Simulate subjects, `people_each` an account, with traits of which those of a family are thresholds of one number.

    `strength` is by how much (in logits, for each) three of the families make it likelier to be one of those who would
    raise their hands, a tenth of all. Without, they are random. The named are drawn from them, one an account where
    possible.
    """
    rng = np.random.default_rng(seed)
    unit = np.arange(size) // people_each
    busy = rng.normal(size=size)
    shared = rng.normal(size=(size // people_each + 1, families))[unit]
    number = 0.6 * busy[:, None] + 0.6 * shared + rng.normal(size=(size, families))
    bounds = np.quantile(number, np.linspace(0.4, 0.97, each), axis=0)
    has = np.stack([number > bound for bound in bounds], axis=2).reshape(size, -1)
    family = np.repeat(np.arange(families), each)
    likely = strength * sum(number[:, one] > np.quantile(number[:, one], 0.85) for one in range(3))
    truly = np.argsort(-(likely + rng.gumbel(size=size)))[: size // 10]
    named = np.sort(rng.choice(truly, names, replace=False))
    return World(Crowd(has=has, family=family, unit=unit), np.sort(truly), named)
