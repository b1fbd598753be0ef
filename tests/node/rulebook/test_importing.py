"""A folder of definitions is taken in whole, or not at all."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.node.rulebook import world

from assay.core import definitions as language
from assay.core.errors import BadDefinitions, BadRequest
from assay.node.access.actions import Machine, NotAllowed
from assay.node.access.models import AuditRow
from assay.node.access.permissions import Role
from assay.node.rulebook import current, texts
from assay.node.rulebook.importing import export_folder, import_folder
from assay.node.rulebook.models import Draft, Edition, RuleVersion

pytestmark = pytest.mark.django_db
HERE = Machine("a test")


def test_before_the_first_folder_nothing_is_decided():
    assert current.edition() == 0
    assert current.definitions().rules == ()


def test_the_first_folder_is_decided_at_once_as_its_text_says(tmp_path):
    found = import_folder(HERE, world.write(tmp_path))
    assert (found.edition, found.rules) == (1, 2)
    assert {rule.name: rule.status for rule in current.definitions().rules} == {
        "builds": "live",
        "deciders_who_build": "shadow",
    }
    assert Draft.objects.get().path == "qualifications/someday.yml"
    assert set(RuleVersion.objects.values_list("rule", "version", "status")) == {
        ("builds", 1, "live"),
        ("deciders_who_build", 4, "shadow"),
    }
    assert AuditRow.objects.get().machine == "a test"


def test_what_is_decided_means_what_the_folder_means(tmp_path):
    import_folder(HERE, world.write(tmp_path))
    before = {rule.name: rule.fingerprint for rule in language.load(tmp_path).rules if rule.name != "someday"}
    assert {rule.name: rule.fingerprint for rule in current.definitions().rules} == before


def test_asking_what_is_decided_costs_one_query(tmp_path):
    import_folder(HERE, world.write(tmp_path))
    first = current.definitions()
    with CaptureQueriesContext(connection) as queries:
        assert current.definitions() is first
    assert len(queries) == 1


def test_a_folder_with_a_mistake_is_refused_whole_with_its_place(tmp_path):
    world.write(tmp_path)
    (tmp_path / world.BUILDS).write_text(world.edited(world.BUILDS, "project_created", "project_craeted"))
    with pytest.raises(BadDefinitions) as refused:
        import_folder(HERE, tmp_path)
    assert [(c.place.file, c.place.line) for c in refused.value.complaints] == [(world.BUILDS, 10)]
    assert not Edition.objects.exists()
    assert not AuditRow.objects.exists()


def test_a_second_folder_becomes_drafts_and_decides_nothing(tmp_path):
    import_folder(HERE, world.write(tmp_path))
    (tmp_path / world.BUILDS).write_text(world.edited(world.BUILDS, "at_least: 2", "at_least: 3"))
    (tmp_path / world.BUILDS).write_text((tmp_path / world.BUILDS).read_text().replace("version: 1", "version: 2"))
    assert import_folder(HERE, tmp_path).drafts == (world.BUILDS,)
    assert current.edition() == 1
    assert "at_least: 3" in Draft.objects.get(path=world.BUILDS).text


def test_a_folder_given_out_is_the_folder_taken_in(tmp_path):
    import_folder(HERE, world.write(tmp_path / "in"))
    export_folder(tmp_path / "out")
    for path in set(world.FILES) - {"qualifications/someday.yml"}:
        assert (tmp_path / "out" / path).read_text() == world.FILES[path]
    assert (tmp_path / "out/published/builds@1.yml").is_file()
    assert language.check(tmp_path / "out") == []


def test_versions_published_before_come_along(tmp_path):
    world.write(tmp_path)
    language.publish(tmp_path, "builds")
    (tmp_path / world.BUILDS).write_text(
        world.edited(world.BUILDS, "at_least: 2", "at_least: 3").replace("version: 1", "version: 2")
    )
    import_folder(HERE, tmp_path)
    assert set(RuleVersion.objects.filter(rule="builds").values_list("version", "status")) == {
        (1, "retired"),
        (2, "live"),
    }


@pytest.mark.parametrize("role", [Role.REP, Role.CSM, Role.MARKETER])
def test_who_may_not_publish_takes_no_folder_in(role, user_of, tmp_path):
    with pytest.raises(NotAllowed):
        import_folder(user_of(role), world.write(tmp_path))
    assert not Edition.objects.exists()


@pytest.mark.parametrize(
    "path", ["../x.yml", "sources/../../x.yml", "published/x.yml", "sources/x.yaml", "/etc/x.yml", "sources/.x.yml"]
)
def test_a_file_cannot_stand_elsewhere_than_definitions_do(path):
    with pytest.raises(BadRequest):
        texts.demand_bounded({path: "list: x"})


def test_a_file_too_long_to_read_on_a_page_is_refused():
    with pytest.raises(BadRequest, match="200,000 bytes"):
        texts.demand_bounded({"lists/x.yml": "list: x\nvalues:\n" + "- a\n" * 100_000})


def test_text_that_grows_when_read_is_refused():
    bomb = "list: x\na: &a [x, x, x]\nb: &b [*a, *a, *a]\nc: &c [*b, *b, *b]\nvalues: [*c, *c]\n"
    found = texts.check({"lists/x.yml": bomb}, {})
    assert {c.code for c in found} >= {"A106"}
    assert {c.place.file for c in found} == {"lists/x.yml"}


def test_a_status_is_changed_in_its_place_and_nothing_else():
    text = world.FILES[world.BUILDS]
    assert texts.with_status(text, "retired") == text.replace("status: live", "status: retired")
    assert texts.with_status("status: 'live' # for now\nqualification: x\n", "shadow").startswith(
        "status: shadow # for now"
    )
    assert texts.with_status("not: [yaml", "shadow") == "not: [yaml"
