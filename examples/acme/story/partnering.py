"""What three partners say about the companies they know.

Verdantine runs a cloud market place, Pelworth bills subscriptions, Ossuline advises on data teams. Verdantine and
Pelworth belong to one group, and Pelworth and Ossuline both bought one list: what they say is not independent.
"""

from __future__ import annotations

import numpy as np

from story.calendar import DAYS, dates, instants, sigmoid
from story.companies import Companies

Rows = dict[str, list[str]]
SAYS = ("customer", "open_opportunity", "prospect", "former_customer")
PARENT = {"verdantine": "halden-group", "pelworth": "halden-group", "ossuline": ""}
REACH = {"verdantine": -0.6, "pelworth": -1.4, "ossuline": -1.7}
BOUGHT_LIST = "listhall-2025"


def facts(rng: np.random.Generator, companies: Companies) -> Rows:
    """Return the partners' facts, some confirmed again later, some ended, some from the bought list."""
    rows: list[tuple[str, int, str, float, float, float, str, float]] = []
    for partner, reach in REACH.items():
        knows = rng.random(len(companies)) < sigmoid(reach + 0.35 * companies.fit + 0.7 * companies.need)
        for company in np.flatnonzero(knows & companies.in_crm).tolist():
            warm = float(sigmoid(np.array([0.9 * companies.need[company]]))[0])
            weights = np.array([0.45, 0.25 * warm + 0.05, 0.35 - 0.2 * warm, 0.1])
            says = str(rng.choice(SAYS, p=weights / weights.sum()))
            since = float(rng.uniform(-300, DAYS - 10))
            until = since + float(rng.uniform(40, 150)) if says == "open_opportunity" else np.inf
            bought = partner != "verdantine" and says == "prospect" and rng.random() < 0.6
            confidence = round(float(rng.uniform(0.55, 1.0)), 2)
            confirmed = since
            for _ in range(1 + int(rng.poisson(1.5))):
                rows.append(
                    (partner, company, says, since, until, confirmed, BOUGHT_LIST if bought else "", confidence)
                )
                confirmed += float(rng.uniform(30, 120))
                if confirmed > min(until, DAYS - 1):
                    break
    return {
        "account_id": [companies.ids[company] for _, company, *_ in rows],
        "partner": [row[0] for row in rows],
        "says": [row[2] for row in rows],
        "from": dates(np.array([row[3] for row in rows])),
        "until": ["" if row[4] == np.inf else dates(np.array([row[4]]))[0] for row in rows],
        "confirmed_at": instants(np.array([row[5] for row in rows])),
        "origin": [row[6] for row in rows],
        "parent": [PARENT[row[0]] for row in rows],
        "confidence": [str(row[7]) for row in rows],
    }


def insights(rng: np.random.Generator, companies: Companies) -> Rows:
    """Return the partners' statements on need, budget, authority, timing and use case."""
    rows: list[tuple[float, str, int, str, str]] = []
    for partner, reach in REACH.items():
        tells = rng.random(len(companies)) < sigmoid(reach - 0.9 + 1.0 * companies.need)
        for company in np.flatnonzero(tells & companies.in_crm).tolist():
            begin = float(rng.uniform(5, DAYS - 5))
            for letter in ("need", "budget", "authority", "timing", "use_case"):
                if rng.random() < 0.4:
                    at = begin + float(rng.uniform(0, 30))
                    value = "live dashboards" if letter == "use_case" else "yes"
                    rows.append((at, partner, company, letter, value))
                    if letter == "budget" and rng.random() < 0.15:  # withdrawn: the budget went elsewhere
                        rows.append((at + 25, partner, company, letter, "no"))
    rows = sorted(row for row in rows if row[0] < DAYS - 0.1)
    return {
        "account_id": [companies.ids[company] for _, _, company, _, _ in rows],
        "partner": [partner for _, partner, *_ in rows],
        "letter": [letter for *_, letter, _ in rows],
        "value": [value for *_, value in rows],
        "at": instants(np.array([at for at, *_ in rows])),
    }
