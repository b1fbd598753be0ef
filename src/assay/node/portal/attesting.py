"""What a partner attests of an account that both know of: one letter, one value, one click each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from django.db.models import TextChoices

from assay.core.errors import BadRequest
from assay.node.access.actions import Audit, action
from assay.node.access.models import User
from assay.node.access.permissions import Permission
from assay.node.leads.models import Lead
from assay.node.leads.states import OPEN
from assay.node.partnering.models import Insight, Partner
from assay.node.portal import news, sharing
from assay.node.portal.belonging import acting

#: What takes an insight back, as rules read it.
WITHDRAWN: Final = "no"
_LONGEST: Final = 300


class Letter(TextChoices):
    """What there is to know of a purchase, as rules name it."""

    NEED = "need", "Need"
    BUDGET = "budget", "Budget"
    AUTHORITY = "authority", "Authority"
    TIMING = "timing", "Timing"
    USE_CASE = "use_case", "Use case"


#: What is asked of each letter, and the values that are one click.
ASKED: Final[Mapping[Letter, tuple[str, tuple[str, ...]]]] = {
    Letter.NEED: ("How badly do they need something like this?", ("urgently", "clearly", "they look around")),
    Letter.BUDGET: ("Is there money for it?", ("approved", "planned", "being discussed")),
    Letter.AUTHORITY: ("Does your contact decide?", ("decides", "prepares the decision", "knows who decides")),
    Letter.TIMING: ("When do they decide?", ("this month", "this quarter", "this year")),
    Letter.USE_CASE: ("What would they use it for?", ("a new project", "replacing something", "growing")),
}


@action("attest an insight", Permission.USE_PORTAL)
def attest(audit: Audit, key: str, letter: str, value: str, now: datetime) -> Insight:
    """Say something of one letter of an account; it takes the place of what the partner said of it before."""
    partner, user = acting(audit.actor)
    account, value = _account(partner, key), " ".join(value.split())
    if letter not in Letter.values:
        raise BadRequest("There is nothing of that name to tell", mend="Use the buttons of the page.")
    if not value:
        raise BadRequest("Nothing is chosen", mend="Choose one, or write it in a few words.")
    if len(value) > _LONGEST:
        raise BadRequest(f"This is longer than {_LONGEST} letters", mend="Say it in a few words.")
    if "@" in value:
        raise BadRequest("People's addresses do not belong here", mend="Offer an introduction instead.")
    if value.lower() == WITHDRAWN:
        raise BadRequest("“No” takes back what you said", mend="Use the button that takes it back.")
    made = Insight(partner=partner, account_id=account.account_id, letter=letter, value=value, by=user, at=now)
    _attested(audit, made)
    name = sharing.named(partner, [account])[0].name
    news.attested(partner, name, f"{Letter(letter).label.lower()}, {value}", _owners(account.account_id), now)
    return made


@action("withdraw an insight", Permission.USE_PORTAL)
def withdraw(audit: Audit, key: str, letter: str, now: datetime) -> Insight:
    """Take back what the partner said of a letter."""
    partner, user = acting(audit.actor)
    account = _account(partner, key)
    if letter not in holding(partner, [account.account_id]).get(account.account_id, {}):
        raise BadRequest("There is nothing to take back", mend="Look at the page again.")
    no = Insight(partner=partner, account_id=account.account_id, letter=letter, value=WITHDRAWN, by=user, at=now)
    return _attested(audit, no)


def delete_all(partner: Partner) -> int:
    """Delete everything that a partner attested and return how much it was; called within an action."""
    return Insight.objects.filter(partner=partner).delete()[0]


def holding(partner: Partner, account_ids: Sequence[str]) -> dict[str, dict[str, Insight]]:
    """Return what the partner attests of accounts now, by account and letter."""
    latest: dict[tuple[str, str], Insight] = {}
    rows = Insight.objects.filter(partner=partner, account_id__in=list(account_ids)).select_related("by")
    for one in rows.order_by("-at", "-id"):
        latest.setdefault((one.account_id, one.letter), one)
    found: dict[str, dict[str, Insight]] = {}
    for (account_id, letter), one in latest.items():
        if one.value != WITHDRAWN:
            found.setdefault(account_id, {})[letter] = one
    return found


def _account(partner: Partner, key: str) -> sharing.Shared:
    found = sharing.shared(partner, key)
    if found is None:
        raise BadRequest("There is no such account", mend="Perhaps it is no longer shared.")
    return found


def _attested(audit: Audit, made: Insight) -> Insight:
    made.save(force_insert=True)
    is_withdrawn = made.value == WITHDRAWN
    audit.write("insight", made.pk, before={}, after={"letter": made.letter, "withdrawn": is_withdrawn})
    return made


def _owners(account_id: str) -> list[User]:
    """Return who works open leads of an account."""
    leads = Lead.objects.filter(account_id=account_id, state__in=sorted(OPEN), owner__isnull=False)
    return [lead.owner for lead in leads.select_related("owner") if lead.owner is not None]
