"""The page of complaints and the complaints themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay.core.definitions import check, load
from assay.core.definitions.complaints import AREAS, catalogue, catalogue_text
from assay.core.errors import BadDefinitions, did_you_mean
from tests.core.definitions.folders import folder_with

PAGE = Path(__file__).parents[3] / "docs" / "complaints.md"


def test_the_page_of_complaints_is_the_list_in_the_code():
    assert PAGE.read_text("utf-8") == catalogue_text()


def test_every_code_belongs_to_an_area_and_says_what_to_do():
    assert [k.code for k in catalogue() if k.code[:2] not in AREAS or not k.title or not k.advice] == []


def test_a_missing_folder_is_one_complaint(tmp_path):
    assert [c.code for c in check(tmp_path / "nowhere")] == ["A101"]


def test_loading_raises_every_complaint_by_place(tmp_path):
    folder = folder_with(tmp_path, {"b": "{count: x, at_least: 1}", "a": "{count: y, at_least: 1, withn: 2 days}"})
    with pytest.raises(BadDefinitions) as caught:
        load(folder)
    assert [(c.place.line, c.code) for c in caught.value.complaints] == [(8, "A401"), (9, "A401"), (9, "A201")]


def test_a_complaint_carries_the_offending_value(tmp_path):
    found = check(folder_with(tmp_path, {"a": "{count: session_started, at_least: 1, within: 1 month}"}))
    assert [(c.value, c.mend) for c in found] == [
        ("1 month", "Months and years differ in length: write '30 days'.")
    ]  # fmt: skip


def test_a_near_miss_is_found_whatever_its_case():
    assert did_you_mean("Project_Created", ["project_created", "x"]) == "Did you mean 'project_created'?"
    assert did_you_mean("abc", ["xyz"], "Nothing near.") == "Nothing near."
