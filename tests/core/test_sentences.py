"""What was seen of a criterion reads as a sentence."""

from __future__ import annotations

from decimal import Decimal

import pytest

from assay.core import sentences
from assay.core.definitions import model
from assay.core.engine.results import Finding
from assay.core.errors import Place

DAY = 86_400_000_000
PLACE = Place(file="q.yml", line=1, column=1)
WEEK = model.Window(within=7 * DAY)
THREE = model.Threshold(low=Decimal(3), text="at least 3")


def sentence(form, seen):
    return sentences.sentence(model.Criterion(name="a_name", form=form, place=PLACE), seen)


def counted(**settings):
    return model.Count(**{"events": ("project_created",), "threshold": THREE, "window": WEEK, **settings})


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        ("0", "no project created in the last 7 days"),
        ("1", "project created once in the last 7 days"),
        ("2", "project created twice in the last 7 days"),
        ("40", "project created 40 times in the last 7 days"),
    ],
)
def test_a_count_says_how_often(seen, words):
    assert sentence(counted(), seen) == words


@pytest.mark.parametrize(
    ("distinct", "seen", "words"),
    [
        ("day", "3", "project created on 3 different days in the last 7 days"),
        ("day", "1", "project created on 1 day in the last 7 days"),
        ("week", "2", "project created in 2 different weeks in the last 7 days"),
        ("person", "1", "project created by 1 person in the last 7 days"),
        ("person", "4", "project created by 4 people in the last 7 days"),
    ],
)
def test_a_distinct_count_says_of_what(distinct, seen, words):
    assert sentence(counted(distinct=distinct), seen) == words


def test_a_distinct_property_is_named():
    form = counted(distinct="repo_name", distinct_is_property=True)
    assert sentence(form, "2") == "project created with 2 different repo names in the last 7 days"


def test_filters_and_since_are_told():
    where = (
        ("limit", model.Condition(kind="is", values=("seats",))),
        ("used", model.Condition(kind="range", threshold=THREE)),
    )
    form = counted(where=where, window=model.Window(since="trial_started"))
    assert sentence(form, "2") == "project created (limit seats, used at least 3) twice since trial started"


def test_several_events_are_joined_by_or():
    assert sentence(counted(events=("invite_sent", "seat_added")), "5").startswith("invite sent or seat added 5 times")


def test_any_event_is_anything_done():
    assert sentence(counted(events=()), "12") == "anything done 12 times in the last 7 days"


def test_a_day_long_window_is_the_last_day():
    assert sentence(counted(window=model.Window(within=DAY)), "3") == "project created 3 times in the last day"


def test_a_sequence_tells_its_steps_or_how_far_it_got():
    form = model.Sequence(steps=("invite_sent", "invite_accepted"), window=WEEK)
    assert sentence(form, "invite_accepted") == "invite sent, then invite accepted within 7 days"
    assert sentence(form, "invite_sent") == "got as far as invite sent (then invite accepted) within 7 days"
    assert sentence(form, "") == "has not begun with invite sent within 7 days"


@pytest.mark.parametrize(
    ("condition", "seen", "words"),
    [
        (model.Condition(kind="is", values=("trial",)), "trial", "account plan is trial"),
        (model.Condition(kind="is", values=("trial",)), "", "account plan is not known"),
        (model.Condition(kind="in_list", list_name="paid_plans"), "team", "account plan is team"),
        (model.Condition(kind="exists", values=(True,)), "team", "account plan is known"),
    ],
)
def test_an_attribute_tells_its_value(condition, seen, words):
    assert sentence(model.Attribute(name="plan", condition=condition, of_account=True), seen) == words


@pytest.mark.parametrize(
    ("form", "seen", "words"),
    [
        (model.PartnerSays(says="customer"), "1", "1 partner has them as a customer"),
        (model.PartnerSays(says="open_opportunity"), "3", "3 partners have an open opportunity with them"),
        (model.PartnerInsight(letter="budget"), "1", "1 partner confirms budget"),
        (model.PartnerInsight(letter="use_case"), "0", "no partner confirms a use case"),
        (
            model.Corroboration(threshold=THREE, any_of=("their_customer", "has_deal"), independent=True),
            "2",
            "2 independent partners agree (their customer or has deal)",
        ),
        (model.ScoreIs(score="hybrid", threshold=THREE), "72", "hybrid score 72"),
        (
            model.Sum(property="amount", events=("invoice_paid",), threshold=THREE, window=WEEK),
            "1250.5",
            "amount of invoice paid adds up to 1250.5 in the last 7 days",
        ),
    ],
)
def test_partners_scores_and_sums_read_as_sentences(form, seen, words):
    assert sentence(form, seen) == words


def test_an_event_is_told_by_its_name_where_it_is_known():
    names = {"event:crm:a:7": "demo_requested"}
    assert sentences.cause("event:crm:a:7", names) == "demo requested (crm a:7)"
    assert sentences.cause("event:crm:a:7", names, brief=True) == "demo requested"
    assert sentences.cause("event:crm:8", names) == "an event (crm 8)"


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        ("attribute:account.plan", "account plan was set"),
        ("expiry:comes_back", "comes back running out"),
        ("fact:globex", "what globex knows about the account"),
        ("birth", "being there from the start"),
        (None, ""),
    ],
)
def test_other_causes_are_told_in_words(cause, words):
    assert sentences.cause(cause) == words


def test_the_same_thing_is_told_once_and_deeds_before_facts():
    plan = model.Attribute(name="plan", condition=model.Condition(kind="is", values=("team",)))
    forms = {"on_plan": plan, "built": counted(), "still_builds": counted()}
    criteria = {name: model.Criterion(name=name, form=form, place=PLACE) for name, form in forms.items()}
    findings = [Finding(criterion="on_plan", met=True, seen="team", needed="team")]
    findings += [Finding(criterion=name, met=True, seen="4", needed="at least 3") for name in ("built", "still_builds")]
    findings += [Finding(criterion="built", met=False, seen="0", needed="at least 3")]
    assert list(sentences.telling(criteria, findings)) == ["project created 4 times in the last 7 days", "plan is team"]


@pytest.mark.parametrize(
    ("noun", "many"),
    [("workspace", "workspaces"), ("category", "categories"), ("key", "keys"), ("box", "boxes"), ("class", "classes")],
)
def test_nouns_are_told_in_the_plural(noun, many):
    assert sentence(counted(distinct=noun, distinct_is_property=True), "2").split(" in the")[0].endswith(many)


def test_a_lean_names_the_most_first_and_leaves_out_nothing_much():
    assert sentences.lean({"fit": 0.3, "product": 0.7, "partner": 0.0}) == "product 70 %, fit 30 %"
    assert sentences.lean(None) == ""


@pytest.mark.parametrize(
    ("us", "words"),
    [
        (DAY * 20, "2 weeks"),
        (DAY * 8, "8 days"),
        (DAY, "1 day"),
        (DAY // 12, "2 hours"),
        (90_000_000, "1 minute"),
        (5, "less than a minute"),
    ],
)
def test_lengths_of_time_are_told_roughly(us, words):
    assert sentences.roughly(us) == words
