"""What people see of the past, word for word, on a company whose every number is known."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from tests.core.outcomes import company

from assay.core.definitions import publish

GOLDEN = Path(__file__).parents[1] / "golden/outcomes"
ASK = ("--data", "data", "--outcome", "won", "--within", "60 days")
OF_PEOPLE = ("--subject", "person", "--data", "data")
CASES = {
    "backtest": ("backtest", "pql_builder", *ASK),
    "backtest_own_outcomes": ("backtest", "pql_builder", "--reach", "person", *ASK),
    "backtest_several": ("backtest", *ASK),
    "backtest_among": ("backtest", "pql_builder", "--among", "decides", *ASK),
    "backtest_among_unknown": ("backtest", "pql_builder", "--among", "decide", *ASK),
    "backtest_leak": ("backtest", "pql_paying", *ASK),
    "backtest_nobody": ("backtest", "pql_builder", "--to", "2025-06-02", *ASK),
    "backtest_too_young": ("backtest", "pql_builder", "--data", "data", "--outcome", "won", "--within", "300 days"),
    "backtest_unknown_rule": ("backtest", "pql_bilder", *ASK),
    "backtest_unknown_outcome": ("backtest", "pql_builder", "--data", "data", "--outcome", "wonn"),
    "backtest_no_duration": ("backtest", "pql_builder", "--data", "data", "--outcome", "won", "--within", "3 months"),
    "backtest_empty_period": ("backtest", "pql_builder", "--from", "2025-08-01", "--to", "2025-07-01", *ASK),
    "backtest_late_period": ("backtest", "pql_builder", "--from", "2027-08-01", *ASK),
    "sweep": ("sweep", "pql_builder", "--criterion", "built.at_least", "1..3", *ASK),
    "sweep_windows": ("sweep", "pql_builder", "--criterion", "built.within", "1 hour, 2 days, 10 days", *ASK),
    "sweep_unknown_criterion": ("sweep", "pql_builder", "--criterion", "build.at_least", "1..3", *ASK),
    "sweep_unknown_number": ("sweep", "pql_builder", "--criterion", "built.at_most", "1..3", *ASK),
    "sweep_no_numbers": ("sweep", "pql_builder", "--criterion", "built.at_least", "many", *ASK),
    "sweep_one_value": ("sweep", "pql_builder", "--criterion", "built.at_least", "3", *ASK),
    "sweep_among": ("sweep", "pql_builder", "--criterion", "built.at_least", "1..3", "--among", "decides", *ASK),
    "sweep_among_unknown": ("sweep", "pql_builder", "--criterion", "built.at_least", "1..3", "--among", "came", *ASK),
    "diff_among": ("diff", "pql_builder", "--among", "decides", *ASK),
    "diff": ("diff", "pql_builder", *ASK),
    "diff_never_published": ("diff", "mql_new", *ASK),
    "diff_unknown_version": ("diff", "pql_builder", "--version", "7", *ASK),
    "signals": ("signals", *ASK),
    "signals_also_read": ("signals", "--also-read", "--subject", "account", *ASK),
    "signals_too_few": ("signals", "--to", "2025-06-20", *ASK),
    "signals_unknown_outcome": ("signals", "--data", "data", "--outcome", "wonn"),
    "lookalikes": ("lookalikes", "--names", "paying.csv", "--column", "who", *OF_PEOPLE),
    "lookalikes_random": ("lookalikes", "--names", "random.txt", *OF_PEOPLE),
    "lookalikes_too_few": ("lookalikes", "--like", "p001", "--like", "p002", *OF_PEOPLE),
    "lookalikes_unknown_account": ("lookalikes", "--like", "a000", "--data", "data"),
    "lookalikes_unknown_people": ("lookalikes", "--names", "unknown.txt", *OF_PEOPLE),
    "lookalikes_not_known_yet": ("lookalikes", "--names", "random.txt", "--as-of", "2025-07-01", *OF_PEOPLE),
    "lookalikes_unknown_trait": ("lookalikes", "--names", "random.txt", "--without", "plans", *OF_PEOPLE),
    "lookalikes_no_column": ("lookalikes", "--names", "paying.csv", *OF_PEOPLE),
    "lookalikes_unknown_column": ("lookalikes", "--names", "paying.csv", "--column", "whom", *OF_PEOPLE),
    "lookalikes_nobody": ("lookalikes", "--data", "data"),
    "funnel": ("funnel", "--data", "data", "--within", "60 days"),
    "funnel_by_partner": ("funnel", "--data", "data", "--within", "60 days", "--by", "partner"),
    "funnel_by_source": ("funnel", "--data", "data", "--within", "60 days", "--by", "source"),
    "funnel_among": ("funnel", "--data", "data", "--within", "60 days", "--among", "built"),
    "funnel_among_unknown": ("funnel", "--data", "data", "--among", "pql_builder.came"),
    "funnel_of_named_stages": ("funnel", "--data", "data", "--within", "60 days", "--stages", "PQL,won"),
    "funnel_unknown_stage": ("funnel", "--data", "data", "--stages", "PQL,SQO"),
    "funnel_unknown_dimension": ("funnel", "--data", "data", "--by", "months"),
}


@pytest.fixture
def known(tmp_path, monkeypatch) -> Path:
    """The known company: its definitions with a published rule that asks for one project, and its data."""
    folder = shutil.copytree(company.DEFINITIONS, tmp_path / "definitions")
    rule = folder / "qualifications/pql_builder.yml"
    as_it_is = rule.read_text()
    rule.write_text(as_it_is.replace("at_least: 2", "at_least: 1"))
    publish(folder, "pql_builder")
    rule.write_text(as_it_is.replace("version: 1", "version: 2"))
    company.write(tmp_path / "data")
    paying = [f"p{number:03}" for number in range(0, 84, 12)]
    (tmp_path / "paying.csv").write_text("plan,who\n" + "".join(f"paid,{one}\n" for one in paying))
    (tmp_path / "random.txt").write_text("p001\np018\n\np033\np047\np063\np088\n")
    (tmp_path / "unknown.txt").write_text("p001\nada@home.example\np033\nbo@home.example\np063\np088\n")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", sorted(CASES))
def test_the_answer_about_the_past_is_the_golden_one(name, assay, known):
    done = assay(*CASES[name])
    text = f"$ assay {' '.join(CASES[name])}\n{done.out}{done.err}(exit code {done.code})\n"
    text = "".join(f"{line.rstrip()}\n" for line in text.splitlines())
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(CASES))
def test_no_line_about_the_past_is_wider_than_a_terminal(name):
    lines = (GOLDEN / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if len(line) > 80 and not line.startswith(("$", "error", "  "))] == []


@pytest.mark.parametrize("name", ["backtest", "sweep", "diff", "funnel", "signals", "lookalikes"])
def test_every_look_back_is_also_json_and_a_page_that_needs_nothing(name, assay, known):
    done = assay(*CASES[name], "--format", "json", "--report", "page.html")
    assert done.code == 0
    assert json.loads(done.out)
    page = Path("page.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "<svg" in page
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org", "")


def test_without_any_outcome_the_mend_names_the_page(assay, known):
    Path("data/outcomes.csv").write_text("account,person,at,outcome\n")
    done = assay("backtest", "pql_builder", *ASK)
    assert done.code == 1
    assert "The data holds no outcomes" in done.err
    assert "docs/language.md" in done.err


@pytest.mark.parametrize("name", ["sweep", "diff"])
def test_numbers_and_drafts_come_with_what_to_mind_of_their_criteria(name, assay, known):
    text = assay(*CASES[name], "--report", "page.html").out
    assert "Mind:" in text
    assert "seniority has no date for all" in " ".join(text.split())
    assert "seniority has no date for all" in Path("page.html").read_text(encoding="utf-8")


def test_a_draft_under_an_unchanged_version_can_be_compared(assay, known):
    rule = Path("definitions/qualifications/pql_builder.yml")
    rule.write_text(rule.read_text().replace("version: 2", "version: 1"))
    assert assay("diff", "pql_builder", *ASK).code == 0
