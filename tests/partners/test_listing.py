"""A list of companies is read with its columns guessed, its twins made one, and what it cannot tell said in words."""

from __future__ import annotations

import gzip

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assay.core.errors import BadData, BadRequest
from assay.partners.evidence import DEFAULT_TERMS, Agreement, Ruling, judge, weigh
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
        ("", {}, "it has no header"),
        ("id,name\n", {}, "no row below the header"),
        ("name,website\n,\n,gmail.com\n", {}, "2 rows with neither a domain nor a name"),
        ("id,name,site\n1,A,b\n", {"domain": "web"}, "Its columns are: 'id', 'name', 'site'"),
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


def _of_bytes(tmp_path, data, name="list.csv"):
    path = tmp_path / name
    path.write_bytes(data)
    return path


_TEXT = "name,website\nMüller GmbH,müller.de\n"


@pytest.mark.parametrize(
    ("data", "name", "told"),
    [
        (_TEXT.encode("utf-16"), "list.csv", "UTF-16. Save it as UTF-8"),
        (_TEXT.encode("latin-1"), "list.csv", "line 2: not UTF-8"),
        (b"not packed at all", "list.csv.gz", "cannot be opened"),
        (gzip.compress(_TEXT.encode())[:-12], "list.csv.gz", "Check that it is complete"),
        (gzip.compress(b"name,website\n" + b"Acme %d,acme.com\n" * 100_000)[:-40], "list.csv.gz", "cut off"),
        (b"PAR1", "list.parquet", "cannot be read"),
    ],
    ids=["utf-16", "latin-1", "unpacked", "cut at once", "cut", "parquet"],
)
def test_a_file_that_cannot_be_read_is_told_as_that_and_not_as_a_list_without_columns(tmp_path, data, name, told):
    with pytest.raises((BadRequest, BadData), match=told):
        read_list(_of_bytes(tmp_path, data, name), {})


def test_a_packed_list_that_is_cut_behind_what_is_looked_at_first_is_told_as_cut(tmp_path):
    rows = "".join(f"Acme {at},a{at * at:x}.com\n" for at in range(60_000))
    packed = gzip.compress(("name,website\n" + rows).encode())
    with pytest.raises(BadData, match="cut off"):
        read_list(_of_bytes(tmp_path, packed[: len(packed) - 2_000], "list.csv.gz"), {})


def test_the_first_rows_that_cannot_be_read_are_kept_with_their_lines_and_reasons(tmp_path):
    text = "id,name\n1,Acme Ltd\n2,Birch,x\n" + "3\n" * 9
    found = read_list(_written(tmp_path, text), {})
    assert found.unreadable == 10
    assert (found.rejects[0].line, found.rejects[0].reason) == (3, "3 columns where the header has 2")
    assert len(found.rejects) == 3


def test_ids_of_registers_and_further_domains_are_guessed_from_what_columns_are_called(tmp_path):
    header = "Account ID,Company,Website,Other domains,LEI code,DUNS Number,VAT ID,CIK,Company registration number"
    row = "7,Acme Ltd,acme.com,acme.co.uk; acme.de,5493001KJTIIGC8Y1R12,150483782,GB123,0000320193,04366849"
    found = read_list(_written(tmp_path, f"{header}\n{row}\n"), {}).columns
    assert found == {
        "id": "Account ID",
        "name": "Company",
        "domain": "Website",
        "siblings": "Other domains",
        "lei": "LEI code",
        "duns": "DUNS Number",
        "vat": "VAT ID",
        "cik": "CIK",
        "national": "Company registration number",
    }


def test_a_guess_is_left_out_where_the_column_is_named_as_none(tmp_path):
    path = _written(tmp_path, "Company,Registration\nAcme Ltd,paid\nBirch,free\n")
    assert read_list(path, {}).columns["national"] == "Registration"
    assert "national" not in read_list(path, {"national": ""}).columns


def _ruling(tmp_path, ours, theirs):
    """Return what becomes of the one row of two lists by all that both have in common."""
    found = []
    for name, text in (("ours.csv", ours), ("theirs.csv", theirs)):
        found += read_list(_written(tmp_path, text, name), {}).records.values()
    one, other = found
    agreed = {kind for kind, _ in set(one.values) & set(other.values)}
    told = Agreement(kinds=sum(1 << kind for kind in agreed), both=one.has & other.has)
    return judge(weigh(told, DEFAULT_TERMS.relation), DEFAULT_TERMS)


def test_an_equal_registry_id_matches_and_one_that_differs_forbids(tmp_path):
    header = "Company,Website,City,LEI"
    ours = f"{header}\nAcme Ltd,acme.com,Leeds,5493001KJTIIGC8Y1R12\n"
    equal = f"{header}\nOther Name BV,,Leeds,5493 001k jtii gc8y 1r12\n"
    differs = f"{header}\nAcme Ltd,acme.com,Leeds,254900HROIFWPRGM1V77\n"
    assert _ruling(tmp_path, ours, equal) is Ruling.MATCH
    assert _ruling(tmp_path, ours.replace(",LEI", ",x"), equal.replace(",LEI", ",x")) is not Ruling.MATCH
    assert _ruling(tmp_path, ours, differs) is Ruling.NO_MATCH
    assert _ruling(tmp_path, ours.replace(",LEI", ",x"), differs.replace(",LEI", ",x")) is Ruling.MATCH


@pytest.mark.parametrize("between", ["; ", ",", " "])
def test_further_domains_of_a_row_are_keys_of_it(tmp_path, between):
    text = f'Company,Website,Domains\nAcme Ltd,acme.com,"acme.de{between}acme.co.uk"\n'
    keys = next(iter(read_list(_written(tmp_path, text), {}).records.values()))
    assert {"acme.com", "acme.de", "acme.co.uk"} <= {value for _, value in keys.values}
