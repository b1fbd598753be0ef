"""`assay new` writes rules that are right as they stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay.cli.new import names_to_edit, template_kinds, write_template
from assay.core.definitions import check, format_text, load
from assay.core.errors import BadRequest
from assay.core.examples import disagreements

KINDS = [
    "pql-trial",
    "pql-freemium",
    "upsell",
    "seat-expansion",
    "team-expansion",
    "enterprise-expansion",
    "consolidation",
    "hand-raise",
    "pqa",
    "csql",
    "mql-points",
    "sql-bant",
    "xql",
    "eql",
]
EVENTS = [
    "project_created",
    "session_started",
    "integration_connected",
    "trial_started",
    "limit_reached",
    "dashboard_shared",
    "invite_sent",
    "invite_accepted",
    "seat_added",
    "feature_used",
    "page_viewed",
    "webinar_attended",
    "whitepaper_downloaded",
    "demo_requested",
    "ticket_opened",
    "call_logged",
    "meeting_held",
    "disqualified",
    "need_confirmed",
    "budget_confirmed",
    "authority_confirmed",
    "timing_confirmed",
]
PERMISSIVE = """source: product
events:
  file: events.csv
  id: id
  at: at
  event: {column: event}
  person: person
  account: account
  properties: [limit, feature, section, severity, workspace]
event_names: [EVENTS]
---
source: people
people: {file: people.csv, id: id, email: email, account: account, attributes: [plan, seniority]}
---
source: accounts
accounts: {file: accounts.csv, id: id, domain: domain, attributes: [plan, employees, nps, seat_use]}
---
source: partner_facts
partner_facts: {file: facts.csv, account: account, partner: partner, says: says, from: from, confirmed_at: confirmed_at,
                parent: parent, origin: origin, confidence: confidence}
---
source: insights
insights: {file: insights.csv, account: account, partner: partner, letter: letter, value: value, at: at}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A definition folder whose source has every event that a template names."""
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "all.yml").write_text(PERMISSIVE.replace("EVENTS", ", ".join(EVENTS)))
    return tmp_path


def test_every_kind_that_the_documentation_names_is_there():
    assert list(template_kinds()) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_a_template_alone_passes_the_check(kind, folder):
    written = write_template(kind, folder)
    assert folder / "qualifications" / f"{template_kinds()[kind].name}.yml" in written
    assert [str(complaint) for complaint in check(folder)] == []


def test_all_templates_pass_the_check_in_one_folder(folder):
    for number, kind in enumerate(KINDS):
        write_template(kind, folder, name=f"rule_{number}")
    assert [str(complaint) for complaint in check(folder)] == []
    assert {rule.stage for rule in load(folder).rules} == {"MQL", "PQL", "PQA", "CSQL", "SQL", "XQL", "EQL"}


def test_all_templates_decide_their_examples_as_stated(folder):
    for number, kind in enumerate(KINDS):
        write_template(kind, folder, name=f"rule_{number}")
    assert [str(complaint) for complaint in disagreements(load(folder))] == []


def test_a_template_stands_as_fmt_would_write_it(folder):
    for number, kind in enumerate(KINDS):
        write_template(kind, folder, name=f"rule_{number}")
    written = [path for path in folder.rglob("*.yml") if path.parent.name != "sources"]
    assert [path.name for path in written if format_text(path.read_text()) != path.read_text()] == []


def test_a_rule_bears_the_name_that_is_asked_for(folder):
    write_template("sql-bant", folder, name="accepted_by_sales")
    assert [rule.name for rule in load(folder).rules] == ["accepted_by_sales"]
    assert {example.rule for example in load(folder).examples} == {"accepted_by_sales"}


def test_no_template_leaves_a_placeholder_behind(folder):
    paths = [path for number, kind in enumerate(KINDS) for path in write_template(kind, folder, name=f"rule_{number}")]
    assert [path.name for path in paths if "{name}" in path.read_text()] == []


def test_what_a_rule_refers_to_is_written_where_it_is_missing(folder):
    names = {path.relative_to(folder).as_posix() for path in write_template("pqa", folder)}
    assert names >= {"qualifications/pql_trial_conversion.yml", "lists/own_domains.yml"}


def test_what_a_rule_refers_to_is_left_alone_where_it_is_there(folder):
    write_template("pql-trial", folder)
    upstream = folder / "qualifications" / "pql_trial_conversion.yml"
    upstream.write_text(upstream.read_text().replace("at_least: 3", "at_least: 2"))
    names = [path.name for path in write_template("pqa", folder)]
    assert names == ["pqa_team_adoption.yml", "pqa_team_adoption.examples.yml"]
    assert "at_least: 2" in upstream.read_text()


def test_a_list_in_a_file_of_another_name_is_found(folder):
    (folder / "lists").mkdir()
    (folder / "lists" / "ours.yml").write_text("list: own_domains\nvalues: [acme.example]\n")
    write_template("hand-raise", folder)
    assert not (folder / "lists" / "own_domains.yml").exists()
    assert check(folder) == []


def test_a_rule_that_is_there_is_not_overwritten(folder):
    write_template("eql", folder)
    before = {path: path.read_text() for path in folder.rglob("*.yml")}
    with pytest.raises(BadRequest, match="nothing was written"):
        write_template("eql", folder)
    assert {path: path.read_text() for path in folder.rglob("*.yml")} == before


def test_an_unknown_kind_is_answered_with_a_near_one(folder):
    with pytest.raises(BadRequest, match="Did you mean 'pql-trial'"):
        write_template("pql_trial", folder)


@pytest.mark.parametrize("name", ["", "my rule", "../out", "a/b", "1st"])
def test_a_name_that_no_rule_can_bear_is_refused(name, folder):
    with pytest.raises(BadRequest, match="letters, digits and '_'"):
        write_template("eql", folder, name=name)
    assert not (folder / "qualifications").exists()


def test_a_rule_cannot_bear_the_name_of_one_it_refers_to(folder):
    with pytest.raises(BadRequest, match="refers to another one"):
        write_template("pqa", folder, name="pql_trial_conversion")


def test_event_names_that_the_folder_lacks_are_told_with_near_misses(folder):
    source = folder / "sources" / "all.yml"
    source.write_text(source.read_text().replace("project_created", "projects_created"))
    written = write_template("pql-trial", folder)
    told = {(c.value, c.mend) for c in names_to_edit(folder, written)}
    assert told == {("project_created", "Did you mean 'projects_created'?")}


def test_complaints_about_other_files_are_not_told(folder):
    write_template("eql", folder)
    broken = folder / "qualifications" / "eql_corroborated.yml"
    broken.write_text(broken.read_text().replace("customer,", "costumer,"))
    assert names_to_edit(folder, write_template("sql-bant", folder)) == []
