"""`assay check` tells every complaint with its place, in a form that editors read."""

from __future__ import annotations

import json

import pytest

BROKEN = "definitions/qualifications/pqa_team.yml"


@pytest.fixture
def broken(small):
    path = small / BROKEN
    path.write_text(path.read_text().replace("limit_reached", "limit_reachd").replace("at_least: 2", "at_least: two"))
    return path


def test_no_complaints_is_code_0(assay, small):
    done = assay("check", "definitions")
    assert (done.code, done.out, done.err) == (0, "definitions: no complaints.\n", "")


def test_complaints_are_code_1_and_begin_with_their_place(assay, broken):
    done = assay("check", "definitions")
    assert done.code == 1
    assert any(line.startswith(f"{BROKEN}:12:") for line in done.out.splitlines())
    assert "Did you mean 'limit_reached'?" in done.out


def test_complaints_as_json_hold_place_value_and_mend(assay, broken):
    answer = json.loads(assay("check", "definitions", "--format", "json").out)
    assert answer["ok"] is False
    assert set(answer["complaints"][0]) == {"code", "file", "line", "column", "message", "value", "mend"}


def test_no_complaints_as_json_is_an_empty_list(assay, small):
    assert json.loads(assay("check", "definitions", "--format=json").out) == {"ok": True, "complaints": []}


def test_a_case_decided_otherwise_than_stated_is_a_complaint(assay, small):
    cases = small / "definitions/qualifications/pql_trial.examples.yml"
    cases.write_text(cases.read_text().replace("qualified: false", "qualified: true", 1))
    done = assay("check", "definitions")
    assert done.code == 1
    assert done.out.startswith("definitions/qualifications/pql_trial.examples.yml:")


def test_a_changed_folder_is_decided_again(assay, small):
    assert assay("check", "definitions").code == 0
    cases = small / "definitions/qualifications/pql_trial.examples.yml"
    cases.write_text(cases.read_text().replace("qualified: false", "qualified: true", 1))
    assert assay("check", "definitions").code == 1
