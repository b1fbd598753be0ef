"""Canonical keys of people, for populations of people: only where both partners signed that people are compared.

A person has an e-mail address, and a name at a company. Both go under kinds that companies have, with a mark in front,
so that an upload does not show which of its records are people, and a person never meets a company.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from assay.core.identity.domains import is_free_mail
from assay.partners.canonical import FIELDS, KINDS, PERSON, Keys, domain_key, email_key
from assay.partners.folding import fold, word_set

#: Mailboxes of nobody in particular: who shares one need not be one person.
ROLES: Final = word_set("mailboxes")
_EMAIL: Final = KINDS.index("email")
_NAME: Final = KINDS.index("label_name")
_TITLES: Final = frozenset(
    [
        "dame",
        "dipl",
        "dr",
        "frau",
        "herr",
        "ing",
        "jr",
        "md",
        "miss",
        "mme",
        "mr",
        "mrs",
        "ms",
        "mx",
        "phd",
        "prof",
        "sir",
    ]
)
_GOOGLE: Final = frozenset({"gmail.com", "googlemail.com"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person as a CRM has one; `website` is the company's. Everything may be empty."""

    name: str = ""
    emails: tuple[str, ...] = ()
    website: str = ""


def keys_of_person(person: Person) -> Keys:
    """Return the canonical keys of a person; the same for every spelling that VERSION takes for the same."""
    emails = sorted({found for email in person.emails if (found := mailbox_key(email))})
    values = [(_EMAIL, f"person|{email}") for email in emails]
    name = "".join(sorted(_words(person.name)))
    domains = {domain_key(person.website)} | {_company_of(email) for email in emails}
    values += [(_NAME, f"person|{domain}|{name}") for domain in sorted(domains) if domain and name]
    has = PERSON | bool(emails) << FIELDS.index("email") | (len(values) > len(emails)) << FIELDS.index("name")
    return Keys(tuple(values), has)


def mailbox_key(email: str) -> str:
    """Return a person's e-mail address as it is compared; "" for none, and for a mailbox of nobody in particular."""
    key = email_key(email)
    box, _, host = key.rpartition("@")
    if host in _GOOGLE:  # where dots in a mailbox mean nothing
        box, host = box.replace(".", ""), "gmail.com"
    return f"{box}@{host}" if box and box not in ROLES else ""


def _company_of(email: str) -> str:
    host = email.rpartition("@")[2]
    domain = domain_key(host)
    return "" if is_free_mail(domain) else domain


def _words(name: str) -> list[str]:
    """Return the words of a person's name, folded, without titles; "Lovelace, Ada" is "Ada Lovelace"."""
    letters = "".join(letter if letter.isalnum() else " " for letter in fold(name).replace("'", "").replace(".", " "))
    words = [word for word in letters.split() if word not in _TITLES]
    return words if len(words) > 1 else []
