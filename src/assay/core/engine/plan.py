"""A stage's rules and scores, laid out as arrays for the sweep."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from assay.core.definitions import model
from assay.core.engine import arrays
from assay.core.engine.arrays import INNER, QUALIFY, STAY, Int32s, Int64s, Plan
from assay.core.engine.compiled import NEVER
from assay.core.engine.kinds import Kinds
from assay.core.engine.slots import Slots, Wish
from assay.core.engine.stages import Stage, criteria_decided

_FADES = {"linear": arrays.LINEAR, "half_life": arrays.HALF_LIFE}


@dataclass(frozen=True, slots=True, kw_only=True)
class StagePlan:
    """A stage ready to sweep: what compiled code needs, and what must be told to it from outside."""

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
        slots.score_place(score)
    return slots


def lay_out(slots: Slots, kinds: Kinds, causes: Mapping[str, int]) -> StagePlan:
    """Return the stage's plan. `causes` gives the code of "birth" and of "expiry:<criterion>" for every criterion."""
    kind_lo, kind_feeds = _offsets(kinds.feeds_of(slots.feeds))
    columns = [kinds.column(slot.value) for slot in slots.slots]
    plan = Plan(
        kind_lo=kind_lo, kind_feeds=kind_feeds,
        **_slot_arrays(slots, columns),
        **_score_arrays(slots),
        **_rule_arrays(slots, causes),
        birth_cause=_int64([causes["birth"]]),
    )
    return StagePlan(stage=slots.stage, plan=plan, wishes=tuple(slots.wishes), scores=tuple(slots.scores))


def _int32(values: Iterable[int]) -> Int32s:
    return np.array(list(values), np.int32)


def _int64(values: Iterable[int]) -> Int64s:
    return np.array(list(values), np.int64)


def _offsets(lists: Sequence[Sequence[int]]) -> tuple[Int64s, Int32s]:
    """Return where each list starts (and the last one ends), and all their items."""
    lo = np.zeros(len(lists) + 1, np.int64)
    np.cumsum([len(items) for items in lists], out=lo[1:])
    return lo, _int32(item for items in lists for item in items)


def _slot_arrays(slots: Slots, columns: list[int]) -> dict[str, Any]:
    every = slots.slots
    slot_lo, slot_feeds = _offsets([slot.feeds for slot in every])
    leaves, needs = _dependencies(slots)
    leaf_lo, leaf_slots = _offsets(leaves)
    need_lo, need_slots = _offsets(needs)
    return {
        "slot_form": _int32(s.form for s in every), "slot_low": _int64(s.low for s in every),
        "slot_high": _int64(s.high for s in every), "slot_within": _int64(s.within for s in every),
        "slot_since": _int32(s.since for s in every), "slot_lo": slot_lo, "slot_feeds": slot_feeds,
        "slot_column": _int32(columns), "slot_unit": _int32(s.unit for s in every),
        "slot_of": _int32(s.of for s in every), "leaf_lo": leaf_lo, "leaf_slots": leaf_slots,
        "need_lo": need_lo, "need_slots": need_slots,
    }


def _dependencies(slots: Slots) -> tuple[list[list[int]], list[list[int]]]:
    """Return each slot's leaves (whose changes are its causes) and needs (whose flips must be known before its own)."""
    leaves: list[list[int]] = []
    needs: list[list[int]] = []
    for number, slot in enumerate(slots.slots):
        if slot.form != arrays.SCORE:
            leaves.append([number])
            needs.append([])
            continue
        mine, before = [], []
        for line in slots.scores[slot.of].points:
            read = slots.line_slot(line)  # numbered before the score's own slot
            mine += [leaf for leaf in leaves[read] if leaf not in mine]
            if line.once is not None:
                before += [need for need in (*needs[read], read) if need not in before]
        leaves.append(mine)
        needs.append(before)
    return leaves, needs


def _score_arrays(slots: Slots) -> dict[str, Any]:
    lines = [(place, score, line) for place, score in enumerate(slots.scores) for line in score.points]
    line_lo, _ = _offsets([[0] * len(score.points) for score in slots.scores])
    cap_lo, _ = _offsets([[0] * len(score.dimensions) for score in slots.scores])
    caps = [dict(score.caps).get(d) for score in slots.scores for d in score.dimensions]
    points = [line.once if line.each is None else line.each for _, _, line in lines]
    limits = [
        float(line.up_to) if line.up_to is not None else (float("-inf") if float(p or 0) < 0 else float("inf"))
        for (_, _, line), p in zip(lines, points, strict=True)
    ]
    return {
        "line_lo": line_lo, "score_of_line": _int32(place for place, _, _ in lines),
        "line_slot": _int32(slots.line_slot(line) for _, _, line in lines),
        "line_points": np.array([float(p or 0) for p in points], np.float64),
        "line_up_to": np.array(limits, np.float64),
        "line_dimension": _int32(score.dimensions.index(line.dimension) for _, score, line in lines),
        "line_fade": _int32(_FADES[line.fades.kind] if line.fades else arrays.STAYS for _, _, line in lines),
        "line_length": _int64(line.fades.duration if line.fades else 1 for _, _, line in lines),
        "cap_lo": cap_lo, "caps": _int64(NEVER if cap is None else int(cap * 1_000_000) for cap in caps),
    }


def _rule_arrays(slots: Slots, causes: Mapping[str, int]) -> dict[str, Any]:
    rules = slots.stage.rules
    decided = [criteria_decided(rule) for rule in rules]
    rule_lo, rule_slots = _offsets([slots.rule_slots(r, c) for r, c in zip(rules, decided, strict=True)])
    must_lo, must = _offsets([_must(r, c) for r, c in zip(rules, decided, strict=True)])
    groups = [_groups(rule, [c.name for c in criteria]) for rule, criteria in zip(rules, decided, strict=True)]
    flat = [group for of_rule in groups for group in of_rule]
    member_lo, members = _offsets([group.members for group in flat])
    return {
        "rule_lo": rule_lo, "rule_slots": rule_slots,
        "rule_expiry": _int64(causes[f"expiry:{c.name}"] for criteria in decided for c in criteria),
        "must_lo": must_lo, "must": must, "group_of_rule": _offsets([[0] * len(g) for g in groups])[0],
        "group_least": _int32(g.least for g in flat), "group_most": _int32(g.most for g in flat),
        "group_role": _int32(g.role for g in flat), "member_lo": member_lo, "members": members,
        "rule_stays": _int32(bool(rule.stay_qualified) for rule in rules),
    }


def _must(rule: model.Rule, criteria: tuple[model.Criterion, ...]) -> list[int]:
    """Return the places of the criteria that stand directly in an all_of of `qualify`."""
    names = [c.name for c in criteria]
    return [
        names.index(member)
        for group in rule.qualify if group.kind == "all_of"
        for member in group.members if isinstance(member, str)
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
