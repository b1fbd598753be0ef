"""What sales does and signs: calls, the four letters of BANT, opportunities, upgrades, expansions."""

from __future__ import annotations

import numpy as np

from story.buying import Deals
from story.calendar import DAYS, dates, instants, office_hours
from story.companies import PROSPECT, Companies
from story.events import Events
from story.people import CONTACT, People

LETTERS = ("need", "budget", "authority", "timing")
Rows = dict[str, list[str]]


def buyers(people: People) -> dict[int, int]:
    """Return the person whom sales talks to in each company: the most senior one it knows."""
    best: dict[int, int] = {}
    for person in np.flatnonzero((people.role <= CONTACT) & (people.company >= 0)).tolist():
        company = int(people.company[person])
        if company not in best or people.seniority[person] > people.seniority[best[company]]:
            best[company] = person
    return best


def talk(rng: np.random.Generator, companies: Companies, people: People, deals: Deals) -> tuple[Events, list[int]]:
    """Return the sales activities, and the company of each. `people` holds -1 where sales knows nobody."""
    contact = buyers(people)
    found: list[tuple[float, int, str, str]] = []
    for company in np.flatnonzero(np.isfinite(deals.courted_from) & companies.in_crm).tolist():
        begin = float(deals.courted_from[company])
        length = min(float(deals.closes_at[company]), begin + 70.0) - begin
        found += [(begin + length * u, company, "call_logged", "") for u in rng.random(1 + int(rng.poisson(3)))]
        found += [(begin + length * u, company, "meeting_held", "") for u in rng.random(int(rng.poisson(1.6)))]
        serious = 0.76 if deals.wins[company] else 0.52
        for letter in LETTERS:
            if rng.random() < serious + (0.1 if letter == "need" else 0.0):
                found.append((begin + length * float(rng.uniform(0.1, 0.7)), company, f"{letter}_confirmed", ""))
        if not deals.wins[company] and np.isfinite(deals.closes_at[company]) and rng.random() < 0.5:
            found.append((float(deals.closes_at[company]), company, "disqualified", "no budget this year"))
    cold = (companies.kind == PROSPECT) & companies.in_crm & (rng.random(len(companies)) < 0.5)
    for company in np.flatnonzero(cold).tolist():
        found += [(float(u) * DAYS, company, "call_logged", "") for u in rng.random(1 + int(rng.poisson(1)))]
    events, where = Events(), []
    for at, company, name, reason in found:
        moment = float(office_hours(rng, np.array([at]))[0])
        if 0 <= moment < DAYS - 0.1:
            events.add_one(name, moment, contact.get(company, -1), reason=reason)
            where.append(company)
    return events, where


def opportunities(rng: np.random.Generator, companies: Companies, people: People, deals: Deals) -> Rows:
    """Return what the CRM holds of deals that ended, and of some that are still open, in the order they ended."""
    contact = buyers(people)
    found: list[tuple[float, float, int, str, float]] = []
    price = 30.0 * np.sqrt(companies.employees) * 12
    for company in np.flatnonzero(companies.in_crm).tolist():
        closes, begin = float(deals.closes_at[company]), float(deals.courted_from[company])
        if np.isfinite(closes):
            found.append((closes, begin, company, "won" if deals.wins[company] else "lost", float(price[company])))
        if np.isfinite(deals.expanded_at[company]):
            stage = "expanded" if deals.expands[company] else "lost"
            signed = float(deals.expanded_at[company])
            found.append((signed, signed - 12, company, stage, float(price[company]) * 0.6))
    found.sort()
    amounts = [str(int(amount * rng.uniform(0.7, 1.4) / 100) * 100) for *_, amount in found]
    return {
        "opportunity_id": [f"OPP-{i + 1:05d}" for i in range(len(found))],
        "account_id": [companies.ids[company] for _, _, company, _, _ in found],
        "contact_id": [people.ids[contact[c]] if c in contact else "" for _, _, c, _, _ in found],
        "opened_at": dates(np.array([begin for _, begin, *_ in found])),
        "closed_at": instants(np.array([closes for closes, *_ in found])),
        "stage": [stage for *_, stage, _ in found],
        "amount": amounts,
    }


def upgrades(rng: np.random.Generator, companies: Companies, people: People) -> Rows:
    """Return the paid seats that people took by themselves, with what they pay a year."""
    who = np.flatnonzero(np.isfinite(people.buys_at))
    who = who[np.argsort(people.buys_at[who], kind="stable")]
    known = [companies.in_crm[people.company[person]] for person in who]
    return {
        "upgrade_id": [f"UP-{i + 1:05d}" for i in range(who.size)],
        "user_id": [people.ids[person] for person in who],
        "account_id": [companies.ids[people.company[p]] if k else "" for p, k in zip(who, known, strict=True)],
        "upgraded_at": instants(people.buys_at[who]),
        "outcome": ["converted"] * who.size,
        "amount": [f"{240 * int(seats)}.00" for seats in rng.integers(1, 6, who.size)],
    }
