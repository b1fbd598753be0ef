"""Canonical keys: every spelling of one company gives the same, and what stands for nobody gives none."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.partners.canonical import FIELDS, KINDS, REGISTERS, VERSION, Record, keys_of, repeated
from assay.partners.folding import fold
from assay.partners.names import words_of

VECTORS = json.loads((Path(__file__).parents[2] / "docs/vectors/canonical.json").read_text("utf-8"))
WORDS = ["Acme", "Müller", "Widget", "Ørsted", "Łódź", "Blue", "Çelik", "Nova", "Ромашка"]
NAMES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4)


def kinds(record: Record, **how: bool) -> set[str]:
    return {KINDS[kind] for kind, _ in keys_of(record, **how).values}


def test_vectors_are_of_the_version_that_is_compared():
    assert VECTORS["version"] == VERSION


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["record"]["name"])
def test_each_public_vector_gives_its_keys(case):
    given_ = {key: tuple(map(tuple, v)) if key == "registry" else v for key, v in case["record"].items()}
    found = keys_of(Record(**given_), with_email="emails" in given_)
    assert [[KINDS[kind], value] for kind, value in found.values] == case["keys"]
    assert [name for bit, name in enumerate(FIELDS + REGISTERS) if found.has >> bit & 1] == case["has"]


@given(
    NAMES, st.sampled_from(["", " Inc.", ", LLC", " GmbH", " S.p.A.", " Co., Ltd.", " Sp. z o.o.", " A.Ş.", " Group"])
)
def test_a_legal_form_changes_no_word(words, form):
    name = " ".join(words)
    assert words_of(name + form) == words_of(name)


@given(NAMES)
def test_case_marks_and_punctuation_change_no_word(words):
    name = " ".join(words)
    bare = "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c))
    for spelling in (
        name.upper(),
        name.lower(),
        bare,
        f"  {name.replace(' ', ' - ')}. ",
        unicodedata.normalize("NFD", name),
    ):
        assert words_of(spelling) == words_of(name)


@given(NAMES.filter(lambda words: len(words) > 1))
def test_word_order_changes_no_name(words):
    there, back = keys_of(Record(name=" ".join(words))), keys_of(Record(name=" ".join(reversed(words))))
    assert there.values[0] == back.values[0]


@given(st.text(max_size=60))
def test_any_text_can_be_folded_and_read_as_a_name(text):
    assert fold(fold(text)) == fold(text) or not text.isascii()
    assert all(words_of(text))


def test_and_is_what_the_sign_says():
    assert words_of("Smith & Wesson") == words_of("Smith and Wesson") == words_of("SMITH AND WESSON LTD")


def test_a_name_of_legal_forms_alone_keeps_a_word():
    assert words_of("Limited") == ["limited"]


def test_a_place_in_brackets_is_a_note_only_where_it_is_the_records_own():
    assert words_of("Acme (Berlin)", places=("berlin",)) == ["acme"]
    assert words_of("Deutsche Bank (Schweiz) AG", places=("frankfurt",)) == ["deutsche", "bank", "schweiz"]


@pytest.mark.parametrize(
    "website", ["facebook.com/acme", "acme.wixsite.com/home", "gmail.com", "me@gmail.com", "acme", ""]
)
def test_hosts_of_everybody_give_no_domain(website):
    assert not {kind for kind in kinds(Record(name="Acme", website=website)) if "domain" in kind or "label" in kind}


def test_siblings_are_further_domains_without_details():
    record = Record(name="Acme", website="acme.com", siblings=("www.acme.de", "acme.com", "facebook.com"))
    domains = [value for kind, value in keys_of(record).values if KINDS[kind] == "domain"]
    assert domains == ["acme.com", "acme.de"]


def test_a_contacts_address_gives_a_key_only_where_that_is_switched_on():
    record = Record(name="Acme", emails=("Ada+x@Acme.com",))
    assert "email" not in kinds(record)
    assert "email" in kinds(record, with_email=True)


def test_a_country_is_the_same_by_code_and_by_name_in_use():
    spellings = ["DE", "de", "DEU", "Germany", "Deutschland", "GERMANY "]
    assert len({keys_of(Record(name="Acme", country=country)).values for country in spellings}) == 1


def test_a_register_that_nobody_knows_and_an_empty_number_give_no_key():
    assert "registry" not in kinds(
        Record(name="Acme", registry=(("library card", "12"), ("lei", " "), ("duns", "000")))
    )


def test_records_that_say_the_same_are_one_and_those_of_another_form_are_two():
    records = [Record(name=name) for name in ("Carnival  Corp", "CARNIVAL CORP", "Carnival plc")]
    assert repeated(records) == [(0, 1), (2,)]
