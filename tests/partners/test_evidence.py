"""Evidence: weights are visible, add up, and come to match, ask or no match."""

from __future__ import annotations

import pytest

from assay.escrow.wire import bucket
from assay.partners.canonical import FIELDS, KINDS, REGISTERS
from assay.partners.evidence import (
    DEFAULT_TERMS,
    NAME_ALONE_TERMS,
    NAME_AND_COUNTRY_TERMS,
    WEIGHTS,
    Agreement,
    Relation,
    Ruling,
    Terms,
    judge,
    terms_for,
    weigh,
)


def bits(names: str, of: tuple[str, ...]) -> int:
    return sum(1 << of.index(name) for name in names.split())


def agreeing(kinds: str, both: str = "name", **frequencies: int) -> Agreement:
    return Agreement(kinds=bits(kinds, KINDS), both=bits(both, FIELDS + REGISTERS), **frequencies)


def ruling(agreement: Agreement, terms: Terms = DEFAULT_TERMS) -> Ruling:
    return judge(weigh(agreement, terms.relation), terms)


ALL = "domain name country city"


def test_bits_are_the_sum_of_reasons_that_are_shown():
    evidence = weigh(agreeing("domain domain_country name name_country", ALL))
    assert evidence.bits == pytest.approx(sum(reason.bits for reason in evidence.reasons))
    assert [reason.finding for reason in evidence.reasons][1:] == [
        "domain agrees",
        "name agrees, at one domain",
        "country agrees",
        "city differs, at one domain",
    ]


def test_every_finding_has_a_weight():
    for kinds in range(0, 1 << len(KINDS), 7):
        for both in (0, 0b1111):
            weigh(Agreement(kinds=kinds, both=both, domain_frequency=3, name_frequency=4))
    assert all(-15 < weight < 15 for weight in WEIGHTS.values())


def test_domain_name_and_place_are_a_match():
    assert ruling(agreeing("domain domain_country domain_city name name_country name_city", ALL)) is Ruling.MATCH


def test_a_subsidiary_abroad_is_no_match_but_of_one_group():
    abroad = agreeing("domain name domain_first domain_last", ALL)
    assert ruling(abroad) is Ruling.NO_MATCH
    assert ruling(abroad, Terms(relation=Relation.GROUP)) is Ruling.MATCH


def test_one_name_at_two_domains_in_two_countries_is_no_match():
    assert ruling(agreeing("name", ALL)) is Ruling.NO_MATCH


def test_a_domain_that_many_records_share_says_less():
    few = [weigh(agreeing("domain domain_country", "domain country", domain_frequency=f)).bits for f in range(4)]
    assert few == sorted(few, reverse=True)
    assert len(set(few)) == 4


def test_a_name_that_many_records_share_says_less():
    few = [weigh(agreeing("name", "name", name_frequency=f)).bits for f in range(4)]
    assert few == sorted(few, reverse=True)
    assert len(set(few)) == 4


def test_ids_of_one_register_that_differ_forbid_whatever_else_agrees():
    assert ruling(agreeing("domain domain_country domain_city name", ALL + " lei")) is Ruling.NO_MATCH
    assert ruling(agreeing("registry domain name", "domain name lei cik")) is Ruling.MATCH


def test_ids_of_two_registers_forbid_nothing():
    assert not weigh(agreeing("domain", "domain name")).is_forbidden


def test_a_name_alone_is_a_question_unless_there_is_nothing_but_names():
    assert ruling(agreeing("name stem")) is Ruling.ASK
    assert terms_for(bits("name", FIELDS)) is NAME_ALONE_TERMS
    assert terms_for(bits("name country", FIELDS)) is NAME_AND_COUNTRY_TERMS
    assert terms_for(bits("name country city", FIELDS)) is DEFAULT_TERMS
    assert ruling(agreeing("name stem"), NAME_ALONE_TERMS) is Ruling.MATCH
    assert ruling(agreeing("stem"), NAME_ALONE_TERMS) is Ruling.ASK


def test_buckets_tell_no_more_than_the_power_of_four():
    assert [bucket(count) for count in (1, 2, 4, 5, 16, 17, 64, 65, 10_000)] == [0, 1, 1, 2, 2, 3, 3, 4, 4]
