"""Short ways to write definitions and worlds in tests."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import count as counter

from assay.core.definitions.model import (
    Condition,
    Count,
    Criterion,
    Definitions,
    Fade,
    Form,
    Group,
    GroupKind,
    PointsLine,
    Rule,
    Score,
    SubjectType,
    Threshold,
    Window,
)
from assay.core.errors import Place
from tests.model.world import Event

HOUR = 3_600_000_000
DAY = 24 * HOUR
MONDAY = 1_772_409_600_000_000  # 2026-03-02
PLACE = Place(file="rules.yml", line=1, column=1)

_numbers = counter(1)


def at(days: float) -> int:
    """Return the instant so many days after a Monday midnight."""
    return MONDAY + round(days * DAY)


def at_least(number: int | str) -> Threshold:
    """Return a threshold from below."""
    return Threshold(low=Decimal(number), text=f"at least {number}")


def at_most(number: int | str) -> Threshold:
    """Return a threshold from above."""
    return Threshold(high=Decimal(number), text=f"at most {number}")


def is_(value: str | bool | Decimal) -> Condition:
    """Return the condition that a value is this one."""
    return Condition(kind="is", values=(value,))


def did(
    event: str, times: int = 1, *, within: int | None = None, since: str | None = None, distinct: str | None = None
) -> Count:
    """Return the criterion that an event was seen at least so many times."""
    return Count(
        events=(event,),
        threshold=at_least(times),
        window=Window(within=within, since=since),
        distinct=distinct,
        distinct_is_property=distinct not in (None, "day", "week", "person", "account"),
    )


def rule(
    forms: Mapping[str, Form],
    *,
    name: str = "r",
    subject: SubjectType = "person",
    stay: Mapping[GroupKind, tuple[str, ...]] | None = None,
    **groups: tuple[str | Group, ...],
) -> Rule:
    """Return a rule; without groups all its criteria must be met."""
    given: Mapping[str, tuple[str | Group, ...]] = groups or {"all_of": tuple(forms)}
    return Rule(
        name=name,
        version=1,
        status="live",
        stage="PQL",
        motion="new_business",
        subject=subject,
        place=PLACE,
        fingerprint="f",
        criteria=tuple(Criterion(name=n, form=f, place=PLACE) for n, f in forms.items()),
        qualify=tuple(Group(kind=k, members=m) for k, m in given.items()),  # type: ignore[arg-type]
        stay_qualified=tuple(Group(kind=k, members=m) for k, m in (stay or {}).items()),
    )


def line(
    form: Form,
    *,
    each: int | None = None,
    once: int | None = None,
    up_to: int | None = None,
    fades: Fade | None = None,
    dimension: str = "product",
) -> PointsLine:
    """Return a line of a score; `score` names it."""

    def number(value: int | None) -> Decimal | None:
        return None if value is None else Decimal(value)

    return PointsLine(
        name="?",
        dimension=dimension,
        form=form,
        each=number(each),
        once=number(once),
        up_to=number(up_to),
        fades=fades,
        place=PLACE,
    )


def score(lines: Mapping[str, PointsLine], *, subject: SubjectType = "person", **caps: int) -> Score:
    """Return the score "s"."""
    points = tuple(
        PointsLine(
            name=n,
            dimension=p.dimension,
            form=p.form,
            each=p.each,
            once=p.once,
            up_to=p.up_to,
            fades=p.fades,
            place=PLACE,
        )
        for n, p in lines.items()
    )
    return Score(
        name="s",
        version=1,
        subject=subject,
        dimensions=("product", "fit"),
        points=points,
        caps=tuple((d, Decimal(c)) for d, c in caps.items()),
        place=PLACE,
        fingerprint="f",
    )


def definitions(*rules: Rule, scores: tuple[Score, ...] = ()) -> Definitions:
    """Return definitions of these rules and scores."""
    return Definitions(
        folder="definitions",
        rules=rules,
        scores=scores,
        lists={"free": ("gmail.example",)},
        event_names=frozenset({"login", "invite", "pay"}),
    )


def event(
    name: str,
    days: float,
    *,
    person: str | None = "ann",
    account: str | None = None,
    id: str | None = None,
    source: str = "app",
    **properties: str,
) -> Event:
    """Return an event so many days after the Monday."""
    return Event(
        at=at(days),
        event=name,
        person=person,
        account=account,
        source=source,
        id=id or f"e{next(_numbers)}",
        properties=properties,
    )
