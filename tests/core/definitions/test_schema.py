"""The schema for editors agrees with the reader where it can."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import jsonschema
import pytest

from assay.core.definitions import json_schema
from assay.core.definitions.yaml_nodes import ScalarNode, SequenceNode, read_yaml

ROOT = Path(__file__).parents[3]
GOOD = sorted((ROOT / "examples/acme/definitions").rglob("*.yml")) + sorted((ROOT / "tests/golden/base").rglob("*.yml"))
BAD = ROOT / "tests/golden/bad"

#: Bad folders whose fault lies in one file's shape alone.
SHAPES = [
    "misspelt_keys_and_words/qualifications/ready.yml",
    "missing_keys/qualifications/ready.yml",
    "values_of_the_wrong_shape/qualifications/ready.yml",
    "durations_that_have_no_length/qualifications/ready.yml",
    "shares_that_are_no_percentage/qualifications/ready.yml",
    "criteria_of_unknown_form/qualifications/ready.yml",
    "groups_put_together_wrongly/qualifications/ready.yml",
    "partner_criteria_put_together_wrongly/qualifications/ready.yml",
    "scores_that_do_not_add_up/scores/bad.yml",
    "sources_put_together_wrongly/sources/more.yml",
    "examples_put_together_wrongly/qualifications/active.examples.yml",
]


@pytest.fixture(scope="module")
def judge():
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def _plain(node):
    """Return what an editor's YAML reader makes of a node."""
    if isinstance(node, ScalarNode):
        value = node.value
        if isinstance(value, Decimal):
            return int(value) if value == value.to_integral_value() else float(value)
        return value
    if isinstance(node, SequenceNode):
        return [_plain(item) for item in node.items]
    return {key.text: _plain(value) for key, value in node.entries}


def _documents(path):
    return [_plain(node) for node in read_yaml(path.read_bytes(), path.name).documents]


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.name)
def test_right_definitions_fit_the_schema(path, judge):
    assert [error.message for document in _documents(path) for error in judge.iter_errors(document)] == []


@pytest.mark.parametrize("name", SHAPES)
def test_wrong_shapes_do_not_fit_the_schema(name, judge):
    assert any(not judge.is_valid(document) for document in _documents(BAD / name))


def test_a_file_of_no_known_kind_does_not_fit(judge):
    assert not judge.is_valid({"hello": "world"})


@pytest.mark.parametrize(
    ("place", "fits"),
    [
        ({"file": "e.csv"}, True),
        ({"table": "app.events", "connection": "warehouse", "id": "id"}, True),
        ({"table": "app.events", "connection": "warehouse"}, False),
        ({"table": "app.events", "id": "id"}, False),
        ({"file": "e.csv", "connection": "warehouse"}, False),
        ({"file": "e.csv", "table": "app.events", "connection": "warehouse", "id": "id"}, False),
        ({}, False),
    ],
)
def test_events_lie_in_a_file_or_in_a_table_with_a_connection_and_an_id(place, fits, judge):
    body = {**place, "at": "at", "event": {"constant": "login"}, "person": "user"}
    assert judge.is_valid({"source": "app", "events": body}) is fits
