"""What we bring to a step: canonical keys of the accounts that are compared, members, offers, values of fields.

Keys are remembered between steps, as most accounts are what they were: one process does all steps.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db.models import Count, Max, Q

from assay.node.leads.models import AccountOwner
from assay.node.partnering import fields as known_fields
from assay.node.partnering import grants, matching, people
from assay.node.partnering.accounts import attribute_names
from assay.node.partnering.models import (
    Account,
    AccountsRead,
    Company,
    Grant,
    Level,
    Member,
    Partnership,
    Person,
    Population,
    Standing,
)
from assay.node.partnering.releasing import WEEK, Gate
from assay.partners import dealing
from assay.partners.canonical import Keys, Record, keys_of
from assay.partners.dealing import Allowance, Mine, Offer

#: Records that may always come in a week, however short a list is.
_ALWAYS_A_WEEK: Final = 100


@dataclass(slots=True)
class Ours:
    """Our accounts as they are compared, remembered between steps."""

    accounts: dict[str, Account] = field(default_factory=dict)
    keys: dict[str, Keys] = field(default_factory=dict)
    members: dict[str, frozenset[str]] = field(default_factory=dict)
    owners: dict[str, Any] = field(default_factory=dict)
    read_at: datetime | None = None  # when the accounts were read from the lake
    matching: dict[str, str] = field(default_factory=dict)  # what they are compared by
    changes: int = 0  # of keys; only grows
    people: dict[str, tuple[Person, Keys]] = field(default_factory=dict)  # by record, where populations are of people
    _people_at: datetime | None = None
    _marks: tuple[Any, ...] = ()
    _records: dict[str, Record] = field(default_factory=dict)

    def refresh(self, company: Company) -> frozenset[str]:
        """Bring all of it up to date; return the accounts that changed, came or went, in any way that matters."""
        read = AccountsRead.objects.filter(pk=1).values_list("at", flat=True).first()
        chosen = matching.chosen(company.matching, attribute_names())
        touched: set[str] = set()
        if (read, chosen) != (self.read_at, self.matching):
            touched |= self._take({one.account_id: one for one in Account.objects.all().iterator(5_000)}, chosen)
            self.read_at, self.matching = read, chosen
        touched |= self._take_people(is_anew=bool(touched))
        owners = {one.account_id: one.user for one in AccountOwner.objects.select_related("user")}
        touched |= {one for one in {*owners, *self.owners} if _named(owners.get(one)) != _named(self.owners.get(one))}
        self.owners = owners
        if (marks := _marks()) != self._marks:
            members = _members()
            for slug in {*members, *self.members}:
                touched |= members.get(slug, frozenset()) ^ self.members.get(slug, frozenset())
            self.members, self._marks = members, marks
        return frozenset(touched)

    def _take(self, accounts: dict[str, Account], chosen: dict[str, str]) -> set[str]:
        touched = set(self.accounts) - set(accounts)
        for account_id, account in accounts.items():
            before = self.accounts.get(account_id)
            record = matching.record_of(account, chosen)
            if before is not None and self._records.get(account_id) == record:
                if (before.name, before.domain, before.attributes) != (
                    account.name,
                    account.domain,
                    account.attributes,
                ):
                    touched.add(account_id)
                continue
            touched.add(account_id)
            self._records[account_id] = record
            self.keys[account_id] = keys_of(record)
            self.changes += 1
        for gone in set(self.accounts) - set(accounts):
            self.changes += 1
            self.keys.pop(gone, None)
            self._records.pop(gone, None)
        self.accounts = accounts
        return touched

    def _take_people(self, *, is_anew: bool) -> set[str]:
        """Make keys of people anew where they, or accounts whose domains they are at, were read anew."""
        read = people.read_at()
        if read == self._people_at and not is_anew:
            return set()
        self._people_at, before = read, self.people
        self.people = {}
        if read is not None and Population.objects.filter(is_of_people=True).exists():
            for one in Person.objects.iterator(5_000):
                at = self.accounts.get(one.account_id)
                self.people[people.record_of(one.person_id)] = (one, people.keys(one, at.domain if at else ""))
        same = {one for one in before.keys() & self.people.keys() if before[one][1] == self.people[one][1]}
        return (before.keys() | self.people.keys()) - same

    def keys_of(self, record: str) -> Keys | None:
        """Return what an account or a person is compared by; None where nothing can be compared."""
        person = self.people.get(record)
        found = person[1] if person is not None else self.keys.get(record)
        return found if found is not None and found.values else None

    def values(self, account_id: str, names: Sequence[str]) -> dict[str, str]:
        """Return what fields say of an account."""
        return known_fields.of(self.accounts.get(account_id), self.owners.get(account_id), names)


def mine(ours: Ours, partnership: Partnership, now: datetime, touched: frozenset[str] | None) -> Mine:
    """Return what we bring to one step of one partnership: what its grants let it know of, and no more."""
    held = {grant.population.slug: grant for grant in grants.effective(partnership).values()}
    shown = {slug: grant for slug, grant in held.items() if grant.level != Level.HIDDEN}
    compared = {slug: grant for slug, grant in shown.items() if grant.level == Level.OVERLAPS}
    members = {slug: ours.members.get(slug, frozenset()) for slug in compared}
    records = {one: found for of in members.values() for one in of if (found := ours.keys_of(one)) is not None}
    names = sorted({name for grant in compared.values() for name in grant.fields})
    offers = [_offer(grant) for _, grant in sorted(shown.items())]
    version, is_new = _version(partnership, offers)
    return Mine(
        records=records,
        offers=offers,
        version=version,
        members={slug: of & records.keys() for slug, of in members.items()},
        fields_of=lambda record: ours.values(record, names),
        may_release=Gate(partnership, compared, now),
        touched=None if is_new else touched,  # a grant brings accounts that did not change
        allowance=_allowance(partnership, now),
        counted={
            slug: [found for one in sorted(ours.members.get(slug, ())) if (found := ours.keys.get(one)) is not None]
            for slug in sorted(shown)
            if not shown[slug].population.is_of_people
        },
    )


def of_partner(ours: Ours, partnership: Partnership, touched: frozenset[str]) -> dict[str, Keys]:
    """Return those of some accounts that are compared with a partner's, with their keys."""
    compared = [one.population.slug for one in grants.effective(partnership).values() if one.level == Level.OVERLAPS]
    members = touched & frozenset().union(*(ours.members.get(slug, frozenset()) for slug in compared))
    return {one: keys for one in sorted(members) if (keys := ours.keys.get(one)) is not None and keys.values}


def _allowance(partnership: Partnership, now: datetime) -> Allowance:
    """Return how long the partner's list may be, and how many records may come in a week once it has begun.

    A first week is for pairing and trying: then it grows as far as it may. Later growth is counted from the most it
    ever had, so that a list that shrank for a while may come back where somebody lets it.
    """
    longest, standing = max(partnership.longest_list, 1), partnership.standing
    if standing.records_before is None and (standing.before_at is None or now - standing.before_at <= WEEK):
        weekly = longest - standing.their_most
    else:
        weekly = standing.their_most * partnership.growth_a_week // 100
    return Allowance(longest, max(weekly, _ALWAYS_A_WEEK))


def _offer(grant: Grant) -> Offer:
    population: Population = grant.population
    expires = grant.expires_on
    ends = None
    if expires is not None:
        ends = int(datetime.fromisoformat(f"{expires.isoformat()}T23:59:59+00:00").timestamp()) * 1_000_000
    return Offer(
        population=population.slug,
        name=population.name,
        says=population.says,
        level=dealing.Level(grant.level),
        fields=tuple(grant.fields),
        until=ends,
    )


def _version(partnership: Partnership, offers: Sequence[Offer]) -> tuple[int, bool]:
    """Return the version of what the partner may know of: one more whenever that is something else than before."""
    told: list[Mapping[str, Any]] = [
        {name: getattr(offer, name) for name in ("population", "name", "says", "level", "fields", "until")}
        for offer in offers
    ]
    digest = hashlib.sha256(json.dumps(told, default=str).encode()).hexdigest()
    standing = Standing.objects.get(partnership=partnership)
    is_new = standing.offers != digest
    if is_new:
        standing.offers, standing.version = digest, standing.version + 1
        standing.save(update_fields=["offers", "version"])
    return standing.version, is_new


def _marks() -> tuple[Any, ...]:
    """Return what differs wherever members do: those that came have higher numbers, those that left a later instant."""
    is_in = Q(until__isnull=True)
    found = Member.objects.aggregate(
        newest=Max("pk"), left=Max("until"), all=Count("pk"), now=Count("pk", filter=is_in)
    )
    return (*found.values(), *Population.objects.order_by("pk").values_list("slug", flat=True))


def _members() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {slug: set() for slug in Population.objects.values_list("slug", flat=True)}
    rows = Member.objects.filter(until__isnull=True).values_list("population__slug", "account_id")
    for slug, account_id in rows.iterator(10_000):
        found.setdefault(slug, set()).add(account_id)
    return {slug: frozenset(of) for slug, of in found.items()}


def _named(user: Any) -> tuple[str, str] | None:
    return None if user is None else (user.name, user.email)
