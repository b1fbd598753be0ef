"""The people: those who use the product, those whom marketing knows, visitors nobody knows, and Acme's own staff."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from story.calendar import DAYS, Days
from story.companies import AGENCIES, CUSTOMER, ENTERPRISE, PROSPECT, TRIAL_USER, Companies

USER, CONTACT, VISITOR, STAFF = 0, 1, 2, 3
PREFIX = {USER: "U", CONTACT: "C", VISITOR: "V", STAFF: "U9"}
SENIORITY = ("analyst", "specialist", "manager", "director", "vp", "c_level")
GIVEN = (
    "ada",
    "ben",
    "cho",
    "dov",
    "eva",
    "finn",
    "gia",
    "hal",
    "ines",
    "jon",
    "kay",
    "leo",
    "mia",
    "ned",
    "oda",
    "pia",
    "quin",
    "ria",
    "sol",
    "tom",
    "una",
    "vik",
    "wyn",
    "xia",
    "yan",
    "zoe",
)
FREE_MAIL = ("penpost.example", "mailnook.example", "lettera.example")


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Arrays with one place a person. `company` is -1 where there is none.

    `drive` is the person's own need: the company's, and chance. `buys_at` is when they take a paid seat (infinite:
    never). `earlier` is the id under which the web site or marketing knew them before.
    """

    ids: list[str]
    emails: list[str]
    role: NDArray[np.int64]
    company: NDArray[np.int64]
    joined: Days
    drive: Days
    seniority: NDArray[np.int64]
    technical: NDArray[np.bool_]
    workspace: NDArray[np.int64]
    buys_at: Days
    earlier: list[str]
    says_company: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.ids)


def _users_of(rng: np.random.Generator, companies: Companies, wanted: int) -> NDArray[np.int64]:
    """Return the company of each product user: big, needy and paying companies have more of them."""
    eager = companies.employees**0.42 * np.exp(0.45 * companies.need)
    eager *= np.where(companies.kind == CUSTOMER, 2.2, np.where(companies.kind == TRIAL_USER, 1.0, 0.55))
    eager[companies.kind == PROSPECT] = 0
    others = max(0, wanted - int((eager > 0).sum()))
    extra = rng.poisson(eager / eager.sum() * others)
    size = np.where(eager > 0, 1 + np.minimum(extra, companies.employees * 0.6), 0).astype(np.int64)
    size[ENTERPRISE] = max(40, round(wanted * 0.085))
    for agency in AGENCIES:
        size[agency] = 10
    return np.repeat(np.arange(len(companies)), size)


def _joined(rng: np.random.Generator, companies: Companies, company: NDArray[np.int64]) -> Days:
    start = companies.start[company]
    first = np.r_[True, company[1:] != company[:-1]]
    spread = rng.exponential(45, company.size) * np.exp(-0.25 * companies.need[company])
    joined = np.where(first, start, start + spread)
    grown = start + rng.random(company.size) * (DAYS - 1 - start)  # customers keep growing all year
    joined = np.where((companies.kind[company] == CUSTOMER) & ~first, grown, joined)
    late = joined >= DAYS - 0.5
    joined = np.where(late, start + rng.random(company.size) * (DAYS - 1 - start), joined)
    hour = np.clip(rng.normal(13, 3, company.size), 6, 21) / 24
    return np.asarray(np.floor(joined) + hour, dtype=np.float64)


def _email(number: int, domain: str) -> str:
    return f"{GIVEN[number % len(GIVEN)]}.{number:05d}@{domain}"


def _domain(rng: np.random.Generator, companies: Companies, company: int) -> str:
    if company < 0 or rng.random() < 0.05:
        return FREE_MAIL[int(rng.integers(len(FREE_MAIL)))]
    if company == ENTERPRISE:
        return ("ordwelka-group.example", "ordwelka-grid.example", "ordwelka-wind.example")[int(rng.integers(3))]
    return companies.domains[company]


def gather(rng: np.random.Generator, companies: Companies, scale: float) -> People:
    """Return some 20,000 people times `scale`, users first."""
    users = _users_of(rng, companies, round(7_400 * scale))
    n_contacts, n_visitors, n_staff = (max(10, round(n * scale)) for n in (7_000, 5_400, 40))
    contacts = rng.choice(len(companies), n_contacts, p=(p := companies.employees**0.35) / p.sum())
    contacts = np.where(rng.random(n_contacts) < 0.15, -1, contacts)
    company = np.r_[users, contacts, np.full(n_visitors + n_staff, -1)]
    role = np.repeat([USER, CONTACT, VISITOR, STAFF], [users.size, n_contacts, n_visitors, n_staff])
    n = company.size
    known = company >= 0
    drive = np.where(known, 0.75 * companies.need[company], 0.0) + rng.normal(0, 0.65, n)
    joined = np.r_[
        _joined(rng, companies, users),
        rng.uniform(0, DAYS - 1, n_contacts + n_visitors),
        rng.uniform(-300, 200, n_staff),
    ]
    ids = [f"{PREFIX[int(r)]}{i + 1:05d}" for i, r in enumerate(role)]
    domains = [
        _domain(rng, companies, int(c)) if r < VISITOR else "acme.example" for c, r in zip(company, role, strict=True)
    ]
    emails = [
        "" if r == VISITOR else _email(i, domain) for i, (domain, r) in enumerate(zip(domains, role, strict=True))
    ]
    rank = np.clip(rng.poisson(1.3, n), 0, 5)
    return People(
        ids=ids,
        emails=emails,
        role=role,
        company=company,
        joined=joined,
        drive=drive,
        seniority=rank,
        technical=rng.random(n) < 0.3,
        workspace=np.where(known, rng.integers(0, companies.workspaces[company]), 0),
        buys_at=np.full(n, np.inf),
        earlier=_earlier(rng, ids, role),
        says_company=known & ((rng.random(n) < 0.65) | (company == ENTERPRISE)) & companies.in_crm[company],
    )


def _earlier(rng: np.random.Generator, ids: list[str], role: NDArray[np.int64]) -> list[str]:
    """Return the web-site visitor each known person was before, where there was one."""
    was_seen = (rng.random(role.size) < 0.4) & (role <= CONTACT)
    return [f"V-{ident[1:]}" if seen else "" for ident, seen in zip(ids, was_seen, strict=True)]
