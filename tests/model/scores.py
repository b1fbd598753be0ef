"""What a score is at an instant, added up anew each time."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, localcontext
from fractions import Fraction

from assay.core.definitions.model import Count, Fade, PartnerInsight, PartnerSays, PointsLine, Score
from tests.model import forms, partners
from tests.model.history import History, Subject

MILLION = 1_000_000


def weight(fade: Fade | None, age: int) -> Fraction:
    """Return what is left of one point after `age` microseconds."""
    if fade is None:
        return Fraction(1)
    if fade.kind == "linear":
        return max(Fraction(0), 1 - Fraction(age, fade.duration))
    if age > 400 * fade.duration:
        return Fraction(0)
    with localcontext() as context:
        context.prec = 50
        return Fraction(Decimal(2) ** (-Decimal(age) / Decimal(fade.duration)))


def ages(history: History, line: PointsLine, subject: Subject, x: int) -> Iterable[int]:
    """Return, for each thing that brings the line's points, how long ago it was."""
    form = line.form
    if isinstance(form, PartnerSays | PartnerInsight):
        newest = partners.partners(history, form, history.account(subject, x), x)
        return [x - at for at in newest.values()]
    assert isinstance(form, Count)
    events = forms.counted(history, form, subject, x)
    if not form.distinct:
        return [x - e.at for e in events]
    return {forms.value_of(form, e): x - e.at for e in events}.values()  # oldest first: the newest event stays


def line_points(history: History, score: Score, line: PointsLine, subject: Subject, x: int) -> Fraction:
    """Return the points of one line, rounded half to even to six decimals."""
    if line.once is not None:
        siblings = forms.Siblings({other.name: other.form for other in score.points})
        points = Fraction(line.once) * forms.met(history, line.form, siblings, subject, x)
    else:
        assert line.each is not None
        points = Fraction(line.each) * sum(weight(line.fades, age) for age in ages(history, line, subject, x))
    if line.up_to is not None:
        limit = Fraction(line.up_to)
        points = min(points, limit) if limit >= 0 else max(points, limit)
    return Fraction(round(points * MILLION), MILLION)


def contributions(history: History, score: Score, subject: Subject, x: int) -> dict[tuple[str, str], Fraction]:
    """Return the points by (line, dimension); a cap that bites is a line "<dimension> cap"."""
    if x < history.birth(subject):
        return {}
    found = {(line.name, line.dimension): line_points(history, score, line, subject, x) for line in score.points}
    for dimension, cap in score.caps:
        reached = sum((points for (_, other), points in found.items() if other == dimension), Fraction(0))
        if reached > Fraction(cap):
            found[f"{dimension} cap", dimension] = Fraction(cap) - reached
    return found


def total(history: History, score: Score, subject: Subject, x: int) -> Fraction:
    """Return the score at x."""
    return sum(contributions(history, score, subject, x).values(), Fraction(0))


def lean(history: History, score: Score, subject: Subject, x: int) -> dict[str, float] | None:
    """Return each dimension's share of the positive points, None where there are none."""
    found = contributions(history, score, subject, x)
    sums = {d: max(Fraction(0), sum(p for (_, other), p in found.items() if other == d)) for d in score.dimensions}
    whole = sum(sums.values())
    return {d: float(points / whole) for d, points in sums.items()} if whole else None
