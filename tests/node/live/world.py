"""A small company for tests of the live part: definitions with one rule of each kind, and rows of its lake."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from assay.core import definitions as language
from assay.node.lake.rows import LAKE

START = datetime(2026, 3, 1, tzinfo=UTC)

_SOURCES = """
source: product
events:
  file: product.csv
  id: id
  at: at
  event: {column: event}
  person: user
  account: account
  properties: [limit]
event_names: [opened, built, invited]
---
source: users
people:
  file: users.csv
  id: user
  email: email
  account: {column: company}
  same_as: formerly
  attributes: {plan: {column: plan, at: plan_at}}
---
source: firms
accounts:
  file: firms.csv
  id: account
  domain: website
  attributes: {tier: tier}
---
source: partner_facts
partner_facts: {file: facts.csv, account: account, partner: partner, says: says, from: since}
"""

_RULES = {
    "busy": "subject: person\nmotion: a\ncriteria:\n  much: {count: built, at_least: 2, within: 3 days}\n"
    "  trial: {attribute: plan, is: trial}\nqualify:\n  all_of: [much]\n  none_of: [trial]\n",
    "silent": "subject: person\nmotion: b\ncriteria:\n  ever: {count: opened, at_least: 1}\n"
    "  lately: {count: any, at_least: 1, within: 2 days}\nqualify:\n  all_of: [ever]\n  none_of: [lately]\n",
    "of_gold": "subject: person\nmotion: c\ncriteria:\n  gold: {attribute: account.tier, is: gold}\n"
    "  here: {count: any, at_least: 1, within: 4 days}\n  known: {partner_says: customer}\nqualify:\n"
    "  all_of: [here]\n  any_of: [gold, known]\n",
    "team": "subject: account\nmotion: d\ncriteria:\n  some: {people_qualified: busy, people_at_least: 1}\n"
    "  wide: {count: any, distinct: person, at_least: 2, within: 5 days}\nqualify:\n  any_of: [some, wide]\n",
    "warm": "subject: person\nmotion: e\ncriteria:\n  of_team: {qualified: team}\n  score: {score: heat, at_least: 5}\n"
    "qualify:\n  any_of: [of_team, score]\n",
}

#: Rules that read some events of colleagues and no others; an account's time may begin with any.
_NARROW = {
    "busy": _RULES["busy"],
    "silent": _RULES["silent"],
    "grew": "subject: account\nmotion: f\ncriteria:\n  asked: {count: invited, at_least: 2, within: 3 days}\n"
    "  gold: {attribute: tier, is: gold}\n  full: {count: built, where: {limit: seats}, at_least: 1}\n"
    "qualify:\n  any_of: [asked, gold]\n  none_of: [full]\n",
    "first": "subject: account\nmotion: g\ncriteria:\n  none: {count: invited, at_most: 0}\n"
    "qualify:\n  all_of: [none]\n",
}

_SCORE = """
score: heat
version: 1
subject: person
dimensions: [product]
points:
  invites: {dimension: product, count: invited, each: 4, up_to: 12, fades: {half_life: 1 day}}
  limits: {dimension: product, count: any, where: {limit: seats}, each: 3, up_to: 9}
"""


def definitions(folder: Path, *, is_narrow: bool = False):
    """Write the company's definitions, and load them."""
    for sub in ("sources", "qualifications", "scores"):
        (folder / sub).mkdir(parents=True, exist_ok=True)
    (folder / "sources" / "all.yml").write_text(_SOURCES)
    (folder / "scores" / "heat.yml").write_text(_SCORE)
    for name, text in (_NARROW if is_narrow else _RULES).items():
        head = f"qualification: {name}\nversion: 1\nstatus: shadow\nstage: PQL\n"
        (folder / "qualifications" / f"{name}.yml").write_text(head + text)
    return language.load(folder)


def rows(told, *, first=1):
    """Return rows of the lake from dictionaries; `hour` is hours after START, and `received` at least that."""
    made = []
    for seq, one in zip(itertools.count(first), told, strict=False):
        row = dict.fromkeys(LAKE.names)
        row |= {key: value for key, value in one.items() if key not in ("hour", "body")}
        row |= {"seq": seq, "body": json.dumps(one.get("body", {})), "received_at": START}
        if "hour" in one:
            row["at"] = START + timedelta(hours=one["hour"])
        made.append(row)
    return pa.Table.from_pylist(made, schema=LAKE)
