"""Copies of events: which one counts, and who is known from which."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.core.sources.world import Prepared, definitions, events, prepare

BASE = 1_700_000_000_000_000
Row = tuple[str, int, str, str, str]  # id, microseconds after BASE, event, person, plan


def table(*rows: Row) -> pa.Table:
    """Return events as Arrow."""
    ids, at, names, people, plans = zip(*rows, strict=True)
    instants = pa.array([BASE + moment for moment in at], pa.timestamp("us", tz="UTC"))
    return pa.table({"id": ids, "at": instants, "event": names, "person": people, "account": people, "plan": plans})


def in_two_parts(first: pa.Table, second: pa.Table) -> Prepared:
    """Return what becomes of two tables of one source; the second calls its events by other names."""
    renamed = events(file="second", rename=(("login", "entered"),))
    return prepare({"app": {"first": first, "second": second}}, definitions(events(file="first"), renamed))


def test_an_exact_copy_is_dropped_and_is_no_conflict():
    found = prepare(
        {"app": table(("1", 5, "login", "ann", "pro"), ("1", 5, "login", "ann", "pro"))}, definitions(events())
    )
    assert found.ids() == ["1"]
    assert found.counts[("app", "duplicates")] == 1
    assert ("app", "conflicts") not in found.counts


def test_whom_only_a_differing_copy_names_is_nobody():
    found = prepare(
        {"app": table(("1", 5, "login", "ann", "pro"), ("1", 6, "gone", "bob", "pro"))}, definitions(events())
    )
    assert (found.people, [row[0] for row in found.accounts]) == (["ann"], ["ann"])
    assert found.counts[("app", "conflicts")] == 1
    assert ("app", "unlisted_events") not in found.counts


def test_whom_another_event_names_too_stays_known_when_a_copy_is_dropped():
    rows = table(("1", 5, "login", "ann", "pro"), ("1", 6, "login", "bob", "pro"), ("2", 6, "login", "bob", "pro"))
    assert prepare({"app": rows}, definitions(events())).people == ["ann", "bob"]


def test_a_copy_in_another_part_that_is_alike_counts_once():
    found = in_two_parts(table(("1", 5, "login", "ann", "pro")), table(("1", 5, "login", "ann", "pro")))
    assert [(row[0], row[2]) for row in found.events] == [("1", "login")]
    assert found.counts[("app", "duplicates")] == 1


@pytest.mark.parametrize("odd", [" 1", "1 ", "\u20031", "1\t", "1\u00a0"])
def test_ids_that_differ_in_white_space_alone_are_copies(odd):
    found = prepare(
        {"app": table(("1", 5, "login", "ann", "pro"), (odd, 6, "login", "ann", "pro"))}, definitions(events())
    )
    assert found.ids() == ["1"]


def test_rows_of_many_files_of_different_types_are_told_apart(tmp_path: Path):
    for i in range(65):
        pq.write_table(table((f"id{i}", 5, "login", "ann", "pro")), tmp_path / f"{i:03}.parquet")
    late = table(("id0", 6, "login", "ann", "pro"))
    plan = pa.array([7], pa.int32())
    pq.write_table(late.set_column(late.column_names.index("plan"), "plan", plan), tmp_path / "late.parquet")
    found = prepare(tmp_path, definitions(events(file="*.parquet")))
    assert found.ids() == sorted(f"id{i}" for i in range(65))


def test_a_blank_account_is_no_account():
    rows = table(("1", 5, "login", "ann", "pro"), ("2", 5, "login", "bob", "pro"), ("3", 5, "login", "cleo", "pro"))
    accounts = pa.array(["\u00a0 ", None, ""], pa.string())
    rows = rows.set_column(rows.column_names.index("account"), "account", accounts)
    found = prepare({"app": rows}, definitions(events()))
    assert [(row[3], row[4]) for row in found.events] == [("ann", None), ("bob", None), ("cleo", None)]
    assert found.accounts == []
