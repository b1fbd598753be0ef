"""Fields of accounts that may be let out: which there are, and what they say of one account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from assay.core.errors import BadRequest, did_you_mean
from assay.node.access.models import User
from assay.node.leads.models import AccountOwner
from assay.node.partnering.accounts import attribute_names
from assay.node.partnering.models import Account

NAME, DOMAIN, OWNER, OWNER_EMAIL = "name", "domain", "owner", "owner_email"
_OWN: Final = {NAME: "Name", DOMAIN: "Domain", OWNER: "Owner", OWNER_EMAIL: "Owner's address"}
_LONGEST: Final = 1_000
Values = Mapping[str, str]


def choices() -> dict[str, str]:
    """Return every field with what it is called: the account's own, then attributes."""
    told = {name: name.replace("_", " ").capitalize() for name in attribute_names() if name not in _OWN}
    return {**_OWN, **told}


def demand(wanted: Iterable[str]) -> list[str]:
    """Return fields, each once, in the order of the alphabet; BadRequest for one that there is not."""
    known = choices()
    for name in wanted:
        if name not in known:
            mend = did_you_mean(name, known, "Choose fields of the list.")
            raise BadRequest("Accounts have no such field", where="fields", value=name[:60], mend=mend)
    return sorted(set(wanted))


def values(account_ids: Sequence[str], names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return what the fields say of accounts; a field that says nothing of an account is left out."""
    accounts = Account.objects.in_bulk(list(account_ids))
    owners = _owners(account_ids) if {OWNER, OWNER_EMAIL} & set(names) else {}
    return {one: of(accounts.get(one), owners.get(one), names) for one in account_ids}


def of(account: Account | None, owner: User | None, names: Sequence[str]) -> dict[str, str]:
    """Return what the fields say of one account."""
    own = {
        NAME: account.name if account else "",
        DOMAIN: account.domain if account else "",
        OWNER: str(owner) if owner and owner.name else "",
        OWNER_EMAIL: owner.email if owner else "",
    }
    attributes: Mapping[str, str] = account.attributes if account else {}
    told = {name: own[name] if name in own else str(attributes.get(name) or "") for name in names}
    return {name: text[:_LONGEST] for name, text in told.items() if text}


def _owners(account_ids: Sequence[str]) -> dict[str, User]:
    found = AccountOwner.objects.filter(account_id__in=list(account_ids)).select_related("user")
    return {one.account_id: one.user for one in found}
