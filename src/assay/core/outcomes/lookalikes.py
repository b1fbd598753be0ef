"""Whom to call next where there are no outcomes yet: the subjects most like a few named ones, and how sure that is.

Traits are the criteria that `candidates` makes, decided by the engine, as of one instant. Points and what they rest on
are in `likeness`; whether there is anything to propose, and how steady it is, in `separation`. Where the named do not
differ from random subjects, nothing is proposed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from assay.core.definitions import model
from assay.core.errors import BadRequest, did_you_mean
from assay.core.outcomes.arrays import Bools, Int64s
from assay.core.outcomes.candidates import Candidate
from assay.core.outcomes.landmarks import Group
from assay.core.outcomes.likeness import Crowd, points
from assay.core.outcomes.separation import AGAIN, SETS, Separation, separation, steadiness

#: Independent names without which nothing can be told; and others, for each of them, to hold them beside.
ENOUGH: Final = 5
_OTHERS: Final = 2
#: A trait that fewer subjects have, or have not, tells nothing.
FEWEST: Final = 5
#: A trait that nearly all named have and hardly anybody else may be how they came to be named.
_NEARLY_ALL: Final = 0.9
_HARDLY_ANY: Final = 0.02
#: As many subjects with the score of the last one proposed are held beside each other.
_EQUALS: Final = 500

Decide = Callable[[Sequence[Candidate]], Iterable[Group]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trait:
    """A criterion that the named meet oftener than the rest: its points in millionths.

    `named` is how many of the independent names meet it, `rest` the share of everybody else. `counts` is how often its
    family counts when the names are drawn again.
    """

    candidate: Candidate
    points: int
    named: float
    rest: float
    counts: float
    tells_who_was_named: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookalike:
    """A subject like the named: its points in millionths are the sum of those of its `traits` (places, most first).

    When the names are drawn again it is `in_top` so often, and its rank is from `low` to `high` in 95 of 100 cases.
    """

    subject: int
    points: int
    traits: tuple[int, ...]
    in_top: float
    low: int
    high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookalikes:
    """The subjects most like some named ones, as of an instant.

    `named` and `found` are of dense subjects; `units` is how many of the named are independent, `rest` how many others
    there are. `tried` criteria of `families` were looked at. Where `separation` does not hold there are no traits and
    nobody is found. `equal` further subjects have as many points as the last one found.
    """

    subject: model.SubjectType
    as_of: int
    named: tuple[int, ...]
    units: int
    rest: int
    tried: int
    families: int
    without: tuple[str, ...]
    top: int
    seed: int
    separation: Separation
    traits: tuple[Trait, ...]
    found: tuple[Lookalike, ...]
    equal: int
    sets: int = SETS
    again: int = AGAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Lookalikes with the ids and names of all whom they speak of, by dense number."""

    lookalikes: Lookalikes
    ids: dict[int, str]
    called: dict[int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The subjects that are known by an instant: dense numbers, ascending, and the unit of each."""

    subject: Int64s
    unit: Int64s

    def places(self, subjects: Int64s) -> Int64s:
        """Return the place of each subject, -1 where it is not known."""
        at = np.minimum(np.searchsorted(self.subject, subjects), max(len(self.subject) - 1, 0))
        if not len(self.subject):
            return np.full(len(subjects), -1, np.int64)
        return np.where(self.subject[at] == subjects, at, -1)


def origin(family: str) -> str:
    """Return the event or attribute that a family of criteria asks about, whatever property it names."""
    return family.partition(" by ")[0]


def tried(candidates: Sequence[Candidate], without: Sequence[str], subject: model.SubjectType) -> tuple[Candidate, ...]:
    """Return the candidates in order of their event or attribute, without some of these; BadRequest of unknown ones."""
    if subject == "account":
        # Of an account its own attributes are meant, and so they are written in a rule.
        candidates = [replace(one, family=one.family.removeprefix("account.")) for one in candidates]
    known = {origin(one.family) for one in candidates}
    for name in without:
        if name not in known:
            raise BadRequest(
                "No event or attribute that is looked at has this name",
                where="--without",
                value=name,
                mend=did_you_mean(name, known, f"These there are: {', '.join(sorted(known)) or 'none'}."),
            )
    kept = [one for one in candidates if origin(one.family) not in without]
    return tuple(sorted(kept, key=lambda one: origin(one.family)))


def check(known: Known, named: Int64s) -> None:
    """Raise BadRequest where the named are too few, or the others; `named` are places among the known."""
    units = len(np.unique(known.unit[named]))
    if units < ENOUGH:
        together = (
            "" if units == len(named) else f"; people of one account count once, so these {len(named)} are {units}"
        )
        raise BadRequest(
            f"So few names tell nothing about others: {ENOUGH} are needed at least{together}",
            value=str(units),
            mend="Name more; ten are better.",
        )
    others = len(known.subject) - len(named)
    if others < max(_OTHERS * units, 2 * FEWEST):
        raise BadRequest(
            "There are too few others to hold them beside",
            value=str(others),
            mend=f"Name at most a third of all that are known ({len(known.subject)}).",
        )


def traits_of(known: Known, groups: Iterable[Group], *, as_of: int, number: int) -> Bools:
    """Return who meets which criterion at an instant (shape: known, criteria); `groups` says when, in order."""
    has = np.zeros((len(known.subject), number), np.bool_)
    for column, group in enumerate(groups):
        now = known.places(group.subject[(group.since <= as_of) & (as_of < group.until)])
        has[now[now >= 0], column] = True
    return has


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked: how many to propose, with which seed, and without which events and attributes."""

    top: int = 20
    seed: int = 0
    without: tuple[str, ...] = ()


def check_asked(asked: Asked) -> None:
    """Raise BadRequest where nobody is to be proposed, or the seed is none."""
    if asked.top < 1:
        raise BadRequest("There is nothing to propose", where="--top", value=str(asked.top), mend="Write 1 or more.")
    if not 0 <= asked.seed < 2**32:
        mend = "Write a whole number from 0 to 4294967295."
        raise BadRequest("This is no seed", where="--seed", value=str(asked.seed), mend=mend)


def find(
    candidates: Sequence[Candidate],
    decide: Decide,
    known: Known,
    named: Int64s,
    asked: Asked,
    *,
    subject: model.SubjectType,
    as_of: int,
) -> Lookalikes:
    """Return those most like the named; `named` are places among the known, checked."""
    listed = tried(candidates, asked.without, subject)
    has = traits_of(known, decide(listed), as_of=as_of, number=len(listed))
    often = has.sum(0)
    told = np.flatnonzero((often >= FEWEST) & (often <= len(has) - FEWEST))
    listed = tuple(listed[at] for at in told)
    families = np.unique([origin(one.family) for one in listed], return_inverse=True)[1].astype(np.int64)
    crowd = Crowd(has=np.ascontiguousarray(has[:, told]), family=families, unit=known.unit)
    apart = separation(crowd, named, seed=asked.seed)
    found, traits, equal = _proposed(crowd, listed, named, asked) if apart.holds else ((), (), 0)
    return Lookalikes(
        subject=subject,
        as_of=as_of,
        named=tuple(known.subject[named].tolist()),
        units=len(np.unique(known.unit[named])),
        rest=len(crowd) - len(named),
        tried=len(listed),
        families=len(np.unique(families)),
        without=asked.without,
        top=asked.top,
        seed=asked.seed,
        separation=apart,
        traits=traits,
        found=tuple(replace(one, subject=int(known.subject[one.subject])) for one in found),
        equal=equal,
    )


def _proposed(
    crowd: Crowd, listed: Sequence[Candidate], named: Int64s, asked: Asked
) -> tuple[tuple[Lookalike, ...], tuple[Trait, ...], int]:
    """Return the first subjects (as places), the traits by points, and how many more stand equal with the last."""
    shares, _ = crowd.of_units(named)
    rest = crowd.rest(named)
    weights = points(shares.sum(0)[None], len(shares), rest, crowd.family)
    scores = crowd.scores(weights)[:, 0]
    scores[named] = -1.0
    order = np.argsort(-scores, kind="stable")
    order = order[scores[order] > 0]
    last = scores[order[min(asked.top, len(order)) - 1]] if len(order) else 0.0
    those = order[: int(np.count_nonzero(scores >= last))] if len(order) else order
    held = those[: asked.top + _EQUALS]
    steady = steadiness(crowd, named, held, top=asked.top, seed=asked.seed)
    columns = np.flatnonzero(weights[0])
    columns = columns[np.argsort(-weights[0, columns], kind="stable")]
    best = np.lexsort((held, -steady.in_top, -scores[held]))[: asked.top]
    found = tuple(
        Lookalike(
            subject=int(held[at]),
            points=int(scores[held[at]]),
            traits=tuple(np.flatnonzero(crowd.has[held[at], columns]).tolist()),
            in_top=float(steady.in_top[at]),
            low=int(steady.low[at]),
            high=int(steady.high[at]),
        )
        for at in best
    )
    share = {int(column): float(rest[column]) for column in columns}
    having = {column: float(shares[:, column].sum()) for column in share}
    traits = tuple(
        Trait(
            candidate=listed[column],
            points=int(weights[0, column]),
            named=having[column],
            rest=share[column],
            counts=float(steady.counts[crowd.family[column]]),
            tells_who_was_named=having[column] >= _NEARLY_ALL * len(shares) and share[column] <= _HARDLY_ANY,
        )
        for column in share
    )
    return found, traits, len(those) - len(found)
