"""Partner facts, insights and outcomes: what is read, what is a reject, and what is a reject in part."""

from __future__ import annotations

import pyarrow as pa

from assay.core.definitions.model import InsightsSource, OutcomesSource, PartnerFactsSource
from assay.core.values import parse_instant
from tests.core.sources.world import PLACE, definitions, resolved

FACTS = PartnerFactsSource(
    source="facts",
    file="",
    account="account",
    partner="partner",
    says="says",
    since="from",
    until="until",
    confirmed_at="confirmed_at",
    origin="origin",
    parent="parent",
    confidence="confidence",
    place=PLACE,
)
FACT = {
    "account": "acme",
    "partner": "globex",
    "says": "Customer",
    "from": "2026-01-01",
    "until": None,
    "confirmed_at": None,
    "origin": None,
    "parent": None,
    "confidence": "0.9",
}
INSIGHTS = InsightsSource(
    source="insights",
    file="",
    account="account",
    partner="partner",
    letter="letter",
    value="value",
    at="at",
    place=PLACE,
)
INSIGHT = {"account": "acme", "partner": "globex", "letter": "budget", "value": "Yes", "at": "2026-01-01"}
OUTCOMES = OutcomesSource(
    source="deals", file="", account="account", person="person", at="at", outcome="stage", amount="amount", place=PLACE
)


def read_rows(source, *rows):
    table = pa.table({key: pa.array([row[key] for row in rows], pa.string()) for key in rows[0]})
    kind = {"facts": "partner_facts", "insights": "insights", "deals": "outcomes"}[source.source]
    with resolved({source.source: table}, definitions(source)) as store:
        rejects = store.rows('SELECT line, "column", reason FROM prepared.rejects')
        return store.rows(f"FROM prepared.{kind}"), rejects


def test_a_fact_is_read_with_its_words_in_lower_case():
    found, rejects = read_rows(FACTS, FACT)
    assert found == [(0, "globex", "customer", parse_instant("2026-01-01"), None, None, None, None, 0.9)]
    assert rejects == []


def test_a_word_that_partners_cannot_say_is_a_reject():
    assert read_rows(FACTS, {**FACT, "says": "friend"})[1] == [
        (1, "says", "not one of customer, open_opportunity, prospect, former_customer, own")
    ]


def test_a_fact_with_an_unreadable_end_is_a_reject_lest_it_hold_for_ever():
    found, rejects = read_rows(FACTS, {**FACT, "until": "soon"})
    assert found == [] and rejects[0][:2] == (1, "until")


def test_an_unreadable_confirmation_or_confidence_costs_itself_alone():
    found, rejects = read_rows(FACTS, {**FACT, "confirmed_at": "soon", "confidence": "95"})
    assert [(row[5], row[8]) for row in found] == [(None, None)]
    assert {row[1] for row in rejects} == {"confirmed_at", "confidence"}


def test_of_insights_at_one_instant_the_last_row_wins():
    found, _ = read_rows(INSIGHTS, INSIGHT, {**INSIGHT, "value": "NO"})
    assert found == [(0, "globex", "budget", "no", parse_instant("2026-01-01"))]


def test_an_unknown_letter_and_an_insight_without_instant_are_rejects():
    found, rejects = read_rows(INSIGHTS, {**INSIGHT, "letter": "mood"}, {**INSIGHT, "at": None})
    assert found == [] and [row[:2] for row in rejects] == [(1, "letter"), (2, "at")]


def test_an_outcome_needs_somebody_and_makes_them_known():
    found, rejects = read_rows(
        OUTCOMES,
        {"account": "acme", "person": None, "at": "2026-01-01", "stage": "won", "amount": "10"},
        {"account": None, "person": " ", "at": "2026-01-01", "stage": "won", "amount": "10"},
    )
    assert found == [(0, -1, parse_instant("2026-01-01"), "won", "10", "deals")]
    assert rejects == [(2, "person", "neither a person nor an account")]
