"""What became of leads and insights with us, as far as we let a partner see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from django.db.models import Q

from assay.node.leads.known import account_of
from assay.node.leads.merging import final
from assay.node.leads.models import Lead
from assay.node.leads.states import State
from assay.node.partnering.models import Partner
from assay.node.portal.models import Portal

#: How a partner reads our states, the furthest first: coarse on purpose.
_READ: Final[Mapping[str, str]] = {
    State.WON: "won",
    State.OPPORTUNITY: "became an opportunity",
    State.SALES_QUALIFIED: "is worked",
    State.ACCEPTED: "is worked",
    State.LOST: "lost",
    State.OFFERED: "waits",
    State.QUALIFIED: "waits",
    State.RECYCLED: "put off",
    State.REJECTED: "not pursued",
    State.CLOSED: "closed",
}
_ORDER: Final = tuple(_READ)


def is_shown(partner: Partner) -> bool:
    """Tell whether we let the partner see what became of things."""
    return Portal.objects.filter(partner=partner, shows_outcomes=True).exists()


def of_lead(lead: Lead) -> str:
    """Return what became of a lead with us, in a few words; for partners whom that `is_shown`."""
    return _READ[final(lead).state]


def of_accounts(partner: Partner, account_ids: Sequence[str]) -> dict[str, str]:
    """Return the furthest that any lead of each account got with us; empty where that is not shown."""
    if not is_shown(partner):
        return {}
    states: dict[str, set[str]] = {one: set() for one in account_ids}
    some = list(account_ids)
    leads = Lead.objects.filter(Q(account_id__in=some) | Q(subject_type="account", subject_id__in=some))
    for lead in leads.only("subject_type", "subject_id", "account_id", "state"):
        if (account_id := account_of(lead)) in states:
            states[account_id].add(lead.state)
    return {
        account_id: next((_READ[state] for state in _ORDER if state in known), "no lead yet")
        for account_id, known in states.items()
    }
