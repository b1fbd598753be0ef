"""What partners' knowledge of an account is worth: points by which leads are ranked (docs/adr/0019).

A partner's word counts the more the fresher it is, and the less the more partners say the same: whom everybody has is a
giant, and having it tells nothing. Partners of one parent count once. What somebody attests counts in full.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import log
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from assay.node.leads.models import KnownByPartners
from assay.node.partnering.models import Insight, Partnership, Says, Told

#: What one partner's fresh word is worth where no other says so.
WORTH: Final[Mapping[str, float]] = {
    Says.OPEN_OPPORTUNITY: 20.0,
    Says.CUSTOMER: 10.0,
    Says.PROSPECT: 5.0,
    Says.FORMER_CUSTOMER: 2.5,
    Says.OWN: 0.0,
}
#: What a letter that somebody attests is worth.
LETTER: Final = 10.0
#: After so long without a confirmation a word is worth half.
HALF_LIFE: Final = timedelta(days=90)


@dataclass(slots=True)
class _Known:
    """What is said of one account: by who says what, how fresh; by letter, how fresh."""

    partners: set[int] = field(default_factory=set)
    says: dict[str, dict[str, float]] = field(default_factory=dict)
    letters: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """What an account is worth by what partners know, and of what that is made up: words and points, most first."""

    partners: int
    total: float
    lines: tuple[tuple[str, float], ...]


def freshness(confirmed_at: datetime, now: datetime) -> float:
    """Return what is left of a word's worth: 1 at once, half of it each `HALF_LIFE`."""
    return float(0.5 ** (max(timedelta(), now - confirmed_at) / HALF_LIFE))


def rarity(saying: int, of: int) -> float:
    """Return how much one more word tells where `saying` of `of` partners say the same: 1 where one alone does."""
    return log((of + 2) / (saying + 1)) / log((of + 2) / 2)


def points(accounts: Collection[str], now: datetime) -> dict[str, Points]:
    """Return what these accounts are worth; those that no partner tells of are left out."""
    return _points(Told.objects.filter(account_id__in=accounts), Insight.objects.filter(account_id__in=accounts), now)


def refresh(now: datetime, accounts: Collection[str] | None = None) -> int:
    """Bring the table that leads are ranked by in line, of these accounts or of all; return how many are known."""
    told, attested, old = Told.objects.all(), Insight.objects.all(), KnownByPartners.objects.all()
    if accounts is not None:
        told, attested = told.filter(account_id__in=accounts), attested.filter(account_id__in=accounts)
        old = old.filter(account_id__in=accounts)
    found = _points(told, attested, now)
    with transaction.atomic():
        old.exclude(account_id__in=list(found)).delete()
        KnownByPartners.objects.bulk_create(
            [KnownByPartners(account_id=one, partners=of.partners, points=of.total) for one, of in found.items()],
            update_conflicts=True,
            unique_fields=["account_id"],
            update_fields=["partners", "points"],
            batch_size=2000,
        )
    return len(found)


def independent() -> int:
    """Return how many partners there are that may tell us anything, those of one parent counted once."""
    known = Partnership.objects.exclude(state=Partnership.State.REVOKED)
    return len({parent or slug for parent, slug in known.values_list("partner__parent", "partner__slug")})


def _points(told: QuerySet[Told], attested: QuerySet[Insight], now: datetime) -> dict[str, Points]:
    known: dict[str, _Known] = {}
    live = told.filter(until__isnull=True).exclude(partnership__state=Partnership.State.REVOKED)
    columns = ("account_id", "says", "confirmed_at", "partnership__partner", "partnership__partner__parent")
    for account, says, confirmed_at, partner, parent in live.values_list(*columns).iterator():
        one = known.setdefault(account, _Known())
        one.partners.add(partner)
        group, fresh = parent or f"#{partner}", freshness(confirmed_at, now)
        groups = one.says.setdefault(says, {})
        groups[group] = max(groups.get(group, 0.0), fresh)
    for insight in latest(attested):
        one = known.setdefault(insight.account_id, _Known())
        one.partners.add(insight.partner_id)
        one.letters[insight.letter] = max(one.letters.get(insight.letter, 0.0), freshness(insight.at, now))
    of = max(1, independent())
    return {account: _of_one(one, of) for account, one in known.items()}


def latest(attested: Iterable[Insight]) -> list[Insight]:
    """Return what each partner said last of each letter of each account, but for what was withdrawn; newest first."""
    seen: set[tuple[int, str, str]] = set()
    found = []
    for one in attested:  # newest first
        key = (one.partner_id, one.account_id, one.letter)
        if key not in seen:
            seen.add(key)
            if one.value.strip().lower() != "no":
                found.append(one)
    return found


def _of_one(one: _Known, of: int) -> Points:
    lines = []
    for says, groups in one.says.items():
        worth = WORTH.get(says, 0.0) * sum(groups.values()) * rarity(len(groups), max(of, len(groups)))
        who = "one partner says" if len(groups) == 1 else f"{len(groups)} independent partners say"
        lines.append((f"{who} “{Says(says).label.lower()}”" if says in Says.values else who, round(worth, 1)))
    for letter, fresh in one.letters.items():
        lines.append((f"{letter.replace('_', ' ')} attested", round(LETTER * fresh, 1)))
    lines.sort(key=lambda line: -line[1])
    return Points(partners=len(one.partners), total=round(sum(worth for _, worth in lines), 1), lines=tuple(lines))
