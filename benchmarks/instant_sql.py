"""One rule at one instant as one SQL query: what a product-analytics tool runs.

The table read is `events(instant, event, person, account, amount, feature, project)` with integers only: `amount` in
millionths (0 where absent), `feature` and `project` as codes (-1 where absent), which is kind to the baselines. Also
read is `memberships(person, instant, account)` with the least 64-bit integer for undated. A sequence needs no array
functions over more than one step: a chain of three exists exactly when a middle one lies between the earliest first
and the latest last.
"""

from __future__ import annotations

import math
from collections.abc import Sequence as Items
from typing import Final, Protocol

from assay.core.definitions.model import (
    Count,
    Definitions,
    Form,
    Group,
    PeopleQualified,
    PointsLine,
    Rule,
    ScoreIs,
    Sequence,
    Sum,
    Threshold,
)
from benchmarks.generate import DAY, EVENT_NAMES

ALWAYS: Final = -(2**62)


class Dialect(Protocol):
    """How a database writes conditional aggregates."""

    def count_if(self, condition: str) -> str:
        """Return the number of rows that meet a condition."""

    def distinct_if(self, value: str, condition: str) -> str:
        """Return the number of different values among rows that meet a condition."""

    def sum_if(self, value: str, condition: str) -> str:
        """Return the sum of a value, 0 without rows."""

    def earliest_if(self, condition: str) -> str:
        """Return the least instant, or an instant after all others without rows."""

    def latest_if(self, condition: str) -> str:
        """Return the greatest instant, or an instant before all others without rows."""

    def exists_between(self, condition: str, low: str, high: str) -> str:
        """Return whether a row that meets a condition has low < instant < high, both aggregates."""

    def whole(self, number: str, by: int) -> str:
        """Return the whole quotient of a number that is not negative."""

    def last_by_at(self, value: str) -> str:
        """Return the value of the row with the greatest instant."""

    def pruned(self, low: int, high: int) -> str:
        """Return a further condition that lets the table skip days, or ""."""


def in_window(form: Count | Sum | Sequence, as_of: int) -> int:
    """Return the instant after which events count."""
    return as_of - form.window.within if form.window.within is not None else ALWAYS


def codes(names: Items[str]) -> str:
    """Return event names as a list of codes."""
    return ", ".join(str(EVENT_NAMES.index(name)) for name in names)


def _fed(form: Count | Sum, low: int) -> str:
    parts = [f"instant > {low}"] if low != ALWAYS else []
    if form.events:
        parts.append(f"event IN ({codes(form.events)})")
    for name, condition in form.where:
        parts.append(f"{name} = {int(str(condition.values[0])[-2:])}")
    return " AND ".join(parts) or "1 = 1"


def holds(threshold: Threshold | None, value: str, scale: int = 1) -> str:
    """Return the condition that a number meets a threshold."""
    assert threshold is not None and threshold.low is not None and threshold.high is None
    low = threshold.low * scale
    return f"{value} >= {int(low) if low == int(low) else low}"


def day(dialect: Dialect) -> str:
    """Return the number of the day of an event."""
    return dialect.whole("instant", DAY)


def distinct_value(dialect: Dialect, distinct: str) -> str:
    """Return the expression of what is counted."""
    if distinct == "week":
        return dialect.whole(f"({day(dialect)} + 3)", 7)
    return day(dialect) if distinct == "day" else distinct


def decay(line: PointsLine, as_of: int) -> str:
    """Return what an event still weighs."""
    assert line.fades is not None
    if line.fades.kind == "linear":
        return f"(1 - ({as_of} - instant) / {line.fades.duration}.0)"
    return f"exp(({as_of} - instant) * {-math.log(2) / line.fades.duration:.17e})"


def line_low(line: PointsLine, as_of: int) -> int:
    """Return the instant after which events bring points."""
    assert line.fades is not None
    return as_of - line.fades.duration if line.fades.kind == "linear" else ALWAYS


def _score(dialect: Dialect, criterion: ScoreIs, definitions: Definitions, as_of: int) -> str:
    score = definitions.score(criterion.score)
    dimensions: dict[str, list[str]] = {}
    for line in score.points:
        assert isinstance(line.form, Count)
        low = line_low(line, as_of)
        total = dialect.sum_if(f"{line.each} * {decay(line, as_of)}", _fed(line.form, low))
        dimensions.setdefault(line.dimension, []).append(f"least({line.up_to}.0, {total})")
    caps = dict(score.caps)
    parts = [
        f"least({caps[dimension]}.0, {' + '.join(lines)})" if dimension in caps else " + ".join(lines)
        for dimension, lines in dimensions.items()
    ]
    return holds(criterion.threshold, f"({' + '.join(parts)})")


def _sequence(dialect: Dialect, form: Sequence, low: int) -> str:
    steps = [f"event = {codes([step])} AND instant > {low}" for step in form.steps]
    first, last = dialect.earliest_if(steps[0]), dialect.latest_if(steps[-1])
    if len(steps) == 2:
        return f"{first} < {last}"
    return dialect.exists_between(steps[1], first, last)


def met(dialect: Dialect, form: Form, definitions: Definitions, as_of: int) -> str:
    """Return the condition on one subject's group of rows that a criterion is met."""
    if isinstance(form, ScoreIs):
        return _score(dialect, form, definitions, as_of)
    assert isinstance(form, Count | Sum | Sequence)
    low = in_window(form, as_of)
    if isinstance(form, Sequence):
        return _sequence(dialect, form, low)
    if isinstance(form, Sum):
        return holds(form.threshold, dialect.sum_if("amount", _fed(form, low)), 1_000_000)
    if form.distinct is None:
        return holds(form.threshold, dialect.count_if(_fed(form, low)))
    fed = _fed(form, low) + (f" AND {form.distinct} >= 0" if form.distinct_is_property else "")
    return holds(form.threshold, dialect.distinct_if(distinct_value(dialect, form.distinct), fed))


def joined(groups: Items[Group], mets: dict[str, str]) -> str:
    """Return the condition that all groups hold, from the condition of each criterion."""
    parts = []
    for group in groups:
        members = [f"({mets[member]})" for member in group.members if isinstance(member, str)]
        assert len(members) == len(group.members)
        if group.kind == "all_of":
            parts.append(" AND ".join(members))
        elif group.kind == "any_of":
            parts.append(f"({' OR '.join(members)})")
        elif group.kind == "none_of":
            parts.append(f"NOT ({' OR '.join(members)})")
        else:
            summed = " + ".join(f"CASE WHEN {member} THEN 1 ELSE 0 END" for member in members)
            parts.append(f"({summed}) >= {group.at_least}")
    return " AND ".join(parts)


def reach(forms: Items[Form], definitions: Definitions, as_of: int) -> tuple[int, tuple[str, ...] | None]:
    """Return the instant before which no event matters to the forms, and the names of those that do (None: all)."""
    low, names, any_event = as_of, set[str](), False
    for form in forms:
        if isinstance(form, ScoreIs):
            for line in definitions.score(form.score).points:
                assert isinstance(line.form, Count)
                low = min(low, line_low(line, as_of))
                names.update(line.form.events)
        elif isinstance(form, Count | Sum | Sequence):
            low = min(low, in_window(form, as_of))
            used = form.steps if isinstance(form, Sequence) else form.events
            names.update(used)
            any_event = any_event or not used
    return low, None if any_event else tuple(sorted(names))


def _rows(dialect: Dialect, low: int, names: tuple[str, ...] | None, as_of: int) -> str:
    parts = [f"instant <= {as_of}", dialect.pruned(low, as_of)]
    if low != ALWAYS:
        parts.append(f"instant > {low}")
    if names is not None:
        parts.append(f"event IN ({codes(names)})")
    return " AND ".join(part for part in parts if part)


def _grouped(dialect: Dialect, rule: Rule, definitions: Definitions, as_of: int) -> str:
    """Return the query of a rule without people_qualified."""
    forms = [criterion.form for criterion in rule.criteria]
    low, names = reach(forms, definitions, as_of)
    mets = {criterion.name: met(dialect, criterion.form, definitions, as_of) for criterion in rule.criteria}
    return (
        f"SELECT {rule.subject} AS subject FROM events WHERE {_rows(dialect, low, names, as_of)} "
        f"GROUP BY {rule.subject} HAVING {joined(rule.qualify, mets)}"
    )


def people_qualified(dialect: Dialect, form: PeopleQualified, definitions: Definitions, as_of: int) -> str:
    """Return a query of (account, people, holding): the people of each account, and how many hold the rule there."""
    rule = definitions.rule(form.rule)
    mets = {criterion.name: met(dialect, criterion.form, definitions, as_of) for criterion in rule.criteria}
    holding = f"CASE WHEN {joined(rule.qualify, mets)} THEN 1 ELSE 0 END AS holding"
    low, names = reach([criterion.form for criterion in rule.criteria], definitions, as_of)
    if form.active_within is not None:
        active_from = as_of - form.active_within
        pairs = (
            f"SELECT account, person, {holding}, max(instant) AS latest FROM events "
            f"WHERE {_rows(dialect, min(low, active_from), None, as_of)} GROUP BY account, person"
        )
        return (
            f"SELECT account, count(*) AS people, sum(holding) AS holding FROM ({pairs}) AS pairs "
            f"WHERE latest > {active_from} GROUP BY account"
        )
    pairs = (
        f"SELECT account, person, {holding} FROM events WHERE {_rows(dialect, low, names, as_of)} "
        f"GROUP BY account, person UNION ALL "
        f"SELECT account, person, 0 FROM events WHERE instant <= {as_of} GROUP BY account, person UNION ALL "
        f"SELECT account, person, 0 FROM ({members(dialect, as_of)}) AS members"
    )
    once = f"SELECT account, person, max(holding) AS holding FROM ({pairs}) AS pairs GROUP BY account, person"
    return f"SELECT account, count(*) AS people, sum(holding) AS holding FROM ({once}) AS each_once GROUP BY account"


def members(dialect: Dialect, as_of: int) -> str:
    """Return a query of who is a member of which account at an instant."""
    return (
        f"SELECT {dialect.last_by_at('account')} AS account, person FROM memberships WHERE instant <= {as_of} "
        f"GROUP BY person"
    )


def enough_people(form: PeopleQualified) -> str:
    """Return the condition on (people, holding)."""
    parts = [f"holding >= {form.people or 0}", "people > 0"]
    if form.share is not None:
        parts.append(f"holding * {form.share.denominator} >= people * {form.share.numerator}")
    return " AND ".join(parts)


def query(dialect: Dialect, rule: Rule, definitions: Definitions, as_of: int) -> str:
    """Return the query of the subjects that are qualified under a rule at an instant: one column `subject`."""
    of_people = [criterion for criterion in rule.criteria if isinstance(criterion.form, PeopleQualified)]
    if not of_people:
        return _grouped(dialect, rule, definitions, as_of)
    (about,) = of_people
    assert isinstance(about.form, PeopleQualified) and [group.kind for group in rule.qualify] == ["all_of"]
    others = [criterion for criterion in rule.criteria if criterion is not about]
    low, names = reach([criterion.form for criterion in others], definitions, as_of)
    having = " AND ".join(f"({met(dialect, criterion.form, definitions, as_of)})" for criterion in others)
    own = (
        f"SELECT account AS subject FROM events WHERE {_rows(dialect, low, names, as_of)} "
        f"GROUP BY account HAVING {having}"
    )
    people = people_qualified(dialect, about.form, definitions, as_of)
    return (
        f"SELECT own.subject AS subject FROM ({own}) AS own JOIN ({people}) AS counted "
        f"ON own.subject = counted.account WHERE {enough_people(about.form)}"
    )
