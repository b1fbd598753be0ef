"""The companies around Acme: how big they are, whether they fit, and how much they need what Acme sells.

`need` and `fit` are never written to a file. They cause what people do and what companies buy, and that alone
connects behaviour with outcomes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from story.calendar import DAYS, Days

PROSPECT, FREE, TRIAL_USER, CUSTOMER = 0, 1, 2, 3

HEADS = (
    "Quor",
    "Zel",
    "Vrin",
    "Thal",
    "Osk",
    "Mirv",
    "Yel",
    "Drav",
    "Plen",
    "Skel",
    "Umber",
    "Jask",
    "Korr",
    "Lund",
    "Noth",
    "Pesk",
    "Ruv",
    "Sorn",
    "Tev",
    "Ulm",
    "Varn",
    "Wex",
    "Yarr",
    "Zind",
    "Brel",
    "Cald",
    "Dorv",
    "Elv",
    "Fenn",
    "Gral",
    "Hesk",
    "Irv",
    "Jorl",
    "Kesh",
    "Lorv",
    "Morv",
    "Nerv",
    "Orl",
    "Prav",
    "Quen",
)
TAILS = (
    "ando",
    "ekka",
    "ivor",
    "ullin",
    "ospra",
    "yntha",
    "aroo",
    "emby",
    "idane",
    "orix",
    "usk",
    "ava",
    "elto",
    "imere",
    "onna",
    "urra",
    "axa",
    "estra",
    "inth",
    "oval",
    "ude",
    "arn",
    "eska",
    "ilo",
    "omber",
    "unt",
    "aldi",
    "ezzo",
    "iska",
    "olan",
)
INDUSTRIES = {
    "software": ("Systems", 0.9),
    "finance": ("Capital", 0.7),
    "logistics": ("Logistics", 0.5),
    "retail": ("Stores", 0.1),
    "health": ("Health", 0.2),
    "media": ("Media", 0.0),
    "energy": ("Energy", -0.2),
    "public": ("Agency", -0.8),
}
COUNTRIES = ("DE", "US", "GB", "FR", "NL", "SE", "PL", "ES")

ENTERPRISE = 0  # the index of the big one, which uses Acme in seven workspaces
AGENCIES = (1, 2, 3)  # their people work in their clients' workspaces


@dataclass(frozen=True, slots=True, kw_only=True)
class Companies:
    """Arrays with one place a company. `start` is when it comes to the product (infinite for prospects)."""

    ids: list[str]
    names: list[str]
    domains: list[str]
    industry: list[str]
    country: list[str]
    employees: NDArray[np.int64]
    need: Days
    fit: Days
    kind: NDArray[np.int64]
    start: Days
    workspaces: NDArray[np.int64]
    in_crm: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.ids)


def _names(rng: np.random.Generator, industry: list[str]) -> list[str]:
    stems = [head + tail for head in HEADS for tail in TAILS]
    picks = rng.permutation(len(stems))
    rounds = [stems[picks[i % len(stems)]] for i in range(len(industry))]
    taken: set[str] = set()
    names = []
    for number, (stem, what) in enumerate(zip(rounds, industry, strict=True)):
        name = f"{stem} {INDUSTRIES[what][0]}"
        name = name if name not in taken else f"{stem} {number}"
        taken.add(name)
        names.append(name)
    return names


def found(rng: np.random.Generator, scale: float) -> Companies:
    """Return some 2,000 companies times `scale`; every tenth or so is not yet in the CRM."""
    n = max(60, round(2_000 * scale))
    industry = rng.choice(list(INDUSTRIES), n, p=[0.2, 0.14, 0.14, 0.14, 0.12, 0.1, 0.08, 0.08]).tolist()
    employees = np.clip(rng.lognormal(np.log(140), 1.4, n), 3, 12_000).astype(np.int64)
    need = rng.normal(0, 1, n)
    kind = rng.choice([PROSPECT, FREE, TRIAL_USER, CUSTOMER], n, p=[0.22, 0.28, 0.37, 0.13])
    employees[ENTERPRISE], need[ENTERPRISE], kind[ENTERPRISE], industry[ENTERPRISE] = 14_000, 1.6, CUSTOMER, "energy"
    for agency in AGENCIES:
        employees[agency], kind[agency] = 40, FREE
    right_size = ((employees >= 50) & (employees <= 5_000)).astype(np.float64)
    fit = np.array([INDUSTRIES[what][1] for what in industry]) + 0.8 * right_size - 0.7 + rng.normal(0, 0.5, n)
    start = DAYS * rng.random(n) ** 0.8 * 0.99
    start = np.where(kind == CUSTOMER, -rng.uniform(30, 500, n), start)
    start = np.where(kind == PROSPECT, np.inf, start)
    names = _names(rng, industry)
    names[ENTERPRISE] = "Ordwelka Group"
    workspaces = 1 + rng.poisson(np.clip(employees / 1_500, 0, 3) + 0.15 * (kind == CUSTOMER), n)
    workspaces[ENTERPRISE] = 7
    in_crm = rng.random(n) > 0.1
    in_crm[:4] = True
    return Companies(
        ids=[f"A{i + 1:05d}" for i in range(n)],
        names=names,
        domains=[name.lower().replace(" ", "-") + ".example" for name in names],
        industry=industry,
        country=rng.choice(COUNTRIES, n).tolist(),
        employees=employees,
        need=need,
        fit=fit,
        kind=kind,
        start=start,
        workspaces=workspaces,
        in_crm=in_crm | (kind == CUSTOMER),
    )
