"""A notebook gets the same answers as the command line, from a folder or from tables of any make."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas
import polars
import pyarrow as pa
import pytest

import assay
from assay.core.definitions import publish
from assay.core.errors import BadRequest
from tests.core.outcomes import company

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


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    """The company whose every number is known, as a result to look back on."""
    checked = assay.load_definitions(company.DEFINITIONS)
    with assay.run(checked, company.write(tmp_path_factory.mktemp("known"))) as result:
        yield result


PAYING = [f"p{number:03}" for number in range(0, 84, 12)]


def looked_back(result):
    return {
        "backtest": assay.backtest(result, "pql_builder", outcome="won", within="60 days"),
        "several": assay.backtest(result, outcome="won", within=timedelta(days=60), reach="person"),
        "sweep": assay.sweep(result, "pql_builder", "built.at_least", range(1, 4), outcome="won", within="60 days"),
        "among": assay.backtest(result, "pql_builder", outcome="won", within="60 days", among="decides"),
        "varied": assay.sweep(
            result, "pql_builder", "built.at_least", "1..3", outcome="won", within="60 days", among="decides"
        ),
        "funnel": assay.funnel(result, within="60 days"),
        "some": assay.funnel(result, within="60 days", among="decides"),
        "signals": assay.signals(result, outcome="won", within="60 days"),
        "lookalikes": assay.lookalikes(result, PAYING, subject="person", top=3),
    }


def test_a_notebook_looks_back_in_the_words_and_pictures_of_the_report(known):
    for shown in looked_back(known).values():
        page = shown._repr_html_()
        assert "<svg" in page
        assert "<html" not in page
        assert repr(shown)


def test_what_was_seen_of_the_past_goes_on_as_a_table(known):
    shown = looked_back(known)
    assert shown["several"].to_table()["rule"].to_pylist() == ["mql_new", "pql_builder"]
    assert shown["several"].to_table()["entered"].to_pylist() == [120, 40]
    assert shown["sweep"].to_table()["entered"].to_pylist() == [40, 40, 0]
    assert {"rate", "rate_low", "rate_high"} <= set(shown["sweep"].to_table().column_names)
    assert set(shown["funnel"].to_table()["by"].to_pylist()) >= {"all", "rule", "month", "partner"}


def test_who_is_like_the_named_goes_on_as_a_table(known):
    shown = looked_back(known)["lookalikes"]
    assert shown.to_table()["id"].to_pylist() == ["p084", "p096", "p108"]
    assert shown.traits()["criterion"].to_pylist() == ["  plan_is_paid: {attribute: plan, is: paid}"]


def test_names_without_anybody_are_refused(known):
    with pytest.raises(BadRequest, match="Nobody is named"):
        assay.lookalikes(known, [])


def test_a_draft_is_held_against_what_was_published(tmp_path):
    folder = shutil.copytree(company.DEFINITIONS, tmp_path / "definitions")
    publish(folder, "pql_builder")
    rule = folder / "qualifications/pql_builder.yml"
    rule.write_text(rule.read_text().replace("at_least: 2", "at_least: 1").replace("version: 1", "version: 2"))
    data = company.write(tmp_path / "data")
    shown = assay.diff(
        assay.load_definitions(folder), data, "pql_builder", outcome="won", within="60 days", among="decides"
    )
    assert "Changed since version 1: criterion 'built'" in repr(shown)
    assert "<svg" in shown._repr_html_()


@pytest.mark.parametrize(
    ("question", "complaint"),
    [
        ({"outcome": "wonn"}, "No outcome has this name"),
        ({"outcome": "won", "within": "soon"}, "not a duration"),
        ({"outcome": "won", "since": "soon"}, "since: This is not an instant"),
        ({"outcome": "won", "since": "2025-08-01", "until": "2025-07-01"}, "period is empty"),
    ],
)
def test_a_question_about_the_past_without_an_answer_is_refused(question, complaint, known):
    with pytest.raises(BadRequest, match=complaint):
        assay.backtest(known, "pql_builder", **question)
