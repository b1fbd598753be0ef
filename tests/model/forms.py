"""Whether a criterion is met at an instant: one function a form, each a scan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from assay.core.definitions.model import (
    Attribute,
    Corroboration,
    Count,
    Criterion,
    Form,
    PartnerInsight,
    PartnerSays,
    PeopleQualified,
    Qualified,
    ScoreIs,
    Sequence,
    Sum,
    Window,
)
from tests.model import partners, scores
from tests.model.conditions import holds, meets, millionths, number
from tests.model.history import History, Subject
from tests.model.world import Event

DAY = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Siblings:
    """The forms of the criteria of one rule, by name."""

    forms: Mapping[str, Form]

    @classmethod
    def of(cls, criteria: tuple[Criterion, ...]) -> Siblings:
        """Return the forms of these criteria."""
        return cls({c.name: c.form for c in criteria})


def window_start(history: History, window: Window, subject: Subject, x: int) -> int | None:
    """Return the latest `since` event at or before x; before all time without `since`, None without any such event."""
    if window.since is None:
        return -(2**63)
    return max((e.at for e in history.events(subject) if e.event == window.since and e.at <= x), default=None)


def in_window(history: History, window: Window, subject: Subject, x: int) -> list[Event]:
    """Return the subject's events that are in the window as of x, oldest first."""
    start = window_start(history, window, subject, x)
    return [
        e
        for e in history.events(subject)
        if e.at <= x and (window.within is None or x - window.within < e.at) and start is not None and start <= e.at
    ]


def value_of(form: Count, event: Event) -> object:
    """Return what `distinct` tells apart, None where it is absent."""
    if form.distinct_is_property:
        return event.properties.get(form.distinct or "")
    days = event.at // DAY
    # The first day of 1970 was a Thursday; weeks begin on Mondays.
    return {"day": days, "week": (days + 3) // 7, "person": event.person, "account": event.account}[form.distinct or ""]


def amount_of(form: Sum, event: Event) -> int:
    """Return the event's amount in millionths, 0 where it is absent."""
    found = number(event.properties.get(form.property))
    return 0 if found is None else millionths(found) or 0


def counted(history: History, form: Count | Sum, subject: Subject, x: int) -> list[Event]:
    """Return the events that count at x, oldest first."""
    lists = history.definitions.lists
    return [
        e
        for e in in_window(history, form.window, subject, x)
        if (not form.events or e.event in form.events)
        and all(meets(condition, e.properties.get(name), lists) for name, condition in form.where)
        and not (isinstance(form, Count) and form.distinct and value_of(form, e) is None)
    ]


def chain_exists(steps: tuple[str, ...], events: list[Event]) -> bool:
    """Return whether the steps occur at strictly increasing instants."""
    at: int | None = None
    for step in steps:
        later = [e.at for e in events if e.event == step and (at is None or e.at > at)]
        if not later:
            return False
        at = min(later)
    return True


def shares_people(history: History, form: PeopleQualified, subject: Subject, x: int) -> bool:
    """Return whether enough of the account's people hold the rule at x."""
    people = history.active_people(subject.account, x, form.active_within)
    qualified = [p for p in people if history.rule_holds(form.rule, Subject(p, subject.account), x)]
    enough_share = form.share is None or len(qualified) >= form.share * len(people)
    return bool(people) and enough_share and (form.people is None or len(qualified) >= form.people)


def rule_subjects(history: History, rule: str, subject: Subject, x: int) -> list[Subject]:
    """Return the subjects any of which must hold the rule for `qualified: rule` to be met of `subject` at x."""
    account = history.account(subject, x)
    if history.definitions.rule(rule).subject == "account":
        return [] if account is None else [Subject(None, account)]
    if subject.person is None:
        return [Subject(p, account) for p in history.people(account, x)]
    return [subject]


def partner_number(
    history: History, form: PartnerSays | PartnerInsight | Corroboration, siblings: Siblings, subject: Subject, x: int
) -> int:
    """Return how many partners, or independent groups of them, a criterion counts at x."""
    account = history.account(subject, x)
    if not isinstance(form, Corroboration):
        return len(partners.partners(history, form, account, x))
    who = partners.agreeing(history, form, siblings.forms, account, x)
    return partners.components(history, account, who, x) if form.independent else len(who)


def attribute_value(history: History, form: Attribute, subject: Subject, x: int) -> str | None:
    """Return the value that an attribute criterion reads at x."""
    if form.of_account or subject.person is None:
        return history.attribute("account", history.account(subject, x), form.name, x)
    return history.attribute("person", subject.person, form.name, x)


def met(history: History, form: Form, siblings: Siblings, subject: Subject, x: int) -> bool:
    """Return whether a criterion is met of a subject at x; before birth none is."""
    return x >= history.birth(subject) and says(history, form, siblings, subject, x)


def says(history: History, form: Form, siblings: Siblings, subject: Subject, x: int) -> bool:
    """Return whether what a criterion asks for is so at x, whether or not the subject is born."""
    if isinstance(form, Sequence):
        return chain_exists(form.steps, in_window(history, form.window, subject, x))
    if isinstance(form, Attribute):
        return meets(form.condition, attribute_value(history, form, subject, x), history.definitions.lists)
    if isinstance(form, Qualified):
        return any(history.rule_holds(form.rule, s, x) for s in rule_subjects(history, form.rule, subject, x))
    if isinstance(form, PeopleQualified):
        return shares_people(history, form, subject, x)
    assert form.threshold is not None
    if isinstance(form, Count | Sum):
        return holds(form.threshold, quantity(history, form, subject, x))
    if isinstance(form, ScoreIs):
        score = history.definitions.score(form.score)
        return holds(form.threshold, scores.total(history, score, subject, x))
    return holds(form.threshold, partner_number(history, form, siblings, subject, x))


def quantity(history: History, form: Count | Sum, subject: Subject, x: int) -> Fraction:
    """Return the number of events or different values, or the sum."""
    events = counted(history, form, subject, x)
    if isinstance(form, Sum):
        return Fraction(sum(amount_of(form, e) for e in events), 1_000_000)
    return Fraction(len({value_of(form, e) for e in events} if form.distinct else events))
