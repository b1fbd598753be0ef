"""From files to answers: a simulated company whose true rates are known, and the company of round numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from assay.core import definitions as language
from assay.core import hindsight
from assay.core.errors import BadRequest
from assay.core.values import DAY, parse_instant
from tests.core.outcomes import company

LEADS, REST = 0.35, 0.06
MEAN = 25.0
START = parse_instant("2025-01-01")
AS_OF = START + 150 * DAY


def truth(share):
    return share * (1 - np.exp(-60 / MEAN))


def simulated(seed, number=1500):
    """People who sign up over 150 days, 4 in 10 build at once; each converts or not, after an exponential delay."""
    rng = np.random.default_rng(seed)
    at = START + (rng.uniform(0, 150, number) * DAY).astype(np.int64)
    builds = rng.random(number) < 0.4
    converts = rng.random(number) < np.where(builds, LEADS, REST)
    delay = (rng.exponential(MEAN, number) * DAY).astype(np.int64) + 2
    ids = np.char.add("p", np.arange(number).astype(str))
    made = [(ids[i], at[i] + k, name) for i in range(number) for k, name in enumerate(did(builds[i]))]
    events = pa.table(
        {
            "id": [str(k) for k in range(len(made))],
            "at": pa.array([row[1] for row in made], pa.int64()).cast(pa.timestamp("us", tz="UTC")),
            "event": [row[2] for row in made],
            "person": [row[0] for row in made],
        }
    )
    won = np.flatnonzero(converts & (at + delay <= AS_OF))
    outcomes = pa.table(
        {
            "account": pa.nulls(len(won), pa.string()),
            "person": ids[won].tolist(),
            "at": pa.array((at + delay)[won]).cast(pa.timestamp("us", tz="UTC")),
            "outcome": ["won"] * len(won),
        }
    )
    people = pa.table({"person": ids.tolist(), **dict.fromkeys(("account", "plan", "plan_at"), pa.nulls(number))})
    people = people.append_column("seniority", pa.array(["vp"] * number))
    facts = pa.table({name: pa.array([], pa.string()) for name in ("account", "partner", "says", "since")})
    return {"app": events, "users": people, "crm": outcomes, "friends": facts}


def did(builds):
    return ("signed_up", "project_created", "project_created") if builds else ("signed_up",)


@pytest.fixture(scope="module")
def definitions():
    return language.load(company.DEFINITIONS)


@pytest.fixture(scope="module")
def store(definitions, tmp_path_factory):
    with hindsight.prepared(definitions, company.write(tmp_path_factory.mktemp("known"))) as store:
        yield store


def asked(within=60, **settings):
    return hindsight.Asked(outcome="won", within=within * DAY, **settings)


def test_through_the_whole_engine_the_interval_covers_the_true_rate_and_the_plain_count_misses_it(definitions):
    covered = plain = 0
    for seed in range(8):
        with hindsight.prepared(definitions, simulated(seed)) as store:
            (found,) = hindsight.look_back(store, definitions, ["pql_builder"], asked(), as_of=AS_OF)
        covered += found.rate.holds(truth(LEADS))
        plain += found.naive.holds(truth(LEADS))
        assert found.others is not None
    assert covered >= 7
    assert plain <= 3


def test_what_the_backtest_says_of_the_known_company_is_what_was_written(store, definitions):
    (found,) = hindsight.look_back(store, definitions, ["pql_builder"], asked(reach="person"))
    assert (found.entered, found.converted_before, found.converted) == (40, 0, 10)
    assert (found.reached.conversions, found.reached.preceded) == (14, 10)
    assert found.reached.lead_times == (30 * DAY, 30 * DAY, 30 * DAY)
    assert found.half_time == 30 * DAY


def test_a_period_keeps_who_entered_in_it_and_still_follows_them_to_the_end(store, definitions):
    start, end = company.FIRST.timestamp(), 60
    period = {"start": int(start) * 10**6, "end": int(start) * 10**6 + end * DAY}
    (found,) = hindsight.look_back(store, definitions, ["pql_builder"], asked(**period, reach="person"))
    assert found.entered == 12  # entries on the days 6, 10.5, 15 ... before day 60
    assert found.converted == 3  # of those every fourth, 30 days later
    assert found.reached.conversions == 3  # days 36 and 54, and one of nobody who qualified on day 41.5


def test_a_conversion_at_the_very_instant_of_qualifying_is_none(definitions):
    tables = simulated(1)
    first = {row["person"]: row["at"] for row in reversed(tables["app"].to_pylist())}
    builders = sorted({r["person"] for r in tables["app"].to_pylist() if r["event"] == "project_created"})[:20]
    last = {r["person"]: r["at"] for r in tables["app"].to_pylist() if r["event"] == "project_created"}
    tables["crm"] = pa.table(
        {
            "account": pa.nulls(20, pa.string()),
            "person": builders,
            "at": pa.array([last[one] for one in builders], pa.timestamp("us", tz="UTC")),
            "outcome": ["won"] * 20,
        }
    )
    assert first
    with hindsight.prepared(definitions, tables) as store:
        (found,) = hindsight.look_back(store, definitions, ["pql_builder"], asked(), as_of=AS_OF)
    assert (found.converted_before, found.converted) == (20, 0)
    assert found.caveats[0].code == "leak"


def test_each_variant_of_a_sweep_is_what_the_rule_would_be_alone(store, definitions):
    tried = hindsight.Tried(rule="pql_builder", criterion="built.at_least", values="1..3")
    found = hindsight.vary(store, definitions, tried, asked())
    alone = hindsight.look_back(store, definitions, ["pql_builder"], asked())[0]
    now = next(one for variant, one in found.points if variant.is_current)
    assert (now.entered, now.rate, now.lift, now.reached) == (alone.entered, alone.rate, alone.lift, alone.reached)
    assert [one.entered for _, one in found.points] == [40, 40, 0]


def test_a_rule_beside_itself_differs_by_nothing(store, definitions):
    rule = definitions.rule("pql_builder")
    same = hindsight.Versions(definitions=definitions, published=rule, draft=rule, changed=())
    found = hindsight.differ(store, same, asked())
    assert (found.difference.value, found.difference.low, found.difference.high) == (0, 0, 0)
    assert (found.only_draft.entered, found.only_published.entered) == (0, 0)


def test_the_same_question_has_the_same_answer_to_the_last_digit(store, definitions):
    one, other = (hindsight.look_back(store, definitions, [], asked()) for _ in range(2))
    assert [(a.rate, a.lift, a.others) for a in one] == [(b.rate, b.lift, b.others) for b in other]
    assert all(a.false_positives.equals(b.false_positives) for a, b in zip(one, other, strict=True))


def test_all_values_and_both_versions_are_held_beside_those_who_meet_the_criterion_as_the_rule_stands(definitions):
    """Two values that mean the same, and two versions that do, have the answer of the backtest that is narrowed so."""
    tables = simulated(3)
    tables["users"] = tables["users"].set_column(
        tables["users"].schema.get_field_index("seniority"),
        "seniority",
        pa.array(["vp" if number % 3 else "intern" for number in range(1500)]),
    )
    rule = definitions.rule("pql_builder")
    with hindsight.prepared(definitions, tables) as store:
        narrow, wide = asked(among="decides"), asked()
        alone = hindsight.look_back(store, definitions, ["pql_builder"], narrow, as_of=AS_OF)[0]
        everybody = hindsight.look_back(store, definitions, ["pql_builder"], wide, as_of=AS_OF)[0]
        tried = hindsight.Tried(rule="pql_builder", criterion="built.at_least", values="2, 3")
        now = hindsight.vary(store, definitions, tried, narrow, as_of=AS_OF).points[0][1]
        same = hindsight.Versions(definitions=definitions, published=rule, draft=rule, changed=())
        both = hindsight.differ(store, same, narrow, as_of=AS_OF)
    assert alone.others.number < 0.8 * everybody.others.number
    assert [one.others for one in (now, both.published, both.draft)] == [alone.others] * 3
    assert [one.lift for one in (now, both.published, both.draft)] == [alone.lift] * 3


def test_a_funnel_counts_those_at_a_stage_who_meet_a_criterion_as_they_get_there(store, definitions):
    ends = {"within": 60 * DAY, "path": ("MQL", "PQL", "won")}
    found = hindsight.flow(store, definitions, among="came", **ends)
    # To have come means within 20 days: who builds does so after six, and no deal is won before 36.
    assert dict(found.stages) == {"MQL": 120, "PQL": 40, "won": 0}
    assert dict(hindsight.flow(store, definitions, among="pql_builder.built", **ends).stages)["MQL"] == 0


def test_a_funnel_is_not_narrowed_by_a_name_that_means_different_things(store, definitions):
    other = replace(definitions.rule("mql_new"), name="mql_old")
    changed = replace(other.criteria[0].form, window=replace(other.criteria[0].form.window, within=30 * DAY))
    other = replace(other, criteria=(replace(other.criteria[0], form=changed),))
    two = replace(definitions, rules=(*definitions.rules, other))
    with pytest.raises(BadRequest, match=r"not all mean the same.*mql_new.came, mql_old.came"):
        hindsight.flow(store, two, within=60 * DAY, among="came")
    found = hindsight.flow(store, two, within=60 * DAY, among="mql_old.came")
    assert found.among == "mql_old.came"
