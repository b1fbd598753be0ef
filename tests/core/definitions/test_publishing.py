"""Published versions: complete, never overwritten, and compared with."""

from __future__ import annotations

import pytest

from assay.core.definitions import check, load, load_published, publish
from assay.core.errors import BadDefinitions, BadRequest
from tests.core.definitions.folders import folder_with

CRITERIA = {
    "own": "{attribute: email_domain, in_list: own_domains}",
    "fits": "{score: fit, at_least: 5}",
    "active": "{qualified: active}",
}


def _change(folder, name, old, new):
    path = folder / name
    path.write_text(path.read_text().replace(old, new))


def test_a_published_file_holds_all_that_the_rule_names(tmp_path):
    folder = folder_with(tmp_path, CRITERIA)
    path = publish(folder, "ready")
    assert path == folder / "published/ready@1.yml"
    heads = [line for line in path.read_text().splitlines() if line.startswith(("published", "qual", "score", "list"))]
    assert heads == ["published: ready", "qualification: ready", "qualify:", "qualification: active", "qualify:",
                     "score: fit", "list: own_domains"]  # fmt: skip
    assert check(folder) == []


def test_publishing_twice_changes_nothing(tmp_path):
    folder = folder_with(tmp_path, CRITERIA)
    before = publish(folder, "ready").read_bytes()
    assert publish(folder, "ready").read_bytes() == before


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("lists/own_domains.yml", "acme.example", "acme.test"),
        ("scores/fit.yml", "once: 20", "once: 21"),
        ("qualifications/active.yml", "at_least: 1", "at_least: 2"),
        ("qualifications/ready.yml", "at_least: 5", "at_least: 6"),
    ],
)
def test_a_changed_meaning_asks_for_a_new_version(name, old, new, tmp_path):
    folder = folder_with(tmp_path, CRITERIA)
    publish(folder, "ready")
    _change(folder, name, old, new)
    assert [c.code for c in check(folder)] == ["A801"]
    with pytest.raises(BadDefinitions):
        publish(folder, "ready")
    _change(folder, "qualifications/ready.yml", "version: 1", "version: 2")
    assert check(folder) == []
    assert publish(folder, "ready").name == "ready@2.yml"


def test_a_changed_text_asks_for_nothing(tmp_path):
    folder = folder_with(tmp_path, CRITERIA)
    publish(folder, "ready")
    _change(folder, "qualifications/ready.yml", "status: draft", "# Soon.\nowner: ops\nstatus: shadow")
    assert check(folder) == []


def test_an_old_version_can_be_loaded_again(tmp_path):
    folder = folder_with(tmp_path, CRITERIA)
    before = load(folder).rule("ready").fingerprint
    publish(folder, "ready")
    _change(folder, "scores/fit.yml", "once: 20", "once: 21")
    old = load_published(folder, "ready", 1)
    assert old.rule("ready").fingerprint == before
    assert load(folder, against_published=False).rule("ready").fingerprint != before


def test_what_was_never_published_cannot_be_loaded(tmp_path):
    with pytest.raises(BadRequest):
        load_published(folder_with(tmp_path, CRITERIA), "ready", 9)


def test_an_unknown_rule_cannot_be_published(tmp_path):
    with pytest.raises(BadRequest, match="Did you mean 'ready'"):
        publish(folder_with(tmp_path, CRITERIA), "redy")
