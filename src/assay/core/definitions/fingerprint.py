"""Fingerprints: a hash of what a rule or score means, whatever its text.

Two definitions that must decide alike by their reading alone have one fingerprint: `7 days` and `1 week`, `above: 2.5`
of a count and `at_least: 3`, members in another order. Names of criteria belong to the meaning, as verdicts give them
for reasons; owner, purpose, status, stage, motion, version, `rank_by` and handoff do not.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from collections.abc import Sequence as Sequence_
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Final

from assay.core.definitions.model import (
    Attribute,
    Condition,
    Corroboration,
    Count,
    Form,
    Group,
    PartnerInsight,
    PartnerSays,
    PeopleQualified,
    PointsLine,
    Qualified,
    Rule,
    Scalar,
    Score,
    ScoreIs,
    Sequence,
    Sum,
    Threshold,
    Window,
)
from assay.core.values import millionths_range, whole_range

#: Raised when what a definition means changes without its text changing.
MEANING: Final = 1
LENGTH: Final = 16

#: What JSON holds.
Plain = str | int | bool | None | Sequence_["Plain"] | Mapping[str, "Plain"]


class Fingerprints:
    """The fingerprints of a set of definitions that refer to each other without cycles."""

    def __init__(
        self,
        rules: Mapping[str, Rule],
        scores: Mapping[str, Score],
        own_lists: Mapping[str, tuple[Scalar, ...]],
        *,
        built_in: frozenset[str] = frozenset(),
    ) -> None:
        self._rules = rules
        self._scores = scores
        self._lists = own_lists
        self._built_in = built_in
        self._known: dict[tuple[str, str], str] = {}

    def rule(self, name: str) -> str:
        """Return the fingerprint of a rule, which covers what it refers to."""
        if ("rule", name) not in self._known:
            self._known["rule", name] = _hash({"meaning": MEANING, **self.parts(name)})
        return self._known["rule", name]

    def parts(self, name: str) -> dict[str, Plain]:
        """Return what a rule means, part by part: its subject, each criterion, and its logic."""
        rule = self._rules[name]
        return {
            "'subject'": rule.subject,
            **{f"criterion '{c.name}'": self._form(c.form) for c in rule.criteria},
            "'qualify'": _groups(rule.qualify),
            "'stay_qualified'": _groups(rule.stay_qualified),
        }

    def score(self, name: str) -> str:
        """Return the fingerprint of a score, which covers what it refers to."""
        if ("score", name) not in self._known:
            score = self._scores[name]
            self._known["score", name] = _hash(
                {
                    "meaning": MEANING,
                    "subject": score.subject,
                    "dimensions": sorted(score.dimensions),
                    "points": {line.name: self._line(line) for line in score.points},
                    "caps": {key: _number(value) for key, value in score.caps},
                }
            )
        return self._known["score", name]

    def _line(self, line: PointsLine) -> Plain:
        return {
            "dimension": line.dimension,
            "form": self._form(line.form),
            "each": _number(line.each),
            "once": _number(line.once),
            "up_to": _number(line.up_to),
            "fades": [line.fades.kind, line.fades.duration] if line.fades else None,
        }

    def _list(self, name: str) -> Plain:
        # A built-in list stands for itself: bringing it up to date must not ask for a new version of every rule.
        own = self._lists.get(name, ()) if name in self._built_in else self._lists[name]
        values = sorted((_scalar(value) for value in own), key=json.dumps)
        return {"built_in": name, "and": values} if name in self._built_in else {"list": values}

    def _condition(self, condition: Condition) -> Plain:
        if condition.kind == "in_list":
            return {"one_of": self._list(condition.list_name)}
        if condition.kind in ("is", "one_of"):
            return {"one_of": sorted((_scalar(value) for value in condition.values), key=json.dumps)}
        if condition.threshold is not None:
            return {"range": _interval(condition.threshold)}
        return {condition.kind: [_scalar(value) for value in condition.values]}

    def _where(self, where: tuple[tuple[str, Condition], ...]) -> Plain:
        return {name: self._condition(condition) for name, condition in where}

    def _form(self, form: Form) -> Plain:
        match form:
            case Count():
                return {
                    "count": sorted(set(form.events)) if form.events else "any",
                    "where": self._where(form.where),
                    "distinct": form.distinct,
                    "threshold": _whole(form.threshold),
                    **_window(form.window),
                }
            case Sum():
                return {
                    "sum": form.property,
                    "of": sorted(set(form.events)),
                    "where": self._where(form.where),
                    "threshold": list(millionths_range(form.threshold)),
                    **_window(form.window),
                }
            case Sequence():
                return {"sequence": list(form.steps), **_window(form.window)}
            case Attribute():
                return {"attribute": form.name, "of_account": form.of_account, "is": self._condition(form.condition)}
            case Qualified():
                return {"qualified": self.rule(form.rule)}
            case PeopleQualified():
                return {
                    "people_qualified": self.rule(form.rule),
                    "share": _fraction(form.share),
                    "people": form.people,
                    "active_within": form.active_within,
                }
            case ScoreIs():
                return {"score": self.score(form.score), "threshold": list(millionths_range(form.threshold))}
            case PartnerSays():
                return {
                    "partner_says": form.says,
                    "fresh_within": form.fresh_within,
                    "confidence": _number(form.confidence),
                    "threshold": _whole(form.threshold),
                }
            case PartnerInsight():
                return {
                    "partner_insight": form.letter,
                    "fresh_within": form.fresh_within,
                    "threshold": _whole(form.threshold),
                }
            case Corroboration():
                return {
                    "partners": _whole(form.threshold),
                    "each": sorted(set(form.any_of)),
                    "independent": form.independent,
                }


def with_fingerprints(
    rules: Mapping[str, Rule], scores: Mapping[str, Score], fingerprints: Fingerprints
) -> tuple[dict[str, Rule], dict[str, Score]]:
    """Return the same rules and scores, each with its fingerprint."""
    return (
        {name: replace(rule, fingerprint=fingerprints.rule(name)) for name, rule in rules.items()},
        {name: replace(score, fingerprint=fingerprints.score(name)) for name, score in scores.items()},
    )


def _hash(meaning: Plain) -> str:
    text = json.dumps(meaning, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:LENGTH]


def _groups(groups: tuple[Group, ...]) -> Plain:
    return sorted((_group(group) for group in groups), key=_text)


def _group(group: Group) -> Plain:
    members: list[Plain] = [member if isinstance(member, str) else _group(member) for member in group.members]
    return {"kind": group.kind, "at_least": group.at_least, "members": sorted(members, key=_text)}


def _text(plain: Plain) -> str:
    return json.dumps(plain, sort_keys=True)


def _window(window: Window) -> dict[str, Plain]:
    return {"within": window.within, "since": window.since}


def _whole(threshold: Threshold | None) -> Plain:
    if threshold is None:
        return None
    low, high = whole_range(threshold)
    return [max(low, 0), high]  # a count is never below 0


def _interval(threshold: Threshold) -> Plain:
    return [_number(threshold.low), threshold.low_open, _number(threshold.high), threshold.high_open]


def _number(number: Decimal | None) -> str | None:
    return None if number is None else _fraction(Fraction(number))


def _fraction(share: Fraction | None) -> str | None:
    return None if share is None else f"{share.numerator}/{share.denominator}"


def _scalar(value: Scalar) -> Plain:
    return {"number": _number(value)} if isinstance(value, Decimal) else value
