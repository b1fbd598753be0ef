"""What people do in the product, week by week: caused by their own need, never by what they will buy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from story.buying import Deals
from story.calendar import DAYS, TRIAL, Days, office_hours, sigmoid
from story.companies import AGENCIES, CUSTOMER, FREE, Companies
from story.events import Events
from story.people import STAFF, USER, People

Choose = Callable[[int], dict[str, list[str]]]  # how many events there are → their properties

FEATURES = ("tables", "notebooks", "charts", "comments", "versions", "schedules", "lineage", "access_rules")
PREMIUM = FEATURES[5:]
TOOLS = ("warehouse", "spreadsheet", "billing", "tickets", "crm")
LIMITS = {"seats": 5, "rows": 100_000, "projects": 3}  # of the free plan, and after the trial
PAID_LIMITS = {"seats": 25, "api_calls": 10_000, "history_days": 90, "sso": 0}


def _sessions(rng: np.random.Generator, companies: Companies, people: People) -> tuple[NDArray[np.int64], Days]:
    """Return who opens the product and when: one place a session."""
    who = np.flatnonzero((people.role == USER) | (people.role == STAFF))
    joined, drive = people.joined[who, None], people.drive[who, None]
    week = 7.0 * np.arange(53)[None, :]
    present = np.clip((week + 7 - np.maximum(joined, 0)) / 7, 0, 1) * np.clip((DAYS - week) / 7, 0, 1)
    age = np.maximum(week + 3.5 - joined, 0)
    pays = (companies.kind[people.company[who]] == CUSTOMER)[:, None] | (week > people.buys_at[who, None])
    staff = (people.role[who] == STAFF)[:, None]
    keep = np.where(pays, np.exp(-age / 700), np.exp(-age / (26 * np.exp(0.8 * drive))))
    first_days = 1.15 * np.exp(0.45 * drive) * np.clip((17.5 - age) / 7, 0, 1)
    lasting = np.where(pays, 0.34, 0.66) * np.exp(np.where(pays, 0.55, 0.7) * drive)
    rate = np.where(staff, 4.0, np.minimum(first_days + lasting * keep, 9.0)) * present
    count = rng.poisson(rate)
    row, column = np.nonzero(count)
    repeats = count[row, column]
    low = np.maximum(7.0 * column, joined[row, 0])
    high = np.minimum(7.0 * column + 7, DAYS)
    at = np.repeat(low, repeats) + rng.random(int(repeats.sum())) * np.repeat(high - low, repeats)
    at = office_hours(rng, at)
    person = np.repeat(who[row], repeats)
    floor = people.joined[person]
    at = np.where(at < floor, floor + rng.random(at.size) * 0.08, at)
    fresh = who[people.joined[who] >= 0]  # whoever signs up looks around at once
    person, at = np.r_[person, fresh], np.r_[at, people.joined[fresh] + 0.002]
    inside = at < DAYS - 0.1
    return person[inside], at[inside]


def happen(rng: np.random.Generator, companies: Companies, people: People, deals: Deals) -> Events:
    """Return the year's product events."""
    events = Events()
    person, at = _sessions(rng, companies, people)
    events.add("session_started", at, person)
    company = people.company[person]
    drive, age = people.drive[person], at - people.joined[person]
    ramp = np.where((company >= 0) & (at > deals.expands_from[company]) & (at < deals.expands_from[company] + 75), 1, 0)
    pays = (companies.kind[company] == CUSTOMER) | (at > people.buys_at[person])

    def during(rate: NDArray[np.floating[Any]], name: str, choose: Choose | None = None) -> None:
        """Add events of that name to sessions, at so many a session, within the hour that follows."""
        times = rng.poisson(np.broadcast_to(np.minimum(rate, 3.0), at.shape))
        index = np.repeat(np.arange(at.size), times)
        moment = at[index] + rng.uniform(0.001, 0.045, index.size)
        events.add(name, moment, person[index], **(choose(index.size) if choose else {}))

    def one(key: str, options: tuple[str, ...]) -> Choose:
        return lambda size: {key: rng.choice(options, size).tolist()}

    new = np.clip((14 - age) / 14, 0, 1)
    during(0.05 * np.exp(0.5 * drive) + 0.38 * new * np.exp(0.5 * drive), "project_created")
    during(0.28 * np.exp(0.25 * drive), "feature_used", one("feature", FEATURES[:5]))
    during(np.where(pays, 0.05 + 0.22 * ramp, 0.04) * np.exp(0.6 * drive), "feature_used", one("feature", PREMIUM))
    during(0.07 * np.exp(0.2 * drive), "export_made", one("format", ("csv", "pdf", "image")))
    during(0.06 * np.exp(0.5 * drive) + 0.15 * ramp, "dashboard_shared")
    during(0.25 * people.technical[person] * np.exp(0.2 * drive), "api_called")
    during(0.16 * new * np.exp(0.8 * drive), "integration_connected", one("tool", TOOLS))
    _limits(rng, events, (person, at), (drive, age, pays, ramp))
    _growth(rng, events, companies, people, deals)
    return events


def _limits(
    rng: np.random.Generator,
    events: Events,
    sessions: tuple[NDArray[np.int64], Days],
    traits: tuple[Days, Days, NDArray[np.bool_], NDArray[np.int64]],
) -> None:
    """Add the limits that sessions run into: those of the free plan, or for paid seats those of the team plan."""
    person, at = sessions
    drive, age, pays, ramp = traits
    free = rng.random(at.size) < np.minimum(0.055 * np.exp(0.9 * drive), 0.5) * (age > 4) * ~pays
    paid = rng.random(at.size) < (0.008 + 0.14 * ramp) * np.exp(0.4 * drive) * pays
    for met, limits in ((free, LIMITS), (paid, PAID_LIMITS)):
        index = np.flatnonzero(met)
        names = rng.choice(list(limits), index.size).tolist()
        used = [str(int(limits[name] * (0.9 + 0.2 * rng.random()))) for name in names]
        events.add(
            "limit_reached", at[index] + rng.uniform(0.002, 0.04, index.size), person[index], limit=names, used=used
        )


def _growth(rng: np.random.Generator, events: Events, companies: Companies, people: People, deals: Deals) -> None:
    """Add trials, invitations and seats: how a team grows."""
    users = np.flatnonzero((people.role == USER) & (people.joined >= 0))
    on_trial = users[~np.isin(companies.kind[people.company[users]], (CUSTOMER, FREE))]
    events.add("trial_started", people.joined[on_trial], on_trial)
    earliest: dict[int, int] = {}
    everybody = np.flatnonzero(people.role == USER)
    for user in everybody[np.argsort(people.joined[everybody], kind="stable")].tolist():
        host = earliest.setdefault(int(people.company[user]), user)
        if host != user and people.joined[user] > max(people.joined[host], 0) + 1:
            joined, earlier = float(people.joined[user]), float(people.joined[host]) + 0.1
            events.add_one("invite_sent", max(joined - float(rng.exponential(1.5)) - 0.05, earlier, 0.0), host)
            events.add_one("invite_accepted", joined + 0.001, host)
    hosts = np.flatnonzero((people.role == USER) & np.isfinite(deals.expands_from[people.company]))
    hosts = hosts[rng.random(hosts.size) < sigmoid(people.drive[hosts] - 1.2)]
    for host in hosts.tolist():
        begin = max(float(deals.expands_from[people.company[host]]), float(people.joined[host]))
        sent = begin + rng.uniform(0, 60, int(rng.poisson(2.2)))
        sent = office_hours(rng, sent[sent < DAYS - 3])
        events.add("invite_sent", sent, np.full(sent.size, host))
        seats = sent[rng.random(sent.size) < 0.5] + 1.0
        events.add("seat_added", seats, np.full(seats.size, host))


def plans(companies: Companies, people: People) -> list[tuple[int, str, float]]:
    """Return which plan each user is on from when: (person, plan, from)."""
    rows = []
    for user in np.flatnonzero(people.role == USER):
        joined, buys = float(people.joined[user]), float(people.buys_at[user])
        kind = companies.kind[people.company[user]]
        if kind == CUSTOMER:
            rows.append((int(user), "team", joined))
            continue
        rows.append((int(user), "free" if kind == FREE else "trial", joined))
        if kind != FREE and joined + TRIAL < min(buys, DAYS):
            rows.append((int(user), "free", joined + TRIAL))
        if np.isfinite(buys):
            rows.append((int(user), "team", buys))
    return rows


def workplaces(rng: np.random.Generator, companies: Companies, people: People, person: NDArray[np.int64]) -> list[int]:
    """Return the company in whose workspace each event happened: an agency's people often work at their clients'."""
    clients = {
        int(user): np.flatnonzero((companies.start < 0) & companies.in_crm)[int(rng.integers(5, 60)) :][:3]
        for user in np.flatnonzero(np.isin(people.company, AGENCIES) & (people.role == USER))
    }
    places: list[int] = people.company[person].tolist()
    for index in np.flatnonzero(np.isin(person, list(clients))):
        theirs = clients[int(person[index])]
        if theirs.size and rng.random() < 0.7:
            places[index] = int(theirs[int(rng.integers(theirs.size))])
    return places
