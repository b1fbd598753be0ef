"""From our accounts to canonical keys: which attribute says what, and which accounts nothing can be compared of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from assay.core.errors import BadRequest, did_you_mean
from assay.node.access.actions import Audit, action
from assay.node.access.permissions import Permission
from assay.node.partnering import company
from assay.node.partnering.accounts import attribute_names
from assay.node.partnering.models import Account, Company
from assay.partners.canonical import KINDS, REGISTERS, Keys, Record, further_domains, keys_of
from assay.partners.tokens import SLOTS

#: What the sources themselves call an account's name and domain, beside its attributes.
NAME, DOMAIN, NOTHING = ":name", ":domain", ""
#: What an account is compared by, with the names of attributes that are taken for it where nobody said.
FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "name": (NAME,),
    "domain": (DOMAIN,),
    "country": ("country", "country_code", "billing_country", "hq_country", "land"),
    "city": ("city", "billing_city", "hq_city", "town"),
    "siblings": ("further_domains", "other_domains", "additional_domains", "domains"),
    **{register: (register, f"{register}_id", f"{register}_number") for register in REGISTERS},
}
WORDS: Final[Mapping[str, str]] = {
    "name": "Name",
    "domain": "Domain",
    "country": "Country",
    "city": "City",
    "siblings": "Further domains",
    "lei": "LEI",
    "cik": "CIK",
    "duns": "D-U-N-S number",
    "vat": "VAT id",
    "national": "National register",
}
#: Kinds of keys, in words.
KINDS_IN_WORDS: Final[Mapping[str, str]] = {
    "registry": "number in a register",
    "domain": "domain",
    "domain_country": "country, at this domain",
    "domain_city": "city, at this domain",
    "domain_first": "how the name begins, at this domain",
    "domain_last": "how the name ends, at this domain",
    "label_country": "domain without its ending, and country",
    "label_name": "domain without its ending, and name",
    "name": "name",
    "name_country": "name and country",
    "name_city": "name and city",
    "head_city": "how the name begins, and city",
    "tail_city": "how the name ends, and city",
    "ends_country": "both ends of the name, and country",
    "stem": "name without trade words",
    "email": "contact's address",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An account beside what its tokens are made of."""

    account: Account
    record: Record
    keys: tuple[tuple[str, str], ...]  # kind in words, value

    @property
    def is_comparable(self) -> bool:
        """Tell whether there is anything to compare."""
        return bool(self.keys)


def chosen(matching: Mapping[str, str], attributes: Iterable[str]) -> dict[str, str]:
    """Return which attribute each field is read from: as somebody chose, else as it is guessed."""
    known = {NAME, DOMAIN, *attributes}
    guessed = {field: next((one for one in names if one in known), NOTHING) for field, names in FIELDS.items()}
    return {field: matching.get(field, guess) for field, guess in guessed.items()}


@action("say what accounts are compared by", Permission.MANAGE_PARTNERS)
def choose(audit: Audit, wanted: Mapping[str, str]) -> Company:
    """Say which attribute of accounts each field is read from; what partners hold is made anew from it."""
    known = [NAME, DOMAIN, NOTHING, *attribute_names()]
    for field, name in wanted.items():
        if field not in FIELDS:
            raise BadRequest("Accounts are not compared by this", value=field[:40])
        if name not in known:
            raise BadRequest(
                "Accounts have no such attribute", where=WORDS[field], value=name[:60],
                mend=did_you_mean(name, known, "Choose one of the list."),
            )  # fmt: skip
    if wanted.get("name") == NOTHING and wanted.get("domain") == NOTHING:
        raise BadRequest("Without name and domain nothing can be compared", mend="Choose at least one of them.")
    ours = company.held()
    before = chosen(ours.matching, attribute_names())
    ours.matching = {**before, **wanted}
    ours.save(update_fields=["matching"])
    audit.write("company", ours.pk, before=before, after=ours.matching)
    return ours


def record_of(account: Account, matching: Mapping[str, str]) -> Record:
    """Return an account as it is compared."""

    def read(field: str) -> str:
        source = matching.get(field, NOTHING)
        if source == NAME:
            return str(account.name)
        if source == DOMAIN:
            return str(account.domain)
        return str(account.attributes.get(source, "")) if source else ""

    registry = tuple((register, value) for register in REGISTERS if (value := read(register)))
    return Record(
        name=read("name"),
        website=read("domain"),
        country=read("country"),
        city=read("city"),
        siblings=further_domains(read("siblings")),
        registry=registry,
    )


def keys(accounts: Iterable[Account], matching: Mapping[str, str]) -> Iterator[tuple[str, Keys]]:
    """Yield id and canonical keys of the accounts of which anything can be compared."""
    for account in accounts:
        found = keys_of(record_of(account, matching))
        if found.values:
            yield account.account_id, found


def shown(accounts: Iterable[Account], matching: Mapping[str, str]) -> list[Shown]:
    """Return accounts with what their tokens are made of."""
    told = []
    for account in accounts:
        record = record_of(account, matching)
        values = keys_of(record).values[:SLOTS]
        words = tuple((KINDS_IN_WORDS[KINDS[kind]], value) for kind, value in values)
        told.append(Shown(account=account, record=record, keys=words))
    return told
