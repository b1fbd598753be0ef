"""Leads: which rule designates a subject, and who comes first. The engine's answers are given by hand."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest

from assay.core import engine, leads, tables
from assay.core.definitions import model
from assay.core.engine.results import Finding, ScoreReading
from assay.core.errors import Place
from assay.core.io.store import Store
from assay.core.io.store import name as quoted

AS_OF = 1_000
PLACE = Place(file="q.yml", line=1, column=1)


def rule(name, *, stage="PQL", status="live", subject="person", rank_by=None):
    threshold = model.Threshold(low=Decimal(3), text="at least 3")
    criterion = model.Criterion(name="built", place=PLACE, form=model.Count(events=("made",), threshold=threshold))
    return model.Rule(
        name=name,
        version=2,
        status=status,
        stage=stage,
        motion="upsell",
        subject=subject,
        criteria=(criterion,),
        qualify=(model.Group(kind="all_of", members=("built",)),),
        rank_by=rank_by,
        place=PLACE,
    )


def spells(*rows):
    """Build spells from (rule, subject_id, starts_at, ends_at) or, of accounts, with a fifth member."""
    return pa.table(
        {
            "rule": [row[0] for row in rows],
            "version": pa.array([2] * len(rows), pa.int32()),
            "fingerprint": ["f"] * len(rows),
            "subject_type": ["account" if len(row) > 4 else "person" for row in rows],
            "subject_id": [row[1] for row in rows],
            "starts_at": pa.array([row[2] for row in rows], pa.int64()).cast(tables.INSTANT),
            "ends_at": pa.array([row[3] for row in rows], pa.int64()).cast(tables.INSTANT),
            "opened_by": ["event:s:1"] * len(rows),
            "closed_by": [None if row[3] is None else "expiry:built" for row in rows],
        }
    ).cast(tables.SPELLS)


@pytest.fixture
def store():
    with Store(on_disk=False) as store:
        for name, columns in tables.PREPARED.items():
            store.run(f"CREATE TABLE prepared.{name} ({', '.join(quoted(c) + ' ' + t for c, t in columns.items())})")
        store.run("INSERT INTO prepared.people VALUES (0, 'ada'), (1, 'ben'), (2, 'cho')")
        store.run("INSERT INTO prepared.accounts VALUES (0, 'a1', 'Acme', NULL), (1, 'a2', NULL, NULL)")
        store.run("INSERT INTO prepared.memberships VALUES (0, NULL, 0), (1, NULL, 0), (1, 500, 1), (1, 2000, 0)")
        yield store


@pytest.fixture(autouse=True)
def answers(monkeypatch):
    """The engine's answers, which a test may change: scores by id, partners by account."""
    given = {"scores": {}, "partners": {}}

    def read_scores(_store, _definitions, *, score, subject_ids, as_of):
        return {
            one: ScoreReading(
                score=score,
                version=1,
                subject_id=one,
                as_of=as_of,
                total=Decimal(given["scores"][one]),
                contributions=(),
                lean={"product": 1.0},
            )
            for one in subject_ids
            if one in given["scores"]
        }

    def reasons(_store, _definitions, pairs, *, as_of):
        unmet = Finding(criterion="built", met=False, seen="0", needed="at least 3")
        return [(Finding(criterion="built", met=True, seen="4", needed="at least 3"), unmet) for _ in pairs]

    def independent_partners(_store, account_ids, _as_of):
        return {one: given["partners"].get(one, 0) for one in account_ids}

    monkeypatch.setattr(engine, "read_scores", read_scores, raising=False)
    monkeypatch.setattr(engine, "reasons", reasons, raising=False)
    monkeypatch.setattr(engine, "independent_partners", independent_partners, raising=False)
    return given


def ranked(store, rules, table):
    return leads.rank(store, model.Definitions(folder="d", rules=tuple(rules)), table, as_of=AS_OF).to_pylist()


def test_the_spell_that_opened_latest_designates(store):
    table = spells(("early", "ada", 1, None), ("late", "ada", 9, None))
    rows = ranked(store, [rule("early", stage="MQL"), rule("late")], table)
    assert [(row["rule"], row["stage"], row["other_rules"]) for row in rows] == [("late", "PQL", "early")]


def test_spells_that_opened_together_go_by_the_name_of_the_rule(store):
    rows = ranked(store, [rule("b"), rule("a")], spells(("b", "ada", 5, None), ("a", "ada", 5, None)))
    assert rows[0]["rule"] == "a"


def test_a_shadow_rule_makes_no_lead_and_is_no_other_rule(store):
    table = spells(("quiet", "ada", 9, None), ("loud", "ada", 1, None), ("quiet", "ben", 1, None))
    rows = ranked(store, [rule("quiet", status="shadow"), rule("loud")], table)
    assert [(row["subject_id"], row["rule"], row["other_rules"]) for row in rows] == [("ada", "loud", "")]


@pytest.mark.parametrize(
    ("starts", "ends", "is_lead"),
    [(AS_OF, None, True), (1, AS_OF + 1, True), (1, AS_OF, False), (AS_OF + 1, None, False)],
)
def test_a_spell_holds_from_its_start_until_before_its_end(store, starts, ends, is_lead):
    assert bool(ranked(store, [rule("r")], spells(("r", "ada", starts, ends)))) is is_lead


def test_the_best_score_comes_first_and_none_comes_last(store, answers):
    answers["scores"] = {"ada": "10", "cho": "20.5"}
    table = spells(("r", "ada", 1, None), ("r", "ben", 9, None), ("r", "cho", 1, None))
    rows = ranked(store, [rule("r", rank_by="hybrid")], table)
    assert [(row["rank"], row["subject_id"], row["score"]) for row in rows] == [
        (1, "cho", 20.5),
        (2, "ada", 10.0),
        (3, "ben", None),
    ]
    assert rows[0]["lean"] == "product 100 %"


def test_independent_partners_come_before_novelty(store, answers):
    answers["partners"] = {"a1": 2}
    rows = ranked(store, [rule("r")], spells(("r", "ada", 1, None), ("r", "ben", 9, None)))
    assert [(row["subject_id"], row["independent_partners"]) for row in rows] == [("ada", 2), ("ben", 0)]


def test_the_newest_comes_first_and_then_the_least_id(store):
    rows = ranked(store, [rule("r")], spells(("r", "cho", 5, None), ("r", "ben", 9, None), ("r", "ada", 5, None)))
    assert [row["subject_id"] for row in rows] == ["ben", "ada", "cho"]


def test_a_person_stands_with_the_account_of_that_instant(store):
    rows = ranked(store, [rule("r")], spells(("r", "ada", 1, None), ("r", "ben", 1, None), ("r", "cho", 1, None)))
    assert {row["subject_id"]: (row["account_id"], row["name"]) for row in rows} == {
        "ada": ("a1", "Acme"),
        "ben": ("a2", None),
        "cho": (None, None),
    }


def test_an_account_is_its_own_account(store):
    rows = ranked(store, [rule("r", subject="account", stage="PQA")], spells(("r", "a1", 1, None, "account")))
    assert (rows[0]["subject_type"], rows[0]["account_id"], rows[0]["name"]) == ("account", "a1", "Acme")


def test_reasons_are_what_is_met_in_words(store):
    assert ranked(store, [rule("r")], spells(("r", "ada", 1, None)))[0]["reasons"] == "made 4 times"


def test_no_spells_make_an_empty_table_of_leads(store):
    table = leads.rank(store, model.Definitions(folder="d", rules=(rule("r"),)), spells(), as_of=AS_OF)
    assert table.schema == tables.LEADS
    assert table.num_rows == 0
