"""Reading YAML: types by looks, places that fit, and never a traceback."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.definitions.yaml_nodes import LARGEST_FILE, read_yaml


def _value(text):
    read = read_yaml(f"key: {text}\n".encode(), "f.yml")
    assert read.complaints == []
    return read.documents[0].get("key").value


@pytest.mark.parametrize(
    "word", ["on", "off", "yes", "no", "Yes", "2026-03-10", "1_000", "0x1F", ".5", "12:30", ".inf"]
)
def test_words_of_older_yaml_are_text(word):
    assert _value(word) == word


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("False", False), ("7", Decimal(7)), ("-1.50", Decimal("-1.50")), ("'7'", "7"), ("null", None)],
)
def test_plain_values_have_the_type_of_their_looks(text, value):
    found = _value(text)
    assert (type(found), found) == (type(value), value)


def test_both_places_of_a_duplicate_key_are_named():
    found = read_yaml(b"a: 1\nb: 2\na: 3\n", "f.yml").complaints
    assert [str(c.place) for c in found] == ["f.yml:3:1"]
    assert "first at 1:1" in found[0].message


def test_aliases_are_never_expanded():
    bomb = "a: &a [x, x]\n" + "".join(f"b{n}: [*a, *a]\n" for n in range(9))
    assert [c.code for c in read_yaml(bomb.encode(), "f.yml").complaints] == ["A106", "A106"]


def test_a_gigantic_file_is_refused_unread():
    assert [c.code for c in read_yaml(b"a" * (LARGEST_FILE + 1), "f.yml").complaints] == ["A103"]


def test_a_byte_order_mark_is_no_key():
    assert read_yaml("\ufeffa: 1\n".encode(), "f.yml").documents[0].keys() == ["a"]


def test_nothing_after_a_key_is_complained_of_at_the_key():
    node = read_yaml(b"a: 1\nb:\nc: 2\n", "f.yml").documents[0]
    assert str(node.get("b").place) == "f.yml:2:1"


@given(st.binary(max_size=60))
def test_no_bytes_bring_a_traceback(data):
    read_yaml(data, "f.yml")


@given(st.text(alphabet="ab:-{}[],#&*!|>'\"%@` \n\t\\xU9?<~.", max_size=40))
def test_no_text_brings_a_traceback(text):
    for complaint in read_yaml(text.encode(), "f.yml").complaints:
        assert complaint.place.line >= 1
        assert complaint.place.column >= 1
