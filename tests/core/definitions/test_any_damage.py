"""Whatever stands in place of a value, checking answers with complaints and places, never with a traceback."""

from __future__ import annotations

import shutil

import pytest

from assay.core.definitions import check
from assay.core.definitions.yaml_nodes import MappingNode, ScalarNode, SequenceNode, read_yaml
from tests.core.definitions.folders import BASE, rule_text, write

WRONG = ["", "[]", "{}", "x", "-1", "[x]", "[[x, x]]", "{a: b}", "1e999", "'", "on", "{x: {y: [z]}}", "7 months"]

FILES = {
    "qualifications/ready.yml": rule_text(
        {
            "a": "{count: [session_started], where: {limit: {at_least: 3}}, distinct: day, at_least: 3, within: 1 day}",
            "b": "{sum: amount, of: invoice_paid, between: [1, 5], since: project_created}",
            "c": "{attribute: plan, one_of: [a, b]}",
            "d": "{partners: {at_least: 2}, each_meets_any_of: [e], independent: true}",
            "e": "{partner_says: customer, fresh_within: 3 days, confidence_at_least: 0.5}",
            "f": "{sequence: [session_started, project_created], within: 2 days}",
            "g": "{score: fit, above: 3}",
        },
        qualify="{all_of: [a, {at_least: 2, of: [b, c, f]}], any_of: [d, g], none_of: [e]}",
        more="stay_qualified: {any_of: [a]}\nrank_by: fit\nhandoff: {to: desk, respond_within: 4 hours}\n",
    ),
    "qualifications/ready.examples.yml": "examples_for: ready\nas_of: 2026-03-10\ncases:\n"
    "  one: {attributes: {plan: a}, events: {session_started: [2026-03-01]}, expect: {qualified: true, because: [a]}}\n"
    "  two: {like: one, events: [{event: limit_reached, at: 2026-03-01, limit: 3}], expect: {qualified: false}}\n"
    "  six: {people: [{id: ada, plan: x}], insights: [{partner: p, letter: need, at: 2026-01-01}],\n"
    "    partner_facts: [{partner: p, says: own, from: 2026-01-01}], expect: {qualified: false, missing: [a]}}\n",
    "scores/fit.yml": "score: fit\nversion: 1\nsubject: person\ndimensions: [fit]\ncaps: {fit: 9}\npoints:\n"
    "  a: {dimension: fit, count: session_started, each: 5, up_to: 9, fades: {linear: 3 days}}\n"
    "  b: {dimension: fit, attribute: plan, is: x, once: 5}\n",
    "sources/product.yml": (BASE / "sources/product.yml").read_text("utf-8"),
    "lists/own_domains.yml": (BASE / "lists/own_domains.yml").read_text("utf-8"),
}


def _spans(node):
    yield node.start, node.end
    if isinstance(node, SequenceNode):
        for item in node.items:
            yield from _spans(item)
    if isinstance(node, MappingNode):
        for key, value in node.entries:
            yield key.start, key.end
            yield from _spans(value)


def _damaged(text):
    """Yield the text with every value and key in turn replaced by something wrong."""
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    spans = sorted({s for document in read_yaml(text.encode(), "").documents for s in _spans(document)})
    for number, ((line, column), (last, end)) in enumerate(spans):
        yield text[: starts[line] + column] + WRONG[number % len(WRONG)] + text[starts[last] + end :]


@pytest.mark.parametrize("name", FILES)
def test_damage_brings_complaints_with_places_and_no_traceback(name, tmp_path):
    shutil.copytree(BASE, tmp_path, dirs_exist_ok=True)
    write(tmp_path, FILES)
    assert check(tmp_path) == []
    seen = 0
    for text in _damaged(FILES[name]):
        write(tmp_path, {name: text})
        for complaint in check(tmp_path):
            seen += 1
            assert complaint.place.line >= 1
            assert complaint.place.column >= 1
            assert complaint.message.endswith((".", "?"))
    assert seen > 3


def test_a_scalar_in_place_of_a_whole_file_is_told_of():
    assert isinstance(read_yaml(b"hello", "f").documents[0], ScalarNode)
