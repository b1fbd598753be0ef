"""What the criteria of a rule see of a subject at an instant, for one subject or for many at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from assay.core import values
from assay.core.definitions import model
from assay.core.engine import facts, people, told
from assay.core.engine.arrays import Int64s, Rows
from assay.core.engine.compiled import NEVER
from assay.core.engine.gathering import Gathering
from assay.core.engine.plan import StagePlan
from assay.core.engine.seen import BEGIN, END, LAPSES, MET, SEEN
from assay.core.engine.stages import criteria_decided
from assay.core.engine.sweep import EVERYBODY, sweep_subjects
from assay.core.engine.told import Found
from assay.core.engine.world import World
from assay.core.io.store import literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One criterion of one subject at an instant; `events` are rowids in `prepared.events`, oldest first."""

    criterion: model.Criterion
    met: bool
    seen: str
    lapses_at: int | None
    events: Int64s


Question = tuple[str, int]  # (rule, dense id of a subject)


def read(world: World, found: Found, questions: Sequence[Question]) -> list[list[Reading]]:
    """Return the readings of each question's rule at the world's `as_of`, in the order of the rule's criteria."""
    answers: dict[Question, list[Reading]] = {}
    for of in world.stages:
        named = {rule.name: place for place, rule in enumerate(of.stage.rules)}
        mine = sorted(
            {
                (subject, named[rule])
                for rule, subject in questions
                if rule in named and world.definitions.rule(rule).subject == of.stage.kind
            }
        )
        if mine:
            answers |= _read_stage(world, of, found, mine)
    return [answers[question] for question in questions]


def rows_of(world: World, of: StagePlan, subjects: Int64s) -> tuple[Rows, Int64s]:
    """Return the rows from the first to the last of these subjects, and each subject's birth apart from events."""
    kind = of.stage.kind
    every = np.ones(len(of.plan.kind_lo) - 1, np.bool_)
    ends = int(subjects[0]), int(subjects[-1]) + 1
    gathering = Gathering(world.events, world.subject_of(kind), wanted=every, subjects=world.counts[kind], only=ends)
    return gathering.take(ends), world.born(kind)


def _read_stage(
    world: World, of: StagePlan, found: Found, asked: list[tuple[int, int]]
) -> dict[Question, list[Reading]]:
    questions = np.array(asked, np.int64)
    own, born = rows_of(world, of, questions[:, 0])
    steps = told.steps_for(world, of, found)
    asking = world.kinds.distinct, EVERYBODY, questions, world.as_of
    _, _, numbers, evidence = sweep_subjects(of.plan, own, steps, born, asking)
    words = _Words(world, found, of, sorted({subject for subject, _ in asked}))
    answers: dict[Question, list[Reading]] = {}
    line = 0
    for subject, place in asked:
        rule = of.stage.rules[place]
        readings = []
        for criterion in criteria_decided(rule):
            number = numbers[line]
            line += 1
            readings.append(
                Reading(
                    criterion=criterion,
                    met=bool(number[MET]),
                    seen=words.seen(rule, criterion, subject, number),
                    lapses_at=None if number[LAPSES] == NEVER else int(number[LAPSES]),
                    events=evidence[number[BEGIN] : number[END]],
                )
            )
        answers[rule.name, subject] = readings + list(words.named_by_others(rule, subject))
    return answers


class _Words:
    """What criteria see, as text, for the subjects of one stage."""

    def __init__(self, world: World, found: Found, of: StagePlan, subjects: list[int]) -> None:
        self.world, self.found = world, found
        self.kind: model.SubjectType = "account" if of.stage.kind == "account" else "person"
        self.subjects = subjects
        self.account_of = {s: s for s in subjects} if self.kind == "account" else _accounts_of(world)
        self.known: dict[object, dict[int, str]] = {}

    def seen(self, rule: model.Rule, criterion: model.Criterion, subject: int, number: Int64s) -> str:
        """Return what a criterion saw: a number, a value, a name, or nothing."""
        form = criterion.form
        match form:
            case model.Count():
                return str(int(number[SEEN]))
            case model.Sum() | model.ScoreIs():
                return _decimal(int(number[SEEN]))
            case model.Sequence():
                return form.steps[int(number[SEEN]) - 1] if number[SEEN] else ""
            case model.Qualified() if not (self.kind == "account" and self._of_person(form)):
                return "yes" if number[MET] else "no"
        read = form.any_of if isinstance(form, model.Corroboration) else ()
        inner = tuple(rule.criterion(name).form for name in read)
        if (form, inner) not in self.known:
            self.known[form, inner] = self._look_up(form, inner)
        return self.known[form, inner].get(subject, "")

    def named_by_others(self, rule: model.Rule, subject: int) -> Iterator[Reading]:
        """Yield the readings of criteria that stand in no group of the rule, but that its corroborations name."""
        decided = criteria_decided(rule)
        named = {name for c in decided if isinstance(c.form, model.Corroboration) for name in c.form.any_of}
        for criterion in rule.criteria:
            form = criterion.form
            if criterion in decided or criterion.name not in named:
                continue
            assert isinstance(form, model.PartnerSays | model.PartnerInsight)
            seen = self.seen(rule, criterion, subject, np.zeros(5, np.int64))
            met = form.threshold is not None and values.threshold_holds(form.threshold, Decimal(seen or 0))
            yield Reading(criterion=criterion, met=met, seen=seen, lapses_at=None, events=np.empty(0, np.int64))

    def _of_person(self, form: model.Qualified) -> bool:
        return self.world.definitions.rule(form.rule).subject == "person"

    def _look_up(self, form: model.Form, inner: tuple[model.Form, ...]) -> dict[int, str]:
        match form:
            case model.Attribute():
                return _values_of(self.world, form, "account" if form.of_account else self.kind, self._read_of(form))
            case model.Qualified() | model.PeopleQualified():
                return _people_seen(self.world, self.found, form)
            case model.PartnerSays() | model.PartnerInsight() | model.Corroboration():
                accounts = sorted({self.account_of[s] for s in self.subjects if s in self.account_of})
                partners = facts.numbers_at(
                    self.world.store,
                    form,
                    as_of=self.world.as_of,
                    accounts=np.array(accounts, np.int32),
                    inner=[f for f in inner if isinstance(f, model.PartnerSays | model.PartnerInsight)],
                )
                return {s: str(partners.get(self.account_of.get(s, -1), 0)) for s in self.subjects}
            case _:
                return {}

    def _read_of(self, form: model.Attribute) -> dict[int, int]:
        return self.account_of if form.of_account else {s: s for s in self.subjects}


def _decimal(millionths: int) -> str:
    return values.text_of(Decimal(millionths) / 1_000_000) or "0"


def _accounts_of(world: World) -> dict[int, int]:
    members = world.members
    here = (members.at <= world.as_of) & (members.until > world.as_of) & (members.account >= 0)
    return dict(zip(members.person[here].tolist(), members.account[here].tolist(), strict=True))


def _values_of(
    world: World, form: model.Attribute, subject_type: model.SubjectType, read_of: dict[int, int]
) -> dict[int, str]:
    """Return the value that an attribute has at as_of, by the subject that reads it."""
    found = dict(
        world.store.rows(
            'SELECT subject, arg_max(coalesce("value", \'\'), coalesce("at", -9223372036854775807)) '
            f"FROM prepared.attributes WHERE subject_type = {literal(subject_type)} AND name = {literal(form.name)} "
            'AND ("at" IS NULL OR "at" <= ?) GROUP BY subject',
            [world.as_of],
        )
    )
    return {subject: found.get(owner, "") for subject, owner in read_of.items()}


def _people_seen(world: World, found: Found, form: model.Qualified | model.PeopleQualified) -> dict[int, str]:
    """Return "3 of 8" for each account: people for whom the rule holds, of the people that count."""
    turns = people.all_turns(
        told.present(world, found, form), found.held["pair", form.rule].changes(), world.pairs, world.counts["account"]
    )
    now = turns.at <= world.as_of
    size = world.counts["account"]
    here = np.bincount(turns.account[now], turns.people[now], size).astype(np.int64)
    holders = np.bincount(turns.account[now], turns.holders[now], size).astype(np.int64)
    return {int(a): f"{holders[a]} of {here[a]}" for a in np.flatnonzero(here)}
