"""Examples: what they inherit, whom they are about, and how they are judged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from assay.core.definitions import load
from assay.core.definitions.examples import EVENTS, PEOPLE, disagreement, subject_of, world_of
from tests.core.definitions.folders import folder_with

CASES = """\
examples_for: ready
as_of: 2026-03-10T09:00:00Z
cases:
  first:
    attributes: {plan: trial, email_domain: corp.example, account.plan: team}
    events:
      trial_started: 2026-03-01
      session_started: [2026-03-05, 2026-03-08]
    expect: {qualified: true, because: [it]}
  second:
    like: first
    as_of: 2026-03-11
    attributes: {plan: null, seniority: vp}
    events: {session_started: [2026-03-02]}
    expect: {qualified: false, missing: [it]}
  third:
    like: second
    events:
      - {event: session_started, at: 2026-03-07, limit: 3}
      - {event: trial_started, at: 2026-03-06}
    expect: {qualified: false}
"""


@pytest.fixture
def definitions(tmp_path):
    files = {"qualifications/ready.examples.yml": CASES}
    return load(folder_with(tmp_path, {"it": "{count: session_started, at_least: 2}"}, files=files))


def _events(example):
    return [(event.event, event.at // 86_400_000_000 - 20_512) for event in example.events]


def test_a_case_takes_over_what_it_does_not_state(definitions):
    first, second, third = definitions.examples
    assert _events(first) == [("trial_started", 1), ("session_started", 5), ("session_started", 8)]
    assert _events(second) == [("trial_started", 1), ("session_started", 2)]
    assert _events(third) == [("trial_started", 6), ("session_started", 7)]
    assert second.attributes == {"email_domain": "corp.example", "account.plan": "team", "seniority": "vp"}
    assert (first.as_of, second.as_of, third.as_of) == (first.as_of, second.as_of, second.as_of)


def test_expectations_are_never_taken_over(definitions):
    assert [(e.qualified, e.because, e.missing) for e in definitions.examples] == [
        (True, ("it",), None),
        (False, None, ("it",)),
        (False, None, None),
    ]


def test_each_case_has_ids_of_its_own(definitions):
    world = world_of(definitions, definitions.examples)
    assert {row["person"] for row in world.tables[EVENTS]} == {"0/example", "1/example", "2/example"}
    assert [row["email"] for row in world.tables[PEOPLE]] == ["somebody@corp.example"] * 3


def test_an_example_that_names_one_other_is_about_that_one(definitions):
    rows = "\n".join(f"      - {{event: session_started, at: 2026-03-0{day}, person: ada}}" for day in (1, 2))
    text = CASES.split("  second:", maxsplit=1)[0].replace(
        "      trial_started: 2026-03-01\n      session_started: [2026-03-05, 2026-03-08]", rows
    )
    folder = folder_with(
        Path(definitions.folder),
        {"it": "{count: session_started, at_least: 2}"},
        files={"qualifications/ready.examples.yml": text},
    )
    assert [subject_of(example, "person") for example in load(folder).examples] == ["ada"]


def _verdict(*, qualified, because=(), missing=(), excluded_by=()):
    return SimpleNamespace(qualified=qualified, because=because, missing=missing, excluded_by=excluded_by)


def test_a_verdict_as_stated_is_no_complaint(definitions):
    first, second, third = definitions.examples
    assert disagreement(first, _verdict(qualified=True, because=("it",))) is None
    assert disagreement(second, _verdict(qualified=False, missing=("it",))) is None
    assert disagreement(third, _verdict(qualified=False, missing=("whatever",))) is None


def test_a_complaint_tells_what_was_stated_and_what_was_found(definitions):
    first = definitions.examples[0]
    found = disagreement(first, _verdict(qualified=False, missing=("it",)))
    assert found is not None
    assert (found.code, found.place.line, found.value) == ("A703", 4, "first")
    assert (
        "Expected qualified: true, because: [it]. Found qualified: false, because: [], missing: [it]." in found.message
    )


def test_members_of_a_missing_group_may_stand_in_any_order(definitions):
    stated = replace(definitions.examples[1], missing=("b or a",))
    assert disagreement(stated, _verdict(qualified=False, missing=("a or b",))) is None
