"""Examples through the ordinary pipeline: what is stated is what is decided, or there is a complaint."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay.core import engine, examples
from tests.core.definitions.folders import folder_with

ACME = Path(__file__).parents[2] / "examples" / "acme" / "definitions"

CASES = """\
examples_for: ready
as_of: 2026-03-10T09:00:00Z
cases:
  two_visits_of_a_payer:
    attributes: {account.plan: team, email_domain: corp.example}
    events: {session_started: [2026-03-05, 2026-03-08]}
    expect: {qualified: true, because: [comes_back, company_pays, works_for_somebody]}
  one_visit_is_too_few:
    like: two_visits_of_a_payer
    events: {session_started: [2026-03-05]}
    expect: {qualified: false, missing: [comes_back]}
  a_payer_is_wrongly_thought_to_be_missing:
    like: two_visits_of_a_payer
    attributes: {account.plan: free}
    expect: {qualified: true}
"""

CRITERIA = {
    "comes_back": "{count: session_started, at_least: 2, within: 7 days}",
    "company_pays": "{attribute: account.plan, is: team}",
    "works_for_somebody": "{attribute: email_domain, exists: true}",
}

pytestmark = pytest.mark.skipif(not hasattr(engine, "explain"), reason="the engine does not explain yet")


def test_a_case_decided_otherwise_is_a_complaint_at_its_place(tmp_path):
    folder = folder_with(tmp_path, CRITERIA, files={"qualifications/ready.examples.yml": CASES})
    found = examples.check(folder)
    assert [(c.code, c.place.line, c.value) for c in found] == [
        ("A703", 12, "a_payer_is_wrongly_thought_to_be_missing")
    ]  # fmt: skip
    told = "Found qualified: false, because: [comes_back, works_for_somebody], missing: [company_pays]"
    assert told in found[0].message


def test_examples_need_not_be_run(tmp_path):
    folder = folder_with(tmp_path, CRITERIA, files={"qualifications/ready.examples.yml": CASES})
    assert examples.check(folder, run_examples=False) == []


def test_all_examples_of_acme_are_decided_as_stated():
    assert [str(complaint) for complaint in examples.check(ACME)] == []
