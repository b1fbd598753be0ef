"""Leads by what partners know of their accounts; what that is worth is worked out elsewhere (`KnownByPartners`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from django.db.models import Case, F, OuterRef, QuerySet, Subquery, When

from assay.node.leads.models import KnownByPartners, Lead

#: By how many partners an account is known, and how that is asked for.
KNOWN: Final[Mapping[str, str]] = {"1": "know something", "2": "two or more know something"}

#: The account that a lead is about: its own where the lead is of one.
_ACCOUNT: Final = Case(When(subject_type="account", then=F("subject_id")), default=F("account_id"))


def with_partners(found: QuerySet[Lead], at_least: str) -> QuerySet[Lead]:
    """Return leads with what partners' knowledge of their accounts is worth, narrowed to those known by enough."""
    told = KnownByPartners.objects.filter(account_id=OuterRef("account"))
    found = found.annotate(account=_ACCOUNT).annotate(points=Subquery(told.values("points")[:1]))
    if at_least:
        enough = KnownByPartners.objects.filter(partners__gte=int(at_least)).values("account_id")
        found = found.filter(account__in=enough)
    return found


def account_of(lead: Lead) -> str:
    """Return the account that a lead is about; '' where none is known."""
    return lead.subject_id if lead.subject_type == "account" else lead.account_id


def known_by_partners(leads: Sequence[Lead]) -> dict[str, int]:
    """Return by how many partners the accounts of these leads are known, of those that any knows."""
    ids = {account_of(lead) for lead in leads}
    return dict(KnownByPartners.objects.filter(account_id__in=ids).values_list("account_id", "partners"))


def any_known_by_partners() -> bool:
    """Tell whether partners know anything of any account."""
    return KnownByPartners.objects.exists()
