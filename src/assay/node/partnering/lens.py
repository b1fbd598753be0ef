"""By which attributes of accounts overlaps are looked at: which is revenue, which is the segment."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Final

from assay.core.errors import BadRequest
from assay.node.access.actions import Audit, action
from assay.node.access.models import User
from assay.node.access.permissions import Permission
from assay.node.partnering.accounts import attribute_names
from assay.node.partnering.models import Account, Lens

#: Names by which companies call what an account may bring and which segment it is in, the likeliest first.
_REVENUE: Final = (
    "potential_revenue",
    "expected_revenue",
    "annual_revenue",
    "arr",
    "acv",
    "revenue",
    "amount",
    "deal_size",
    "employees",
    "seats",
)
_SEGMENT: Final = ("segment", "industry", "sector", "vertical", "region", "country", "tier")
#: Revenue is money; what else may be counted is said by its name.
_MONEY: Final = re.compile("revenue|arr|acv|amount|deal|value|budget")


def lens() -> Lens:
    """Return the attributes in use: as somebody set them, else as their names suggest."""
    found = Lens.objects.filter(pk=1).first()
    if found is not None:
        return found
    names = attribute_names()
    return Lens(pk=1, revenue=_guess(names, _REVENUE), segment=_guess(names, _SEGMENT))


def called(attribute: str) -> str:
    """Return what sums of an attribute are called on pages."""
    if not attribute:
        return ""
    plain = attribute.replace("_", " ")
    return "potential revenue" if _MONEY.search(attribute) else plain


def _guess(names: Collection[str], likely: Iterable[str]) -> str:
    return next((one for one in likely if one in names), "")


@action("choose by what overlaps are looked at", Permission.MANAGE_PARTNERS)
def change(audit: Audit, revenue: str, segment: str, now: datetime) -> Lens:
    """Choose which attribute of accounts is revenue and which is the segment; '' is none."""
    names = attribute_names()
    for name in (revenue, segment):
        if name and name not in names:
            raise BadRequest("Accounts have no such attribute", value=name, mend="Choose one of the list.")
    before = lens()
    audit.write(
        "lens",
        1,
        before={"revenue": before.revenue, "segment": before.segment},
        after={"revenue": revenue, "segment": segment},
    )
    by = audit.actor if isinstance(audit.actor, User) else None
    found, _ = Lens.objects.update_or_create(
        pk=1, defaults={"revenue": revenue, "segment": segment, "set_by": by, "set_at": now}
    )
    return found


def accounts(ids: Collection[str]) -> Mapping[str, Account]:
    """Return what is known of these accounts; those that nothing is known of are left out."""
    return Account.objects.in_bulk(list(ids))


def number(account: Account | None, attribute: str) -> Decimal | None:
    """Return an attribute of an account as a number; None where it is none."""
    text = "" if account is None or not attribute else str(account.attributes.get(attribute, ""))
    try:
        found = Decimal(text.strip().replace(",", ""))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None
