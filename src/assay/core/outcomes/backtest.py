"""A rule judged by what came after: conversion with delay, everybody else, reach, lead time, and cases to read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assay.core import tables
from assay.core.definitions import model
from assay.core.io.store import Store
from assay.core.outcomes import caveats, conversions, entries, estimates, reached, risk_sets, subjects, survival
from assay.core.outcomes.arrays import NEVER, Floats, Int64s, sums
from assay.core.outcomes.caveats import Caveat
from assay.core.outcomes.conversions import Conversions, Reach
from assay.core.outcomes.entries import Entries, Period
from assay.core.outcomes.estimates import Estimate
from assay.core.outcomes.reached import Reached

#: Cases to read of each kind.
_CASES: Final = 5

#: Leads that could be followed for the whole horizon and did not convert.
FALSE_POSITIVES: Final = pa.schema(
    [
        pa.field("subject_id", pa.string(), nullable=False),
        pa.field("since", tables.INSTANT, nullable=False),
        pa.field("opened_by", pa.string(), nullable=False),
    ]
)
#: Conversions that no spell of the rule preceded.
MISSED: Final = pa.schema(
    [pa.field("subject_id", pa.string(), nullable=False), pa.field("converted_at", tables.INSTANT, nullable=False)]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of each rule: which outcome, how soon (microseconds), in which period, and whose outcomes count.

    `among` names a criterion of the rule: then everybody else are only those of whom it holds at the lead's instant.
    """

    outcome: str
    within: int
    period: Period
    reach: Reach = "account"
    among: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Others:
    """Everybody else at the same instants: the share that converted, and how many there were for each lead (median)."""

    rate: Estimate
    number: int
    after: tuple[int, ...]
    share: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """What one rule was worth.

    `entered` subjects began to hold it in the period and had not converted; `converted_before` had. `followed` could be
    followed for the whole horizon; rates are None where nobody was. `naive` takes young leads for lost ones; `rate`
    does not. `lift` is rate / others' rate. `half_time` (microseconds) is when half of those have converted who do so
    within the horizon.
    """

    rule: model.Rule
    question: Question
    entered: int
    converted_before: int
    followed: int
    converted: int
    rate: Estimate | None
    naive: Estimate | None
    others: Others | None
    lift: Estimate | None
    half_time: int | None
    curve: pa.Table
    reached: Reached
    weekly: pa.Table
    false_positives: pa.Table
    missed: pa.Table
    caveats: tuple[Caveat, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Converting:
    """The subjects of one kind, and when each converted: what all rules about that kind share."""

    ids: pa.Array
    born: Int64s
    clusters: Int64s
    converted: Conversions


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """Subjects that entered in a period and had not converted: who, when, and what each does to the rate."""

    entered: Entries
    kept: Int64s
    group: survival.Followed
    limit: survival.ProductLimit
    clusters: Int64s

    @property
    def subject(self) -> Int64s:
        """The subjects, by dense number."""
        return self.entered.subject[self.kept]

    @property
    def at(self) -> Int64s:
        """When each entered."""
        return self.entered.at[self.kept]

    def influence(self) -> Floats:
        """Return by how much each cluster of subjects moves the rate (shape: clusters)."""
        own = self.limit.influences(self.group.within)
        return sums(self.clusters, sums(self.subject, own, len(self.clusters)))


def converting(store: Store, kind: model.SubjectType, question: Question) -> Converting:
    """Return the subjects of a kind, and their first outcomes."""
    as_of = question.period.as_of
    ids = subjects.ids(store, kind)
    return Converting(
        ids=ids,
        born=subjects.births(store, kind, as_of=as_of),
        clusters=subjects.clusters(store, kind, as_of=as_of),
        converted=conversions.first(
            store, question.outcome, kind, subjects=len(ids), as_of=as_of, reach=question.reach
        ),
    )


def cohort(spells: pa.Table, those: Converting, question: Question) -> Cohort:
    """Return who entered one rule (`spells` are its own) in the period without having converted by then."""
    entered = entries.entries(spells, those.ids, question.period)
    converted_at = those.converted.at[entered.subject]
    kept = np.flatnonzero(converted_at > entered.at)
    as_of = question.period.as_of
    group = survival.follow(entered.at[kept], converted_at[kept], within=question.within, as_of=as_of)
    limit = survival.ProductLimit(group, those.clusters[entered.subject[kept]])
    return Cohort(entered=entered, kept=kept, group=group, limit=limit, clusters=those.clusters)


def judge(
    rule: model.Rule, spells: pa.Table, those: Converting, question: Question, *, among: pa.Table | None = None
) -> Backtest:
    """Return the backtest of one rule from its own spells (tables.SPELLS); `caveats_of` tells those of its criteria.

    `among` are the spells of the criterion that `question.among` names.
    """
    here = cohort(spells, those, question)
    rate = here.limit.rate()
    others, lift = _others(here, those, question, rate, among=among)
    at_once = int(np.count_nonzero(those.converted.at[here.entered.subject] == here.entered.at))
    coincides = caveats.of_entries(at_once, here.group.converted_within, outcome=question.outcome)
    deals = reached.deals(those.converted, here.entered.ever, question.period)
    return Backtest(
        rule=rule,
        question=question,
        entered=len(here.group),
        converted_before=len(here.entered.subject) - len(here.group),
        followed=here.group.throughout,
        converted=here.group.converted_within,
        rate=rate,
        naive=estimates.share(here.group.converted_within, len(here.group)),
        others=others,
        lift=lift,
        half_time=here.limit.half_time(),
        curve=here.limit.curve(),
        reached=reached.reached(deals, within=question.within),
        weekly=entries.weekly(spells, question.period),
        false_positives=_false_positives(spells, here, question),
        missed=_missed(deals, those),
        caveats=(coincides,) if coincides else (),
    )


def _others(
    here: Cohort, those: Converting, question: Question, rate: Estimate | None, *, among: pa.Table | None
) -> tuple[Others | None, Estimate | None]:
    risk = risk_sets.stretches(those.born, here.entered.ever, those.converted.at)
    if among is not None:
        risk = risk_sets.while_in(risk, entries.group(among, those.ids), subjects=len(those.ids))
    as_of = question.period.as_of
    found = risk_sets.others(risk, here.at, subjects=len(those.ids), within=question.within, as_of=as_of)
    if found is None:
        return None, None
    value = float(found.share[-1])
    influence = sums(those.clusters, found.influence)
    told = estimates.conversion(value, influence) if value else estimates.exact_share(0, found.number)
    if told is None:
        return None, None
    lift = None if rate is None else estimates.ratio(rate.value, value, here.influence(), influence)
    after, share = tuple(found.after.tolist()), tuple(found.share.tolist())
    return Others(rate=told, number=found.number, after=after, share=share), lift


def _false_positives(spells: pa.Table, here: Cohort, question: Question) -> pa.Table:
    group = here.group
    failed = (here.at <= question.period.as_of - question.within) & (group.length > question.within)
    failed |= (here.at <= question.period.as_of - question.within) & ~group.converted
    places = np.flatnonzero(failed)
    places = places[reached.sample(here.subject[places], _CASES)]
    rows = spells.take(pa.array(here.entered.spell[here.kept][places]))
    return pa.table([rows["subject_id"], rows["starts_at"], rows["opened_by"]], schema=FALSE_POSITIVES).sort_by(
        [("since", "descending"), ("subject_id", "ascending")]
    )


def _missed(deals: reached.Deals, those: Converting) -> pa.Table:
    places = np.flatnonzero(deals.began == NEVER)
    places = places[reached.sample(deals.subject[places], _CASES)]
    ids = those.ids.take(pa.array(deals.subject[places]))
    return pa.table([ids, pc.cast(pa.array(deals.at[places]), tables.INSTANT)], schema=MISSED).sort_by(
        [("converted_at", "descending"), ("subject_id", "ascending")]
    )


def reached_by(store: Store, question: Question) -> Mapping[model.SubjectType, Int64s]:
    """Return when each subject converted, of both kinds: what `caveats_of` compares attributes with."""
    as_of = question.period.as_of
    people, accounts = (store.number(f"SELECT count(*) FROM prepared.{table}") for table in ("people", "accounts"))
    return {
        "person": conversions.first(store, question.outcome, "person", subjects=people, as_of=as_of).at,
        "account": conversions.first(store, question.outcome, "account", subjects=accounts, as_of=as_of).at,
    }


def caveats_of(
    store: Store,
    definitions: model.Definitions,
    rule: model.Rule,
    question: Question,
    both: Mapping[model.SubjectType, Int64s],
) -> tuple[Caveat, ...]:
    """Return what to mind when reading the backtest of a rule; `both` is what `reached_by` gives."""
    found = caveats.of_rule(store, definitions, rule, outcome=question.outcome, converted=both)
    as_of = question.period.as_of
    number, first, last = store.rows(
        'SELECT count(*), min("at"), max("at") FROM prepared.outcomes WHERE outcome = ? AND "at" <= ?',
        [question.outcome, as_of],
    )[0]
    late = caveats.of_outcomes(last, outcome=question.outcome, number=number, first=first or 0, as_of=as_of)
    return (*found, *([late] if late else []))
