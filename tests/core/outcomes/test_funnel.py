"""From stage to stage, on marks that are given by hand."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest

from assay.core import tables
from assay.core.io.store import Store
from assay.core.io.store import name as quoted
from assay.core.outcomes import designation, funnel
from assay.core.outcomes.entries import Period
from assay.core.outcomes.milestones import MARKS, Milestone
from assay.core.values import DAY, parse_instant
from tests.model.building import did, rule

FIRST = parse_instant("2026-01-01")
PERIOD = Period(start=0, end=FIRST + 1000 * DAY, as_of=FIRST + 100 * DAY)


@pytest.fixture
def store():
    """Ann and Ben belong to account 0, Cid to account 1; Verdantine knows account 0 from day 10 on."""
    with Store(on_disk=False) as store:
        for table, columns in tables.PREPARED.items():
            store.run(f"CREATE TABLE prepared.{table} ({', '.join(f'{quoted(c)} {t}' for c, t in columns.items())})")
        store.run("INSERT INTO prepared.people VALUES (0, 'ann'), (1, 'ben'), (2, 'cid')")
        store.run("INSERT INTO prepared.accounts VALUES (0, 'a', NULL, NULL), (1, 'b', NULL, NULL)")
        store.run("INSERT INTO prepared.memberships VALUES (0, NULL, 0), (1, NULL, 0), (2, NULL, 1)")
        store.run(
            "INSERT INTO prepared.partner_facts (account, partner, says, since) VALUES (0, 'verdantine', 'own', ?)",
            [FIRST + 10 * DAY],
        )
        yield store


def stage(name, *marks):
    """Build a stage from (person, account, day), -1 for none."""
    rows = [
        {"row": i, "person": p, "account": a, "at": FIRST + d * DAY, "rule": "r", "version": "r, version 1"}
        | {"motion": "upsell", "source": "app"}
        for i, (p, a, d) in enumerate(marks)
    ]
    return Milestone(stage=name, marks=pa.Table.from_pylist(rows, schema=MARKS))


def step(store, one, other, *, within=50, period=PERIOD):
    return funnel.steps(store, (one, other), period, within=within * DAY)[0]


def test_a_person_gets_on_when_its_account_does(store):
    found = step(store, stage("PQL", (0, -1, 1), (1, -1, 2), (2, -1, 3)), stage("won", (-1, 0, 30)))
    assert (found.whole.entered, found.whole.passed) == (3, 2)
    assert found.whole.half_time == 28 * DAY


def test_an_account_gets_on_when_one_of_its_people_does(store):
    found = step(store, stage("PQA", (-1, 0, 1), (-1, 1, 1)), stage("SQL", (1, -1, 11)))
    assert (found.whole.entered, found.whole.passed) == (2, 1)


def test_at_the_same_instant_counts_and_before_is_left_out(store):
    found = step(store, stage("SAL", (-1, 0, 5), (-1, 1, 5)), stage("SQL", (-1, 0, 5), (-1, 1, 4)))
    assert (found.whole.entered, found.whole.passed, found.before) == (1, 1, 1)


def test_only_the_first_arrival_at_a_stage_counts(store):
    found = step(store, stage("MQL", (0, -1, 1), (0, -1, 40)), stage("PQL", (0, -1, 45)), within=10)
    assert (found.whole.entered, found.whole.passed) == (1, 0)


def test_a_period_is_about_when_the_first_stage_was_reached(store):
    period = Period(start=FIRST + 2 * DAY, end=FIRST + 4 * DAY, as_of=PERIOD.as_of)
    found = step(store, stage("MQL", (0, -1, 1), (1, -1, 2), (2, -1, 4)), stage("PQL", (1, -1, 30)), period=period)
    assert (found.whole.entered, found.whole.passed) == (1, 1)


def test_the_young_count_for_as_long_as_they_were_followed(store):
    found = step(store, stage("MQL", (0, -1, 1), (1, -1, 99), (2, -1, 2)), stage("PQL", (0, -1, 31)))
    assert found.whole.rate.value == pytest.approx(0.5)
    assert found.whole.followed == 2


def test_partners_are_those_who_knew_the_account_then(store):
    found = step(store, stage("PQL", (0, -1, 5), (1, -1, 15), (2, -1, 15)), stage("won", (-1, 0, 30)))
    assert {name: p.entered for name, p in found.parts["partner"].items()} == {"verdantine": 1, "none": 2}


def test_parts_of_a_dimension_add_up_to_the_step(store):
    found = step(store, stage("PQL", (0, -1, 5), (1, -1, 15), (2, -1, 45)), stage("won", (-1, 0, 30)))
    for name in ("rule", "version", "motion", "month", "source"):
        assert sum(part.entered for part in found.parts[name].values()) == 3
    assert [cohort.month for cohort in found.cohorts] == ["2026-01", "2026-02"]


def test_every_stage_also_leads_to_the_last(store):
    stages = (stage("MQL", (0, -1, 1)), stage("PQL", (0, -1, 2)), stage("SQL", (-1, 0, 3)), stage("won", (-1, 0, 4)))
    found = funnel.steps(store, stages, PERIOD, within=50 * DAY)
    ends = [(one.start, one.end) for one in found]
    assert ends == [("MQL", "PQL"), ("PQL", "SQL"), ("SQL", "won"), ("MQL", "won"), ("PQL", "won")]


def test_a_lead_belongs_to_the_stage_whose_spell_opened_latest(store):
    first, second = rule({"a": did("login")}, name="a"), replace(rule({"a": did("pay")}, name="b"), stage="SQL")
    instants = pa.array([FIRST, FIRST + DAY, FIRST], pa.int64()).cast(tables.INSTANT)
    spells = pa.table(
        {
            "rule": ["a", "b", "a"],
            "subject_type": ["person"] * 3,
            "subject_id": ["ann", "ann", "ben"],
            "starts_at": instants,
            "ends_at": pa.nulls(3, tables.INSTANT),
        }
    )
    found = designation.designated(store, [first, second], spells, PERIOD).to_pylist()
    assert {row["stage"]: row["leads"] for row in found if row["as_of"].month == 4} == {"PQL": 1, "SQL": 1}
