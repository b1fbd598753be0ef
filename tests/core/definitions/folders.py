"""Small definition folders for tests: a right one to start from, and single criteria."""

from __future__ import annotations

import shutil
from pathlib import Path

from assay.core.definitions import check, load

BASE = Path(__file__).parents[2] / "golden" / "base"

SOURCES = """\
source: product
events:
  file: events.csv
  id: id
  at: at
  event: name
  person: who
  account: company
  properties: [limit, used, amount]
event_names: [session_started, project_created, limit_reached, invite_sent, invite_accepted, invoice_paid,
              trial_started]
---
source: users
people: {file: users.csv, id: id, email: email, account: company, attributes: [plan, seniority]}
---
source: companies
accounts: {file: companies.csv, id: id, domain: website, attributes: [employees, plan]}
"""


def write(folder: Path, files: dict[str, str]) -> Path:
    """Write files by relative path and return the folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


def rule_text(criteria: dict[str, str], *, name="ready", subject="person", qualify=None, more="") -> str:
    lines = "".join(f"  {key}: {text}\n" for key, text in criteria.items())
    logic = qualify or f"{{all_of: [{', '.join(criteria)}]}}"
    return (
        f"qualification: {name}\nversion: 1\nstatus: draft\nstage: PQL\nmotion: upsell\nsubject: {subject}\n"
        f"criteria:\n{lines}qualify: {logic}\n{more}"
    )


def folder_with(folder: Path, criteria: dict[str, str], *, files=None, **more) -> Path:
    """Return a folder with the rule `ready`, the sources above and the base's other definitions."""
    shutil.copytree(BASE, folder, dirs_exist_ok=True)
    (folder / "sources/product.yml").unlink()
    write(
        folder, {"sources/all.yml": SOURCES, "qualifications/ready.yml": rule_text(criteria, **more), **(files or {})}
    )
    return folder


def form_of(folder: Path, criterion: str, *, subject="person"):
    """Return the checked form of one criterion."""
    return load(folder_with(folder, {"it": criterion}, subject=subject)).rule("ready").criterion("it").form


def fingerprint_of(folder: Path, criteria: dict[str, str], **more) -> str:
    return load(folder_with(folder, criteria, **more)).rule("ready").fingerprint


def codes_of(folder: Path) -> list[str]:
    return [complaint.code for complaint in check(folder)]
