"""Canonical keys of one company record: what two partners' spellings of one company have in common.

A key is a kind and a value. Some kinds stand alone (a domain), some tie a detail to another key ("this city, at this
domain"), so that a partner's tokens tell whether the detail agrees without any detail having a token of its own.
Any change to what comes out of here, for any record, is a new VERSION: two versions are never compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

from assay.core.identity.domains import host_of, is_free_mail, registrable_part
from assay.partners.folding import fold, squeeze, word_set
from assay.partners.names import stem_of, words_of
from assay.partners.places import city_key, country_code

VERSION: Final = 1

#: Where anybody can have a page: an address there says nothing about whose site it is.
SHARED_HOSTS: Final = word_set("shared_hosts")
#: Kinds, in the order of the bits in which an agreement is told. Never reorder: append, with a new VERSION.
KINDS: Final = (
    "registry",
    "domain",
    "domain_country",
    "domain_city",
    "domain_first",
    "domain_last",
    "label_country",
    "label_name",
    "name",
    "name_country",
    "name_city",
    "head_city",
    "tail_city",
    "ends_country",
    "stem",
    "email",
)
#: What a record has at all, in the order of the bits of `Keys.has`.
FIELDS: Final = ("domain", "name", "country", "city", "email")
#: Registers that are known, in the order of the bits that follow FIELDS: two ids of one register must agree.
REGISTERS: Final = ("lei", "cik", "duns", "vat", "national")
#: The bit of `Keys.has` that a person has and no company (`partners.people`).
PERSON: Final = 1 << len(FIELDS) + len(REGISTERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One company as a CRM has it. Everything but the name may be empty.

    `siblings` are further domains that the record itself names; `registry` are (register, id) pairs of REGISTERS;
    `emails` are read only where contact e-mail is switched on.
    """

    name: str
    website: str = ""
    country: str = ""
    city: str = ""
    siblings: tuple[str, ...] = ()
    registry: tuple[tuple[str, str], ...] = ()
    emails: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Keys:
    """The (kind, value) pairs of a record, kinds as indices of KINDS, and which fields it has, as bits."""

    values: tuple[tuple[int, str], ...] = field(repr=False)
    has: int


def further_domains(text: str) -> tuple[str, ...]:
    """Return the domains of a cell or an attribute that names several, with ; or , or blanks between them."""
    return tuple(text.replace(";", " ").replace(",", " ").split())


def domain_key(website: str) -> str:
    """Return the registrable domain that stands for one company alone; "" where there is none."""
    domain = _company_domain(website) if website else None
    return domain or ""


@lru_cache(maxsize=4096)
def _company_domain(website: str) -> str | None:
    host = host_of(website)
    domain = registrable_part(host) if host else None
    if host is None or domain is None or is_free_mail(domain):
        return None
    tail = host
    while tail:
        if tail in SHARED_HOSTS:
            return None
        tail = tail.partition(".")[2]
    return domain


def keys_of(record: Record, *, with_email: bool = False) -> Keys:
    """Return the canonical keys of one record; the same for every spelling that VERSION takes for the same."""
    country = country_code(record.country) if record.country else ""
    city = city_key(record.city) if record.city else ""
    words = words_of(record.name, places=(squeeze(record.city), record.country.lower(), country.lower()))
    name = "".join(sorted(words))
    domain = domain_key(record.website)
    values: list[tuple[int, str]] = []
    has = bool(domain) | bool(name) << 1 | bool(country) << 2 | bool(city) << 3
    for register, number in record.registry:
        value = squeeze(number).lstrip("0")
        if value and register in REGISTERS:
            values.append((_REGISTRY, f"{register}|{value}"))
            has |= 1 << len(FIELDS) + REGISTERS.index(register)
    if domain:
        _add_domain(values, domain, words, name, (country, city))
    if name:
        _add_name(values, words, name, (country, city))
    siblings = {key for key in map(domain_key, record.siblings) if key and key != domain}
    values += [(_DOMAIN, sibling) for sibling in sorted(siblings)]
    if with_email:
        emails = sorted({found for email in record.emails if (found := email_key(email))})
        values += [(_EMAIL, email) for email in emails]
        has |= bool(emails) << 4
    return Keys(tuple(values), has)


(
    _REGISTRY,
    _DOMAIN,
    _DOMAIN_COUNTRY,
    _DOMAIN_CITY,
    _DOMAIN_FIRST,
    _DOMAIN_LAST,
    _LABEL_COUNTRY,
    _LABEL_NAME,
    _NAME,
    _NAME_COUNTRY,
    _NAME_CITY,
    _HEAD_CITY,
    _TAIL_CITY,
    _ENDS_COUNTRY,
    _STEM,
    _EMAIL,
) = range(len(KINDS))


def _add_domain(
    values: list[tuple[int, str]], domain: str, words: list[str], name: str, place: tuple[str, str]
) -> None:
    country, city = place
    label = domain.partition(".")[0]
    values.append((_DOMAIN, domain))
    if country:
        values.append((_DOMAIN_COUNTRY, f"{domain}|{country}"))
        values.append((_LABEL_COUNTRY, f"{label}|{country}"))
    if city:
        values.append((_DOMAIN_CITY, f"{domain}|{city}"))
    if name:
        values.append((_DOMAIN_FIRST, f"{domain}|{len(words)}|{words[0][:4]}"))
        values.append((_DOMAIN_LAST, f"{domain}|{len(words)}|{words[-1][-4:]}"))
        values.append((_LABEL_NAME, f"{label}|{name}"))


def _add_name(values: list[tuple[int, str]], words: list[str], name: str, place: tuple[str, str]) -> None:
    country, city = place
    letters = "".join(words)
    values.append((_NAME, name))
    values.append((_STEM, "".join(sorted(stem_of(words)))))
    if country:
        values.append((_NAME_COUNTRY, f"{name}|{country}"))
        if len(letters) > 7:
            values.append((_ENDS_COUNTRY, f"{letters[:5]}|{letters[-5:]}|{country}"))
    if city:
        values.append((_NAME_CITY, f"{name}|{city}"))
        values.append((_HEAD_CITY, f"{letters[:6]}|{city}"))
        values.append((_TAIL_CITY, f"{letters[-6:]}|{city}"))


def repeated(records: Sequence[Record]) -> list[tuple[int, ...]]:
    """Return the places of records, those together that say the same in the same words, whatever their case.

    Make each group one (`tokens.merged`) before tokens are made: two that are alike would be a tie, and a question.
    """
    groups: dict[Record, list[int]] = {}
    for place, record in enumerate(records):
        groups.setdefault(replace(record, name=" ".join(fold(record.name).split())), []).append(place)
    return [tuple(group) for group in groups.values()]


def email_key(email: str) -> str:
    """Return a contact's e-mail address as it is compared: in small letters, without a tag; "" where it is none."""
    box, at, host = email.strip().lower().rpartition("@")
    box = box.partition("+")[0]
    return f"{box}@{host}" if box and at and host_of(host) else ""
