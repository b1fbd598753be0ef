"""The story of Acme is the same every time, as large as promised, and its leads are worth what they claim."""

from __future__ import annotations

import csv
import gzip
import hashlib
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assay.core import engine, examples, identity, sources
from assay.core.definitions import check, load
from assay.core.io.store import Store

ROOT = Path(__file__).resolve().parents[2]
ACME = ROOT / "examples" / "acme"
PQLS = ("pql_trial_conversion", "pql_freemium_conversion", "pql_hand_raise", "pql_upsell")
LEADING = PQLS[:2]  # to a paid seat
QUARTER = timedelta(days=90)


def _generate(out: Path, *, seed: int = 7, scale: float) -> Path:
    command = [sys.executable, ACME / "generate.py", "--out", out, "--seed", str(seed), "--scale", str(scale)]
    subprocess.run(command, check=True, capture_output=True)
    return out


def _hashes(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _rows(path: Path) -> list[dict[str, str]]:
    text = (gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()).decode()
    return list(csv.DictReader(text.splitlines()))


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """The files of the whole story."""
    return _generate(tmp_path_factory.mktemp("acme"), scale=1.0)


@dataclass(frozen=True)
class Judged:
    """What the product-led rules make of a smaller story: spells, who took a paid seat when, and who there is."""

    spells: list[dict]
    bought: dict[str, datetime]
    users: set[str]
    as_of: datetime

    def first_entries(self) -> dict[str, datetime]:
        """When each person first qualified by a rule that leads to a paid seat."""
        spells = sorted((s for s in self.spells if s["rule"] in LEADING), key=lambda s: s["starts_at"], reverse=True)
        return {spell["subject_id"]: spell["starts_at"] for spell in spells}


@pytest.fixture(scope="module")
def judged(tmp_path_factory) -> Judged:
    """A quarter of the story, decided by the rules about people who use the product."""
    data = _generate(tmp_path_factory.mktemp("quarter"), scale=0.25)
    definitions = load(ACME / "definitions")
    definitions = replace(definitions, rules=tuple(rule for rule in definitions.rules if rule.name in PQLS))
    with Store() as store:
        sources.read(store, definitions, data)
        identity.resolve(store, definitions)
        as_of = engine.latest_instant(store)
        spells = engine.sweep(store, definitions, as_of=as_of).to_pylist()
        bought = store.rows(
            'SELECT p.id, min(o."at") FROM prepared.outcomes o JOIN prepared.people p USING (person) '
            "WHERE o.outcome = 'converted' GROUP BY ALL"
        )
    users = {row["user_id"] for row in _rows(data / "users.csv") if not row["email"].endswith("acme.example")}
    return Judged(spells, {person: _time(at) for person, at in bought}, users, _time(as_of))


def test_the_same_seed_writes_the_same_bytes(tmp_path):
    first = _hashes(_generate(tmp_path / "a", scale=0.05))
    assert first == _hashes(_generate(tmp_path / "b", scale=0.05))


def test_another_seed_tells_another_story(tmp_path):
    first = _hashes(_generate(tmp_path / "a", scale=0.05))
    second = _hashes(_generate(tmp_path / "b", scale=0.05, seed=8))
    assert [name for name in first if first[name] == second.get(name)] == []


def test_the_story_is_as_large_as_promised(whole):
    events = list((whole / "product").iterdir())
    events += [whole / f"{name}.csv" for name in ("marketing_touches", "sales_activities", "support_tickets")]
    visitors = {row["visitor_id"] for row in _rows(whole / "marketing_touches.csv")}
    known = {row["user_id"] for row in _rows(whole / "users.csv")}
    known |= {row["contact_id"] for row in _rows(whole / "contacts.csv")}
    merged = {ident for ident in visitors if ident.startswith("V-")}
    assert 285_000 < sum(len(_rows(path)) for path in events) < 315_000
    assert 19_000 < len((visitors | known) - merged) < 21_500
    assert 1_700 < len({row["account_id"] for row in _rows(whole / "accounts.csv")}) < 2_000
    assert len(list((whole / "product").iterdir())) == 12


def test_every_file_of_the_sources_is_written(whole):
    assert [s.file for s in load(ACME / "definitions").sources if not list(whole.glob(s.file))] == []


def test_every_address_is_at_an_invented_domain(whole):
    people = _rows(whole / "users.csv") + _rows(whole / "contacts.csv")
    domains = {row["email"].rpartition("@")[2] for row in people if row["email"].count("@") == 1}
    assert [domain for domain in domains if domain and not domain.endswith(".example")] == []


def test_the_definitions_are_right():
    assert [str(complaint) for complaint in check(ACME / "definitions")] == []


def test_all_seven_stages_have_a_rule():
    stages = {rule.stage for rule in load(ACME / "definitions").rules}
    assert stages == {"MQL", "PQL", "PQA", "CSQL", "SQL", "XQL", "EQL"}


def test_every_rule_says_whose_it_is_and_what_for():
    rules = load(ACME / "definitions").rules
    assert [rule.name for rule in rules if not (rule.owner and rule.purpose and rule.handoff)] == []


def test_every_rule_decides_its_examples_as_stated():
    definitions = load(ACME / "definitions")
    assert len(definitions.examples) > 60
    assert [str(complaint) for complaint in examples.disagreements(definitions)] == []


def test_a_few_per_cent_of_users_are_product_qualified_at_the_end(judged):
    now = {s["subject_id"] for s in judged.spells if s["ends_at"] is None or s["ends_at"] > judged.as_of}
    assert 0.02 < len(now) / len(judged.users) < 0.06


def test_product_qualified_people_convert_several_times_better(judged):
    first = judged.first_entries()
    begun = {person: since for person, since in first.items() if since < judged.as_of - QUARTER}
    converted = [p for p, since in begun.items() if p in judged.bought and since < judged.bought[p] < since + QUARTER]
    others = judged.users - set(first)
    rate, base = len(converted) / len(begun), len(others & set(judged.bought)) / len(others)
    assert 0.10 < rate < 0.40
    assert rate > 4 * base


def test_nobody_is_qualified_by_having_bought(judged):
    """What qualifies comes before what it predicts: a purchase ends the spells that lead to it."""
    leading = [spell for spell in judged.spells if spell["rule"] in LEADING and spell["subject_id"] in judged.bought]
    assert leading
    assert [spell for spell in leading if spell["starts_at"] > judged.bought[spell["subject_id"]]] == []


def _time(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1e6, tz=UTC)
