"""`assay fmt` lays files out the one way, all or none."""

from __future__ import annotations

import pytest

RULE = "definitions/qualifications/mql_returning.yml"


@pytest.fixture
def untidy(assay, small):
    assay("fmt", "definitions")
    path = small / RULE
    path.write_text(path.read_text().replace("status: shadow", "status:   shadow"))
    return path


def test_files_laid_out_once_stay_as_they_are(assay, small):
    assay("fmt", "definitions")
    done = assay("fmt", "definitions", "--check")
    assert done.code == 0
    assert "laid out definitions/" not in done.out


def test_check_changes_nothing_and_is_code_1(assay, untidy):
    before = untidy.read_text()
    done = assay("fmt", "definitions", "--check")
    assert (done.code, untidy.read_text()) == (1, before)
    assert f"would lay out {RULE}" in done.out


def test_one_file_can_be_laid_out(assay, untidy):
    done = assay("fmt", RULE)
    assert done.code == 0
    assert "status: shadow" in untidy.read_text()


def test_a_file_that_cannot_be_read_leaves_the_others_alone(assay, untidy, small):
    before = untidy.read_text()
    (small / "definitions/qualifications/zzz.yml").write_text("a: [\n")
    done = assay("fmt", "definitions")
    assert (done.code, untidy.read_text()) == (1, before)


def test_laying_out_keeps_the_meaning(assay, small):
    assay("fmt", "definitions")
    assert assay("check", "definitions").code == 0
