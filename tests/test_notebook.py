"""A notebook gets the same answers as the command line, from a folder or from tables of any make."""

from __future__ import annotations

import csv
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pandas
import polars
import pyarrow as pa
import pytest

import assay
from assay.core.errors import BadRequest

GOLDEN = Path(__file__).parent / "golden/cli"
AS_OF = "2026-03-10T09:00:00Z"
FILES = {"product_events": "events.csv", "users": "users.csv", "crm": "accounts.csv"}


def arrow(file):
    with (GOLDEN / "data" / file).open(newline="") as lines:
        rows = [{key: value or None for key, value in row.items()} for row in csv.DictReader(lines)]
    return pa.Table.from_pylist(rows)


MAKES = {"arrow": lambda table: table, "pandas": lambda table: table.to_pandas(), "polars": polars.from_arrow}


@pytest.fixture(scope="module")
def definitions():
    return assay.load_definitions(GOLDEN / "definitions")


@pytest.fixture(scope="module")
def result(definitions):
    with assay.run(definitions, GOLDEN / "data", as_of=AS_OF) as result:
        yield result


@pytest.mark.parametrize("make", sorted(MAKES))
def test_tables_of_every_make_give_the_spells_of_the_files(make, definitions, result):
    tables = {source: MAKES[make](arrow(file)) for source, file in FILES.items()}
    with assay.run(definitions, tables, as_of=AS_OF) as told:
        assert told.spells.equals(result.spells)
        assert told.leads.equals(result.leads)


def test_leads_go_on_as_a_data_frame(result):
    frame = result.leads.to_pandas()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame["subject_id"][frame["rule"] == "pql_trial"]) == ["ada", "<b>cho</b>"]


@pytest.mark.parametrize(
    "as_of",
    [
        AS_OF,
        "2026-03-10 09:00",
        datetime(2026, 3, 10, 9),  # noqa: DTZ001
        datetime(2026, 3, 10, 9, tzinfo=UTC),
        1_773_133_200_000_000,
    ],
)
def test_an_instant_can_be_given_in_every_usual_way(as_of, definitions, result):
    with assay.run(definitions, GOLDEN / "data", as_of=as_of) as told:
        assert told.as_of == result.as_of


def test_an_instant_that_is_none_is_refused(definitions):
    with pytest.raises(BadRequest, match="not an instant"):
        assay.run(definitions, GOLDEN / "data", as_of="soon")


def test_without_an_instant_it_is_the_latest_events(definitions):
    with assay.run(definitions, GOLDEN / "data") as told:
        assert not told.as_of_given
        assert repr(told).startswith("<Result as of 2026-03-12T08:30:00Z: ")


def test_an_explanation_is_words_and_verdicts(result):
    told = assay.explain(result, "person:ada", rule="pql_trial")
    assert told[0].qualified
    assert "project created 3 times in the last 7 days" in repr(told)
    assert len(told) == len(list(told)) == 1


def test_a_subject_without_a_kind_is_refused(result):
    with pytest.raises(BadRequest, match="person:ID or account:ID"):
        assay.explain(result, "ada")


def test_notebooks_show_hostile_names_as_text(result):
    shown = result._repr_html_() + assay.explain(result, "person:<b>cho</b>")._repr_html_()
    assert "<script" not in shown
    assert "<b>cho" not in shown
    assert "&lt;b&gt;cho" in shown


def test_importing_assay_is_quick():
    program = "import sys, assay; print(len({'numba', 'duckdb', 'pyarrow'} & set(sys.modules)), *dir(assay))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(Path(__file__).parents[1] / "src")},
    )
    assert done.stdout.startswith("0 ")
    assert {"explain", "load_definitions", "run"} <= set(done.stdout.split())


def test_assay_has_no_other_names():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = assay.nothing
