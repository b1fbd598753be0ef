"""A simulated history of people who do things and convert, whose true signals are known, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from assay.core.outcomes.arrays import NEVER
from assay.core.outcomes.backtest import Question
from assay.core.outcomes.candidates import BUSY, _count
from assay.core.outcomes.entries import Period
from assay.core.outcomes.landmarks import Group, Subjects
from assay.core.values import DAY

AS_OF = 360 * DAY
WITHIN = 60 * DAY
QUESTION = Question(outcome="won", within=WITHIN, period=Period(start=0, end=AS_OF + 1, as_of=AS_OF))


@dataclass(frozen=True)
class World:
    """Subjects and, by event, who did it when, in order of subject and instant."""

    those: Subjects
    events: dict[str, tuple[np.ndarray, np.ndarray]]

    def busy(self):
        """Return who did so much of anything within 30 days."""
        subject, at = (np.concatenate(parts) for parts in zip(*self.events.values(), strict=True))
        order = np.lexsort((at, subject))
        return [stretches(subject[order], at[order], times, 30 * DAY) for times in BUSY]

    def group(self, event, times, within):
        """Return of whom "at least so many times within so long" holds, and when."""
        return stretches(*self.events[event], times, within)


def stretches(subject, at, times, within):
    """Return when each subject's latest events, in order of subject and instant, were so many within so long."""
    first = np.arange(len(at)) - (times - 1)
    enough = (first >= 0) & (subject[first] == subject)
    start = np.where(enough, at[first], -NEVER // 2)
    following = np.append(np.where(subject[1:] == subject[:-1], at[1:], NEVER), NEVER)[: len(at)]
    until = np.minimum(start + within, following)
    holds = enough & (until > at)
    return Group(subject=subject[holds], since=at[holds], until=until[holds])


def world(seed, people, *, kinds=10, a_day=0.0007, signal=0.0, aging=True):
    """Simulate people, two an account; busy ones do more of everything, and the new ones do and convert most.

    With `signal`, somebody who did event 0 twice within 14 days has that chance to convert in the 30 days after.
    """
    rng = np.random.default_rng(seed)
    born = np.repeat((rng.uniform(0, 300, people // 2) * DAY).astype(np.int64), 2)
    busy = rng.gamma(1.0, 1.0, people)
    events = {}
    for kind in range(kinds):
        number = rng.poisson(6 * busy * rng.uniform(0.3, 2))
        subject = np.repeat(np.arange(people), number)
        delay = rng.exponential(60.0, len(subject)) if aging else rng.uniform(0, 360, len(subject))
        at = born[subject] + (delay * DAY).astype(np.int64)
        order = np.lexsort((at, subject))
        keep = order[at[order] <= AS_OF]
        events[f"event_{kind}"] = (subject[keep], at[keep])
    account = np.arange(people) // 2
    scale = 1 / a_day / (1 + aging * rng.integers(0, 3, people // 2))
    deal = born[::2] + 1 + (rng.exponential(scale) * DAY).astype(np.int64)
    converted = deal[account]
    made = World(Subjects(born=born, converted_at=converted, clusters=account), events)
    if signal:
        group = made.group("event_0", 2, 14 * DAY)
        buys = rng.random(len(group.subject)) < signal
        at = group.since[buys] + (rng.uniform(1, 30, np.count_nonzero(buys)) * DAY).astype(np.int64)
        np.minimum.at(converted, group.subject[buys], at)
    converted[converted > AS_OF] = NEVER
    return made


TRIED = tuple(product((1, 2, 3, 5), (7 * DAY, 14 * DAY, 30 * DAY)))


def candidates(made):
    """Return all that is tried, and a function that decides it."""
    asked = {_count(event, times, within): (event, times, within) for event in made.events for times, within in TRIED}
    return tuple(asked), lambda some: [made.group(*asked[one]) for one in some]
