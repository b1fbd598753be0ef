"""Two rules on the same subjects: who enters and who leaves, and what each would have converted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from assay.core.definitions import model
from assay.core.outcomes import estimates, reached, survival
from assay.core.outcomes.arrays import NEVER, Bools, Floats, Int64s, instants
from assay.core.outcomes.backtest import Backtest, Cohort, Converting, Question, cohort, judge
from assay.core.outcomes.caveats import Caveat
from assay.core.outcomes.estimates import Estimate

_CASES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some of the subjects: how many entered, how many could be followed to the end, and what share converted."""

    entered: int
    followed: int
    rate: Estimate | None
    cases: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A published rule and a draft of it on the same subjects and outcomes.

    `only_draft`, `only_published` and `both` part those who entered in the period; `both` is told as the draft has
    them. `holds_now` counts (published, draft, both) at `as_of`; `joining` and `leaving` are ids of those in one alone.
    `earlier` (microseconds) is the median of how much earlier the draft finds those that both find.
    `difference` is the draft's rate less the published one's, `reach_difference` the same of the share of conversions
    preceded; both intervals are of the same subjects (see `estimates.difference`).
    """

    published: Backtest
    draft: Backtest
    changed: tuple[str, ...]
    both: Part
    only_draft: Part
    only_published: Part
    earlier: int | None
    holds_now: tuple[int, int, int]
    joining: tuple[str, ...]
    leaving: tuple[str, ...]
    difference: Estimate | None
    reach_difference: Estimate | None

    @property
    def caveats(self) -> tuple[Caveat, ...]:
        """What to mind of either rule, the draft's first; what both have once."""
        return tuple(dict.fromkeys((*self.draft.caveats, *self.published.caveats)))


def compare(
    published: tuple[model.Rule, pa.Table],
    draft: tuple[model.Rule, pa.Table],
    those: Converting,
    question: Question,
    *,
    changed: tuple[str, ...] = (),
    among: pa.Table | None = None,
) -> Comparison:
    """Return how two rules differ, each given with its own spells (tables.SPELLS); `among` as in `backtest.judge`."""
    old, new = (cohort(spells, those, question) for _, spells in (published, draft))
    in_both = np.intersect1d(old.subject, new.subject, assume_unique=True)
    as_of = question.period.as_of
    now = [_held(spells, as_of) for _, spells in (published, draft)]
    joining, leaving = sorted(now[1] - now[0]), sorted(now[0] - now[1])
    return Comparison(
        published=judge(*published, those, question, among=among),
        draft=judge(*draft, those, question, among=among),
        changed=changed,
        both=_part(new, np.isin(new.subject, in_both), those, question),
        only_draft=_part(new, ~np.isin(new.subject, in_both), those, question),
        only_published=_part(old, ~np.isin(old.subject, in_both), those, question),
        earlier=_earlier(old, new, in_both),
        holds_now=(len(now[0]), len(now[1]), len(now[0] & now[1])),
        joining=tuple(joining[:_CASES]),
        leaving=tuple(leaving[:_CASES]),
        difference=_difference(old, new),
        reach_difference=_reach(old, new, those, question),
    )


def _part(of: Cohort, which: Bools, those: Converting, question: Question) -> Part:
    start, subject = of.at[which], of.subject[which]
    converted_at = those.converted.at[subject]
    group = survival.follow(start, converted_at, within=question.within, as_of=question.period.as_of)
    limit = survival.ProductLimit(group, those.clusters[subject])
    chosen = subject[reached.sample(subject, _CASES)]
    return Part(
        entered=len(group),
        followed=group.throughout,
        rate=limit.rate(),
        cases=tuple(those.ids.take(pa.array(chosen)).to_pylist()),
    )


def _earlier(old: Cohort, new: Cohort, in_both: Int64s) -> int | None:
    if not len(in_both):
        return None
    gain = old.at[np.isin(old.subject, in_both)] - new.at[np.isin(new.subject, in_both)]
    return int(np.quantile(gain, 0.5, method="inverted_cdf"))


def _held(spells: pa.Table, as_of: int) -> set[str]:
    starts, ends = instants(spells["starts_at"]), instants(spells["ends_at"])
    return set(spells.filter(pa.array((starts <= as_of) & (ends > as_of)))["subject_id"].to_pylist())


def _difference(old: Cohort, new: Cohort) -> Estimate | None:
    before, after = old.limit.rate(), new.limit.rate()
    if before is None or after is None:
        return None
    size = int(new.clusters.max(initial=-1)) + 1
    return estimates.difference(after.value, before.value, _long(new.influence(), size), _long(old.influence(), size))


def _long(influence: Floats, size: int) -> Floats:
    return np.pad(influence, (0, size - len(influence)))


def _reach(old: Cohort, new: Cohort, those: Converting, question: Question) -> Estimate | None:
    """Return the difference of the shares of conversions that each came before; both look at the same conversions."""
    was, now = (reached.deals(those.converted, c.entered.ever, question.period).began != NEVER for c in (old, new))
    if not len(was):
        return None
    after, before = float(np.mean(now)), float(np.mean(was))
    return estimates.difference(after, before, (now - after) / len(now), (was - before) / len(was))
