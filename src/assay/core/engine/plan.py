"""A stage's rules and scores, laid out as arrays for the sweep."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from assay.core.definitions import model
from assay.core.engine import arrays
from assay.core.engine.arrays import INNER, QUALIFY, STAY, Plan, Records
from assay.core.engine.compiled import NEVER
from assay.core.engine.kinds import Kinds
from assay.core.engine.slots import Slots, Wish
from assay.core.engine.stages import Stage, criteria_decided

#: What is cheap to find out is asked first: most subjects fail at one criterion.
_COST = {
    arrays.RULE: 0,
    arrays.COUNT: 1,
    arrays.TRACK: 1,
    arrays.SEQUENCE: 2,
    arrays.TOTAL: 3,
    arrays.DISTINCT: 3,
    arrays.SCORE: 4,
}

_FADES = {"linear": arrays.LINEAR, "half_life": arrays.HALF_LIFE}


@dataclass(frozen=True, slots=True, kw_only=True)
class StagePlan:
    """A stage ready to sweep: what compiled code needs, and what must be told to it from outside.

    The plan's rules are those of the stage, then one without logic for each score, for questions about it.
    """

    stage: Stage
    plan: Plan
    wishes: tuple[Wish, ...]
    scores: tuple[model.Score, ...]


def number_slots(definitions: model.Definitions, stage: Stage, scores: Iterable[str] = ()) -> Slots:
    """Return the slots of a stage; `scores` are read besides those that its rules name."""
    slots = Slots(definitions, stage)
    for rule in stage.rules:
        slots.rule_slots(rule, criteria_decided(rule))
    for score in scores:
        slots.score_slot(score)
    return slots


class _Items:
    """Lists of numbers, one after the other."""

    def __init__(self, lists: Sequence[Sequence[int]]) -> None:
        self.items = [item for one in lists for item in one]
        self.lo = np.zeros(len(lists) + 1, np.int64)
        np.cumsum([len(one) for one in lists], out=self.lo[1:])

    def add(self, one: Sequence[int]) -> tuple[int, int]:
        """Add a list; return where it begins and ends."""
        begin = len(self.items)
        self.items += one
        return begin, len(self.items)


def lay_out(slots: Slots, kinds: Kinds, causes: Mapping[str, int]) -> StagePlan:
    """Return the stage's plan. `causes` gives the code of "birth" and of "expiry:<criterion>" for every criterion."""
    items = _Items(kinds.feeds_of(slots.feeds))
    kind_lo = items.lo
    leaves, needs = _dependencies(slots)
    of_slots = [
        (
            s.form,
            s.low,
            s.high,
            s.within,
            s.since,
            *items.add(s.feeds),
            kinds.column(s.value),
            s.unit,
            s.of,
            *items.add(leaves[number]),
        )
        for number, s in enumerate(slots.slots)
    ]
    rules, criteria, asks, groups = _rules(slots, needs, items, causes)
    caps, scores = _caps(slots)
    plan = Plan(
        kind_lo=kind_lo,
        slots=_records(of_slots, arrays.SLOT),
        lines=_records(_lines(slots), arrays.LINE),
        scores=_records(scores, arrays.SCORE_ENDS),
        caps=np.array(caps, np.int64),
        rules=_records(rules, arrays.RULE_ENDS),
        criteria=_records(criteria, arrays.CRITERION),
        asks=_records(asks, arrays.ASK),
        groups=_records(groups, arrays.GROUP),
        items=np.array(items.items, np.int64),
        numbers=np.array([len(slots.feeds), causes["birth"]], np.int64),
    )
    return StagePlan(stage=slots.stage, plan=plan, wishes=tuple(slots.wishes), scores=tuple(slots.scores))


def _records(rows: Sequence[tuple[float, ...]], dtype: np.dtype[np.void]) -> Records:
    return np.array(list(rows), dtype)


def _dependencies(slots: Slots) -> tuple[list[list[int]], list[list[int]]]:
    """Return each slot's leaves (whose changes are its causes) and needs (whose flips must be known before its own)."""
    leaves: list[list[int]] = []
    needs: list[list[int]] = []
    for number, slot in enumerate(slots.slots):
        if slot.form != arrays.SCORE:
            leaves.append([number])
            needs.append([])
            continue
        mine: list[int] = []
        before: list[int] = []
        for line in slots.scores[slot.of].points:
            read = slots.line_slot(line)  # numbered before the score's own slot
            mine += [leaf for leaf in leaves[read] if leaf not in mine]
            if line.once is not None:
                before += [need for need in (*needs[read], read) if need not in before]
        leaves.append(mine)
        needs.append(before)
    return leaves, needs


def _lines(slots: Slots) -> list[tuple[float, ...]]:
    found: list[tuple[float, ...]] = []
    for place, score in enumerate(slots.scores):
        for line in score.points:
            points = float(line.each or line.once or 0)
            limit = float(line.up_to) if line.up_to is not None else (-np.inf if points < 0 else np.inf)
            fade, length = (_FADES[line.fades.kind], line.fades.duration) if line.fades else (arrays.STAYS, 1)
            dimension = score.dimensions.index(line.dimension)
            found.append((place, slots.line_slot(line), points, limit, dimension, fade, length))
    return found


def _caps(slots: Slots) -> tuple[list[int], list[tuple[float, ...]]]:
    """Return the caps of all dimensions in millionths, and each score's lines and caps."""
    caps: list[int] = []
    scores: list[tuple[float, ...]] = []
    line = 0
    for score in slots.scores:
        given = dict(score.caps)
        first = len(caps)
        caps += [int(given[d] * 1_000_000) if d in given else NEVER for d in score.dimensions]
        scores.append((line, line + len(score.points), first, len(caps)))
        line += len(score.points)
    return caps, scores


Rows = list[tuple[float, ...]]


def _rules(
    slots: Slots, needs: Sequence[Sequence[int]], items: _Items, causes: Mapping[str, int]
) -> tuple[Rows, Rows, Rows, Rows]:
    """Return the records of rules, criteria, asks and groups."""
    rules: Rows = []
    criteria: Rows = []
    asks: Rows = []
    groups: Rows = []
    for rule in slots.stage.rules:
        decided = criteria_decided(rule)
        of_rule = slots.rule_slots(rule, decided)
        logic = _groups(rule, [c.name for c in decided])
        begin = len(criteria), len(groups), len(asks)
        criteria += [(slot, causes[f"expiry:{c.name}"]) for slot, c in zip(of_rule, decided, strict=True)]
        groups += [(g.least, g.most, g.role, *items.add(g.members)) for g in logic]
        must = sorted((of_rule[place] for place in _must(rule, decided)), key=lambda k: _COST[slots.slots[k].form])
        asks += _asks(of_rule, must, needs)
        ends = len(criteria), len(groups), len(asks)
        rules.append((*(n for pair in zip(begin, ends, strict=True) for n in pair), bool(rule.stay_qualified)))
    for slot in slots.score_slots:
        begin = len(criteria), len(groups), len(asks)
        criteria.append((slot, 0))
        asks += [(need, 0) for need in needs[slot]]
        rules.append((begin[0], len(criteria), begin[1], begin[1], begin[2], len(asks), 0))
    return rules, criteria, asks, groups


def _asks(of_rule: Sequence[int], must: Sequence[int], needs: Sequence[Sequence[int]]) -> Rows:
    """Return the slots to find out about, those first without which the rule never holds, each after its needs."""
    found: Rows = []
    for slot in dict.fromkeys([*must, *of_rule]):
        found += [(need, 0) for need in needs[slot]]
        found.append((slot, slot in must))
    return found


def _must(rule: model.Rule, criteria: tuple[model.Criterion, ...]) -> list[int]:
    """Return the places of the criteria that stand directly in an all_of of `qualify`."""
    names = [c.name for c in criteria]
    return [
        names.index(member)
        for group in rule.qualify
        if group.kind == "all_of"
        for member in group.members
        if isinstance(member, str)
    ]


@dataclass(frozen=True, slots=True)
class _Group:
    least: int
    most: int
    role: int
    members: list[int]


def _groups(rule: model.Rule, names: list[str]) -> list[_Group]:
    """Return a rule's groups, inner ones before those they stand in; a member group is -1 - its place."""
    found: list[_Group] = []

    def add(group: model.Group, role: int) -> int:
        members = [names.index(m) if isinstance(m, str) else -1 - add(m, INNER) for m in group.members]
        count = len(members)
        least = {"all_of": count, "any_of": 1, "none_of": 0, "at_least": group.at_least}[group.kind]
        found.append(_Group(least, 0 if group.kind == "none_of" else count, role, members))
        return len(found) - 1

    for group in rule.qualify:
        add(group, QUALIFY)
    for group in rule.stay_qualified:
        add(group, STAY)
    return found
