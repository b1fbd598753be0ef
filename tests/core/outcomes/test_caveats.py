"""What an answer about the past must warn of."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from assay.core import tables
from assay.core.definitions import model
from assay.core.io.store import Store
from assay.core.io.store import name as quoted
from assay.core.outcomes import caveats
from assay.core.outcomes.arrays import NEVER
from assay.core.values import DAY
from tests.model.building import at_least, definitions, did, is_, line, rule, score

HALF = 12 * 3_600_000_000
CONVERTED = np.array([100 * DAY + i * DAY for i in range(6)] + [NEVER] * 6)


@pytest.fixture
def store():
    with Store(on_disk=False) as store:
        for table, columns in tables.PREPARED.items():
            store.run(f"CREATE TABLE prepared.{table} ({', '.join(f'{quoted(c)} {t}' for c, t in columns.items())})")
        yield store


def tell(store, *rows):
    """Add attributes of people: (subject, name, at or None, value)."""
    for subject, name, at, value in rows:
        store.run("INSERT INTO prepared.attributes VALUES ('person', ?, ?, ?, ?)", [subject, name, at, value])


def plan(value="paid"):
    return model.Attribute(name="plan", condition=is_(value))


def told(store, one, *others, scores=(), outcome="won"):
    whole = definitions(one, *others, scores=scores)
    found = caveats.of_rule(store, whole, one, outcome=outcome, converted={"person": CONVERTED, "account": CONVERTED})
    return [(caveat.code, caveat.of) for caveat in found]


def test_an_attribute_that_is_always_dated_gives_no_caveat(store):
    tell(store, *((i, "plan", 5 * DAY, "paid") for i in range(12)))
    assert told(store, rule({"pays": plan()})) == []


def test_each_criterion_that_reads_an_undated_attribute_is_named(store):
    tell(store, (0, "plan", None, "paid"), (1, "plan", 5, "paid"))
    assert told(store, rule({"pays": plan(), "logs_in": did("login")})) == [("undated", "pays")]


def test_undated_attributes_are_found_through_other_rules_and_scores(store):
    tell(store, (0, "plan", None, "paid"))
    other = rule({"pays": plan()}, name="other")
    points = score({"paying": line(plan(), once=5)})
    reader = rule({"o": model.Qualified(rule="other"), "s": model.ScoreIs(score="s", threshold=at_least(1))})
    assert told(store, reader, other, scores=(points,)) == [("undated", "other.pays"), ("undated", "s.paying")]


def test_an_attribute_that_changes_with_the_outcome_is_a_leak(store):
    tell(store, *((i, "plan", int(CONVERTED[i]) - HALF, "paid") for i in range(6)))
    assert told(store, rule({"pays": plan()})) == [("leak", "pays")]


def test_an_attribute_that_ceases_to_hold_with_the_outcome_is_none(store):
    """A trial ends with the purchase: that it began long before is what the rule reads."""
    tell(store, *((i, "plan", 5 * DAY, "trial") for i in range(6)))
    tell(store, *((i, "plan", int(CONVERTED[i]), "paid") for i in range(6)))
    assert told(store, rule({"in_trial": plan("trial")})) == []


def test_few_coincidences_among_many_changes_are_no_leak(store):
    tell(store, *((i, "plan", int(CONVERTED[i]), "paid") for i in range(5)))
    tell(store, *((i, "plan", 3 * DAY, "paid") for i in range(6, 12)))
    assert told(store, rule({"pays": plan()})) == []


@pytest.mark.parametrize(
    "form",
    [
        model.Attribute(name="deal_won", condition=is_(True)),
        model.Attribute(name="stage", condition=is_("Won")),
        model.Attribute(name="won_at", condition=model.Condition(kind="exists", values=(True,))),
        did("won"),
    ],
)
def test_what_names_the_outcome_is_a_leak(form, store):
    assert told(store, rule({"it": form})) == [("leak", "it")]


def test_a_name_that_only_contains_the_letters_is_none(store):
    form = model.Attribute(name="wonderful", condition=model.Condition(kind="range", threshold=at_least(Decimal(1))))
    assert told(store, rule({"it": form})) == []


def test_outcomes_that_end_long_before_the_instant_are_told():
    paces = {"outcome": "won", "number": 100, "first": 0, "as_of": 130 * DAY}
    assert caveats.of_outcomes(99 * DAY, **paces).code == "late_outcomes"
    assert caveats.of_outcomes(125 * DAY, **paces) is None
    assert caveats.of_outcomes(None, **{**paces, "number": 0}) is None


def test_a_silence_is_judged_by_the_pace_there_was():
    assert caveats.of_outcomes(99 * DAY, outcome="won", number=5, first=0, as_of=130 * DAY) is None


def test_rules_that_read_no_attribute_ask_nothing_of_the_data(store):
    assert told(store, replace(rule({"logs_in": did("login")}), version=2)) == []


def test_where_half_of_those_who_convert_do_so_as_they_qualify_the_rule_reads_the_outcome():
    assert caveats.of_entries(5, 5, outcome="won").code == "leak"
    assert caveats.of_entries(5, 6, outcome="won") is None
    assert caveats.of_entries(4, 0, outcome="won") is None
