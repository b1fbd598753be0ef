"""One canonical text: it keeps comments and meaning, and formatting it again changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.definitions import format_text, load
from assay.core.errors import BadDefinitions
from tests.core.definitions.folders import folder_with

ROOT = Path(__file__).parents[3]
FILES = sorted((ROOT / "examples/acme/definitions").rglob("*.yml")) + sorted(
    (ROOT / "tests/golden/base").rglob("*.yml")
)

UNTIDY = """\
# Who this is for.

version: 3      # raised in March
qualification: "ready"
subject: person
status: draft
motion: upsell # or not
               # or perhaps

# The heart of it.
criteria:
    works:
        within: 1 week   # a working week
        count: session_started
        at_least: 3
    # Only those who pay.
    pays: { is: 'team',
            # see the price list
            attribute: plan }
    # nothing more
stage: PQL
qualify: {none_of: [pays], all_of:
   [works]}
purpose: >
  Some words
  on two lines.
"""

TIDY = """\
# Who this is for.

qualification: ready
version: 3  # raised in March
status: draft
stage: PQL
motion: upsell  # or not
                # or perhaps
subject: person
purpose: >
  Some words on two lines.

# The heart of it.
criteria:
  works:
    count: session_started
    at_least: 3
    within: 1 week  # a working week
  # Only those who pay.
  pays:
    # see the price list
    attribute: plan
    is: team
  # nothing more
qualify:
  all_of: [works]
  none_of: [pays]
"""


def test_keys_stand_in_order_and_comments_stay_where_they_belong():
    assert format_text(UNTIDY) == TIDY


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_formatting_twice_is_formatting_once(path):
    once = format_text(path.read_text("utf-8"))
    assert format_text(once) == once


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_comment_is_lost(path):
    text = path.read_text("utf-8")
    comments = sorted(line[line.index("#") :] for line in text.splitlines() if "#" in line)
    assert sorted(line[line.index("#") :] for line in format_text(text).splitlines() if "#" in line) == comments


def test_what_is_no_yaml_is_refused_with_its_place():
    with pytest.raises(BadDefinitions) as caught:
        format_text("a: [\n", file="x.yml")
    assert [c.code for c in caught.value.complaints] == ["A104"]


def test_a_wrong_definition_is_laid_out_all_the_same():
    assert format_text("criteria: {a: {cuont: x}}\nqualification: b\n") == (
        "qualification: b\ncriteria:\n  a: {cuont: x}\n"
    )


TEXTS = st.text(alphabet="ab:# -'\"{}[],&*!|>%@`\\?\néß\t~1.", max_size=12).filter(
    lambda text: not any(sign in text.replace("\n", " ") for sign in ("{{", "{%"))  # refused as templates
)
SCALARS = TEXTS.map(lambda t: "'" + t.replace("'", "''").replace("\n", " ") + "'") | st.sampled_from(
    ["on", "7", "-1.50", "true", "2026-03-01T09:00:00Z", "a b", '"x\\ty\\n z"', "http://x/y"]
)
NODES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: "[" + ", ".join(items) + "]")
        | st.dictionaries(st.sampled_from("abcdefg"), inner, max_size=3).map(
            lambda d: "{" + ", ".join(f"{k}: {v}" for k, v in d.items()) + "}"
        )
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["qualification", "x", "criteria", "qualify"]), NODES, min_size=1))
def test_whatever_stands_in_a_file_is_kept(content):
    # format_text itself compares what it read with what it wrote.
    once = format_text("".join(f"{key}: {value}  # {key}\n" for key, value in content.items()))
    assert format_text(once) == once
    assert once.count("  # ") >= len(content)


CRITERIA = st.dictionaries(
    st.sampled_from(["one", "two", "three"]),
    st.sampled_from(
        [
            "{count: any, within: 7 days, at_least: 3}",
            "{attribute: plan, one_of: ['7', 7, on, 'true', true, a b]}",
            "{count: limit_reached, at_least: 1, where: {used: {below: 1.50}, limit: '# x'}, distinct: day}",
            "{sum: amount, above: 2, of: invoice_paid}",
            "{sequence: [invite_sent, invite_accepted], since: trial_started}",
        ]
    ),
    min_size=1,
)


@settings(max_examples=20, deadline=None)
@given(CRITERIA)
def test_formatting_never_changes_the_fingerprint(tmp_path_factory, criteria):
    folder = folder_with(tmp_path_factory.mktemp("f"), criteria)
    before = load(folder).rule("ready").fingerprint
    path = folder / "qualifications/ready.yml"
    path.write_text(format_text(path.read_text()))
    assert load(folder).rule("ready").fingerprint == before


def test_where_a_table_lies_stands_before_its_columns():
    text = "source: crm\npeople:\n  id: id\n  connection: warehouse\n  email: mail\n  table: crm.users\n"
    assert format_text(text) == (
        "source: crm\npeople: {table: crm.users, connection: warehouse, id: id, email: mail}\n"
    )
