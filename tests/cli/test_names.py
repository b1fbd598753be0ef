"""Names are read from options and from files as people keep them, and no complaint shows what a file holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay.cli.names import read_names
from assay.core.errors import BadRequest


@pytest.fixture
def write(tmp_path):
    def written(name: str, text: str, encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return written


def texts(names):
    return [name.text for name in names]


def test_a_text_file_holds_one_name_a_line(write):
    names = read_names(["a.example"], write("ten.txt", "\ufeffb.example\r\n\r\n  c, d \r\n"), None)
    assert texts(names) == ["a.example", "b.example", "c, d"]
    assert [name.line for name in names] == [0, 1, 3]


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_column_of_a_csv_file_is_taken_by_its_name(write, mark):
    file = write("ten.csv", f'owner{mark}account\nx{mark}"a b"\ny{mark}\nshort\nz{mark}c\n')
    names = read_names([], file, "account")
    assert texts(names) == ["a b", "c"]
    assert [name.line for name in names] == [2, 5]


def test_the_only_column_of_a_csv_file_needs_no_name(write):
    assert texts(read_names([], write("ten.csv", "account\na\nb\n"), None)) == ["a", "b"]


def test_any_file_is_a_csv_file_once_a_column_is_named(write):
    assert texts(read_names([], write("ten.txt", "who,x\na,1\n"), "who")) == ["a"]


@pytest.mark.parametrize(
    ("name", "text", "column", "complaint"),
    [
        ("ten.csv", "ada@home.example,Ada\nbo@home.example,Bo\n", None, "The file has 2 columns"),
        ("ten.csv", "ada@home.example,Ada\n", "who", "no such column"),
        ("ten.csv", "", "who", "no such column"),
        ("ten.csv", "who\n", None, "Nobody is named"),
        ("ten.txt", "\n\n", None, "Nobody is named"),
    ],
)
def test_a_file_that_does_not_serve_is_refused_without_showing_it(write, name, text, column, complaint):
    with pytest.raises(BadRequest, match=complaint) as refused:
        read_names([], write(name, text), column)
    assert "home.example" not in str(refused.value)


def test_a_file_that_cannot_be_read_is_refused(write, tmp_path):
    with pytest.raises(BadRequest, match="no such file"):
        read_names([], tmp_path / "none.txt", None)
    with pytest.raises(BadRequest, match="cannot be read"):
        read_names([], write("ten.txt", "ä", "latin-1"), None)
    with pytest.raises(BadRequest, match="cannot be read"):
        read_names([], tmp_path, None)


def test_a_column_without_a_file_is_refused():
    with pytest.raises(BadRequest, match="no file"):
        read_names(["a"], None, "who")
