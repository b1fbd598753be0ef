"""A small company whose every number is known: 120 people who sign up one a day and a half, on from 2025-06-01.

Every third builds two projects, five and six days after signing up (the second qualifies). Of these every fourth has
a deal of its account won 30 days after qualifying; of all others every twentieth, 40 days after signing up. Two people
share each account; every sixth person's account is one that the partner Verdantine knows. Paying is set at the deal.
"""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

FIRST = datetime(2025, 6, 1, tzinfo=UTC)
DEFINITIONS = Path(__file__).parents[2] / "golden/outcomes/definitions"


def day(number: float) -> str:
    return (FIRST + timedelta(days=number)).strftime("%Y-%m-%dT%H:%M:%SZ")


def write(folder: Path) -> Path:
    """Write the files into a folder, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    events, people, outcomes, facts = [], [], [], []
    for i in range(120):
        person, account, joined = f"p{i:03}", f"a{i // 2:02}", 1.5 * i
        events.append((f"e{i}s", day(joined), "signed_up", person))
        plan, plan_at = "free", day(joined)
        if i % 3 == 0:
            events += [(f"e{i}{k}", day(joined + 4 + k), "project_created", person) for k in (1, 2)]
            if i % 12 == 0:
                outcomes += [(account, person, day(joined + 16), "SAL"), (account, person, day(joined + 36), "won")]
                people.append((person, account, "vp", "paid", day(joined + 36)))
        elif i % 20 == 1:
            outcomes.append((account, person, day(joined + 40), "won"))
        if i % 6 == 0:
            facts.append((account, "verdantine", "customer", day(joined - 10)))
        people.append((person, account, "vp", plan, plan_at))
    events.append(("last", day(200), "signed_up", "p119"))
    _save(folder / "events.csv", ("id", "at", "event", "person"), sorted(events, key=lambda row: row[1]))
    _save(folder / "people.csv", ("person", "account", "seniority", "plan", "plan_at"), people)
    _save(folder / "outcomes.csv", ("account", "person", "at", "outcome"), sorted(outcomes, key=lambda row: row[2]))
    _save(folder / "facts.csv", ("account", "partner", "says", "since"), facts)
    return folder


def _save(path: Path, head: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([head, *rows])
