"""What a file seems to be, from the names of its columns and what stands in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from assay.core.sources.checks import LETTERS, SAYS
from assay.core.sources.samples import Column

_EVENT: Final = ("event", "type", "activity", "action", "verb", "kind", "touch", "what", "interaction")
_AT: Final = (
    "occurred",
    "happened",
    "timestamp",
    "at",
    "ts",
    "time",
    "created",
    "date",
    "datetime",
    "when",
    "on",
    "received",
    "sent",
)
_PERSON: Final = (
    "user",
    "person",
    "contact",
    "actor",
    "visitor",
    "member",
    "customer",
    "lead",
    "login",
    "employee",
    "uid",
    "userid",
    "anonymous",
    "email",
    "client",
    "who",
)
_ACCOUNT: Final = (
    "account",
    "company",
    "org",
    "organization",
    "organisation",
    "team",
    "workspace",
    "tenant",
    "group",
    "business",
    "firm",
)
_DOMAIN: Final = ("domain", "website", "web", "url", "homepage", "site")
_NAME: Final = ("name", "title", "company", "account", "organization", "organisation", "security")
#: What columns are called that hold ids of a register; `_NUMBER_WORDS` may stand beside.
_REGISTERS: Final = {
    "lei": ("lei", "legalentityidentifier"),
    "cik": ("cik",),
    "duns": ("duns",),
    "vat": ("vat", "vatregistration", "ustid", "ustidnr", "tva"),
    "national": ("companyregistration", "registration", "siren", "crn", "kvk", "companieshouse"),
}
_NUMBER_WORDS: Final = frozenset({"number", "no", "nr", "num", "id", "code"})
_FURTHER: Final = frozenset({"other", "further", "additional", "more", "secondary", "alias", "sibling"})
_OUTCOME: Final = ("outcome", "stage", "status", "result", "won", "y", "converted", "deal")
_AMOUNT: Final = ("amount", "value", "revenue", "arr", "mrr", "price", "acv")
_CLOSED: Final = ("closed", "close", "won", "decided", "end", "ended")
_WON: Final = re.compile(r"(closed[ _-]?)?(won|lost)|converted|expanded|churned", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Guess:
    """What a file seems to be: `kind` ("" where nothing fits), the column of each role, and why."""

    kind: str
    roles: dict[str, str] = field(default_factory=dict)
    why: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()


def guess(file: str, columns: Sequence[Column]) -> Guess:
    """Return what a file of these columns seems to be."""
    if not columns:
        return Guess(kind="")
    words = set(re.findall(r"[a-z]+", file.lower()))
    tried = [
        _partner_facts(columns),
        _insights(columns),
        _outcomes(columns, words),
        _events(columns, words),
        _people(columns, words),
        _accounts(columns, words),
    ]
    return next((found for found in tried if found is not None), Guess(kind=""))


def _named(columns: Iterable[Column], words: Sequence[str], *, but: Iterable[Column | None] = ()) -> list[Column]:
    """Return the columns that one of the words names, the best first: earlier words, ids, shorter names."""
    taken = {column.name for column in but if column is not None}
    found = [c for c in columns if c.name not in taken and set(c.words) & set(words)]
    return sorted(
        found,
        key=lambda c: (min(words.index(word) for word in c.words if word in words), "id" not in c.words, len(c.words)),
    )


def _first(columns: Sequence[Column]) -> Column | None:
    return columns[0] if columns else None


def _owner(columns: Sequence[Column], words: Sequence[str], but: Iterable[Column | None]) -> Column | None:
    """Return the column that holds the id of a person or account: one named id before all others."""
    found = [
        c
        for c in _named(columns, words, but=but)
        if c.present
        and (c.instants < 0.5 or c.numbers == 1)
        and not set(c.words) & {"at", "date", "created", "updated", "type", "status", "plan", "role", "count"}
    ]
    return _first(
        sorted(
            found,
            key=lambda c: (
                "id" not in c.words and c.words[-1] not in ("uid", "userid"),
                c.emails > 0.5,
                c.filled < 0.01,
            ),
        )
    )


def _instant(columns: Sequence[Column], words: Sequence[str] = _AT, *, full: float = 0.9) -> Column | None:
    found = [c for c in columns if c.instants >= 0.9 and c.filled >= full]
    named = _named(found, words)
    return _first(named) or _first([c for c in found if c.numbers < 0.5])


def _row_id(columns: Sequence[Column], but: Iterable[Column | None]) -> Column | None:
    taken = {column.name for column in but if column is not None}
    found = [c for c in columns if c.name not in taken and c.is_unique and (c.instants < 0.5 or "id" in c.words)]
    named = [c for c in found if set(c.words) & {"id", "uuid", "guid", "key", "messageid"}]
    return _first(sorted(named, key=lambda c: (c.words != ("id",), len(c.words))))


def _made(kind: str, columns: Sequence[Column], roles: dict[str, Column | None], why: Sequence[str]) -> Guess:
    found = {role: column.name for role, column in roles.items() if column is not None}
    rest = tuple(c.name for c in columns if c.name not in found.values() and c.name and c.present)
    return Guess(kind=kind, roles=found, why=tuple(why), rest=rest)


def _speaking(columns: Sequence[Column], words: Sequence[str]) -> Column | None:
    known = set(words)
    return _first([c for c in columns if c.present and {v.lower() for v in c.different} <= known])


def _partner_facts(columns: Sequence[Column]) -> Guess | None:
    says, partner = _speaking(columns, SAYS), _first(_named(columns, ("partner",)))
    account = _owner(columns, _ACCOUNT, [says, partner])
    if says is None or partner is None or account is None:
        return None
    roles: dict[str, Column | None] = {"account": account, "partner": partner, "says": says}
    for role, words in (
        ("from", ("from", "since", "start", "started")),
        ("until", ("until", "to", "end", "ended")),
        ("confirmed_at", ("confirmed", "confirmation", "refreshed")),
        ("origin", ("origin",)),
        ("parent", ("parent",)),
        ("confidence", ("confidence", "probability")),
    ):
        roles[role] = _first(_named(columns, words, but=roles.values()))
    return _made("partner_facts", columns, roles, [f"{says.name!r} holds nothing but {', '.join(SAYS)}"])


def _insights(columns: Sequence[Column]) -> Guess | None:
    letter, partner = _speaking(columns, LETTERS), _first(_named(columns, ("partner",)))
    at = _instant(columns)
    account = _owner(columns, _ACCOUNT, [letter, partner, at])
    if letter is None or partner is None or account is None or at is None:
        return None
    roles = {"account": account, "partner": partner, "letter": letter, "at": at}
    value = _first(_named(columns, ("value", "answer", "says"), but=roles.values()))
    return _made("insights", columns, {**roles, "value": value}, [f"{letter.name!r} holds nothing but letters of BANT"])


def _outcomes(columns: Sequence[Column], words: set[str]) -> Guess | None:
    found = [c for c in columns if c.present and len(c.different) <= 20 and any(map(_WON.fullmatch, c.different))]
    if not found:
        return None
    outcome = _first(_named(found, _OUTCOME)) or found[0]
    at = _instant(columns, (*_CLOSED, *_AT), full=0.2)
    account = _owner(columns, _ACCOUNT, [outcome, at])
    person = _owner(columns, _PERSON, [outcome, at, account])
    if at is None or (account is None and person is None):
        return None
    amount = _first([c for c in _named(columns, _AMOUNT) if c.numbers > 0.9])
    roles = {"account": account, "person": person, "at": at, "outcome": outcome, "amount": amount}
    return _made("outcomes", columns, roles, [f"{outcome.name!r} tells what was won and lost"])


def _events(columns: Sequence[Column], words: set[str]) -> Guess | None:
    at = _instant(columns)
    if at is None:
        return None
    few = [
        c
        for c in columns
        if c is not at
        and c.filled > 0.9
        and len(c.different) <= max(50, len(c.values) // 20)
        and c.numbers < 0.5
        and c.emails < 0.5
    ]
    event = _first([c for c in _named(few, _EVENT) if "id" not in c.words])
    says_so = words & {
        "event",
        "events",
        "activity",
        "activities",
        "touches",
        "log",
        "logs",
        "usage",
        "clicks",
        "visits",
        "sessions",
        "logins",
    }
    if event is None and not says_so:
        return None
    person = _owner(columns, _PERSON, [at, event])
    account = _owner(columns, _ACCOUNT, [at, event, person])
    if person is None and account is None:
        return None
    if person is not None and person.is_unique and len(person.values) > 20 and not says_so:
        return None  # one row a person: a list of people that has a type and a date
    row_id = _row_id(columns, [at, event, person, account])
    why = [f"every row has an instant, {at.name!r}"]
    why.append(f"{event.name!r} says what happened" if event else "the file's name says so; it has one kind of event")
    roles = {"id": row_id, "at": at, "event": event, "person": person, "account": account}
    return _made("events", columns, roles, why)


def _people(columns: Sequence[Column], words: set[str]) -> Guess | None:
    email = _first([c for c in columns if c.emails > 0.8])
    says_so = words & {
        "people",
        "person",
        "users",
        "user",
        "contacts",
        "contact",
        "leads",
        "members",
        "employees",
        "customers",
    }
    if email is None and not says_so:
        return None
    own = [c for c in columns if c.is_unique and c is not email]
    row_id = _first(_named(own, ("id", *_PERSON)))
    row_id = row_id or _row_id(columns, [email]) or _first([c for c in _named(columns, ("id",)) if c.filled > 0.99])
    row_id = row_id or (email if email is not None and email.filled > 0.99 else None)
    if row_id is None:
        return None
    account = _owner(columns, _ACCOUNT, [row_id, email])
    same_as = _first(_named(columns, ("previous", "merged", "alias", "same"), but=[row_id, email, account]))
    why = [f"{email.name!r} holds e-mail addresses" if email else "the file's name says so"]
    roles = {"id": row_id, "email": email, "account": account, "same_as": same_as}
    return _made("people", columns, roles, why)


def _accounts(columns: Sequence[Column], words: set[str]) -> Guess | None:
    domain = _first([c for c in _named(columns, _DOMAIN) if c.domains > 0.8]) or _first(
        [c for c in columns if c.domains > 0.9 and c.instants < 0.5 and c.numbers < 0.5]
    )
    says_so = words & {
        "accounts",
        "account",
        "companies",
        "company",
        "organizations",
        "organisations",
        "orgs",
        "constituents",
        "firms",
    }
    if domain is None and not says_so:
        return None
    own = [c for c in columns if c.is_unique and c is not domain]
    row_id = _first(_named(own, ("id", *_ACCOUNT))) or _row_id(columns, [domain])
    row_id = row_id or _first([c for c in _named(columns, ("id", "key", "cik", "symbol", "ticker")) if c.filled > 0.99])
    row_id = row_id or (domain if domain is not None and domain.filled > 0.99 else None)
    if row_id is None:
        return None
    name = _first([c for c in _named(columns, _NAME, but=[row_id, domain]) if c.numbers < 0.5 and "id" not in c.words])
    why = [f"{domain.name!r} holds web addresses" if domain else "the file's name says so"]
    return _made("accounts", columns, {"id": row_id, "domain": domain, "name": name}, why)


def company_columns(columns: Sequence[Column]) -> dict[str, str]:
    """Return which column of a list of companies seems to be its id, name, domain, country, city, and what else tells.

    That are ids of registers, `lei`, `cik`, `duns`, `vat` and `national`, and further domains, `siblings`. As ids that
    differ keep two companies apart, only a name that says the register is believed.
    """
    numbers = {role: _first(_called(columns, names)) for role, names in _REGISTERS.items()}
    siblings = _first([c for c in columns if _says_siblings(c) and c not in numbers.values()])
    known = [*numbers.values(), siblings]
    left = [c for c in columns if c not in known]
    domain = _first([c for c in _named(left, _DOMAIN) if c.domains > 0.5]) or _first(
        [c for c in left if c.domains > 0.9 and c.instants < 0.5 and c.numbers < 0.5 and c.emails < 0.5]
    )
    country = _first([c for c in _named(left, ("country", "nation")) if c.numbers < 0.5])
    city = _first([c for c in _named(left, ("city", "town", "place")) if c.numbers < 0.5])
    taken = [domain, country, city]
    row_id = _first([c for c in _named(left, ("id", "key", "uid", "guid"), but=taken) if c.is_unique])
    names = [c for c in _named(left, _NAME, but=[row_id, *taken]) if c.numbers < 0.5 and c.emails < 0.5]
    name = _first([c for c in names if "id" not in c.words])
    found = {"id": row_id, "name": name, "domain": domain, "country": country, "city": city}
    found |= {**numbers, "siblings": siblings}
    return {role: column.name for role, column in found.items() if column is not None}


def _called(columns: Iterable[Column], names: Sequence[str]) -> list[Column]:
    """Return the columns that have a value and whose name is one of these, but for words such as "number"."""
    plain = [("".join(word for word in c.words if word not in _NUMBER_WORDS), c) for c in columns if c.present]
    return [c for said, c in plain if said in names]


def _says_siblings(column: Column) -> bool:
    words = set(column.words)
    many, one = {"domains", "websites"}, {"domain", "website", "url", "urls"}
    return bool(words & many or (words & one and words & _FURTHER)) and bool(column.present)
