"""Of which accounts a partner and we both know by now, and under which name the partner may see each.

An account counts once something that both sides saw says so: we handed a lead of it to the partner, we told the partner
of it or attested something of it, or the partner told us of it. That two lists overlap is not enough: it may be held.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from django.db.models import Q
from django.utils.crypto import salted_hmac

from assay.node.leads.models import Lead
from assay.node.partnering import insights
from assay.node.partnering.models import Account, Company, Disclosed, Partner, Partnership, Told
from assay.node.portal.models import Handoff

_REVOKED: Final = Partnership.State.REVOKED


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """An account that both know of; `key` stands for it in addresses, and means nothing to another partner."""

    key: str
    account_id: str
    name: str
    domain: str = ""
    how: str
    since: datetime


def key_of(partner: Partner, account_id: str) -> str:
    """Return what stands for an account in the addresses that one partner sees."""
    said = f"{partner.pk}:{account_id}"
    return salted_hmac("assay.node.portal.sharing", said, algorithm="sha256").hexdigest()[:24]


def account_of(lead: Lead) -> str:
    """Return the account that a lead is about; nothing where none is known."""
    return lead.subject_id if lead.subject_type == "account" else lead.account_id


def shared_with(partner: Partner, account_ids: Collection[str] | None = None) -> list[Shared]:
    """Return the accounts that both know of, or those of some, the latest first; each by the plainest name there is."""
    found: dict[str, Shared] = {}
    for tell in (_handed, _told, _disclosed, _attested):
        for one in tell(partner, account_ids):
            known = found.setdefault(one.account_id, one)
            if not known.name and one.name:
                found[one.account_id] = replace(known, name=one.name, domain=one.domain)
    return sorted(found.values(), key=lambda one: (-one.since.timestamp(), one.key))


def shared(partner: Partner, key: str) -> Shared | None:
    """Return the account that a key of the partner stands for; None where there is none such."""
    return next((one for one in shared_with(partner) if one.key == key), None)


def knows(partner: Partner, account_id: str) -> bool:
    """Tell whether a partner knows that we know of an account."""
    return bool(shared_with(partner, [account_id]))


def named(partner: Partner, some: Sequence[Shared]) -> list[Shared]:
    """Return the accounts with a name each: ours where we told it, else “Account” and the begin of its key."""
    ours = _ours_told(partner, [one.account_id for one in some if not one.name])
    return [one if one.name else replace(one, name=ours.get(one.account_id) or _sign(one.key)) for one in some]


def names_for(partner: Partner, account_ids: Collection[str]) -> dict[str, str]:
    """Return the names under which a partner knows accounts."""
    known = {one.account_id: one.name for one in named(partner, shared_with(partner, account_ids))}
    return {one: known.get(one) or _sign(key_of(partner, one)) for one in account_ids}


def sign_for(partner: Partner, account_id: str) -> str:
    """Return what a partner sees in the place of an account's name; '' where it knows a name."""
    sign = _sign(key_of(partner, account_id))
    return sign if name_for(partner, account_id) == sign else ""


def name_for(partner: Partner, account_id: str) -> str:
    """Return the name under which a partner knows an account."""
    return names_for(partner, [account_id])[account_id]


def _sign(key: str) -> str:
    return f"Account {key[:6]}"


def _handed(partner: Partner, account_ids: Collection[str] | None) -> Iterable[Shared]:
    rows = Handoff.objects.filter(partner=partner).exclude(state=Handoff.State.CLOSED).select_related("lead")
    if account_ids is not None:
        some = list(account_ids)
        rows = rows.filter(Q(lead__account_id__in=some) | Q(lead__subject_type="account", lead__subject_id__in=some))
    for one in rows:
        if account_id := account_of(one.lead):
            yield Shared(
                key=key_of(partner, account_id),
                account_id=account_id,
                name=one.company,
                domain=one.domain,
                how="handed to you",
                since=one.at,
            )


def _told(partner: Partner, account_ids: Collection[str] | None) -> Iterable[Shared]:
    rows = Told.objects.filter(partnership__partner=partner, until__isnull=True)
    if account_ids is not None:
        rows = rows.filter(account_id__in=list(account_ids))
    for one in rows.exclude(partnership__state=_REVOKED).order_by("-since"):
        fields = {str(name).lower(): str(value) for name, value in dict(one.fields).items()}
        yield Shared(
            key=key_of(partner, one.account_id),
            account_id=one.account_id,
            name=(fields.get("name") or fields.get("company") or fields.get("domain") or "")[:200],
            domain=fields.get("domain", "")[:253],
            how="from your list",
            since=one.since,
        )


def _disclosed(partner: Partner, account_ids: Collection[str] | None) -> Iterable[Shared]:
    rows = Disclosed.objects.filter(partnership__partner=partner, state=Disclosed.State.TOLD)
    rows = rows.exclude(population__is_of_people=True)
    if account_ids is not None:
        rows = rows.filter(account_id__in=list(account_ids))
    for one in rows.exclude(partnership__state=_REVOKED):
        yield Shared(
            key=key_of(partner, one.account_id), account_id=one.account_id, name="", how="on both lists", since=one.at
        )


def _attested(partner: Partner, account_ids: Collection[str] | None) -> Iterable[Shared]:
    for one in insights.told_to([partner], account_ids):
        yield Shared(
            key=key_of(partner, one.account_id), account_id=one.account_id, name="", how="told to you", since=one.at
        )


def _ours_told(partner: Partner, account_ids: Sequence[str]) -> dict[str, str]:
    """Return what we call accounts, as far as we told the partner: the name, else the domain."""
    matching = Company.objects.order_by("pk").values_list("matching", flat=True).first() or {}
    told = Disclosed.objects.filter(
        partnership__partner=partner, state=Disclosed.State.TOLD, account_id__in=list(account_ids)
    )
    fields: dict[str, set[str]] = {}
    for account_id, names in told.values_list("account_id", "fields"):
        fields.setdefault(account_id, set()).update(names)
    found = {}
    for account in Account.objects.filter(account_id__in=list(fields)):
        known = fields[account.account_id]
        allowed = [getattr(account, kind) for kind in ("name", "domain") if known & {kind, matching.get(kind)}]
        found[account.account_id] = next(filter(None, allowed), "")
    return found
