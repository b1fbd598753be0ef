"""Whole columns are read as single values are: the SQL and `core.values` agree."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core import values
from assay.core.io.store import Store
from assay.core.sources.fields import Field, Scan, stage_sql
from assay.core.sources.instants import EARLIEST, LATEST
from assay.core.sources.texts import all_trimmed_sql
from tests.core.sources.world import HEADER, definitions, events, prepare, prepare_csv

STORE = Store(on_disk=False, threads=1)
ZONES = ["Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca", None, "UTC"]
ODD_SPACES = st.text(alphabet=" \t\u00a0\u2003ab\u3000\x85\x1f'", max_size=6)


def column(found: list[Any], kind: pa.DataType, *, instant: bool = False, zone: str | None = None) -> list[Any]:
    """Return what reading makes of a column of these values."""
    STORE.register("given", pa.table({"x": pa.array(found, kind), "row": pa.array(range(len(found)), pa.int64())}))
    duck = STORE.rows("DESCRIBE given")[0][1]
    scan = Scan(source="given", columns={"x": ("x", duck)}, row="row", line="row", file="'f'")
    sql = stage_sql(scan, [Field(out="x", column="x", instant=instant)], zone=zone)
    return [value for (value,) in STORE.rows(f"SELECT x FROM ({sql}) ORDER BY row")]


def instant_or_none(text: str, zone: str | None) -> int | None:
    try:
        us = values.parse_instant(text, zone)
    except ValueError:
        return None
    return us if EARLIEST <= us <= LATEST else None


@settings(max_examples=60, deadline=None)
@given(st.lists(ODD_SPACES | st.text(max_size=8).filter(lambda t: "\x00" not in t), min_size=1, max_size=20))
def test_text_is_trimmed_as_python_trims(found):
    assert column(found, pa.string()) == [values.text_of(value) for value in found]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.none() | ODD_SPACES | st.text(max_size=4).filter(lambda t: "\x00" not in t), max_size=3))
def test_a_column_that_is_said_to_be_trimmed_is(found):
    STORE.register("given", pa.table({"x": pa.array(found, pa.string())}))
    if STORE.rows(f"SELECT {all_trimmed_sql('x')} FROM given")[0][0]:
        assert [values.text_of(value) for value in found] == found


@pytest.mark.parametrize("found", [["a b", None, "!x~", "7"], [None], []])
def test_a_column_of_plain_text_is_said_to_be_trimmed(found):
    STORE.register("given", pa.table({"x": pa.array(found, pa.string())}))
    assert STORE.rows(f"SELECT {all_trimmed_sql('x')} FROM given") == [(True,)]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.none() | st.floats() | st.integers(-(2**60), 2**60).map(float), min_size=1, max_size=20))
def test_floats_are_their_shortest_text(found):
    assert column(found, pa.float64()) == [values.text_of(value) for value in found]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.none() | st.decimals(-(10**12), 10**12, places=4), min_size=1, max_size=20))
def test_decimals_lose_their_last_zeros(found):
    assert column(found, pa.decimal128(20, 4)) == [values.text_of(value) for value in found]


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        (pa.bool_(), [True, False, None]),
        (pa.int64(), [7, -1, None, 2**62]),
        (pa.uint64(), [2**64 - 1]),
        (pa.date32(), [date(2026, 3, 1)]),
        (pa.timestamp("us"), list(map(datetime.fromisoformat, ["2026-03-01T09:00", "2026-03-01T09:00:00.12"]))),
        (pa.dictionary(pa.int32(), pa.string()), [" a", "b", None]),
        (pa.list_(pa.string()), [["a", "b"]]),
        (pa.struct([("a", pa.int64())]), [{"a": 1}]),
    ],
)
def test_other_types_are_their_canonical_text(kind, found):
    assert column(found, kind) == [values.text_of(value) for value in found]


NEAR_CHANGES = st.sampled_from(
    [
        "2024-03-31T01:00",
        "2024-10-27T01:00",
        "2011-12-30",
        "2024-03-10T01:00",
        "2024-10-06T01:00",
        "2024-04-07T01:00",
        "1946-01-01",
    ]
).map(datetime.fromisoformat)
LOCAL = st.builds(lambda day, minutes: day + timedelta(minutes=minutes), NEAR_CHANGES, st.integers(-600, 600))
WRITTEN = st.builds(
    lambda at, layout, end: at.strftime(layout) + end,
    LOCAL,
    st.sampled_from(["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S,5", "%Y-%m-%d"]),
    st.sampled_from(["", "", "Z", "z", " UTC", "+02:00", "-0330", "+01", " +01:00", "+99:00"]),
)


@pytest.mark.parametrize("zone", ZONES)
@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        WRITTEN
        | st.sampled_from(
            [
                "24:00",
                "2026-02-30",
                "epoch",
                "infinity",
                "2026-1-5",
                "2026/01/05",
                "2026-01-01 24:00",
                "2026-01-01T10:61",
                "20260101",
            ]
        ),
        min_size=1,
    )
)
def test_written_instants_are_read_as_definitions_read_them(zone, found):
    assert column(found, pa.string(), instant=True, zone=zone) == [instant_or_none(text, zone) for text in found]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Pacific/Apia"])
@settings(max_examples=25, deadline=None)
@given(st.lists(LOCAL, min_size=1))
def test_native_timestamps_are_local_to_the_time_zone(zone, found):
    expected = [instant_or_none(at.isoformat(), zone) for at in found]
    assert column(found, pa.timestamp("us"), instant=True, zone=zone) == expected


def test_an_ambiguous_local_time_is_the_earlier_instant(tmp_path):
    line = "1,2026-10-25 02:30:00,login,ada,acme,x\n"
    found = prepare_csv(tmp_path, HEADER + line, events(time_zone="Europe/Berlin"))
    assert found.events[0][1] == values.parse_instant("2026-10-25T00:30:00Z")


def test_a_local_time_that_never_was_is_a_reject(tmp_path):
    line = "1,2026-03-29 02:30:00,login,ada,acme,x\n"
    found = prepare_csv(tmp_path, HEADER + line, events(time_zone="Europe/Berlin"))
    assert found.told() == [(2, "at", "a local time that the clocks skipped in this time zone")]


@pytest.mark.parametrize("epoch", ["1772355600", "1772355600000", "1772355600000000", "1772355600000000000"])
@pytest.mark.parametrize("kind", [pa.string(), pa.int64()])
def test_an_epoch_tells_its_unit_by_its_length(epoch, kind):
    value = epoch if pa.types.is_string(kind) else int(epoch)
    assert column([value], kind, instant=True, zone="Europe/Berlin") == [1772355600000000]


@pytest.mark.parametrize("number", [20260301, 0, -5, 123456789])
def test_a_number_that_could_be_anything_is_no_instant(number):
    assert column([number], pa.int64(), instant=True) == [None]


AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
ROWS = {
    "id": [1, 2, 3],
    "at": [AT, AT, None],
    "event": ["login", None, "login"],
    "person": [7.0, 8.0, None],
    "account": [None, None, "acme"],
    "plan": [True, None, False],
}


@pytest.mark.parametrize("make", [pa.table, pd.DataFrame, pl.DataFrame, lambda rows: pa.table(rows).to_batches()[0]])
def test_tables_in_memory_are_read_like_files(make):
    found = prepare({"app": make(ROWS)}, definitions(events()))
    assert found.events == [("1", values.parse_instant("2026-03-01T09:00:00Z"), "login", "7", None, "true")]
    assert found.told() == [(2, "event", "no event"), (3, "at", "no instant")]


def test_parquet_files_of_different_types_are_one_source(tmp_path):
    pq.write_table(pa.table(ROWS), tmp_path / "a.parquet")
    pq.write_table(pa.table({**ROWS, "id": ["x", "y", "z"], "at": ["2026-03-01"] * 3}), tmp_path / "b.parquet")
    found = prepare(tmp_path, definitions(events(file="*.parquet")))
    assert found.ids() == ["1", "x", "z"]
    assert {row[1:3] for row in found.rejects} == {("a.parquet", 2), ("a.parquet", 3), ("b.parquet", 2)}


def test_a_column_of_mixed_objects_becomes_text():
    frame = pd.DataFrame({**ROWS, "plan": [1, "two", Decimal("3.50")]})
    assert prepare({"app": frame}, definitions(events())).events[0][5] == "1"


def test_json_values_and_nested_paths_are_read(tmp_path):
    lines = [
        {"id": 1, "at": "2026-03-01", "event": "login", "person": {"id": 7.0}, "account": None, "plan": {"a": [1, 2]}},
        {"id": "1.0", "at": 1772355600000, "event": "login", "person": {"id": "ada \n"}, "plan": True},
    ]
    text = "\n".join(map(json.dumps, lines)) + "\n\nnot json\n[1]\n"
    (tmp_path / "e.jsonl").write_text(text)
    found = prepare(tmp_path, definitions(events(file="e.jsonl", person="person.id")))
    assert [(row[0], row[3], row[5]) for row in found.events] == [("1", "7", '{"a":[1,2]}'), ("1.0", "ada", "true")]
    assert found.told() == [(4, None, "not a JSON object"), (5, None, "not a JSON object")]


def test_a_key_that_no_json_row_has_is_a_missing_column(tmp_path):
    (tmp_path / "e.jsonl").write_text('{"id": 1, "when": "2026-03-01"}\n')
    with pytest.raises(Exception, match="lacks the columns 'at'"):
        prepare(tmp_path, definitions(events(file="e.jsonl")))


def test_ids_are_trimmed_everywhere():
    rows = {**ROWS, "at": [AT] * 3, "event": ["login"] * 3, "person": [" ada", "ada ", "\u00a0"], "account": [None] * 3}
    found = prepare({"app": pa.table({**rows, "account": pa.array([None] * 3, pa.string())})}, definitions(events()))
    assert found.people == ["ada"]
    assert found.told() == [(3, "person", "neither a person nor an account")]
