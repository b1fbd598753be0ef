"""What precedes an outcome that no rule reads yet: found in the earlier part of history, confirmed in the later one.

Many things are tried, so some look good by chance alone. The earlier part, up to an instant, is searched as somebody
would have who lived then: conversions after it are not known. Each family of criteria that ask much the same has one
chance and one representative, and the false discovery rate is held at SCREEN. What is found there is looked at once
more, and for the first time, from that instant on, with conversions that were not counted before; of those that are
confirmed at most CONFIRM is chance. What is told of a signal is from the later part alone, so its lift was not chosen
for being large.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from assay.core.definitions import model
from assay.core.outcomes import caveats
from assay.core.outcomes.arrays import NEVER, Bools, Int64s
from assay.core.outcomes.backtest import Converting, Question
from assay.core.outcomes.candidates import FEWEST, Candidate
from assay.core.outcomes.caveats import Caveat
from assay.core.outcomes.estimates import Estimate
from assay.core.outcomes.landmarks import Beside, Group, Landmarks, Subjects, discoveries, of_family

SCREEN: Final = 0.10
CONFIRM: Final = 0.05
#: A criterion of whom fewer than a quarter more convert is no use to anybody, however certain it is.
WORTH: Final = 1.25
#: Instants at which history is looked at, at most; and how far apart they lie at least (microseconds).
_LANDMARKS: Final = 48
_APART: Final = 86_400_000_000
#: Subjects at landmarks, at most: what fits into memory at once. Beyond two million subjects there are fewer instants.
_PLACES: Final = 40_000_000
#: Independent conversions without which nothing is looked for in a part of history.
ENOUGH: Final = 10

#: Gives for each candidate the stretches of time in which it holds of whom, in the order asked.
Decide = Callable[[Sequence[Candidate]], Iterable[Group]]
#: Tells what to mind of a candidate.
Warn = Callable[[Candidate], tuple[Caveat, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """A criterion that preceded the outcome in both parts of history.

    `earlier` and `later` hold it beside others of the same instants who are alike; `rate` is the share of the later
    part's that converted within the horizon. `beyond` holds it beside those alone of whom the stronger signals say the
    same.
    """

    candidate: Candidate
    earlier: Beside
    later: Beside
    rate: Estimate | None
    beyond: Beside | None
    caveats: tuple[Caveat, ...]

    @property
    def adds(self) -> bool:
        """Whether it says something that the signals before it do not say."""
        return self.beyond is not None and self.beyond.chance <= CONFIRM and _is_worth_it(self.beyond)

    @property
    def beside(self) -> float | None:
        """What those beside it came to: the rate less the lift."""
        return None if self.rate is None or self.later.lift is None else self.rate.value / self.later.lift.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What precedes an outcome: signals, strongest first, and how they were found.

    `tried` criteria of `families` were looked at up to `split`. What stood out there is either `refused`, since it is
    the outcome itself, or `unconfirmed` in the later part, or a signal. `read` are families left out since rules read
    them. `conversions` are independent ones, of the earlier and of the later part; where either has fewer than ENOUGH
    nothing was looked for.
    """

    subject: model.SubjectType
    question: Question
    split: int
    conversions: tuple[int, int]
    tried: int
    families: int
    read: tuple[str, ...]
    refused: tuple[tuple[Candidate, Caveat], ...]
    unconfirmed: tuple[Candidate, ...]
    signals: tuple[Signal, ...]

    @property
    def enough(self) -> bool:
        """Whether there were enough conversions to look for anything."""
        return min(self.conversions) >= ENOUGH


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """History in two parts, up to `split` and from it on, that share no conversion."""

    split: int
    earlier: Landmarks
    later: Landmarks

    @property
    def conversions(self) -> tuple[int, int]:
        """Independent conversions of each part."""
        return self.earlier.conversions(), self.later.conversions()


def parts(those: Subjects, question: Question, busy: Sequence[Group] = (), among: Group | None = None) -> Parts:
    """Return both parts of a period: half of its conversions lie in each, and the later one can be followed through.

    `busy` are who did so much of anything lately: those alone are held beside each other who belong to the same. With
    `among` those alone are looked at who belong to it at an instant, and their conversions alone part the period.
    """
    period = question.period
    known = those.born[those.born <= period.as_of]
    start = max(period.start, int(known.min(initial=period.as_of)))
    end = min(period.end, period.as_of + 1)
    converting = (those.converted_at > np.maximum(start, those.born)) & (those.converted_at <= period.as_of)
    if among is not None:
        converting &= _met(those, among, question.within)
    converted = those.converted_at[converting][np.unique(those.clusters[converting], return_index=True)[1]]
    middle = int(np.quantile(converted, 0.5, method="inverted_cdf")) if len(converted) else (start + end) // 2
    # Landmarks from which nobody converts say nothing.
    start = max(start, int(converted.min(initial=end)) - question.within)
    latest = max(start, min(period.as_of - question.within, end - (end - start) // 4))
    split = min(middle, latest)
    at = _instants(start, end, len(those))
    cut = np.searchsorted(at, split, "left")
    within = question.within
    return Parts(
        split=split,
        earlier=Landmarks(at[:cut], those, within=within, known=split, alike=busy, only=among),
        later=Landmarks(at[cut:], those, within=within, known=period.as_of, alike=busy, only=among),
    )


def _met(those: Subjects, among: Group, within: int) -> Bools:
    """Return who belonged to a group at some instant of the horizon before they converted."""
    at = those.converted_at[among.subject]
    met = np.zeros(len(those), np.bool_)
    met[among.subject[(among.since < at) & (among.until > at - within)]] = True
    return met


def _instants(start: int, end: int, people: int) -> Int64s:
    number = int(max(1, min(_LANDMARKS, (end - start) // _APART, _PLACES // max(people, 1))))
    return start + (end - start) * np.arange(1, number + 1, dtype=np.int64) // (number + 1)


def subjects_of(those: Converting) -> Subjects:
    """Return the subjects of a kind as landmarks look at them; `clusters` without gaps."""
    clusters = np.unique(those.clusters, return_inverse=True)[1]
    return Subjects(born=those.born, converted_at=those.converted.at, clusters=clusters)


@dataclass(frozen=True, slots=True, kw_only=True)
class Screened:
    """Candidates that stood out in the earlier part, the best of each family, and how many were worth a look."""

    best: tuple[Candidate, ...]
    beside: Mapping[str, Beside]
    tried: int
    families: int


def screen(asked: Sequence[Candidate], decide: Decide, part: Landmarks) -> Screened:
    """Return what stands out in a part of history, the false discovery rate held among families.

    Criteria that hardly anybody meets, or nearly everybody, are left out before: that looks at no conversion.
    """
    found: dict[str, list[tuple[Candidate, Beside]]] = {}
    for candidate, group in zip(asked, decide(asked), strict=True):
        beside = part.beside(group)
        if beside.people >= FEWEST and beside.rest >= FEWEST:
            found.setdefault(candidate.family, []).append((candidate, beside))
    families = list(found.values())
    chances = np.array([of_family(np.array([beside.chance for _, beside in family])) for family in families])
    taken = [family for family, real in zip(families, discoveries(chances, SCREEN), strict=True) if real]
    best = [max(family, key=lambda one: one[1].score) for family in taken]
    return Screened(
        best=tuple(candidate for candidate, _ in best),
        beside={candidate.name: beside for candidate, beside in best},
        tried=sum(map(len, families)),
        families=len(families),
    )


def confirm(screened: Screened, decide: Decide, part: Landmarks) -> tuple[Signal, ...]:
    """Return those that stand out again in a part of history that was not looked at before, strongest first."""
    told, groups = [], {}
    for candidate, group in zip(screened.best, decide(screened.best), strict=True):
        beside = part.beside(group)
        rate = part.rate(group) if beside.people else None
        earlier = screened.beside[candidate.name]
        groups[candidate.name] = group
        told.append(Signal(candidate=candidate, earlier=earlier, later=beside, rate=rate, beyond=None, caveats=()))
    real = discoveries(np.array([one.later.chance for one in told]), CONFIRM)
    kept = [one for one, is_real in zip(told, real, strict=True) if is_real and _is_worth_it(one.later)]
    return _beyond(sorted(kept, key=lambda one: (-one.later.score, one.candidate.name)), groups, part)


def _is_worth_it(beside: Beside) -> bool:
    return beside.lift is not None and beside.lift.value >= WORTH


def _beyond(strongest_first: Sequence[Signal], groups: Mapping[str, Group], part: Landmarks) -> tuple[Signal, ...]:
    """Return signals with what each says among people of whom the stronger ones say the same."""
    told: list[Signal] = []
    among = part
    for one in strongest_first:
        group = groups[one.candidate.name]
        beyond = among.beside(group) if told else one.later
        told.append(replace(one, beyond=beyond))
        if told[-1].adds:
            among = among.among(group)
    return tuple(told)


def coinciding(asked: Candidate, group: Group, those: Subjects, *, outcome: str) -> tuple[Caveat, ...]:
    """Return a caveat where the criterion begins to hold together with the outcome, in half of all cases."""
    first = np.full(len(those), NEVER, np.int64)
    np.minimum.at(first, group.subject, group.since)
    begins = np.flatnonzero((first != NEVER) & (first > 0))
    found = caveats.coincidence(asked.family, first[begins], those.converted_at[begins], of=asked.name, outcome=outcome)
    return () if found is None else (found,)


def search(
    asked: Sequence[Candidate],
    decide: Decide,
    warn: Warn,
    those: Subjects,
    question: Question,
    *,
    subject: model.SubjectType,
    busy: Sequence[Group] = (),
    among: Group | None = None,
    read: tuple[str, ...] = (),
) -> Signals:
    """Return what precedes the outcome among candidates; `read` are families that were left out.

    `warn` tells what to mind of a candidate; one with a leak is refused before it is confirmed. `busy` and `among`: see
    `parts`.
    """
    both = parts(those, question, busy, among)
    enough = min(both.conversions) >= ENOUGH
    screened = screen(asked if enough else (), decide, both.earlier)
    minded: dict[str, tuple[Caveat, ...]] = {}
    for candidate, group in zip(screened.best, decide(screened.best), strict=True):
        minded[candidate.name] = (*warn(candidate), *coinciding(candidate, group, those, outcome=question.outcome))
    leaks = {name: caveat for name, told in minded.items() for caveat in told if caveat.code == "leak"}
    left = replace(screened, best=tuple(one for one in screened.best if one.name not in leaks))
    found = confirm(left, decide, both.later)
    confirmed = {one.candidate.name for one in found}
    return Signals(
        subject=subject,
        question=question,
        split=both.split,
        conversions=both.conversions,
        tried=screened.tried,
        families=screened.families,
        read=read,
        refused=tuple((one, leaks[one.name]) for one in screened.best if one.name in leaks),
        unconfirmed=tuple(one for one in left.best if one.name not in confirmed),
        signals=tuple(replace(one, caveats=minded[one.candidate.name]) for one in found),
    )
