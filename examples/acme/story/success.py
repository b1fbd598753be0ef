"""What customer success knows of paying companies: monthly health, seats, and support tickets."""

from __future__ import annotations

import numpy as np

from story.buying import Deals
from story.calendar import DAYS, dates, instants, sigmoid
from story.companies import Companies
from story.people import USER, People

Rows = dict[str, list[str]]
MONTH = 365 / 12


def health(rng: np.random.Generator, companies: Companies, people: People, deals: Deals) -> Rows:
    """Return one row a month and paying company: the score of its last survey, seats and the share in use."""
    rows: list[tuple[float, int, int, int, float]] = []
    users = np.bincount(people.company[people.role == USER], minlength=len(companies))
    for company in np.flatnonzero(np.isfinite(deals.pays_from) & companies.in_crm).tolist():
        mood = 7.2 + 1.5 * float(companies.need[company]) + float(rng.normal(0, 1.0))
        seats = max(2, int(users[company] * rng.uniform(0.9, 1.6)))
        for month in range(12):
            at = month * MONTH + 3.25
            if at < deals.pays_from[company]:
                continue
            grown = at > deals.expanded_at[company] and bool(deals.expands[company])
            ramp = 0.28 * (deals.expands_from[company] < at < deals.expands_from[company] + 75)
            use = 0.45 + 0.14 * float(companies.need[company]) + ramp + float(rng.normal(0, 0.07))
            nps = int(np.clip(round(mood + float(rng.normal(0, 0.8))), 0, 10))
            rows.append((at, company, nps, seats + seats // 3 * grown, float(np.clip(use, 0.05, 1.0))))
    rows.sort()
    return {
        "account_id": [companies.ids[company] for _, company, *_ in rows],
        "measured_on": dates(np.array([at for at, *_ in rows])),
        "nps": [str(nps) for _, _, nps, _, _ in rows],
        "seats": [str(seats) for *_, seats, _ in rows],
        "seat_use": [f"{use:.2f}" for *_, use in rows],
    }


def tickets(rng: np.random.Generator, companies: Companies, people: People, deals: Deals) -> Rows:
    """Return the support tickets of paying companies; unhappy ones open more, and more urgent ones."""
    rows: list[tuple[float, int, str]] = []
    staff = {int(people.company[p]): p for p in np.flatnonzero(people.role == USER)[::-1].tolist()}
    for company in np.flatnonzero(np.isfinite(deals.pays_from) & companies.in_crm).tolist():
        since = max(float(deals.pays_from[company]), 0.0)
        count = int(rng.poisson(3.0 * (DAYS - since) / DAYS))
        urgent = float(sigmoid(np.array([-2.0 - 0.8 * companies.need[company]]))[0])
        for at in rng.uniform(since, DAYS - 0.1, count).tolist():
            rows.append((at, company, "urgent" if rng.random() < urgent else "normal"))
    rows.sort()
    return {
        "ticket_id": [f"T-{i + 1:05d}" for i in range(len(rows))],
        "account_id": [companies.ids[company] for _, company, _ in rows],
        "opened_by": [people.ids[staff[company]] if company in staff else "" for _, company, _ in rows],
        "opened_at": instants(np.array([at for at, *_ in rows])),
        "severity": [severity for *_, severity in rows],
    }
