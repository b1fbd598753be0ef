"""Rules with other numbers, and two versions of a rule named apart."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest

from assay.core.definitions import model
from assay.core.errors import BadRequest
from assay.core.outcomes import apart, variants
from tests.model.building import DAY, at_least, definitions, did, rule

RULE = rule(
    {
        "logs_in": did("login", 3, within=7 * DAY),
        "few": model.Count(events=("pay",), threshold=model.Threshold(high=Decimal(2), text="at most 2")),
        "large": model.Attribute(name="size", condition=model.Condition(kind="range", threshold=at_least(50))),
        "is_trial": model.Attribute(name="plan", condition=model.Condition(kind="is", values=("trial",))),
        "many": model.PeopleQualified(rule="other", share=Fraction(1, 3), people=2),
    }
)


def varied(criterion, text):
    which = variants.setting(criterion, RULE)
    return [
        (v.value, v.rule.criterion(which.criterion).form, v.is_current)
        for v in variants.of_rule(RULE, which, variants.values(text, which))
    ]


def test_a_range_gives_a_rule_a_value_and_marks_the_current_one():
    found = varied("logs_in.at_least", "2..4")
    assert [(value, form.threshold.low, current) for value, form, current in found] == [
        ("2", 2, False),
        ("3", 3, True),
        ("4", 4, False),
    ]
    assert found[0][1].threshold.text == "at least 2"


@pytest.mark.parametrize(
    ("text", "values"),
    [("1,2,5", ["1", "2", "5"]), ("10..30 by 10", ["10", "20", "30"]), ("0.5..1.5 by 0.5", ["0.5", "1", "1.5"])],
)
def test_values_are_a_range_or_a_list(text, values):
    assert [value for value, _, _ in varied("logs_in.at_least", text)] == values


def test_windows_upper_ends_attributes_and_shares_can_be_varied():
    assert [form.window.within for _, form, _ in varied("logs_in.within", "1 day, 7 days")] == [DAY, 7 * DAY]
    assert [form.threshold.high for _, form, _ in varied("few.at_most", "1..2")] == [1, 2]
    assert [form.condition.threshold.low for _, form, _ in varied("large.at_least", "10,50")] == [10, 50]
    assert [form.share for _, form, _ in varied("many.share_at_least", "25%, 50%")] == [Fraction(1, 4), Fraction(1, 2)]
    assert [form.people for _, form, _ in varied("many.people_at_least", "1..2")] == [1, 2]


def test_variants_differ_from_the_rule_in_that_criterion_alone():
    which = variants.setting("logs_in.at_least", RULE)
    for variant in variants.of_rule(RULE, which, ["5", "6"]):
        same = [c for c in variant.rule.criteria if c.name != "logs_in"]
        assert same == [c for c in RULE.criteria if c.name != "logs_in"]
        assert variant.rule.name != RULE.name


@pytest.mark.parametrize(
    ("criterion", "text"),
    [
        ("is_trial.at_least", "1..3"),
        ("logs_in", "1..3"),
        ("logs_in.at_least", "a,b"),
        ("logs_in.within", "1 month, 2 months"),
        ("many.people_at_least", "0,1"),
        ("many.share_at_least", "50%,150%"),
        ("logs_in.at_least", "1..1000"),
    ],
)
def test_what_cannot_be_varied_is_refused_with_a_mend(criterion, text):
    with pytest.raises(BadRequest) as refused:
        varied(criterion, text)
    assert refused.value.mend


def test_what_means_the_same_in_both_versions_is_decided_once():
    base, old = rule({"a": did("login")}, name="base"), replace(rule({"b": model.Qualified(rule="base")}), version=1)
    new = replace(rule({"b": model.Qualified(rule="base"), "c": did("pay")}), version=2, fingerprint="g")
    both, published = apart.beside(definitions(base, new), definitions(base, old), "r")
    assert sorted(r.name for r in both.rules) == ["base", "r", "r@1"]
    assert published.criterion("b").form == model.Qualified(rule="base")


def test_what_means_something_else_comes_with_the_other_version_under_its_own_name():
    base = rule({"a": did("login")}, name="base")
    changed = replace(rule({"a": did("pay")}, name="base"), fingerprint="g")
    reader = rule({"b": model.Qualified(rule="base")})
    both, published = apart.beside(definitions(changed, reader), definitions(base, reader), "r")
    assert published.criterion("b").form == model.Qualified(rule="base@1")
    assert both.rule("base@1").criteria == base.criteria
    assert both.rule("base").criteria == changed.criteria


def test_lists_that_differ_are_kept_apart_too():
    in_list = model.Attribute(name="plan", condition=model.Condition(kind="in_list", list_name="paid"))
    new, old = (replace(definitions(rule({"a": in_list})), lists={"paid": (plan,)}) for plan in ("team", "pro"))
    both, published = apart.beside(new, old, "r")
    assert published.criterion("a").form.condition.list_name == "paid@1"
    assert both.lists == {"paid": ("team",), "paid@1": ("pro",)}
