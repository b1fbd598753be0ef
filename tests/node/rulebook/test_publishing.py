"""From draft to shadow, to live with a second person's approval, to retired."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.conf import settings
from tests.node.rulebook import world
from tests.node.rulebook.conftest import STRICTER

from assay.core.errors import BadDefinitions, BadRequest
from assay.node.access.actions import NotAllowed
from assay.node.access.models import AuditRow, User
from assay.node.access.permissions import MAY, Permission, Role
from assay.node.rulebook import candidates, current, drafting, publishing
from assay.node.rulebook.models import Draft, Edition, RuleVersion

pytestmark = pytest.mark.django_db
LIST = "lists/deciders.yml"


def statuses() -> dict[str, str]:
    return {rule.name: rule.status for rule in current.definitions().rules}


def test_a_draft_decides_nothing(stricter):
    assert current.edition() == 1
    assert current.definitions().rule("builds").version == 1


def test_a_version_in_shadow_is_decided_beside_the_live_one(stricter):
    stricter.shadow("builds")
    assert statuses() == {"builds@2": "shadow", "builds": "live", "deciders_who_build": "shadow"}
    assert current.definitions().rule("builds@2").version == 2
    assert current.edition() == 2


def test_a_version_goes_live_once_somebody_else_approves_it(stricter):
    version = stricter.publish("builds")
    assert (version.status, version.approved_by, version.asked_by) == ("live", stricter.approver, stricter.author)
    assert current.definitions().rule("builds").version == 2
    assert "builds@2" not in statuses()
    assert RuleVersion.objects.get(rule="builds", version=1).status == "retired"
    assert not Draft.objects.exclude(path="qualifications/someday.yml").exists()
    assert "status: live" in Edition.objects.get(number=3).texts[world.BUILDS]


def test_who_wrote_a_version_cannot_approve_it(stricter):
    version = stricter.shadow("builds")
    publishing.ask(stricter.approver, version.pk)
    with pytest.raises(BadRequest, match=r"second person.*Ask Administrator"):
        stricter.approve(version, by=stricter.author)
    assert current.edition() == 2


def test_who_asked_for_a_version_cannot_approve_it(stricter):
    version = stricter.shadow("builds")
    publishing.ask(stricter.approver, version.pk)
    with pytest.raises(BadRequest, match="second person"):
        stricter.approve(version)


def test_nothing_goes_live_that_nobody_asked_for(stricter):
    with pytest.raises(BadRequest, match="Nobody asked"):
        stricter.approve(stricter.shadow("builds"))


def test_whoever_is_alone_may_approve_only_where_the_settings_say_so(stricter, monkeypatch):
    version = stricter.shadow("builds")
    stricter.ask(version)
    User.objects.exclude(pk=stricter.author.pk).update(is_active=False)
    with pytest.raises(BadRequest, match="ASSAY_SELF_APPROVAL=1"):
        stricter.approve(version, by=stricter.author)
    monkeypatch.setattr(settings, "ASSAY", replace(settings.ASSAY, allows_self_approval=True))
    stricter.approve(version, by=stricter.author)
    assert current.definitions().rule("builds").version == 2


def test_the_setting_is_worth_nothing_once_somebody_else_could_approve(stricter, monkeypatch):
    monkeypatch.setattr(settings, "ASSAY", replace(settings.ASSAY, allows_self_approval=True))
    version = stricter.shadow("builds")
    stricter.ask(version)
    with pytest.raises(BadRequest, match="second person"):
        stricter.approve(version, by=stricter.author)


@pytest.mark.parametrize("role", sorted(set(Role) - MAY[Permission.PUBLISH_RULES]))
def test_who_may_not_publish_does_none_of_it(role, stricter, user_of):
    somebody, new = user_of(role), candidates.new_version("builds")
    with pytest.raises(NotAllowed):
        drafting.save(somebody, world.BUILDS, "x", "")
    with pytest.raises(NotAllowed):
        publishing.start_shadow(somebody, new)
    version = stricter.shadow("builds")
    stricter.ask(version)
    with pytest.raises(NotAllowed):
        stricter.approve(version, by=somebody)
    with pytest.raises(NotAllowed):
        publishing.retire(somebody, version.pk, candidates.without(version))
    assert current.edition() == 2


def test_a_changed_meaning_with_an_unchanged_version_is_refused(book):
    book.write(world.BUILDS, STRICTER.replace("version: 2", "version: 1"))
    with pytest.raises(BadDefinitions) as refused:
        book.shadow("builds")
    assert [(c.code, c.place.file, c.place.line) for c in refused.value.complaints] == [("A801", world.BUILDS, 2)]


def test_a_version_that_disagrees_with_its_examples_is_refused(book):
    book.write(world.BUILDS, STRICTER)
    with pytest.raises(BadDefinitions) as refused:
        book.shadow("builds")
    assert {(c.code, c.place.file) for c in refused.value.complaints} == {("A703", world.EXAMPLES)}


def test_what_does_not_change_the_meaning_needs_a_second_person_and_no_version(book):
    book.write(world.BUILDS, world.edited(world.BUILDS, "owner: growth", "owner: sales"))
    publishing.ask_amendment(book.author, [world.BUILDS])
    with pytest.raises(BadRequest, match="second person"):
        publishing.amend(book.author, candidates.amendment([world.BUILDS]))
    publishing.amend(book.approver, candidates.amendment([world.BUILDS]))
    assert current.definitions().rule("builds").owner == "sales"
    assert current.definitions().rule("builds").status == "live"
    assert not Draft.objects.filter(path=world.BUILDS).exists()


def test_a_new_version_cannot_slip_in_as_a_change_of_no_meaning(stricter):
    with pytest.raises(BadRequest, match="changes what builds means"):
        candidates.amendment([world.BUILDS, world.EXAMPLES])


def test_a_list_that_live_rules_read_cannot_change_in_silence(book):
    book.write(LIST, "list: deciders\nvalues: [vp]\n")
    found = candidates.amendment([LIST])
    assert {c.code for c in found.complaints} == {"A801"}


def test_rules_that_share_a_changed_list_go_live_together(book):
    book.write("qualifications/other.yml", OTHER)
    book.write("qualifications/other.examples.yml", OTHER_EXAMPLES)
    book.publish("other")
    book.write(LIST, "list: deciders\nvalues: [vp]\n")
    for rule in ("builds", "other"):
        path = f"qualifications/{rule}.yml"
        book.write(path, drafting.text_of(path).replace("version: 1", "version: 2"))
    version = book.shadow("builds")
    book.ask(version)
    with pytest.raises(BadDefinitions):  # the other rule would change its meaning in silence
        book.approve(version)
    book.shadow("other")
    book.approve(version)
    assert {name: current.definitions().rule(name).version for name in ("builds", "other")} == {"builds": 2, "other": 2}
    assert current.definitions().lists["deciders"] == ("vp",)
    assert not Draft.objects.exclude(path="qualifications/someday.yml").exists()


def test_a_version_in_shadow_has_lists_of_its_own(book):
    book.write(LIST, "list: deciders\nvalues: [vp]\n")
    book.write(world.BUILDS, world.edited(world.BUILDS, "version: 1", "version: 2"))
    book.shadow("builds")
    known = current.definitions().lists
    assert known["deciders"] == ("vp", "director")
    assert known["deciders@2"] == ("vp",)


def test_a_version_whose_list_was_changed_meanwhile_is_written_anew(book):
    book.write(LIST, "list: deciders\nvalues: [vp]\n")
    book.write(world.BUILDS, world.edited(world.BUILDS, "version: 1", "version: 2"))
    version = book.shadow("builds")
    book.ask(version)
    book.write(LIST, "list: deciders\npurpose: Who signs.\nvalues: [vp, director]\n")
    publishing.ask_amendment(book.author, [LIST])
    publishing.amend(book.approver, candidates.amendment([LIST]))
    with pytest.raises(BadRequest, match=r"lists/deciders.yml was changed since version 2"):
        book.approve(version)


def test_a_rule_is_retired_by_one_person(book):
    version = RuleVersion.objects.get(rule="builds")
    publishing.retire(book.author, version.pk, candidates.without(version))
    assert "builds" not in statuses()
    version.refresh_from_db()
    assert (version.status, version.retired_by) == ("retired", book.author)


def test_a_version_in_shadow_means_what_it_meant_whatever_becomes_of_what_it_reads(stricter):
    before = current.definitions().rule("deciders_who_build").fingerprint
    stricter.publish("builds")
    assert current.definitions().rule("deciders_who_build").fingerprint == before
    assert {rule.name: rule.version for rule in current.definitions().rules} == {
        "builds": 2,
        "builds@4": 1,
        "deciders_who_build": 4,
    }


def test_a_rule_goes_live_together_with_the_new_version_that_it_reads(stricter):
    reader = "qualifications/deciders_who_build.yml"
    stricter.write(reader, LIVE_READER)
    stricter.write(reader.replace(".yml", ".examples.yml"), READER_EXAMPLES)
    stricter.publish("deciders_who_build")
    version = stricter.shadow("builds")
    stricter.ask(version)
    with pytest.raises(BadDefinitions):
        stricter.approve(version)
    stricter.write(reader, LIVE_READER.replace("version: 5", "version: 6"))
    stricter.write(
        reader.replace(".yml", ".examples.yml"), READER_EXAMPLES.replace("[2025-06-08, ", "[2025-06-07, 2025-06-08, ")
    )
    stricter.shadow("deciders_who_build")
    stricter.approve(version)
    assert {rule.name: rule.version for rule in current.definitions().rules} == {"builds": 2, "deciders_who_build": 6}


def test_a_rule_that_a_live_rule_reads_is_not_retired(book):
    book.write("qualifications/deciders_who_build.yml", LIVE_READER)
    book.write("qualifications/deciders_who_build.examples.yml", READER_EXAMPLES)
    book.publish("deciders_who_build")
    version = RuleVersion.objects.get(rule="builds")
    with pytest.raises(BadDefinitions):
        publishing.retire(book.author, version.pk, candidates.without(version))
    assert statuses()["builds"] == "live"


def test_a_version_is_stopped_in_shadow_without_touching_the_live_one(stricter):
    version = stricter.shadow("builds")
    publishing.retire(stricter.author, version.pk, candidates.without(version))
    assert "builds@2" not in statuses()
    assert statuses()["builds"] == "live"


def test_one_goes_back_to_an_older_version_by_writing_it_again(stricter):
    stricter.publish("builds")
    for path in (world.BUILDS, world.EXAMPLES):
        stricter.write(path, world.FILES[path])
    assert stricter.publish("builds").version == 1
    assert current.definitions().rule("builds").version == 1
    assert RuleVersion.objects.filter(rule="builds").count() == 2


def test_of_two_who_publish_one_after_the_other_the_second_is_told(stricter):
    version = stricter.shadow("builds")
    stricter.ask(version)
    going = candidates.going_live(version)
    other = RuleVersion.objects.get(rule="deciders_who_build")
    publishing.retire(stricter.author, other.pk, candidates.without(other))
    with pytest.raises(BadRequest, match=r"published meanwhile: edition 3 by Revenue operations, deciders_who_build@4"):
        publishing.approve(stricter.approver, going)
    assert statuses()["builds"] == "live"
    assert current.definitions().rule("builds").version == 1


def test_a_text_that_somebody_else_changed_meanwhile_is_not_overwritten(book):
    seen = drafting.digest(drafting.text_of(world.BUILDS))
    drafting.save(book.approver, world.BUILDS, STRICTER, seen)
    with pytest.raises(BadRequest, match="Somebody changed this file"):
        drafting.save(book.author, world.BUILDS, "something else", seen)
    assert drafting.text_of(world.BUILDS) == STRICTER


def test_a_draft_that_says_what_is_decided_is_no_draft(stricter):
    stricter.write(world.BUILDS, world.FILES[world.BUILDS])
    assert not Draft.objects.filter(path=world.BUILDS).exists()


def test_every_step_is_told_in_the_audit_without_any_text(stricter):
    stricter.publish("builds")
    steps = [row.action for row in AuditRow.objects.order_by("pk")]
    assert set(steps[3:]) == {"decide a rule in shadow", "ask for a rule to go live", "let a rule go live"}
    assert "project_created" not in str(list(AuditRow.objects.values_list("before", "after")))


OTHER = """\
qualification: other
version: 1
status: draft
stage: MQL
motion: trial_to_paid
subject: person
criteria:
  decides: {attribute: seniority, in_list: deciders}
qualify: {all_of: [decides]}
"""
OTHER_EXAMPLES = """\
examples_for: other
as_of: 2025-06-10
cases:
  vp: {attributes: {seniority: vp}, events: {signed_up: [2025-06-09]}, expect: {qualified: true}}
  none: {attributes: {seniority: intern}, events: {signed_up: [2025-06-09]}, expect: {qualified: false}}
"""
LIVE_READER = world.FILES["qualifications/deciders_who_build.yml"].replace("version: 4", "version: 5")
READER_EXAMPLES = """\
examples_for: deciders_who_build
as_of: 2025-06-10
cases:
  two: {attributes: {seniority: vp}, events: {project_created: [2025-06-08, 2025-06-09]}, expect: {qualified: true}}
  one: {attributes: {seniority: vp}, events: {project_created: [2025-06-09]}, expect: {qualified: false}}
"""
