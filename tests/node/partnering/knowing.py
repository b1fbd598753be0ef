"""What tests of what partners know stand on: three partners of Acme, and what they tell, in few words."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path

from assay.node.partnering.models import (
    Insight,
    Level,
    Member,
    Overlap,
    Partner,
    Partnership,
    Population,
    TheirPopulation,
    Told,
)

ACME = Path(__file__).resolve().parents[3] / "examples" / "acme"
NOW = datetime.now(UTC)
DAY = timedelta(days=1)
_handles = itertools.count(1)


def partner(slug: str, parent: str = "", **more) -> Partnership:
    """Return the live partnership with a partner of that name, made where there is none."""
    found, _ = Partner.objects.get_or_create(
        slug=slug, defaults={"name": slug.title(), "parent": parent, "made_at": NOW}
    )
    made, _ = Partnership.objects.get_or_create(
        partner=found,
        state=Partnership.State.LIVE,
        defaults={"public_id": f"{found.pk:032x}", "escrow": "https://escrow.example", "made_at": NOW, **more},
    )
    return made


def overlap(with_whom: Partnership, account: str, bits: float = 8.0, ruling: str = "match", **more) -> Overlap:
    """Return the account as one that both share."""
    found = Overlap.objects.filter(partnership=with_whom, account_id=account, until=None).first()
    if found is not None:
        return found
    reasons = [["domain agrees", 4.4], ["name agrees, at one domain", 4.2]]
    handles = {"handle": f"{next(_handles):032x}", "their_handle": f"{next(_handles):032x}"}
    more = {"since": NOW - 30 * DAY, "reasons": reasons, **handles, **more}
    return Overlap.objects.create(partnership=with_whom, account_id=account, ruling=ruling, bits=bits, **more)


def offered(with_whom: Partnership, says: str, slug: str = "", level: str = Level.OVERLAPS, **more) -> TheirPopulation:
    """Return a population of which a partner lets us learn something."""
    defaults = {"name": says.replace("_", " ").title(), "says": says, "level": level, "told_at": NOW, **more}
    found, _ = TheirPopulation.objects.get_or_create(partnership=with_whom, slug=slug or says, defaults=defaults)
    return found


def told(with_whom: Partnership, account: str, says: str = "customer", slug: str = "", **more) -> Told:
    """Let a partner say that of an account."""
    shared = overlap(with_whom, account)
    offered(with_whom, says, slug)
    more = {"since": NOW - 100 * DAY, "confirmed_at": NOW - DAY, "fields": {}, **more}
    return Told.objects.create(
        partnership=with_whom,
        account_id=account,
        their_handle=shared.their_handle,
        population=slug or says,
        says=says,
        **more,
    )


def attests(with_whom: Partnership, account: str, letter: str = "need", value: str = "yes", **more) -> Insight:
    """Let a partner attest something of an account."""
    return Insight.objects.create(
        partner=with_whom.partner, account_id=account, letter=letter, value=value, **{"at": NOW - DAY, **more}
    )


def population(slug: str, *accounts: str, says: str = "prospect") -> Population:
    """Return one of our populations with these accounts in it."""
    made, _ = Population.objects.get_or_create(
        slug=slug,
        defaults={"name": slug.replace("_", " ").title(), "says": says, "how": Population.How.LIST, "made_at": NOW},
    )
    Member.objects.bulk_create(Member(population=made, account_id=one, since=NOW) for one in accounts)
    return made
