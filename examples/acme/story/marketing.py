"""What marketing sees: pages, papers, webinars, e-mails, and the few who ask to talk."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from story.buying import Deals
from story.calendar import DAYS, office_hours, sigmoid
from story.companies import Companies
from story.events import Events
from story.people import CONTACT, STAFF, USER, VISITOR, People

SECTIONS = ("blog", "product", "docs", "customers", "careers", "pricing", "security")
EVERYDAY = (0.34, 0.24, 0.16, 0.10, 0.10, 0.05, 0.01)
SHOPPING = (0.08, 0.22, 0.14, 0.16, 0.00, 0.30, 0.10)


def happen(rng: np.random.Generator, companies: Companies, people: People, deals: Deals) -> Events:
    """Return the year's touches, of everybody but staff."""
    events = Events()
    _browse(rng, events, people)
    _respond(rng, events, people)
    _ask(rng, events, companies, people, deals)
    return events


def _sections(rng: np.random.Generator, shops: NDArray[np.bool_]) -> list[str]:
    """Return the section of each page view."""
    dice = rng.random(shops.size)
    everyday = np.searchsorted(np.cumsum(EVERYDAY)[:-1], dice)
    shopping = np.searchsorted(np.cumsum(SHOPPING)[:-1], dice)
    return [SECTIONS[i] for i in np.where(shops, shopping, everyday).tolist()]


def _browse(rng: np.random.Generator, events: Events, people: People) -> None:
    """Add page views: a burst of shopping by those in need, a trickle by the rest."""
    who = np.flatnonzero(people.role != STAFF)
    role, joined = people.role[who], np.maximum(people.joined[who], 0)
    shops = (rng.random(who.size) < sigmoid(1.3 * people.drive[who] - 2.2)) & (role != VISITOR)
    mean = np.select([role == USER, role == CONTACT], [0.7, 0.8], 0.5)
    start = joined + np.where(role == USER, rng.uniform(0, 45, who.size), 0)
    index = np.repeat(np.arange(who.size), 1 + rng.poisson(mean + 2.6 * shops))
    at = office_hours(rng, start[index] + rng.exponential(1, index.size) * np.where(shops, 6, 25)[index])
    events.add("page_viewed", at, who[index], section=_sections(rng, shops[index]))
    # What they read before anybody knew their name.
    seen = np.array([bool(people.earlier[person]) for person in who.tolist()]) & (people.joined[who] > 4)
    index = np.repeat(np.arange(who.size), np.where(seen, 1 + rng.poisson(0.8, who.size), 0))
    before = joined[index] - rng.exponential(5, index.size)
    events.add("page_viewed", before, who[index], section=_sections(rng, np.zeros(index.size, dtype=np.bool_)))


def _respond(rng: np.random.Generator, events: Events, people: People) -> None:
    """Add what people do with what marketing sends them."""
    who = np.flatnonzero(people.role <= CONTACT)
    joined = np.maximum(people.joined[who], 0)
    warm = np.exp(0.7 * people.drive[who]) * np.where(people.role[who] == CONTACT, 1.0, 0.35)
    for name, mean, key, values in (
        ("email_clicked", 0.6, "campaign", ("spring", "benchmarks", "stories", "release")),
        ("whitepaper_downloaded", 0.32, "paper", ("data-teams", "cost-of-copies", "governance")),
        ("webinar_attended", 0.2, "webinar", ("getting-started", "governance", "live-dashboards")),
    ):
        index = np.repeat(np.arange(who.size), rng.poisson(np.minimum(mean * warm, 4.0)))
        at = office_hours(rng, joined[index] + rng.exponential(16, index.size))
        events.add(name, at, who[index], **{key: rng.choice(values, index.size).tolist()})


def _ask(rng: np.random.Generator, events: Events, companies: Companies, people: People, deals: Deals) -> None:
    """Add the hand-raisers: the needy now and then, and somebody wherever sales begins to work."""
    known = np.flatnonzero((people.role <= CONTACT) & (people.company >= 0))
    asks = known[rng.random(known.size) < sigmoid(1.5 * people.drive[known] - 5.2)]
    at = office_hours(rng, np.maximum(people.joined[asks], 0) + rng.uniform(4, 40, asks.size))
    events.add("demo_requested", at, asks, topic=rng.choice(("price", "security", "migration"), asks.size).tolist())
    first: dict[int, int] = {}
    for person in known.tolist():
        first.setdefault(int(people.company[person]), person)
    for company, person in first.items():
        begin = float(deals.courted_from[company]) - float(rng.uniform(0.5, 4))
        if begin < DAYS and begin > max(people.joined[person], 0) and rng.random() < 0.4:
            events.add_one("demo_requested", begin, person, topic="price")
