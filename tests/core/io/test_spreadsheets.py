"""No text of ours is a formula to a spreadsheet, and no text is lost by that."""

from __future__ import annotations

import csv
import io
import re

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.io.spreadsheets import guarded, unguarded
from assay.core.io.writing import write_folder

TEXTS = st.text(alphabet="=+-@＝'\";\t\r\n ,ab1\u00a0\x00", max_size=8)


def guard(text: str | None) -> str | None:
    """Return what becomes of one text."""
    [found] = guarded(pa.array([text], pa.string())).to_pylist()
    return found


@pytest.mark.parametrize("text", ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "＝1", "=", '"=1', " =1", "\x00=1"])
def test_what_begins_as_a_formula_gets_an_apostrophe(text):
    assert guard(text) == "'" + text


@pytest.mark.parametrize(
    "text", ["Ada", "a=b", "-5", "+7.5", "-1e-7", "O'Neill", "'tis", "ada@acme.example", "a-b", ""]
)
def test_all_other_text_stays_as_it_is(text):
    assert guard(text) == text


def test_what_is_absent_stays_absent():
    assert guard(None) is None


@pytest.mark.parametrize(
    ("text", "safe"),
    [("a;=1", "a;'=1"), ("a\n=1", "a\n'=1"), ("\t=1", "\t'=1"), ("=1;+x", "'=1;'+x"), ("a;-5", "a;'-5")],
)
def test_a_cell_may_begin_inside_a_text(text, safe):
    assert guard(text) == safe


@given(TEXTS)
def test_every_text_can_be_had_back(text):
    assert unguarded(guard(text) or "") == text


@given(TEXTS, st.sampled_from([",", ";", "\t"]))
def test_no_cell_of_a_line_is_a_formula_whatever_separates_them(text, separator):
    line = f'7,"{(guard(text) or "").replace(chr(34), chr(34) * 2)}"'
    for cells in csv.reader(io.StringIO(line, newline=""), delimiter=separator):
        for cell in cells:
            assert not re.match(r"[\s\x00]*[=+\-@＝]", cell) or re.fullmatch(r"[+-]?[0-9]+", cell)


def test_csv_files_are_guarded_and_numbers_are_left_alone(tmp_path):
    table = pa.table({"id": ["=cmd()", "-7"], "score": [-0.5, 1.0], "n": [-1, 2]})
    write_folder(tmp_path / "out", {"a.csv": table})
    with (tmp_path / "out/a.csv").open(newline="", encoding="utf-8") as lines:
        assert list(csv.reader(lines)) == [["id", "score", "n"], ["'=cmd()", "-0.5", "-1"], ["-7", "1", "2"]]
