"""Fingerprints change with the meaning, and with nothing else."""

from __future__ import annotations

import pytest

from assay.core.definitions import load
from tests.core.definitions.folders import fingerprint_of, folder_with, write

WORKS = {"works": "{count: session_started, at_least: 3, within: 7 days}", "pays": "{attribute: plan, is: team}"}


def test_owner_purpose_status_stage_version_and_handoff_do_not_count(tmp_path):
    one = fingerprint_of(tmp_path / "a", WORKS)
    more = "owner: ops\npurpose: Why not.\nrank_by: fit\nhandoff: {to: desk}\n"
    folder = folder_with(tmp_path / "b", WORKS, more=more)
    path = folder / "qualifications/ready.yml"
    text = path.read_text().replace("version: 1", "version: 7").replace("draft", "shadow").replace("PQL", "MQL")
    path.write_text("# a comment\n" + text)
    assert load(folder).rule("ready").fingerprint == one


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("{count: any, at_least: 3, within: 7 days}", "{count: any, within: 1 week, at_least: 3.0}"),
        ("{count: any, above: 2.5}", "{count: any, at_least: 3}"),
        ("{count: any, between: [0, 3]}", "{count: any, at_most: 3}"),
        ("{count: [invite_sent, invoice_paid], at_least: 1}", "{count: [invoice_paid, invite_sent], at_least: 1}"),
        ("{attribute: plan, one_of: [a, b]}", "{attribute: plan, one_of: [b, a]}"),
        ("{attribute: plan, is: a}", "{attribute: plan, one_of: [a]}"),
        ("{attribute: plan, is: 1.0}", "{attribute: plan, is: 1}"),
    ],
)
def test_two_ways_to_say_one_thing_have_one_fingerprint(one, other, tmp_path):
    assert fingerprint_of(tmp_path / "a", {"it": one}) == fingerprint_of(tmp_path / "b", {"it": other})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("{count: any, at_least: 3}", "{count: any, at_least: 4}"),
        ("{count: any, at_least: 3, within: 7 days}", "{count: any, at_least: 3, within: 8 days}"),
        ("{attribute: plan, is: '1'}", "{attribute: plan, is: 1}"),
        ("{attribute: plan, is: true}", "{attribute: plan, is: 'true'}"),
        ("{attribute: plan, at_least: 2.5}", "{attribute: plan, above: 2.5}"),
        ("{attribute: plan, is: a}", "{attribute: account.plan, is: a}"),
        ("{sequence: [invite_sent, invoice_paid]}", "{sequence: [invoice_paid, invite_sent]}"),
        ("{sum: amount, of: invoice_paid, at_least: 3}", "{sum: used, of: invoice_paid, at_least: 3}"),
        ("{count: any, distinct: day, at_least: 3}", "{count: any, distinct: week, at_least: 3}"),
    ],
)
def test_two_meanings_have_two_fingerprints(one, other, tmp_path):
    assert fingerprint_of(tmp_path / "a", {"it": one}) != fingerprint_of(tmp_path / "b", {"it": other})


def test_the_order_of_criteria_and_members_does_not_count(tmp_path):
    turned = dict(reversed(WORKS.items()))
    assert fingerprint_of(tmp_path / "a", WORKS) == fingerprint_of(tmp_path / "b", turned)


def test_a_changed_list_score_or_rule_changes_what_names_it(tmp_path):
    criteria = {
        "own": "{attribute: email_domain, in_list: own_domains}",
        "fits": "{score: fit, at_least: 5}",
        "active": "{qualified: active}",
    }
    folder = folder_with(tmp_path, criteria)
    seen = {load(folder).rule("ready").fingerprint}
    for name, old, new in [
        ("lists/own_domains.yml", "acme.example", "acme.test"),
        ("scores/fit.yml", "once: 20", "once: 21"),
        ("qualifications/active.yml", "at_least: 1", "at_least: 2"),
    ]:
        write(folder, {name: (folder / name).read_text().replace(old, new)})
        seen.add(load(folder).rule("ready").fingerprint)
    assert len(seen) == 4


def test_a_list_of_ones_own_adds_to_the_built_in_one(tmp_path):
    files = {"lists/free.yml": "list: free_mail_domains\nvalues: [penpost.example]\n"}
    values = load(folder_with(tmp_path, WORKS, files=files)).lists["free_mail_domains"]
    assert {"gmail.com", "penpost.example"} <= set(values)
