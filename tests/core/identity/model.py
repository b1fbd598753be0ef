"""Identity in plain Python: merges, memberships, attributes and whose account an event is, as the language says it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

FREE: Final = {"gmail.com"}
OWN: Final = {"own.example"}


@dataclass(frozen=True)
class PersonRow:
    """A row of a people file."""

    id: str
    email: str | None
    account: str | None
    joined: int | None
    same_as: str | None
    plan: str | None
    plan_at: int | None


@dataclass(frozen=True)
class EventRow:
    """A row of an event file."""

    id: str
    at: int
    person: str | None
    account: str | None
    plan: str | None


@dataclass(frozen=True)
class AccountRow:
    """A row of an account file."""

    id: str
    site: str | None


def shown_ids(rows: list[PersonRow]) -> dict[str, str]:
    """Return the id that is shown for each id in a group of merged ones."""
    groups: list[set[str]] = []
    for row in rows:
        touched = {row.id} | ({row.same_as} if row.same_as else set())
        for group in [g for g in groups if g & touched]:
            touched |= group
            groups.remove(group)
        groups.append(touched)
    older = {row.same_as for row in rows if row.same_as and row.same_as != row.id}
    return {member: min(group - older or group) for group in groups for member in group}


def kept(rows: list[EventRow]) -> list[EventRow]:
    """Return the events that count: per id the earliest, then the least row."""
    best: dict[str, EventRow] = {}
    for row in sorted(rows, key=lambda r: (r.at, r.person or "", r.account or "", r.plan or "")):
        best.setdefault(row.id, row)
    return sorted(best.values(), key=lambda r: r.id)


class Model:
    """What follows from the rows; people rows are in the order in which later ones win."""

    def __init__(self, people: list[PersonRow], events: list[EventRow], accounts: list[AccountRow]) -> None:
        self.shown = shown_ids(people)
        self.rows: dict[str, list[PersonRow]] = {}
        for row in people:
            self.rows.setdefault(self.shown[row.id], []).append(row)
        self.sites: dict[str, str] = {}
        for account in accounts:
            if account.site:
                self.sites[account.id] = account.site
        self.events = [(e.id, e.at, self.person(e), self.account(e), e.plan) for e in kept(events)]

    def person(self, event: EventRow) -> str | None:
        """Return the merged person of an event."""
        return self.shown.get(event.person, event.person) if event.person else None

    def domain(self, person: str) -> str | None:
        """Return the domain of the person's last e-mail."""
        emails = [row.email for row in self.rows.get(person, []) if row.email]
        return emails[-1].rpartition("@")[2] if emails else None

    def home(self, person: str) -> str | None:
        """Return the undated account of a person."""
        stated = [row.account for row in self.rows.get(person, []) if row.account and row.joined is None]
        if stated:
            return stated[-1]
        domain = self.domain(person)
        if domain is None or domain in FREE | OWN:
            return None
        return min((account for account, site in self.sites.items() if site == domain), default=domain)

    def memberships(self) -> dict[tuple[str, int | None], str | None]:
        """Return the account by person and instant."""
        found: dict[tuple[str, int | None], str | None] = {}
        for person, rows in self.rows.items():
            if self.home(person) is not None:
                found[person, None] = self.home(person)
            found |= {(person, row.joined): row.account for row in rows if row.joined is not None}
        return found

    def account(self, event: EventRow) -> str | None:
        """Return whose account an event is."""
        if event.account or not event.person:
            return event.account
        person = self.person(event) or ""
        dated = {row.joined: row.account for row in self.rows.get(person, []) if row.joined is not None}
        before = [at for at in dated if at <= event.at]
        return dated[max(before)] if before else self.home(person)

    def attributes(self) -> dict[tuple[str, str, str, int | None], str | None]:
        """Return values by subject type, subject, name and instant."""
        found: dict[tuple[str, str, str, int | None], str | None] = {}
        for person, rows in self.rows.items():
            if domain := self.domain(person):
                found["person", person, "email_domain", None] = domain
            for row in rows:
                if row.plan or row.plan_at is not None:
                    found["person", person, "plan", row.plan_at] = row.plan
        made = {home for (_, at), home in self.memberships().items() if at is None and home and "." in home}
        for account in made - set(self.sites):
            found["account", account, "domain", None] = account
        for account, site in self.sites.items():
            found["account", account, "domain", None] = site
        return found
