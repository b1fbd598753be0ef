"""Whatever is wrong with a file is said, with its line; nothing is lost in silence, nothing else is harmed."""

from __future__ import annotations

import gzip

import pytest

from assay.core.errors import BadData
from tests.core.sources.world import HEADER, definitions, events, prepare, prepare_csv

GOOD = "{id},2026-03-01T09:00:00Z,login,ada,acme,trial\n"


def rows(*ids):
    return "".join(GOOD.format(id=i) for i in ids)


def complaint(folder, text=None, **changes):
    if text is not None:
        (folder / "events.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(BadData) as caught:
        prepare(folder, definitions(events(**changes)))
    return str(caught.value)


def test_a_missing_file_is_told_with_the_nearest_name(tmp_path):
    (tmp_path / "event.csv").write_text(HEADER)
    assert "Did you mean 'event.csv'?" in complaint(tmp_path)


def test_a_missing_column_is_told_with_the_nearest_name(tmp_path):
    said = complaint(tmp_path, HEADER.replace("person", "persons") + rows(1))
    assert "lacks the column 'person'" in said and "Did you mean 'persons'" in said


def test_all_missing_columns_are_told_at_once(tmp_path):
    assert "'at', 'event'" in complaint(tmp_path, "id,person,account,plan\n")


def test_a_column_that_stands_twice_is_refused(tmp_path):
    assert "more than once" in complaint(tmp_path, HEADER.replace("plan", "plan,at"))


def test_an_empty_file_is_refused(tmp_path):
    assert "is empty" in complaint(tmp_path, "")


def test_a_file_outside_the_folder_is_refused(tmp_path):
    assert "inside the data folder" in complaint(tmp_path, file="../events.csv")


def test_a_broken_gzip_file_is_refused(tmp_path):
    packed = gzip.compress((HEADER + rows(*range(5000))).encode())
    (tmp_path / "events.csv.gz").write_bytes(packed[: len(packed) // 2])
    assert "cannot be" in complaint(tmp_path, file="events.csv.gz")


def test_a_file_that_is_no_parquet_is_refused(tmp_path):
    (tmp_path / "events.parquet").write_bytes(b"PAR1 not really PAR1")
    assert "cannot be read" in complaint(tmp_path, file="events.parquet")


def test_utf16_is_refused_with_a_mend(tmp_path):
    assert "Save it as UTF-8" in complaint(tmp_path, (HEADER + rows(1)).encode("utf-16"))


def test_a_header_alone_gives_no_events(tmp_path):
    assert prepare_csv(tmp_path, HEADER).counts == {("app", "rows"): 0}


def test_a_ragged_row_is_a_reject_on_its_line(tmp_path):
    found = prepare_csv(tmp_path, HEADER + rows(1) + "2,2026-03-01\n" + rows(3))
    assert found.ids() == ["1", "3"]
    assert found.told() == [(3, None, "2 columns where the header has 6")]


def test_bytes_that_are_not_utf8_cost_their_line_alone(tmp_path):
    bad = b"2,2026-03-01,login,M\xfcller,acme,trial\n"
    found = prepare_csv(tmp_path, HEADER.encode() + rows(1).encode() + bad + rows(3).encode())
    assert found.ids() == ["1", "3"]
    assert found.told() == [(3, None, "not UTF-8")]


def test_a_gigantic_line_costs_itself_alone(tmp_path):
    found = prepare_csv(tmp_path, HEADER + rows(1) + "2," + "z" * 50_000_000 + "\n" + rows(3))
    assert found.ids() == ["1", "3"]
    assert found.told() == [(3, None, "a line longer than 2 MB")]


def test_a_quote_left_open_costs_its_line_alone(tmp_path):
    found = prepare_csv(tmp_path, HEADER + rows(1) + '2,2026-03-01,login,ada,acme,"oops\n' + rows(3, 4))
    assert found.ids() == ["1", "3", "4"]
    assert found.told() == [(3, None, "a quote that does not close")]


def test_a_quote_left_open_before_quoted_rows_costs_its_line_alone(tmp_path):
    found = prepare_csv(
        tmp_path, HEADER + '1,2026-03-01,login,ada,acme,"oops\n' + rows(2) + '3,2026-03-01,login,ada,acme,"fine"\n'
    )
    assert found.ids() == ["2", "3"]


def test_a_value_may_span_lines_and_lines_are_still_counted(tmp_path):
    text = HEADER + '1,2026-03-01,login,ada,acme,"two\nlines"\n' + "2,never,login,ada,acme,x\n"
    found = prepare_csv(tmp_path, text)
    assert found.events[0][5] == "two\nlines"
    assert [line for line, *_ in found.told()] == [4]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_blank_lines_and_line_ends_do_not_matter(tmp_path, end):
    found = prepare_csv(tmp_path, (HEADER + rows(1) + "\n" + rows(2) + "\n\n").replace("\n", end))
    assert (found.ids(), found.rejects) == (["1", "2"], [])


def test_line_ends_may_be_mixed(tmp_path):
    found = prepare_csv(tmp_path, HEADER.replace("\n", "\r\n") + rows(1) + rows(2).replace("\n", "\r\n") + rows(3))
    assert (found.ids(), found.events[1][5]) == (["1", "2", "3"], "trial")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path, delimiter):
    assert prepare_csv(tmp_path, (HEADER + rows(1)).replace(",", delimiter)).ids() == ["1"]


def test_quotes_may_be_single(tmp_path):
    text = "'id';'at';'event';'person';'account';'plan'\n'1';'2026-03-01';'login';'a;b';'acme';'x'\n"
    assert prepare_csv(tmp_path, text).events[0][3] == "a;b"


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path):
    assert prepare_csv(tmp_path, "\ufeff" + HEADER + rows(1)).ids() == ["1"]


def test_an_exception_holds_no_data_of_people(tmp_path):
    assert "ada" not in complaint(tmp_path, HEADER.replace("event", "evnt") + rows(1))


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        ("2,,login,ada,acme,x", "at", "no instant"),
        ("2,soon,login,ada,acme,x", "at", "not an instant: write it like 2026-03-10T09:00:00Z"),
        ("2,1899-12-31,login,ada,acme,x", "at", "an instant before 1900 or after 2200"),
        ("2,2201-01-01,login,ada,acme,x", "at", "an instant before 1900 or after 2200"),
        ("2,2026-03-01, ,ada,acme,x", "event", "no event"),
        ("2,2026-03-01,login,, ,x", "person", "neither a person nor an account"),
    ],
)
def test_a_row_that_cannot_be_read_is_told_by_column_and_reason(tmp_path, line, column, reason):
    found = prepare_csv(tmp_path, HEADER + rows(1) + line + "\n" + rows(3))
    assert found.told() == [(3, column, reason)]
    assert found.ids() == ["1", "3"]


def test_a_reject_holds_the_offending_value_alone_and_short(tmp_path):
    found = prepare_csv(tmp_path, HEADER + "2," + "x" * 500 + ",login,ada,acme,p\n")
    assert found.rejects[0][5] == "x" * 200


def test_rows_and_rejects_are_counted(tmp_path):
    found = prepare_csv(tmp_path, HEADER + rows(1) + "short\n2,soon,login,ada,acme,x\n")
    assert found.counts == {("app", "rows"): 3, ("app", "rejects"): 2}


def test_several_files_are_one_source(tmp_path):
    for month in ("01", "02"):
        (tmp_path / f"{month}.csv").write_text(HEADER + rows(f"e{month}"))
    assert prepare(tmp_path, definitions(events(file="*.csv"))).ids() == ["e01", "e02"]


def test_without_ids_the_line_names_an_event_and_nothing_is_a_duplicate(tmp_path):
    found = prepare_csv(tmp_path, HEADER + rows(1, 1), events(id=None))
    assert found.ids() == ["2", "3"]


def test_a_file_name_with_brackets_is_taken_as_it_is(tmp_path):
    (tmp_path / "a[1].csv").write_text(HEADER + rows(1))
    assert prepare(tmp_path, definitions(events(file="a[1].csv"))).ids() == ["1"]
