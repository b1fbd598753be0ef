"""Every form of the language becomes what the engine runs."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from assay.core.definitions.model import (
    Attribute,
    Condition,
    Corroboration,
    Count,
    PartnerInsight,
    PartnerSays,
    PeopleQualified,
    Qualified,
    ScoreIs,
    Sequence,
    Sum,
    Threshold,
    Window,
)
from assay.core.values import DAY
from tests.core.definitions.folders import codes_of, folder_with, form_of, load

ONE = Threshold(low=Decimal(1), text="at least 1")
THREE = Threshold(low=Decimal(3), text="at least 3")

FORMS = {
    "{count: project_created, at_least: 3, within: 7 days}": Count(
        events=("project_created",), threshold=THREE, window=Window(within=7 * DAY)
    ),
    "{count: [invite_sent, session_started], at_least: 3}": Count(
        events=("invite_sent", "session_started"), threshold=THREE
    ),
    "{count: any, at_least: 3}": Count(threshold=THREE),
    "{count: session_started, at_least: 1, since: trial_started}": Count(
        events=("session_started",), threshold=ONE, window=Window(since="trial_started")
    ),
    "{count: limit_reached, where: {limit: seats, used: {at_least: 3}}, at_least: 1}": Count(
        events=("limit_reached",),
        where=(("limit", Condition(kind="is", values=("seats",))), ("used", Condition(kind="range", threshold=THREE))),
        threshold=ONE,
    ),
    "{count: session_started, distinct: day, at_least: 3}": Count(
        events=("session_started",), distinct="day", threshold=THREE
    ),
    "{count: limit_reached, distinct: limit, at_least: 3}": Count(
        events=("limit_reached",), distinct="limit", distinct_is_property=True, threshold=THREE
    ),
    "{sum: amount, of: invoice_paid, at_least: 3, within: 1 week}": Sum(
        property="amount", events=("invoice_paid",), threshold=THREE, window=Window(within=7 * DAY)
    ),
    "{sequence: [invite_sent, invite_accepted], within: 2 days}": Sequence(
        steps=("invite_sent", "invite_accepted"), window=Window(within=2 * DAY)
    ),
    "{attribute: plan, is: trial}": Attribute(name="plan", condition=Condition(kind="is", values=("trial",))),
    "{attribute: plan, is: true}": Attribute(name="plan", condition=Condition(kind="is", values=(True,))),
    "{attribute: plan, is: 'true'}": Attribute(name="plan", condition=Condition(kind="is", values=("true",))),
    "{attribute: plan, is: on}": Attribute(name="plan", condition=Condition(kind="is", values=("on",))),
    "{attribute: plan, is_not: 7.50}": Attribute(
        name="plan", condition=Condition(kind="is_not", values=(Decimal("7.50"),))
    ),
    "{attribute: plan, one_of: [a, 1]}": Attribute(
        name="plan", condition=Condition(kind="one_of", values=("a", Decimal(1)))
    ),
    "{attribute: email_domain, in_list: own_domains}": Attribute(
        name="email_domain", condition=Condition(kind="in_list", list_name="own_domains")
    ),
    "{attribute: plan, exists: false}": Attribute(name="plan", condition=Condition(kind="exists", values=(False,))),
    "{attribute: account.employees, between: [50, 2000]}": Attribute(
        name="employees",
        of_account=True,
        condition=Condition(
            kind="range", threshold=Threshold(low=Decimal(50), high=Decimal(2000), text="between 50 and 2000")
        ),
    ),
    "{qualified: big}": Qualified(rule="big"),
    "{score: fit, at_least: 3}": ScoreIs(score="fit", threshold=THREE),
    "{partner_says: customer, fresh_within: 90 days, confidence_at_least: 0.9}": PartnerSays(
        says="customer", fresh_within=90 * DAY, confidence=Decimal("0.9"), threshold=ONE
    ),
    "{partner_insight: budget, fresh_within: 60 days, at_least: 3}": PartnerInsight(
        letter="budget", fresh_within=60 * DAY, threshold=THREE
    ),
}


@pytest.mark.parametrize("text", FORMS)
def test_the_form_is_read_as_written(text, tmp_path):
    assert form_of(tmp_path, text) == FORMS[text]


def test_a_share_of_people_is_exact(tmp_path):
    text = "{people_qualified: active, share_at_least: 33.3%, people_at_least: 3, of_people_active_within: 30 days}"
    assert form_of(tmp_path, text, subject="account") == PeopleQualified(
        rule="active", share=Fraction(333, 1000), people=3, active_within=30 * DAY
    )


def test_corroboration_names_criteria_of_its_own_rule(tmp_path):
    criteria = {
        "sells": "{partner_says: customer}",
        "needs": "{partner_insight: need}",
        "agree": "{partners: {at_least: 3}, each_meets_any_of: [sells, needs], independent: true}",
    }
    rule = load(folder_with(tmp_path, criteria, qualify="{all_of: [agree]}")).rule("ready")
    assert rule.criterion("agree").form == Corroboration(threshold=THREE, any_of=("sells", "needs"), independent=True)


@pytest.mark.parametrize(
    ("text", "low", "low_open", "high", "high_open"),
    [
        ("at_least: 3", 3, False, None, False),
        ("above: 3", 3, True, None, False),
        ("at_most: 3", None, False, 3, False),
        ("below: 3", None, False, 3, True),
        ("exactly: 3", 3, False, 3, False),
        ("between: [3, 5]", 3, False, 5, False),
        ("above: 3, at_most: 5", 3, True, 5, False),
    ],
)
def test_every_threshold_is_an_interval(text, low, low_open, high, high_open, tmp_path):
    found = form_of(tmp_path, f"{{count: any, {text}}}").threshold
    assert (found.low, found.low_open, found.high, found.high_open) == (low, low_open, high, high_open)


def test_groups_keep_their_kind_and_members(tmp_path):
    criteria = dict.fromkeys("abcd", "{count: any, at_least: 1}")
    qualify = "{all_of: [a, {any_of: [b, c]}, {at_least: 2, of: [b, c, d]}], none_of: [d]}"
    rule = load(folder_with(tmp_path, criteria, qualify=qualify)).rule("ready")
    every, none = rule.qualify
    assert (every.kind, none.kind, none.members) == ("all_of", "none_of", ("d",))
    assert [m if isinstance(m, str) else (m.kind, m.at_least, m.members) for m in every.members] == [
        "a",
        ("any_of", 0, ("b", "c")),
        ("at_least", 2, ("b", "c", "d")),
    ]


def test_a_group_of_at_least_may_stand_alone(tmp_path):
    criteria = dict.fromkeys("ab", "{count: any, at_least: 1}")
    rule = load(folder_with(tmp_path, criteria, qualify="{at_least: 1, of: [a, b]}")).rule("ready")
    assert [(g.kind, g.at_least, g.members) for g in rule.qualify] == [("at_least", 1, ("a", "b"))]


def test_an_unknown_event_does_not_make_its_criterion_unknown_too(tmp_path):
    folder_with(tmp_path, {"it": "{count: project_createt, where: {limt: 1}, at_least: 1}"})
    assert codes_of(tmp_path) == ["A401"]


def test_a_broken_source_file_hides_what_it_would_have_offered(tmp_path):
    folder_with(tmp_path, {"it": "{count: other, where: {limt: 1}, at_least: 1}"}, files={"sources/b.yml": "a: [\n"})
    assert codes_of(tmp_path) == ["A104"]
