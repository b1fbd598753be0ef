"""Wrong definitions beside the exact complaints that they must bring. `base` is right and lies under each of them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from assay.core.definitions import check
from assay.core.definitions.complaints import catalogue

HERE = Path(__file__).parent
CASES = sorted(path for path in (HERE / "bad").iterdir() if path.is_dir())

#: Shown elsewhere: they need no folder, no permission, or the engine.
ELSEWHERE = {"A101", "A112", "A703"}


def _complaints(case, folder):
    shutil.copytree(HERE / "base", folder, dirs_exist_ok=True)
    shutil.copytree(case, folder, dirs_exist_ok=True)
    return "".join(f"{c}\n".replace(folder.as_posix() + "/", "") for c in check(folder))


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_bad_definitions_bring_exactly_these_complaints(case, tmp_path):
    assert _complaints(case, tmp_path) == (case / "complaints.txt").read_text("utf-8")


def test_the_base_below_them_is_right(tmp_path):
    shutil.copytree(HERE / "base", tmp_path, dirs_exist_ok=True)
    assert check(tmp_path) == []


def test_every_code_is_shown_by_a_case():
    told = "".join((case / "complaints.txt").read_text("utf-8") for case in CASES)
    assert {kind.code for kind in catalogue() if f" {kind.code}: " not in told} == ELSEWHERE
