"""What is known of people, accounts and pairs at any instant: read from the rows by scanning them all."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from assay.core.definitions.model import Definitions
from tests.model.world import Event, World


class Subject(NamedTuple):
    """A person, a person within one account, or (without a person) an account."""

    person: str | None
    account: str | None

    @property
    def kind(self) -> str:
        """Return person, pair or account."""
        if self.person is None:
            return "account"
        return "person" if self.account is None else "pair"


#: A cause as (its kind's rank, source or detail, id): the least is preferred.
Cause = tuple[int, str, str]

KINDS = ("event", "attribute", "membership", "fact", "insight", "expiry", "birth")
MEMBERSHIP: Cause = (KINDS.index("membership"), "", "")
BIRTH: Cause = (KINDS.index("birth"), "", "")


def cause(kind: str, detail: str, id: str = "") -> Cause:
    """Return a cause of that kind."""
    return (KINDS.index(kind), detail, id)


def cause_text(found: Cause) -> str:
    """Return a cause as the spells write it."""
    rank, detail, id = found
    return ":".join([KINDS[rank], *([detail] if detail else []), *([id] if id else [])])


class Interval(NamedTuple):
    """When a rule holds of a subject: [starts_at, ends_at), and what opened and closed it."""

    starts_at: int
    ends_at: int | None
    opened_by: Cause
    closed_by: Cause | None

    def covers(self, x: int) -> bool:
        """Return whether the rule holds at x."""
        return self.starts_at <= x and (self.ends_at is None or x < self.ends_at)


class History:
    """The world as known at `as_of`, and the definitions that judge it."""

    def __init__(self, world: World, definitions: Definitions, as_of: int) -> None:
        self.world = world.as_known(as_of)
        self.whole = world
        self.definitions = definitions
        self.as_of = as_of
        self.found: dict[tuple[str, Subject], list[Interval]] = {}
        self.decide: Callable[[str, Subject], list[Interval]] = lambda rule, subject: []
        self._events: dict[Subject, list[Event]] = {}
        self._births: dict[Subject, int] = {}
        self._accounts: dict[tuple[Subject, int], str | None] = {}

    def subjects(self, kind: str) -> list[Subject]:
        """Return every person or every account."""
        if kind == "person":
            return [Subject(p, None) for p in self.world.people]
        return [Subject(None, a) for a in self.world.accounts]

    def spells(self, rule: str, subject: Subject) -> list[Interval]:
        """Return when a rule holds of a subject, decided on first asking."""
        if (rule, subject) not in self.found:
            self.found[rule, subject] = self.decide(rule, subject)
        return self.found[rule, subject]

    def rule_holds(self, rule: str, subject: Subject, x: int) -> bool:
        """Return whether a rule holds of a subject at x."""
        return any(spell.covers(x) for spell in self.spells(rule, subject))

    def events(self, subject: Subject) -> list[Event]:
        """Return the events that the subject's rules see, oldest first."""
        if subject not in self._events:
            person, account = subject
            seen = [e for e in self.world.events if person in (None, e.person) and account in (None, e.account)]
            self._events[subject] = sorted(seen, key=lambda e: (e.at, e.source, e.id))
        return self._events[subject]

    def birth(self, subject: Subject) -> int:
        """Return the instant before which no rule holds of the subject: what came later tells of it as well."""
        if subject not in self._births:
            self._births[subject] = min(self._dated(subject), default=0)
        return self._births[subject]

    def _dated(self, subject: Subject) -> list[int]:
        person, account = subject
        world = self.whole
        own = ("account", account) if person is None else ("person", person)
        instants: list[int | None] = [
            e.at for e in world.events if person in (None, e.person) and account in (None, e.account)
        ]
        instants += [a.at for a in world.attributes if (a.subject_type, a.subject) == own]
        instants += [m.at for m in world.memberships if person in (None, m.person) and account in (None, m.account)]
        if person is None:
            instants += [f.since for f in world.partner_facts if f.account == account]
            instants += [i.at for i in world.insights if i.account == account]
        return [at for at in instants if at is not None]

    def account_of_person(self, person: str, x: int) -> str | None:
        """Return the account that a person belongs to at x."""
        rows = [m for m in self.world.memberships if m.person == person]
        dated = [m for m in rows if m.at is not None and m.at <= x]
        if dated:
            return max(dated, key=lambda m: m.at or 0).account
        return next((m.account for m in rows if m.at is None), None)

    def account(self, subject: Subject, x: int) -> str | None:
        """Return the account whose attributes, facts and rules the subject reads at x."""
        if subject.account is not None:
            return subject.account
        assert subject.person is not None
        if (subject, x) not in self._accounts:
            self._accounts[subject, x] = self.account_of_person(subject.person, x)
        return self._accounts[subject, x]

    def attribute(self, subject_type: str, subject: str | None, name: str, x: int) -> str | None:
        """Return the value of an attribute at x, or None where it is absent."""
        key = (subject_type, subject, name)
        rows = [a for a in self.world.attributes if (a.subject_type, a.subject, a.name) == key]
        dated = [a for a in rows if a.at is not None and a.at <= x]
        if dated:
            return max(dated, key=lambda a: a.at or 0).value
        return next((a.value for a in rows if a.at is None), None)

    def people(self, account: str | None, x: int) -> list[str]:
        """Return the people of an account as of x: its members, and whoever has an event in it by then."""
        return [
            p
            for p in self.world.people
            if account is not None
            and (self.account_of_person(p, x) == account or any(e.at <= x for e in self.events(Subject(p, account))))
        ]

    def active_people(self, account: str | None, x: int, within: int | None) -> list[str]:
        """Return the people of an account as of x that have an event in it in (x - within, x]."""
        return [
            p
            for p in self.people(account, x)
            if within is None or any(x - within < e.at <= x for e in self.events(Subject(p, account)))
        ]
