"""The flow from files to leads, on a small company."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from assay.core import definitions, pipeline, tables
from assay.core.errors import BadRequest
from assay.core.values import parse_instant

GOLDEN = Path(__file__).parents[1] / "golden/cli"
AS_OF = parse_instant("2026-03-10T09:00:00Z")


@pytest.fixture(scope="module")
def checked():
    return definitions.load(GOLDEN / "definitions")


@pytest.fixture(scope="module")
def result(checked):
    with pipeline.run(checked, GOLDEN / "data", as_of=AS_OF) as result:
        yield result


def test_the_tables_have_the_columns_that_are_promised(result):
    assert (result.spells.schema, result.leads.schema) == (tables.SPELLS, tables.LEADS)
    assert (result.rejects.column_names, result.counts.column_names) == (list(tables.REJECTS), list(tables.COUNTS))


def test_leads_are_those_who_qualify_under_live_rules(result):
    assert [(row["subject_type"], row["subject_id"], row["stage"]) for row in result.leads.to_pylist()] == [
        ("person", "ada", "PQL"),
        ("person", "<b>cho</b>", "PQL"),
        ("account", "a1", "PQA"),
    ]


def test_shadow_rules_are_recorded_in_spells(result):
    assert "mql_returning" in result.spells["rule"].to_pylist()


def test_without_an_instant_it_is_that_of_the_latest_event(checked):
    with pipeline.run(checked, GOLDEN / "data") as result:
        assert (result.as_of, result.as_of_given) == (parse_instant("2026-03-12T08:30:00Z"), False)


def test_events_after_the_instant_are_counted(result):
    later = [row for row in result.counts.to_pylist() if row["what"] == "events after this instant"]
    assert later == [{"source": "product_events", "what": "events after this instant", "rows": 1}]


def test_rejects_and_duplicates_are_counted(result):
    assert result.rejects.num_rows == 1
    assert {(row["what"], row["rows"]) for row in result.counts.to_pylist()} >= {("duplicates", 1)}


def test_every_decided_rule_is_counted(result):
    told = {c.rule: (c.holds, c.entered, c.left, c.leads) for c in result.by_rule}
    assert told == {"pql_trial": (2, 2, 0, 2), "pqa_team": (1, 1, 0, 1), "mql_returning": (2, 2, 0, 0)}


def test_the_same_inputs_give_the_same_tables(checked, result):
    with pipeline.run(checked, GOLDEN / "data", as_of=AS_OF) as again:
        assert again.spells.equals(result.spells)
        assert again.leads.equals(result.leads)


@pytest.mark.parametrize("status", ["draft", "retired"])
def test_draft_and_retired_rules_are_not_run(status, tmp_path):
    folder = shutil.copytree(GOLDEN / "definitions", tmp_path / "definitions")
    path = folder / "qualifications/mql_returning.yml"
    path.write_text(path.read_text().replace("status: shadow", f"status: {status}"))
    with pipeline.run(definitions.load(folder), GOLDEN / "data", as_of=AS_OF) as result:
        assert "mql_returning" not in result.spells["rule"].to_pylist()
        assert "mql_returning" not in [c.rule for c in result.by_rule]


def test_a_draft_that_a_shadow_rule_reads_is_decided_but_not_recorded(tmp_path):
    folder = shutil.copytree(GOLDEN / "definitions", tmp_path / "definitions")
    path = folder / "qualifications/mql_returning.yml"
    path.write_text(path.read_text().replace("status: shadow", "status: draft"))
    (folder / "qualifications/mql_reader.yml").write_text(
        "qualification: mql_reader\nversion: 1\nstatus: shadow\nstage: MQL\nmotion: upsell\nsubject: person\n"
        "criteria: {returns: {qualified: mql_returning}}\nqualify: {all_of: [returns]}\n"
    )
    with pipeline.run(definitions.load(folder), GOLDEN / "data", as_of=AS_OF) as result:
        told = set(result.spells["rule"].to_pylist())
    assert "mql_reader" in told
    assert "mql_returning" not in told


def test_an_explanation_names_what_is_missing(checked):
    told = pipeline.explain(checked, GOLDEN / "data", subject="person:ben", rule="pql_trial", as_of=AS_OF)
    verdict = told.verdicts[0]
    assert (verdict.qualified, verdict.missing) == (False, ("built_something",))


def test_without_a_rule_all_decided_ones_of_that_kind_are_explained(checked):
    told = pipeline.explain(checked, GOLDEN / "data", subject="person:ada", as_of=AS_OF)
    assert {v.rule for v in told.verdicts} == {"mql_returning", "pql_trial"}


def test_what_opened_a_spell_has_its_name_even_where_another_subject_did_it(checked):
    told = pipeline.explain(checked, GOLDEN / "data", subject="account:a1", as_of=AS_OF)
    assert told.event_names == {"event:product_events:e09": "project_created"}


@pytest.mark.parametrize("subject", ["ada", "person:", "lead:ada", ""])
def test_a_subject_that_is_none_is_refused(checked, subject):
    with pytest.raises(BadRequest, match="person:ID or account:ID"):
        pipeline.explain(checked, GOLDEN / "data", subject=subject, as_of=AS_OF)


def test_a_subject_that_nobody_knows_is_refused(checked):
    with pytest.raises(BadRequest):
        pipeline.explain(checked, GOLDEN / "data", subject="person:nobody", as_of=AS_OF)


def test_a_rule_that_is_not_there_is_refused_with_a_near_miss(checked):
    with pytest.raises(BadRequest, match="Did you mean 'pql_trial'"):
        pipeline.explain(checked, GOLDEN / "data", subject="person:ada", rule="pql_trail", as_of=AS_OF)


def test_a_rule_about_another_kind_of_subject_is_refused(checked):
    with pytest.raises(BadRequest, match="about accounts"):
        pipeline.explain(checked, GOLDEN / "data", subject="person:ada", rule="pqa_team", as_of=AS_OF)
