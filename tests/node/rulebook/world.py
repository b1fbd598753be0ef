"""Definitions of a small company, for tests of the rulebook: one live rule, one in shadow, one that is a draft."""

from __future__ import annotations

from pathlib import Path

FILES = {
    "sources/product.yml": """\
source: product
events: {file: events.csv, id: id, at: at, event: {column: event}, person: person}
event_names: [signed_up, project_created]
---
source: crm
people: {file: people.csv, id: person, account: account, attributes: {seniority: seniority}}
---
source: deals
outcomes: {file: outcomes.csv, account: account, person: person, at: at, outcome: outcome}
""",
    "lists/deciders.yml": "list: deciders\nvalues: [vp, director]\n",
    "qualifications/builds.yml": """\
qualification: builds
version: 1
status: live
stage: PQL
motion: trial_to_paid
subject: person
owner: growth
purpose: Somebody who builds.
criteria:
  two_projects: {count: project_created, at_least: 2, within: 7 days}
  decides: {attribute: seniority, in_list: deciders}
qualify: {all_of: [two_projects, decides]}
""",
    "qualifications/builds.examples.yml": """\
examples_for: builds
as_of: 2025-06-10
cases:
  two: {attributes: {seniority: vp}, events: {project_created: [2025-06-08, 2025-06-09]}, expect: {qualified: true}}
  one: {attributes: {seniority: vp}, events: {project_created: [2025-06-09]}, expect: {qualified: false}}
""",
    "qualifications/deciders_who_build.yml": """\
qualification: deciders_who_build
version: 4
status: shadow
stage: SQL
motion: trial_to_paid
subject: person
criteria:
  decides: {attribute: seniority, in_list: deciders}
  builds: {qualified: builds}
qualify: {all_of: [decides, builds]}
""",
    "qualifications/someday.yml": """\
qualification: someday
version: 1
status: draft
stage: MQL
motion: trial_to_paid
subject: person
criteria:
  signed_up: {count: signed_up, at_least: 1}
qualify: {all_of: [signed_up]}
""",
}
BUILDS = "qualifications/builds.yml"
EXAMPLES = "qualifications/builds.examples.yml"


def write(folder: Path, **changed: str) -> Path:
    """Write the folder and return it."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


def edited(path: str, old: str, new: str) -> str:
    """Return a file's text with something else in the place of a part."""
    assert old in FILES[path]
    return FILES[path].replace(old, new)
