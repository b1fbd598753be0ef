"""What marketing sees: pages, papers, webinars, e-mails, and the few who ask to talk."""

from __future__ import annotations

import numpy as np

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
    for person in np.flatnonzero(people.role != STAFF).tolist():
        _browse(rng, events, people, person)
        if people.role[person] != VISITOR:
            _respond(rng, events, people, person)
    _ask(rng, events, companies, people, deals)
    return events


def _browse(rng: np.random.Generator, events: Events, people: People, person: int) -> None:
    """Add page views: a burst of shopping by those in need, a trickle by the rest."""
    role, drive, joined = people.role[person], float(people.drive[person]), float(people.joined[person])
    mean = {USER: 0.9, CONTACT: 1.0, VISITOR: 0.7}[int(role)]
    shops = rng.random() < sigmoid(np.array([1.3 * drive - 2.2]))[0] and role != VISITOR
    size = 1 + int(rng.poisson(mean + (3.0 if shops else 0.0)))
    start = max(joined, 0.0) + (float(rng.uniform(0, 45)) if role == USER else 0.0)
    at = office_hours(rng, start + rng.exponential(6 if shops else 25, size))
    sections = rng.choice(SECTIONS, size, p=SHOPPING if shops else EVERYDAY).tolist()
    events.add("page_viewed", at, np.full(size, person), section=sections)
    if people.earlier[person] and joined > 4:  # what they read before anybody knew their name
        before = joined - rng.exponential(5, 1 + int(rng.poisson(0.8)))
        sections = rng.choice(SECTIONS, before.size, p=EVERYDAY).tolist()
        events.add("page_viewed", before, np.full(before.size, person), section=sections)


def _respond(rng: np.random.Generator, events: Events, people: People, person: int) -> None:
    """Add what people do with what marketing sends them."""
    drive, joined = float(people.drive[person]), max(float(people.joined[person]), 0.0)
    warm = float(np.exp(0.7 * drive)) * (1.0 if people.role[person] == CONTACT else 0.35)
    for name, mean, key, values in (
        ("email_clicked", 0.6, "campaign", ("spring", "benchmarks", "stories", "release")),
        ("whitepaper_downloaded", 0.32, "paper", ("data-teams", "cost-of-copies", "governance")),
        ("webinar_attended", 0.2, "webinar", ("getting-started", "governance", "live-dashboards")),
    ):
        size = int(rng.poisson(min(mean * warm, 4.0)))
        at = office_hours(rng, joined + rng.exponential(16, size))
        events.add(name, at, np.full(size, person), **{key: rng.choice(values, size).tolist()})


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
