"""Worked cases, each from one sentence of the language, for the naive model and the engine alike."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest

from assay.core.definitions.model import (
    Attribute,
    Condition,
    Corroboration,
    Definitions,
    Fade,
    Form,
    PartnerInsight,
    PartnerSays,
    PeopleQualified,
    Qualified,
    ScoreIs,
    Sequence,
    Sum,
    Window,
)
from tests.model.building import DAY, HOUR, at, at_least, at_most, definitions, did, event, is_, line, rule, score
from tests.model.implementations import IMPLEMENTATIONS
from tests.model.naive import Spell
from tests.model.world import AttributeRow, Insight, Membership, PartnerFact, World

Implementation = Callable[[World, Definitions, int], list[Spell]]
NOW = at(100)

pytestmark = pytest.mark.parametrize("implementation", IMPLEMENTATIONS, ids=lambda i: i.__name__)


def spells(found: list[Spell], rule_name: str = "r") -> list[tuple[int, int | None]]:
    """Return the ends of the rule's spells."""
    return [(s.starts_at, s.ends_at) for s in found if s.rule == rule_name]


def causes(found: list[Spell], rule_name: str = "r") -> list[tuple[str, str | None]]:
    """Return what opened and closed the rule's spells."""
    return [(s.opened_by, s.closed_by) for s in found if s.rule == rule_name]


def ann(*events: object, **rows: object) -> World:
    """Return a world of one person in one account."""
    return World(people=("ann",), accounts=("acme",), events=tuple(events), **rows)  # type: ignore[arg-type]


# --- time ---------------------------------------------------------------------------------------


def test_an_event_counts_from_its_instant_and_no_longer_one_window_later(implementation: Implementation) -> None:
    wanted = definitions(rule({"c": did("login", within=7 * DAY)}))
    found = implementation(ann(event("login", 1, id="1")), wanted, NOW)
    assert spells(found) == [(at(1), at(8))]
    assert causes(found) == [("event:app:1", "expiry:c")]


def test_an_arrival_exactly_as_another_leaves_keeps_a_spell_whole(implementation: Implementation) -> None:
    wanted = definitions(rule({"c": did("login", within=DAY)}))
    assert spells(implementation(ann(event("login", 1), event("login", 2)), wanted, NOW)) == [(at(1), at(3))]


def test_a_spell_may_end_after_as_of_but_not_begin_there(implementation: Implementation) -> None:
    silent = definitions(
        rule({"c": did("login", within=DAY)}), rule({"d": did("login", within=DAY)}, name="silent", none_of=("d",))
    )
    found = implementation(ann(event("login", 1), event("login", 5)), silent, at(1.5))
    assert spells(found) == [(at(1), at(2))]
    assert spells(found, "silent") == []


def test_since_counts_from_the_latest_such_event(implementation: Implementation) -> None:
    wanted = definitions(rule({"c": did("login", 2, since="invite")}))
    world = ann(event("login", 1), event("invite", 2), event("login", 2), event("login", 3), event("invite", 4, id="i"))
    found = implementation(world, wanted, NOW)
    assert spells(found) == [(at(3), at(4))]
    assert causes(found)[0][1] == "event:app:i"


def test_without_the_since_event_the_count_is_zero(implementation: Implementation) -> None:
    wanted = definitions(rule({"c": did("login", since="invite")}))
    assert implementation(ann(event("login", 1)), wanted, NOW) == []


def test_no_rule_holds_before_birth(implementation: Implementation) -> None:
    wanted = definitions(rule({"few": did("pay", 1)}, none_of=("few",)))
    found = implementation(ann(event("login", 3)), wanted, NOW)
    assert found == [Spell("r", "person", "ann", at(3), None, "birth", None)]


def test_of_who_is_known_only_by_later_rows_no_rule_holds_yet(implementation: Implementation) -> None:
    wanted = definitions(rule({"few": did("pay", 1)}, none_of=("few",)))
    assert implementation(ann(event("login", 3)), wanted, at(2)) == []


def test_who_has_no_dated_row_is_born_in_1970(implementation: Implementation) -> None:
    wanted = definitions(rule({"c": Attribute(name="plan", condition=is_("trial"))}))
    rows = (AttributeRow(subject_type="person", subject="ann", name="plan", value="trial"),)
    assert implementation(ann(attributes=rows), wanted, NOW) == [Spell("r", "person", "ann", 0, None, "birth", None)]


def test_a_sequence_needs_strictly_increasing_instants(implementation: Implementation) -> None:
    wanted = definitions(rule({"c": Sequence(steps=("invite", "login"), window=Window(within=3 * DAY))}))
    world = ann(event("invite", 1), event("login", 1), event("login", 2, id="x"))
    found = implementation(world, wanted, NOW)
    assert spells(found) == [(at(2), at(4))]
    assert causes(found) == [("event:app:x", "expiry:c")]


def test_a_distinct_value_leaves_with_its_last_event(implementation: Implementation) -> None:
    wanted = definitions(rule({"c": did("login", 2, within=3 * DAY, distinct="day")}))
    world = ann(event("login", 1), event("login", 1.5), event("login", 2.25))
    assert spells(implementation(world, wanted, NOW)) == [(at(2.25), at(4.5))]


def test_an_amount_that_is_no_number_is_zero(implementation: Implementation) -> None:
    wanted = definitions(rule({"c": Sum(property="amount", events=("pay",), threshold=at_least(10))}))
    world = ann(event("pay", 1, amount="1,000"), event("pay", 2, amount="9.9999995"), event("pay", 3))
    assert spells(implementation(world, wanted, NOW)) == [(at(2), None)]


# --- attributes, memberships, logic -------------------------------------------------------------


def test_a_later_row_replaces_and_an_empty_one_unsets(implementation: Implementation) -> None:
    def plan(value: str | None, days: float | None) -> AttributeRow:
        return AttributeRow(
            subject_type="person", subject="ann", name="plan", value=value, at=None if days is None else at(days)
        )

    wanted = definitions(rule({"c": Attribute(name="plan", condition=is_("trial"))}))
    rows = (plan("pro", None), plan("trial", 1), plan("trial", 2), plan(None, 3))
    found = implementation(ann(attributes=rows), wanted, NOW)
    assert found == [Spell("r", "person", "ann", at(1), at(3), "attribute:plan", "attribute:plan")]


def test_an_absent_value_is_not_something_else(implementation: Implementation) -> None:
    other = Attribute(name="plan", condition=Condition(kind="is_not", values=("trial",)))
    assert implementation(ann(event("login", 1)), definitions(rule({"c": other})), NOW) == []


def test_a_person_reads_the_account_it_belongs_to_at_that_instant(implementation: Implementation) -> None:
    wanted = definitions(rule({"c": Attribute(name="plan", condition=is_("pro"), of_account=True)}))
    world = ann(
        event("login", 0),
        attributes=(AttributeRow(subject_type="account", subject="acme", name="plan", value="pro"),),
        memberships=(Membership(person="ann", at=at(1), account="acme"), Membership(person="ann", at=at(2))),
    )
    found = implementation(world, wanted, NOW)
    assert found == [Spell("r", "person", "ann", at(1), at(2), "membership", "membership")]


def test_staying_needs_less_than_entering_but_none_of_always_excludes(implementation: Implementation) -> None:
    forms = {"enters": did("login", 2, within=2 * DAY), "stays": did("login", within=2 * DAY), "paid": did("pay")}
    wanted = definitions(rule(forms, stay={"all_of": ("stays",)}, all_of=("enters",), none_of=("paid",)))
    world = ann(event("login", 1), event("login", 2), event("login", 3.5), event("pay", 5, id="p"))
    found = implementation(world, wanted, NOW)
    assert spells(found) == [(at(2), at(5))]
    assert causes(found)[0][1] == "event:app:p"


def test_among_equal_causes_the_least_source_and_id_opens(implementation: Implementation) -> None:
    wanted = definitions(rule({"c": did("login", 2)}))
    world = ann(event("login", 1, id="9"), event("login", 1, id="10"), event("login", 1, source="web", id="1"))
    assert causes(implementation(world, wanted, NOW)) == [("event:app:10", None)]


# --- references ---------------------------------------------------------------------------------


def test_what_someone_does_at_one_company_qualifies_no_other(implementation: Implementation) -> None:
    wanted = definitions(
        rule({"c": did("login", 2)}, name="active"), rule({"q": Qualified(rule="active")}, subject="account")
    )
    world = World(
        people=("ann",),
        accounts=("acme", "bolt"),
        events=(
            event("login", 1, account="acme"),
            event("login", 2, account="bolt"),
            event("login", 3, account="bolt", id="3"),
        ),
    )
    found = implementation(world, wanted, NOW)
    assert spells(found, "active") == [(at(2), None)]
    assert [s for s in found if s.rule == "r"] == [Spell("r", "account", "bolt", at(3), None, "event:app:3", None)]


def test_a_share_counts_members_who_never_did_anything(implementation: Implementation) -> None:
    half = PeopleQualified(rule="active", share=Fraction(1, 2))
    wanted = definitions(rule({"c": did("login")}, name="active"), rule({"q": half}, subject="account"))
    world = World(
        people=("ann", "bob", "cid"),
        accounts=("acme",),
        events=(event("login", 1, account="acme"), event("login", 2, person="bob", account="acme", id="b")),
        memberships=tuple(Membership(person=p, account="acme") for p in ("ann", "bob", "cid")),
    )
    found = [s for s in implementation(world, wanted, NOW) if s.rule == "r"]
    assert found == [Spell("r", "account", "acme", at(2), None, "event:app:b", None)]


def test_a_share_of_the_active_ends_when_nobody_is(implementation: Implementation) -> None:
    active = PeopleQualified(rule="active", share=Fraction(1, 2), active_within=DAY)
    wanted = definitions(rule({"c": did("login")}, name="active"), rule({"q": active}, subject="account"))
    world = ann(event("login", 1, account="acme", id="1"))
    found = [s for s in implementation(world, wanted, NOW) if s.rule == "r"]
    assert found == [Spell("r", "account", "acme", at(1), at(2), "event:app:1", "expiry:q")]


def test_a_person_reads_the_rule_of_its_account(implementation: Implementation) -> None:
    wanted = definitions(
        rule({"c": did("pay", within=DAY)}, name="paying", subject="account"), rule({"q": Qualified(rule="paying")})
    )
    world = ann(
        event("pay", 1, person=None, account="acme", id="1"),
        event("login", 0),
        memberships=(Membership(person="ann", account="acme"),),
    )
    found = [s for s in implementation(world, wanted, NOW) if s.rule == "r"]
    assert found == [Spell("r", "person", "ann", at(1), at(2), "event:app:1", "expiry:c")]


# --- partners -----------------------------------------------------------------------------------


def fact(partner: str, days: float | None, until: float | None = None, **given: object) -> PartnerFact:
    """Return what a partner says of acme."""
    return PartnerFact(
        account="acme",
        partner=partner,
        says="customer",
        since=None if days is None else at(days),
        until=None if until is None else at(until),
        **given,  # type: ignore[arg-type]
    )


def test_a_fact_holds_until_its_end_or_until_it_is_stale(implementation: Implementation) -> None:
    wanted = definitions(
        rule({"c": PartnerSays(says="customer", fresh_within=5 * DAY, threshold=at_least(1))}, subject="account")
    )
    found = implementation(ann(partner_facts=(fact("p", 1, confirmed_at=at(2)), fact("p", 20, 22))), wanted, NOW)
    assert spells(found) == [(at(1), at(7)), (at(20), at(25))]
    assert causes(found) == [("fact:p", "expiry:c"), ("fact:p", "expiry:c")]


def test_a_fact_that_ends_closes_by_its_partner(implementation: Implementation) -> None:
    wanted = definitions(rule({"c": PartnerSays(says="customer", threshold=at_least(1))}, subject="account"))
    found = implementation(ann(partner_facts=(fact("p", 1, 300),)), wanted, NOW)
    assert found == [Spell("r", "account", "acme", at(1), at(300), "fact:p", "fact:p")]


def test_a_later_insight_replaces_and_no_withdraws(implementation: Implementation) -> None:
    def said(value: str, days: float) -> Insight:
        return Insight(account="acme", partner="p", letter="budget", value=value, at=at(days))

    wanted = definitions(
        rule({"c": PartnerInsight(letter="budget", fresh_within=5 * DAY, threshold=at_least(1))}, subject="account")
    )
    rows = (said("yes", 1), said("large", 4), said("no", 6), said("yes", 20))
    found = implementation(ann(insights=rows), wanted, NOW)
    assert spells(found) == [(at(1), at(6)), (at(20), at(25))]
    assert causes(found) == [("insight:p", "insight:p"), ("insight:p", "expiry:c")]


def corroborated(least: int) -> Definitions:
    """Return the rule that so many independent partners call the account a customer."""
    forms: dict[str, Form] = {
        "theirs": PartnerSays(says="customer", threshold=at_least(1)),
        "agree": Corroboration(threshold=at_least(least), any_of=("theirs",), independent=True),
    }
    return definitions(rule(forms, subject="account", all_of=("agree",)))


def test_a_chain_of_parents_and_origins_counts_once(implementation: Implementation) -> None:
    facts = (fact("a", 1, parent="h"), fact("b", 1, parent="h", origin="o"), fact("c", 1, origin="o"), fact("d", 5))
    found = implementation(ann(partner_facts=facts), corroborated(2), NOW)
    assert found == [Spell("r", "account", "acme", at(5), None, "fact:d", None)]


def test_a_partner_that_links_two_others_takes_their_independence(implementation: Implementation) -> None:
    linking = PartnerFact(
        account="acme", partner="m", says="prospect", since=at(3), until=at(4), parent="h", origin="o"
    )
    found = implementation(
        ann(partner_facts=(fact("a", 1, parent="h"), fact("b", 1, origin="o"), linking)), corroborated(2), NOW
    )
    assert spells(found) == [(at(1), at(3)), (at(4), None)]
    assert causes(found) == [("fact:a", "fact:m"), ("fact:m", None)]


# --- scores -------------------------------------------------------------------------------------


def test_a_halving_score_falls_under_its_threshold_when_half_is_gone(implementation: Implementation) -> None:
    halves = Fade(kind="half_life", duration=7 * DAY)
    wanted = definitions(
        rule({"c": ScoreIs(score="s", threshold=at_least(5))}),
        scores=(score({"l": line(did("login"), each=10, fades=halves)}),),
    )
    (found,) = implementation(ann(event("login", 1, id="1")), wanted, NOW)
    # 4.9999995 rounds half to even to 5, so the score lasts some tens of milliseconds longer than seven days.
    assert found.starts_at == at(1)
    assert found.ends_at is not None and 0 <= found.ends_at - at(8) < 100_000
    assert (found.opened_by, found.closed_by) == ("event:app:1", "expiry:c")


def test_a_linear_score_is_gone_after_its_duration(implementation: Implementation) -> None:
    falls = Fade(kind="linear", duration=HOUR)
    wanted = definitions(
        rule({"none": ScoreIs(score="s", threshold=at_most(0))}),
        scores=(score({"l": line(did("login"), each=10, fades=falls)}),),
    )
    (found,) = implementation(ann(event("login", 1)), wanted, NOW)
    assert abs(found.starts_at - (at(1) + HOUR)) < 1_000
    assert (found.ends_at, found.opened_by) == (None, "expiry:none")


def test_a_cap_holds_a_dimension_back(implementation: Implementation) -> None:
    wanted = definitions(
        rule({"c": ScoreIs(score="s", threshold=at_least(13))}),
        scores=(
            score({"l": line(did("login"), each=10), "f": line(did("invite"), once=3, dimension="fit")}, product=10),
        ),
    )
    world = ann(event("login", 1), event("login", 2), event("invite", 3))
    assert spells(implementation(world, wanted, NOW)) == [(at(3), None)]


def partner_points(fades: Fade | None) -> Definitions:
    points = score({"known": line(PartnerSays(says="customer"), each=10, fades=fades)}, subject="account")
    warm = ScoreIs(score="s", threshold=at_least(5))
    return definitions(rule({"warm": warm}, subject="account"), scores=(points,))


def undated(confirmed_at: int | None = None) -> World:
    fact = PartnerFact(account="acme", partner="p", says="customer", confirmed_at=confirmed_at)
    return World(accounts=("acme",), events=(event("login", 1, person=None, account="acme"),), partner_facts=(fact,))


def test_a_fact_of_no_known_age_gives_nothing_to_a_line_that_fades(implementation: Implementation) -> None:
    fades = Fade(kind="linear", duration=10 * DAY)
    assert implementation(undated(), partner_points(fades), NOW) == []


def test_a_confirmation_at_birth_is_no_cause_on_a_line_that_does_not_fade(implementation: Implementation) -> None:
    found = implementation(undated(confirmed_at=at(1)), partner_points(None), NOW)
    assert found == [Spell("r", "account", "acme", at(1), None, "birth", None)]
