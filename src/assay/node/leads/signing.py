"""Who signs that a lead is sales-qualified, and which leads wait for somebody's signature."""

from __future__ import annotations

from typing import Final

from django.db.models import Exists, OuterRef, Q

from assay.node.access.models import User
from assay.node.access.permissions import Role
from assay.node.leads.models import Evidence, Letter
from assay.node.leads.states import State

SALES: Final = frozenset({Role.REP, Role.CSM, Role.REVOPS})
MARKETING: Final = frozenset({Role.MARKETER, Role.REVOPS})


def to_sign(user: User) -> Q:
    """Return which leads have all their evidence and lack a signature that this user may give.

    For sales that is whoever has the lead. One person signs for one side alone.
    """
    ready = Q(state=State.ACCEPTED)
    for letter in Letter:
        ready &= Q(Exists(Evidence.objects.filter(lead=OuterRef("pk"), letter=letter)))
    lacks = Q(pk__in=[])
    if user.role in SALES:
        mine = Q() if user.role == Role.REVOPS else Q(owner=user)
        lacks |= Q(signed_by_sales=None) & ~_by(user, "signed_by_marketing") & mine
    if user.role in MARKETING:
        lacks |= Q(signed_by_marketing=None) & ~_by(user, "signed_by_sales")
    return ready & lacks


def _by(user: User, name: str) -> Q:
    return Q(**{f"{name}__isnull": False, name: user})
