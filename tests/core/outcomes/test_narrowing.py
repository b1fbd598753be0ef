"""Who met a criterion at an instant: directly, through an account, through people."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from assay.core import tables
from assay.core.io.store import Store
from assay.core.io.store import name as quoted
from assay.core.outcomes import entries
from assay.core.outcomes.landmarks import Group
from assay.core.outcomes.narrowing import Meeting, met, stretches


@pytest.fixture
def store():
    """Ann belongs to account 0, and to account 1 from 50 on; Ben to account 0, Cid to none."""
    with Store(on_disk=False) as store:
        columns = ", ".join(f"{quoted(c)} {t}" for c, t in tables.PREPARED["memberships"].items())
        store.run(f"CREATE TABLE prepared.memberships ({columns})")
        store.run("INSERT INTO prepared.memberships VALUES (0, NULL, 0), (0, 50, 1), (1, NULL, 0)")
        yield store


def meeting(kind, *stretches):
    subject, since, until = (np.array(column, np.int64) for column in zip(*stretches, strict=True))
    return Meeting(kind=kind, group=Group(subject=subject, since=since, until=until))


def asked(store, which, kind, *arrivals):
    subject, at = (np.array(column, np.int64) for column in zip(*arrivals, strict=True))
    return met(store, which, kind, subject, at, as_of=100).tolist()


def test_a_stretch_holds_from_its_first_instant_to_before_its_last(store):
    which = meeting("person", (0, 10, 20), (0, 30, 40))
    arrivals = [(0, 9), (0, 10), (0, 19), (0, 20), (0, 30), (1, 15)]
    assert asked(store, which, "person", *arrivals) == [False, True, True, False, True, False]


def test_of_a_criterion_about_accounts_the_persons_account_of_that_instant_counts(store):
    which = meeting("account", (0, 10, 90))
    assert asked(store, which, "person", (0, 49), (0, 50), (1, 50), (2, 50)) == [True, False, True, False]


def test_of_a_criterion_about_people_one_of_the_accounts_people_is_enough(store):
    which = meeting("person", (0, 10, 90))
    assert asked(store, which, "account", (0, 49), (0, 50), (1, 49), (1, 50)) == [True, False, False, True]


def test_subjects_looked_up_for_all_rules_at_once_are_those_looked_up_one_by_one():
    """People and accounts may share an id; each is told apart by its kind."""
    instants = pa.array([10, 20, 30], pa.int64()).cast(tables.INSTANT)
    spells = pa.table(
        {
            "rule": ["p", "a", "p"],
            "subject_type": ["person", "account", "person"],
            "subject_id": ["x", "x", "y"],
            "starts_at": instants,
            "ends_at": pa.nulls(3, tables.INSTANT),
        }
    )
    people, accounts = pa.array(["w", "x", "y"]), pa.array(["x"])
    at_once = entries.numbered(spells, {"person": people, "account": accounts})
    for rule, known in (("p", people), ("a", accounts)):
        one, other = (entries.group(entries.of_rule(table, rule), known) for table in (spells, at_once))
        assert one.subject.tolist() == other.subject.tolist()
    assert entries.group(entries.of_rule(at_once, "p"), people).subject.tolist() == [1, 2]


@pytest.mark.parametrize("of", ["person", "account"])
@pytest.mark.parametrize("kind", ["person", "account"])
def test_stretches_are_the_instants_at_which_it_is_met(store, of, kind):
    which = meeting(of, (0, 5, 20), (0, 30, 60), (1, 15, 70), (1, 90, 95))
    found = stretches(store, which, kind, as_of=100)
    for subject in range(3):
        for at in range(100):
            mine = found.subject == subject
            is_in = bool(np.any((found.since[mine] <= at) & (at < found.until[mine])))
            assert [is_in] == asked(store, which, kind, (subject, at)), (subject, at)
