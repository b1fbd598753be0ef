"""Every example of the language's contract is understood. The contract lies beside the repository, if at all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from assay.core.definitions import format_text, load
from assay.core.definitions.criteria import FORMS
from tests.core.definitions.folders import form_of, rule_text, write

ROOT = Path(__file__).parents[3]
PAGE = ROOT.parent / "shared" / "LANGUAGE.md"

pytestmark = pytest.mark.skipif(not PAGE.is_file(), reason="the contract is not part of the repository")

EVENTS = ("trial_started, project_created, session_started, integration_connected, limit_reached, page_viewed, "
          "invite_sent, seat_added, invite_accepted, invoice_paid")  # fmt: skip


def _blocks():
    return re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.S)


@pytest.fixture
def folder(tmp_path):
    """A folder with every whole definition of the page, and the sources that they need."""
    blocks = {text.split(":")[0]: text for text in _blocks()}
    sources = [text for text in _blocks() if text.startswith("source:")]
    more = (
        "source: more\nevents: {file: e.csv, at: at, event: n, person: p, properties: [limit, used, section, amount]}\n"
        f"event_names: [{EVENTS}]\n---\nsource: m2\npeople: {{file: p.csv, id: id, attributes: [plan]}}\n"
    )
    return write(tmp_path, {
        "sources/page.yml": "---\n".join(sources) + "---\n" + more,
        "lists/own_domains.yml": "list: own_domains\nvalues: [acme.example]\n",
        "qualifications/pql_trial_conversion.yml": blocks["qualification"],
        "qualifications/pql_trial_conversion.examples.yml": blocks["examples_for"],
        "scores/hybrid.yml": blocks["score"],
    })  # fmt: skip


def test_the_whole_definitions_of_the_page_are_right(folder):
    definitions = load(folder)
    assert [rule.name for rule in definitions.rules] == ["pql_trial_conversion"]
    assert len(definitions.examples) == 2
    assert len(definitions.sources) == 8


def test_laying_out_the_page_keeps_the_fingerprint(folder):
    before = load(folder).rules
    for path in folder.rglob("*.yml"):
        path.write_text(format_text(path.read_text()))
    assert [r.fingerprint for r in load(folder).rules] == [r.fingerprint for r in before]


def test_every_form_of_the_table_is_right(tmp_path):
    rows = "\n".join(line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("|"))
    table = re.findall(r"`(\{(?:" + "|".join(FORMS) + r"): [^`]*\})`", rows)
    assert len(table) >= 10
    for number, text in enumerate(table):
        subject = "account" if text.startswith("{people_qualified") else "person"
        known = text.replace("pql_trial_conversion", "active").replace("score: hybrid", "score: fit")
        known = known.replace("attribute: employees", "attribute: account.employees")
        if "partners:" not in text:
            assert form_of(tmp_path / str(number), known, subject=subject)


def test_corroboration_reads_as_on_the_page(tmp_path):
    criteria = {
        "is_their_customer": "{partner_says: customer}",
        "has_open_deal": "{partner_says: open_opportunity}",
        "two": "{partners: {at_least: 2}, each_meets_any_of: [is_their_customer, has_open_deal], independent: true}",
    }
    text = rule_text(criteria, qualify="{all_of: [two]}")
    assert load(write(tmp_path, {"qualifications/ready.yml": text})).rule("ready").criterion("two")
