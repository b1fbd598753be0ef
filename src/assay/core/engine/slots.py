"""Criteria and score lines of a stage, numbered: equal forms share a slot, equal sets of events a feed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from assay.core import values
from assay.core.definitions import model
from assay.core.engine import arrays
from assay.core.engine.compiled import NEVER
from assay.core.engine.forms.distinct import OF_DAY, OF_VALUE, OF_WEEK
from assay.core.engine.stages import Stage

#: A sum reads a value, but takes an absent one as nought: no unit of a distinct.
_NO_UNIT = -1

_UNITS = {"day": OF_DAY, "week": OF_WEEK}


@dataclass(frozen=True, slots=True)
class FeedKey:
    """The events that a feed takes: these names (none: any) whose properties meet `where`."""

    events: tuple[str, ...]
    where: tuple[tuple[str, model.Condition], ...] = ()


@dataclass(frozen=True, slots=True)
class ValueKey:
    """What a slot reads of events: codes or amounts (integer millionths) of a property, or whose event it is."""

    what: Literal["code", "amount", "person", "account"]
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One criterion form, ready to be laid out in arrays."""

    form: int
    low: int = 0
    high: int = NEVER
    within: int = NEVER
    since: int = -1
    feeds: tuple[int, ...] = ()
    value: ValueKey | None = None
    unit: int = _NO_UNIT
    of: int = -1


@dataclass(frozen=True, slots=True)
class Wish:
    """A slot that is told from outside: its form, and for a corroboration the criteria it reads."""

    slot: int
    form: model.Form
    inner: tuple[model.PartnerSays | model.PartnerInsight, ...] = ()
    fades: bool = False


@dataclass(slots=True)
class Slots:
    """The slots of one stage as they are being numbered."""

    definitions: model.Definitions
    stage: Stage
    feeds: dict[FeedKey, int] = field(default_factory=dict)
    slots: list[Slot] = field(default_factory=list)
    wishes: list[Wish] = field(default_factory=list)
    scores: list[model.Score] = field(default_factory=list)
    score_slots: list[int] = field(default_factory=list)
    _known: dict[object, int] = field(default_factory=dict)

    def rule_slots(self, rule: model.Rule, criteria: tuple[model.Criterion, ...]) -> list[int]:
        """Return the slots of a rule's criteria."""
        named = {c.name: c.form for c in rule.criteria}
        return [self.slot(c.form, named) for c in criteria]

    def slot(self, form: model.Form, named: Mapping[str, model.Form]) -> int:
        """Return the slot of a criterion's form; `named` are the criteria that a corroboration may name."""
        inner = _inner(form, named)
        return self._once((form, inner), lambda: self._make(form, inner))

    def line_slot(self, line: model.PointsLine) -> int:
        """Return the slot of a score's line."""
        if line.each is None:
            return self.slot(line.form, {})
        fades = line.fades is not None
        return self._once((line.form, "each", fades), lambda: self._each(line.form, fades=fades))

    def _once(self, key: object, make: Callable[[], int]) -> int:
        if key not in self._known:
            self._known[key] = make()
        return self._known[key]

    def _each(self, form: model.Form, *, fades: bool) -> int:
        if isinstance(form, model.Count):
            return self._count(form, each=True)
        number = self._add(Slot(form=arrays.EACH_PARTNER))
        self.wishes.append(Wish(number, form, fades=fades))
        return number

    def _add(self, slot: Slot) -> int:
        self.slots.append(slot)
        return len(self.slots) - 1

    def _feed(self, events: tuple[str, ...], where: tuple[tuple[str, model.Condition], ...] = ()) -> int:
        key = FeedKey(tuple(sorted(set(events))), tuple(sorted(where, key=repr)))
        return self.feeds.setdefault(key, len(self.feeds))

    def _since(self, window: model.Window) -> int:
        return -1 if window.since is None else self._feed((window.since,))

    def _make(self, form: model.Form, inner: tuple[model.PartnerSays | model.PartnerInsight, ...]) -> int:
        if isinstance(form, model.Count):
            return self._count(form, each=False)
        if isinstance(form, model.Sum):
            low, high = values.millionths_range(form.threshold)
            return self._add(
                Slot(
                    form=arrays.TOTAL,
                    low=low,
                    high=high,
                    within=_within(form.window),
                    since=self._since(form.window),
                    feeds=(self._feed(form.events, form.where),),
                    value=ValueKey("amount", form.property),
                )
            )
        if isinstance(form, model.Sequence):
            return self._add(
                Slot(
                    form=arrays.SEQUENCE,
                    within=_within(form.window),
                    since=self._since(form.window),
                    feeds=tuple(self._feed((step,)) for step in form.steps),
                )
            )
        if isinstance(form, model.ScoreIs):
            return self._score(form)
        if isinstance(form, model.Qualified):
            places = [rule.name for rule in self.stage.rules]
            reads_people = self.stage.kind == "account" and self.definitions.rule(form.rule).subject == "person"
            if form.rule in places and not reads_people:
                return self._add(Slot(form=arrays.RULE, of=places.index(form.rule)))
        number = self._add(Slot(form=arrays.TRACK))
        self.wishes.append(Wish(number, form, inner))
        return number

    def _count(self, form: model.Count, *, each: bool) -> int:
        low, high = (0, NEVER) if form.threshold is None else values.whole_range(form.threshold)
        value, unit = None, _NO_UNIT
        if form.distinct is not None:
            unit = _UNITS.get(form.distinct, OF_VALUE)
            if form.distinct_is_property:
                value, unit = ValueKey("code", form.distinct), OF_VALUE
            elif form.distinct == "person":
                value = ValueKey("person")
            elif form.distinct == "account":
                value = ValueKey("account")
        kinds = (arrays.EACH_EVENT, arrays.EACH_VALUE) if each else (arrays.COUNT, arrays.DISTINCT)
        return self._add(
            Slot(
                form=kinds[form.distinct is not None],
                low=low,
                high=high,
                within=_within(form.window),
                since=self._since(form.window),
                feeds=(self._feed(form.events, form.where),),
                value=value,
                unit=unit,
            )
        )

    def score_slot(self, score: str) -> int:
        """Return a slot that stands for a score itself, for questions about it."""
        number = self._add(Slot(form=arrays.SCORE, of=self.score_place(score)))
        self.score_slots.append(number)
        return number

    def _score(self, form: model.ScoreIs) -> int:
        low, high = values.millionths_range(form.threshold)
        return self._add(Slot(form=arrays.SCORE, low=low, high=high, of=self.score_place(form.score)))

    def score_place(self, name: str) -> int:
        """Return the place of a score in the stage, giving slots to its lines first."""
        score = self.definitions.score(name)
        if score not in self.scores:
            for line in score.points:
                self.line_slot(line)
            self.scores.append(score)
        return self.scores.index(score)


def _within(window: model.Window) -> int:
    return NEVER if window.within is None else window.within


def _inner(form: model.Form, named: Mapping[str, model.Form]) -> tuple[model.PartnerSays | model.PartnerInsight, ...]:
    if not isinstance(form, model.Corroboration):
        return ()
    found = (named[name] for name in form.any_of)
    return tuple(f for f in found if isinstance(f, model.PartnerSays | model.PartnerInsight))
