"""`assay init` proposes sources and overwrites nothing."""

from __future__ import annotations


def test_a_proposal_is_written_that_check_can_read(assay, small):
    done = assay("init", "data", "--definitions", "mine")
    assert done.code == 0
    assert sorted((small / "mine/sources").glob("*.yml"))
    assert assay("check", "mine").code == 0


def test_nothing_that_exists_is_overwritten(assay, small):
    assay("init", "data", "--definitions", "mine")
    before = {path: path.read_bytes() for path in (small / "mine").rglob("*.yml")}
    done = assay("init", "data", "--definitions", "mine")
    assert done.code == 1
    assert "nothing was written" in done.err
    assert {path: path.read_bytes() for path in (small / "mine").rglob("*.yml")} == before


def test_a_folder_without_data_is_told(assay, small):
    (small / "empty").mkdir()
    done = assay("init", "empty", "--definitions", "mine")
    assert done.code == 1
    assert not (small / "mine").exists()
