"""Who buys, and when: caused by need and fit, after a delay. Nothing here looks at what people did."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from story.calendar import DAYS, Days, sigmoid
from story.companies import CUSTOMER, Companies
from story.people import USER, People


@dataclass(frozen=True, slots=True, kw_only=True)
class Deals:
    """What companies decide. All are arrays with one place a company; infinite means never.

    `pays_from`: the first of its people takes a paid seat. `expands_from`: the need for more begins to grow;
    `expanded_at`: the expansion is signed (or lost, where not `expands`). `courted_from`: sales works on it;
    `closes_at`: that ends, as won or lost.
    """

    pays_from: Days
    expands_from: Days
    expanded_at: Days
    expands: NDArray[np.bool_]
    courted_from: Days
    closes_at: Days
    wins: NDArray[np.bool_]


def decide_people(rng: np.random.Generator, companies: Companies, people: People) -> People:
    """Return the people with the instant at which each user of a trial or free plan takes a paid seat."""
    fit = np.where(people.company >= 0, companies.fit[people.company], -1.0)
    likely = sigmoid(-4.3 + 2.0 * people.drive + 0.6 * fit)
    delay = 8 + rng.lognormal(np.log(20), 0.6, len(people))
    buys = (people.role == USER) & (rng.random(len(people)) < likely)
    buys &= companies.kind[people.company] != CUSTOMER
    at = people.joined + delay
    return replace(people, buys_at=np.where(buys & (at < DAYS - 0.1), at, np.inf))


def decide_companies(rng: np.random.Generator, companies: Companies, people: People) -> Deals:
    """Return the deals of every company."""
    n = len(companies)
    pays_from = np.where(companies.kind == CUSTOMER, companies.start, np.inf)
    bought = np.isfinite(people.buys_at)
    np.minimum.at(pays_from, people.company[bought], people.buys_at[bought])
    need, fit = companies.need, companies.fit
    growing = rng.random(n) < sigmoid(-0.9 + 1.3 * need + 0.4 * fit)
    onset = np.maximum(pays_from, 0) + rng.uniform(15, 330, n)
    expands_from = np.where(growing & (onset < DAYS), onset, np.inf)
    expanded_at = expands_from + 14 + rng.lognormal(np.log(32), 0.4, n)
    courted = rng.random(n) < sigmoid(-0.9 + 0.9 * need + 0.7 * fit + 0.3 * np.log(companies.employees / 140))
    courted &= ~np.isfinite(pays_from) | (pays_from > 60)
    begin = np.where(np.isfinite(companies.start), companies.start + rng.uniform(10, 90, n), rng.uniform(5, 350, n))
    closes = begin + 18 + rng.lognormal(np.log(35), 0.5, n)
    return Deals(
        pays_from=pays_from,
        expands_from=expands_from,
        expanded_at=np.where(expanded_at < DAYS, expanded_at, np.inf),
        expands=rng.random(n) < sigmoid(0.2 + 0.8 * need),
        courted_from=np.where(courted & (begin < DAYS), begin, np.inf),
        closes_at=np.where(courted & (closes < DAYS), closes, np.inf),
        wins=rng.random(n) < sigmoid(-0.9 + 1.3 * need + 0.7 * fit),
    )
