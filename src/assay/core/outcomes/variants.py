"""Variants of a rule that differ in one number, named apart so that one sweep decides them all.

Criteria that stay as they are say the same in every variant, so the engine keeps one slot for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Final

from assay.core.definitions import model
from assay.core.errors import BadRequest, did_you_mean
from assay.core.values import format_duration, parse_duration, parse_number, text_of

_WORDS: Final = {"at_least": "at least", "at_most": "at most", "above": "above", "below": "below", "exactly": "exactly"}
_RANGE: Final = re.compile(r"([0-9.]+)%?\s*\.\.\s*([0-9.]+)%?(?:\s+by\s+([0-9.]+))?")
#: More variants than this are a slip, or nothing that anybody reads.
_MOST: Final = 50


@dataclass(frozen=True, slots=True)
class Setting:
    """One number of a rule: a criterion and the key that stands in it, such as built_something.at_least."""

    criterion: str
    key: str

    def __str__(self) -> str:
        return f"{self.criterion}.{self.key}"


@dataclass(frozen=True, slots=True)
class Variant:
    """A rule with another number; `is_current` where it is the number that the rule has."""

    value: str
    rule: model.Rule
    is_current: bool


def setting(text: str, rule: model.Rule) -> Setting:
    """Return the setting that a text names (CRITERION.KEY); BadRequest where the rule has none such."""
    criterion, dot, key = text.partition(".")
    known = {c.name: c for c in rule.criteria}
    if criterion not in known:
        mend = did_you_mean(criterion, known, f"It has: {', '.join(known)}.")
        raise BadRequest(f"The rule {rule.name} has no such criterion", where="--criterion", value=criterion, mend=mend)
    numbers = dict(_numbers(known[criterion].form))
    if not dot or key not in numbers:
        there = ", ".join(f"{criterion}.{name}" for name in numbers)
        raise BadRequest(
            f"The criterion {criterion} has no such number",
            where="--criterion",
            value=text,
            mend=f"Vary {there}." if there else "Name a criterion that counts, sums or compares with a number.",
        )
    return Setting(criterion, key)


def values(text: str, of: Setting) -> tuple[str, ...]:
    """Return what a text lists: "1..6", "10..60 by 10", "1, 2, 5", "3 days, 7 days"; BadRequest where it lists none."""
    found = _RANGE.fullmatch(text.strip())
    if found is None:
        listed = tuple(part.strip() for part in text.split(",") if part.strip())
    else:
        listed = tuple(_steps(Decimal(found[1]), Decimal(found[2]), Decimal(found[3] or 1)))
    if not 2 <= len(listed) <= _MOST:
        raise BadRequest(
            f"A comparison needs between 2 and {_MOST} values",
            where=f"--criterion {of}",
            value=text,
            mend="Write a range such as 1..6 or 10..60 by 10, or a list such as 1,2,5.",
        )
    return listed


def _steps(low: Decimal, high: Decimal, step: Decimal) -> Iterator[str]:
    number = low
    while step > 0 and number <= high and number <= low + _MOST * step:
        yield text_of(number) or "0"
        number += step


def of_rule(rule: model.Rule, which: Setting, listed: Sequence[str]) -> tuple[Variant, ...]:
    """Return a variant a value, in the order given; BadRequest where a value does not fit."""
    form = rule.criterion(which.criterion).form
    now = dict(_numbers(form))[which.key]
    return tuple(_variant(rule, which, text, now) for text in dict.fromkeys(listed))


def _variant(rule: model.Rule, which: Setting, text: str, now: str) -> Variant:
    form, told = _changed(rule.criterion(which.criterion).form, which, text)
    criteria = tuple(replace(c, form=form) if c.name == which.criterion else c for c in rule.criteria)
    # '@' stands in no name of the definitions, so that variants clash with nothing.
    apart = replace(rule, name=f"{rule.name}@{which}={told}", criteria=criteria)
    return Variant(told, apart, told == now)


def _numbers(form: model.Form) -> Iterator[tuple[str, str]]:
    """Yield the numbers of a form that can be varied: key and value, as text."""
    if isinstance(form, model.PeopleQualified):
        if form.share is not None:
            yield "share_at_least", _percentage(form.share)
        if form.people is not None:
            yield "people_at_least", str(form.people)
        return
    threshold = _threshold(form)
    if threshold is not None:
        yield from _ends(threshold)
    if isinstance(form, model.Count | model.Sum | model.Sequence) and form.window.within is not None:
        yield "within", format_duration(form.window.within)


def _threshold(form: model.Form) -> model.Threshold | None:
    if isinstance(form, model.Attribute):
        return form.condition.threshold
    return getattr(form, "threshold", None)


def _ends(threshold: model.Threshold) -> Iterator[tuple[str, str]]:
    if threshold.low is not None and threshold.low == threshold.high:
        yield "exactly", text_of(threshold.low) or "0"
        return
    if threshold.low is not None:
        yield "above" if threshold.low_open else "at_least", text_of(threshold.low) or "0"
    if threshold.high is not None:
        yield "below" if threshold.high_open else "at_most", text_of(threshold.high) or "0"


def _percentage(share: Fraction) -> str:
    return f"{text_of(Decimal(share.numerator * 100) / share.denominator)}%"


def _changed(form: model.Form, which: Setting, text: str) -> tuple[model.Form, str]:
    """Return a form with another number, and that number as text."""
    if which.key == "within" and isinstance(form, model.Count | model.Sum | model.Sequence):
        try:
            within = parse_duration(text)
        except ValueError as error:
            raise _misfit(which, text, str(error)) from None
        return replace(form, window=replace(form.window, within=within)), format_duration(within)
    number = parse_number(text.removesuffix("%").strip())
    if number is None:
        raise _misfit(which, text, "Write numbers, such as 1..6 or 1,2,5.")
    if isinstance(form, model.PeopleQualified):
        return _changed_share(form, which, number)
    threshold = _threshold(form)
    if threshold is None:
        raise _misfit(which, text, "Name a criterion with a threshold.")
    new = _moved(threshold, which.key, number)
    told = text_of(number) or "0"
    if isinstance(form, model.Attribute):
        return replace(form, condition=replace(form.condition, threshold=new)), told
    # Whatever has a threshold is one of the forms that have the field; to mypy a union of them is none.
    changed: model.Form = replace(form, **{"threshold": new})  # type: ignore[arg-type]
    return changed, told


def _changed_share(form: model.PeopleQualified, which: Setting, number: Decimal) -> tuple[model.Form, str]:
    if which.key == "people_at_least":
        if number != int(number) or number < 1:
            raise _misfit(which, str(number), "People are counted whole, from 1.")
        return replace(form, people=int(number)), str(int(number))
    if not 0 < number <= 100:
        raise _misfit(which, str(number), "A share is more than 0 % and at most 100 %.")
    share = Fraction(number) / 100
    return replace(form, share=share), _percentage(share)


def _moved(threshold: model.Threshold, key: str, number: Decimal) -> model.Threshold:
    low = replace(threshold, low=number) if key in ("at_least", "above", "exactly") else threshold
    moved = replace(low, high=number) if key in ("at_most", "below", "exactly") else low
    return replace(moved, text=" and ".join(f"{_WORDS[k]} {v}" for k, v in _ends(moved)))


def _misfit(which: Setting, text: str, mend: str) -> BadRequest:
    return BadRequest("This value does not fit the criterion", where=f"--criterion {which}", value=text, mend=mend)
