"""`assay run` writes its folder whole or not at all."""

from __future__ import annotations

import csv
import json

import pyarrow.parquet as pq
import pytest

from assay import report
from assay.core import engine, tables

AT = ("--data", "data", "--as-of", "2026-03-10T09:00:00Z")
FILES = {"spells.parquet", "leads.csv", "rejects.csv", "report.html"}


def names(folder):
    return {path.name for path in folder.iterdir()}


def test_the_four_files_are_written_and_nothing_else(assay, small):
    assert assay("run", "--out", "out", *AT).code == 0
    assert names(small / "out") == FILES
    assert names(small) == {"data", "definitions", "out"}


def test_spells_and_leads_have_the_columns_that_are_promised(assay, small):
    assay("run", "--out", "out", *AT)
    assert pq.read_schema(small / "out/spells.parquet").names == tables.SPELLS.names
    with (small / "out/leads.csv").open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    assert list(rows[0]) == tables.LEADS.names
    assert [row["subject_id"] for row in rows] == ["ada", "<b>cho</b>", "a1"]


def test_a_second_run_replaces_the_first(assay, small):
    assay("run", "--out", "out", *AT)
    assay("run", "--out", "out", "--data", "data", "--as-of", "2026-03-01")
    with (small / "out/leads.csv").open(newline="", encoding="utf-8") as lines:
        assert list(csv.DictReader(lines)) == []
    assert names(small / "out") == FILES


def test_the_same_run_writes_the_same_bytes(assay, small):
    assay("run", "--out", "one", *AT)
    assay("run", "--out", "two", *AT)
    assert {n: (small / "one" / n).read_bytes() for n in FILES} == {n: (small / "two" / n).read_bytes() for n in FILES}


@pytest.mark.parametrize("error", [RuntimeError("disk"), KeyboardInterrupt()])
def test_a_run_that_fails_late_leaves_nothing_behind(error, assay, small, monkeypatch):
    def fails(*_, **__):
        raise error

    monkeypatch.setattr(report, "render", fails)
    assert assay("run", "--out", "out", *AT).code != 0
    assert names(small) == {"data", "definitions"}


def test_a_run_that_fails_late_leaves_the_last_one_alone(assay, small, monkeypatch):
    assay("run", "--out", "out", *AT)
    before = {path.name: path.read_bytes() for path in (small / "out").iterdir()}

    def fails(*_, **__):
        raise RuntimeError

    monkeypatch.setattr(report, "render", fails)
    assay("run", "--out", "out", "--data", "data", "--as-of", "2026-03-01")
    assert {path.name: path.read_bytes() for path in (small / "out").iterdir()} == before


def test_an_out_that_is_a_file_is_refused(assay, small):
    (small / "out").write_text("mine")
    done = assay("run", "--out", "out", *AT)
    assert done.code == 1
    assert (small / "out").read_text() == "mine"


def test_json_says_what_the_summary_says(assay, small):
    told = json.loads(assay("run", "--out", "out", "--format", "json", *AT).out)
    assert (told["as_of"], told["leads"], told["rejects"]) == ("2026-03-10T09:00:00Z", 3, 1)
    assert {row["rule"]: row["holds"] for row in told["rules"]}["pql_trial"] == 2


@pytest.mark.parametrize("is_compiled", [True, False])
def test_a_first_run_says_that_it_compiles(is_compiled, assay, small, monkeypatch):
    monkeypatch.setattr(engine, "is_compiled", lambda: is_compiled)
    assert ("compiling the engine" in assay("run", "--out", "out", *AT).err) is not is_compiled


def test_the_instant_is_printed_where_it_was_not_given(assay, small):
    assert "As of 2026-03-12 08:30 UTC (the latest event)" in assay("run", "--data", "data", "--out", "out").out
