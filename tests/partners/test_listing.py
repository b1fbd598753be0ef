"""A list of companies is read with its columns guessed, its twins made one, and what it cannot tell said in words."""

from __future__ import annotations

import gzip

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assay.core.errors import BadData, BadRequest
from assay.partners.sharing import read_list


def _written(tmp_path, text, name="list.csv"):
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize(
    ("header", "row", "columns"),
    [
        ("id,name,website", "7,Acme Ltd,acme.com", {"id": "id", "name": "name", "domain": "website"}),
        (
            "Account ID;Account Name;URL",
            "7;Acme;https://acme.com/x",
            {"id": "Account ID", "name": "Account Name", "domain": "URL"},
        ),
        ("Company,Country,City", "Acme,DE,Bonn", {"name": "Company", "country": "Country", "city": "City"}),
        ("a,b", "x1,acme.com", {"domain": "b"}),
    ],
)
def test_columns_are_guessed_from_their_names_and_values(tmp_path, header, row, columns):
    assert read_list(_written(tmp_path, f"{header}\n{row}\n"), {}).columns == columns


def test_every_kind_of_file_gives_the_same_companies(tmp_path):
    text = "id,name,website\n1,Acme Ltd,acme.com\n2,Birch GmbH,birch.de\n"
    plain = _written(tmp_path, text)
    (tmp_path / "list.csv.gz").write_bytes(gzip.compress(text.encode()))
    table = pa.table({"id": [1, 2], "name": ["Acme Ltd", "Birch GmbH"], "website": ["acme.com", "birch.de"]})
    pq.write_table(table, tmp_path / "list.parquet")
    found = [read_list(path, {}) for path in (plain, tmp_path / "list.csv.gz", tmp_path / "list.parquet")]
    assert found[0].records == found[1].records == found[2].records
    assert set(found[0].records) == {"1", "2"}


def test_rows_that_say_the_same_are_one_and_rows_that_say_nothing_are_left_out(tmp_path):
    text = "name,website\nAcme Ltd,acme.com\nACME LTD,www.acme.com\nBirch,\n,\n,gmail.com\n"
    found = read_list(_written(tmp_path, text), {})
    assert set(found.records) == {"acme.com", "Birch"}
    assert (len(found.repeats), found.unusable) == (1, 2)


def test_two_companies_at_one_domain_stay_two_without_ids(tmp_path):
    found = read_list(_written(tmp_path, "name,website\nAcme Ltd,acme.com\nAcme Retail,acme.com\n"), {})
    assert len(found.records) == 2


@pytest.mark.parametrize(
    ("text", "given", "told"),
    [
        ("a,b\n1,2\n", {}, "No column looks like"),
        ("id,name\n1,A\n2,B\n", {"domain": "web"}, "no such column"),
        ("key,name\n1,A\n1,B\n", {"id": "key"}, "one id"),
        ("", {}, "."),
    ],
)
def test_what_is_no_list_is_told_in_words(tmp_path, text, given, told):
    with pytest.raises((BadRequest, BadData), match=told):
        read_list(_written(tmp_path, text), given)


def test_other_files_are_refused(tmp_path):
    for name in ("list.xlsx", "list.jsonl"):
        with pytest.raises(BadRequest, match="no list"):
            read_list(_written(tmp_path, "x", name), {})
    with pytest.raises(BadRequest, match="no such file"):
        read_list(tmp_path / "nowhere.csv", {})
