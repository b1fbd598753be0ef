"""Write the raw files of Acme, an invented vendor, for one year: `python examples/acme/generate.py --out DIR`.

The same seed and scale give the same bytes. Needs numpy and pyarrow alone.
"""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

import numpy as np
from story import buying, calendar, companies, dirt, files, marketing, partnering, people, selling, success, usage
from story.calendar import DAYS, dates, instants, local_times
from story.events import Events
from story.files import Table

MARKETING_ZONE = "Europe/Berlin"  # the marketing tool exports wall-clock times


def tell(seed: int, scale: float) -> dict[str, Table]:
    """Return the year as tables of text, by file name."""
    dice = np.random.default_rng(np.random.SeedSequence(seed)).spawn(12)
    firms = companies.found(dice[0], scale)
    cast = buying.decide_people(dice[1], firms, people.gather(dice[2], firms, scale))
    deals = buying.decide_companies(dice[3], firms, cast)
    product = usage.happen(dice[4], firms, cast, deals).sorted(DAYS)
    touches = marketing.happen(dice[5], firms, cast, deals).sorted(DAYS)
    activities, where = selling.talk(dice[6], firms, cast, deals)
    tables: dict[str, Table] = {}
    tables |= _product_files(dice[7], firms, cast, product)
    tables["marketing_touches.csv"] = _touches(dice[8], cast, touches)
    tables["sales_activities.csv"] = _activities(firms, cast, activities, where)
    tables |= _master_files(dice[9], firms, cast, deals)
    tables["opportunities.csv"] = dirt.spoil(
        dice[10], selling.opportunities(dice[10], firms, cast, deals), 4, "closed_at", ("next quarter", "")
    )
    tables["upgrades.csv"] = selling.upgrades(dice[10], firms, cast)
    tables["health.csv"] = success.health(dice[10], firms, cast, deals)
    tables["support_tickets.csv"] = success.tickets(dice[10], firms, cast, deals)
    facts = dirt.spoil(dice[11], partnering.facts(dice[11], firms), 5, "says", ("friend", "CUSTOMER?"))
    tables["partner_facts.csv"] = dirt.spoil(dice[11], facts, 3, "confidence", ("1.7", "high"))
    tables["insights.csv"] = dirt.spoil(dice[11], partnering.insights(dice[11], firms), 3, "letter", ("mood",))
    return tables


def _product_files(
    rng: np.random.Generator, firms: companies.Companies, cast: people.People, events: Events
) -> dict[str, Table]:
    person = np.array(events.people)
    places = usage.workplaces(rng, firms, cast, person)
    linked = firms.in_crm & (rng.random(len(firms)) < 0.7)  # workspaces that the CRM knows
    linked[: max(companies.AGENCIES) + 1] = True
    guests = np.array(places) != cast.company[person]
    when = instants(np.array(events.at))
    rows = {
        "event_id": [f"e{i + 1:07d}" for i in range(len(events))],
        "occurred_at": when,
        "event": list(events.names),
        "user_id": [cast.ids[p] for p in events.people],
        "company_id": [
            firms.ids[place] if place >= 0 and (linked[place] or guest) else ""
            for place, guest in zip(places, guests, strict=True)
        ],
        "workspace": [
            f"W{place + 1:05d}-{cast.workspace[p] + 1}" if place >= 0 else "W-acme"
            for place, p in zip(places, events.people, strict=True)
        ],
        **{key: events.column(key) for key in ("limit", "used", "feature", "tool", "format")},
    }
    rows = dirt.repeat(rng, rows, 300)
    rows = dirt.repeat(rng, rows, 25, used=("-1", "999999"), event=("limit_reached",))
    months = rows["occurred_at"]
    rows = dirt.spoil(rng, rows, 40, "occurred_at", dirt.BAD_INSTANTS)
    rows = dirt.spoil(rng, rows, 12, "event", ("", "debug_ping"))
    return files.by_month(rows, months, "product/{month}.csv.gz")


def _touches(rng: np.random.Generator, cast: people.People, events: Events) -> Table:
    known = cast.joined
    who = [
        cast.earlier[p] if cast.earlier[p] and at < known[p] else cast.ids[p]
        for p, at in zip(events.people, events.at, strict=True)
    ]
    rows = {
        "touch_id": [f"m{i + 1:06d}" for i in range(len(events))],
        "happened_at": local_times(np.array(events.at), MARKETING_ZONE),
        "touch": list(events.names),
        "visitor_id": who,
        **{key: events.column(key) for key in ("section", "campaign", "paper", "webinar", "topic")},
    }
    rows = dirt.repeat(rng, rows, 60)
    # 2025-03-30 02:30 is not on any clock in Berlin: summer time begins at 02:00.
    rows = dirt.spoil(rng, rows, 15, "happened_at", ("2025-03-30 02:30:00", "n/a", "12/31/2025"))
    return dirt.spoil(rng, rows, 20, "section", ("???", "Pricing ", "blgo"))


def _activities(firms: companies.Companies, cast: people.People, events: Events, where: list[int]) -> Table:
    order = np.argsort(np.array(events.at), kind="stable").tolist()
    contact, reason = [events.people[i] for i in order], events.column("reason")
    return {
        "activity_id": [f"s{i + 1:05d}" for i in range(len(order))],
        "happened_at": instants(np.array([events.at[i] for i in order])),
        "activity": [events.names[i] for i in order],
        "account_id": [firms.ids[where[i]] for i in order],
        "contact_id": [cast.ids[p] if p >= 0 else "" for p in contact],
        "reason": [reason[i] for i in order],
    }


def _master_files(
    rng: np.random.Generator, firms: companies.Companies, cast: people.People, deals: buying.Deals
) -> dict[str, Table]:
    """Return the lists of accounts, users and contacts, and who is on which plan since when."""
    listed = np.flatnonzero(firms.in_crm).tolist()
    sites = ("https://www.{}/", "{}", "http://{}/about-us", "WWW.{}")
    accounts = {
        "account_id": [firms.ids[i] for i in listed],
        "name": [firms.names[i] for i in listed],
        "website": [sites[i % 4].format(firms.domains[i]) for i in listed],
        "employees": [str(firms.employees[i]) for i in listed],
        "industry": [firms.industry[i] for i in listed],
        "country": [firms.country[i] for i in listed],
    }
    accounts = dirt.spoil(rng, accounts, 8, "employees", ("about 200", "1,200", "n/a"))
    accounts = dirt.spoil(rng, accounts, 3, "website", ("not a web site", "http://"))
    plan = usage.plans(firms, cast)
    return {
        "accounts.csv": dirt.repeat(rng, accounts, 6),
        "account_plans.csv": _account_plans(firms, deals),
        "users.csv": _users(rng, firms, cast),
        "user_plans.csv": {
            "user_id": [cast.ids[p] for p, _, _ in plan],
            "plan": [name for _, name, _ in plan],
            "plan_changed_at": instants(np.array([at for *_, at in plan])),
        },
        "contacts.csv": _contacts(cast),
    }


def _account_plans(firms: companies.Companies, deals: buying.Deals) -> Table:
    rows: list[tuple[str, str, float]] = []
    for i in np.flatnonzero(firms.in_crm & np.isfinite(firms.start)).tolist():
        start, pays = float(firms.start[i]), float(deals.pays_from[i])
        if firms.kind[i] != companies.CUSTOMER:
            rows.append((firms.ids[i], "trial" if firms.kind[i] == companies.TRIAL_USER else "free", start))
        if pays < DAYS:
            rows.append((firms.ids[i], "team", pays))
        if deals.expanded_at[i] < DAYS and deals.expands[i] and firms.employees[i] > 400:
            rows.append((firms.ids[i], "business", float(deals.expanded_at[i])))
    return {
        "account_id": [ident for ident, _, _ in rows],
        "plan": [plan for _, plan, _ in rows],
        "plan_changed_at": instants(np.array([at for *_, at in rows])),
    }


def _users(rng: np.random.Generator, firms: companies.Companies, cast: people.People) -> Table:
    who = np.flatnonzero((cast.role == people.USER) | (cast.role == people.STAFF)).tolist()
    rows = {
        "user_id": [cast.ids[p] for p in who],
        "email": [cast.emails[p] for p in who],
        "company_id": [firms.ids[cast.company[p]] if cast.says_company[p] else "" for p in who],
        "joined_at": dates(cast.joined[who]),
        "seniority": [people.SENIORITY[cast.seniority[p]] if p % 4 else "" for p in who],
        "previous_id": [cast.earlier[p] for p in who],
    }
    rows = dirt.spoil(rng, rows, 6, "email", ("nobody", "ben@@example", "@"))
    return dirt.spoil(rng, rows, 5, "joined_at", ("2025-02-30", "soon"))


def _contacts(cast: people.People) -> Table:
    who = np.flatnonzero(cast.role == people.CONTACT).tolist()
    return {
        "contact_id": [cast.ids[p] for p in who],
        "email": [cast.emails[p] for p in who],
        "seniority": [people.SENIORITY[cast.seniority[p]] for p in who],
        "created_at": instants(cast.joined[who]),
        "previous_id": [cast.earlier[p] for p in who],
    }


def main() -> None:
    """Read the options and write the files."""
    parser = argparse.ArgumentParser(description="Write the raw files of Acme, an invented vendor, for one year.")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write to")
    parser.add_argument("--seed", type=int, default=7, help="the same seed gives the same bytes")
    parser.add_argument("--scale", type=float, default=1.0, help="1 is 2,000 accounts, 20,000 people, 300,000 events")
    parser.add_argument("--past", type=date.fromisoformat, help="let the year end within the week after this day")
    options = parser.parse_args()
    if options.past is not None:
        calendar.move(options.past)
    tables = tell(options.seed, options.scale)
    files.write(options.out, tables)
    for name, table in tables.items():
        print(f"{len(next(iter(table.values()))):>9,}  {name}")


if __name__ == "__main__":
    main()
