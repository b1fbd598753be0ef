"""What a rule's logic makes of its met criteria, and what criteria need, in words."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from assay.core import values
from assay.core.definitions import model


def holds(group: model.Group, met: set[str]) -> bool:
    """Return whether a group holds, given the names of the met criteria."""
    true = sum(member in met if isinstance(member, str) else holds(member, met) for member in group.members)
    if group.kind == "all_of":
        return true == len(group.members)
    if group.kind == "any_of":
        return true > 0
    return true == 0 if group.kind == "none_of" else true >= group.at_least


def _named(group: model.Group) -> Iterator[str]:
    """Yield the criteria of a group and its inner groups, but not below an inner none_of."""
    for member in group.members:
        if isinstance(member, str):
            yield member
        elif member.kind != "none_of":
            yield from _named(member)


def because(rule: model.Rule, met: set[str]) -> tuple[str, ...]:
    """Return the met criteria that speak for the rule."""
    return tuple(name for group in rule.qualify if group.kind != "none_of" for name in _named(group) if name in met)


def excluded(rule: model.Rule, met: set[str]) -> tuple[str, ...]:
    """Return the met criteria of none_of."""
    return tuple(name for group in rule.qualify if group.kind == "none_of" for name in _named(group) if name in met)


def missing(rule: model.Rule, met: set[str]) -> tuple[str, ...]:
    """Return the unmet members of all_of, and each unmet any_of (or at_least) group as one, joined by " or "."""
    return tuple(name for group in rule.qualify if group.kind != "none_of" for name in _missing(group, met))


def _missing(group: model.Group, met: set[str]) -> Iterator[str]:
    if group.kind == "none_of" or holds(group, met):
        return
    if group.kind == "all_of":
        for member in group.members:
            if not isinstance(member, str):
                yield from _missing(member, met)
            elif member not in met:
                yield member
    else:
        yield " or ".join(_named(group))


def needed(form: model.Form) -> str:
    """Return what a criterion asks for: "at least 3", "trial", "whole chain"."""
    match form:
        case (
            model.Count()
            | model.Sum()
            | model.ScoreIs()
            | model.PartnerSays()
            | model.PartnerInsight()
            | model.Corroboration()
        ):
            return form.threshold.text if form.threshold else ""
        case model.Sequence():
            return form.steps[-1]
        case model.Attribute():
            return condition(form.condition)
        case model.Qualified():
            return "yes"
        case model.PeopleQualified():
            share = [f"at least {_percent(form.share)}"] if form.share is not None else []
            people = [f"at least {form.people}"] if form.people is not None else []
            return " and ".join(share + people)


def condition(of: model.Condition) -> str:
    """Return a condition in words."""
    shown = [str(v).lower() if isinstance(v, bool) else str(v) for v in of.values]
    match of.kind:
        case "is":
            return shown[0]
        case "is_not":
            return f"not {shown[0]}"
        case "one_of":
            return " or ".join(shown)
        case "in_list":
            return f"one of the list {of.list_name}"
        case "exists":
            return "known" if of.values[0] else "not known"
        case "range":
            return of.threshold.text if of.threshold else ""


def _percent(share: Fraction) -> str:
    return f"{values.text_of(Decimal(share.numerator * 100) / share.denominator)}%"
