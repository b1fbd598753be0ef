"""People: compared only where both signed it, by e-mail address and by name at a company, and never with a company."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assay.core.io.store import Store
from assay.partners.canonical import KINDS, Record, keys_of
from assay.partners.dealing.contract import Agreed
from assay.partners.evidence import DEFAULT_TERMS, Ruling
from assay.partners.matching import fields_of, match
from assay.partners.people import Person, keys_of_person, mailbox_key
from assay.partners.tokens import SLOTS, Tokeniser

WITH_PEOPLE = replace(DEFAULT_TERMS, people=True)


def ruled(mine, theirs, terms=WITH_PEOPLE):
    """Return the ruling on each pair of places, with its findings."""
    one, other = (Tokeniser(bytes(32)).tokenise(k, seed=bytes([s]) * 32) for s, k in enumerate((mine, theirs)))
    with Store() as store:
        decisions = match(store, one, other.upload, fields_of(other), terms)
    here, there = ({h: place for place, h in enumerate(side.handles.to_pylist())} for side in (one, other))
    found = decisions.candidates
    return {
        (here[a], there[b]): (decisions.ruling(row), [reason.finding for reason in decisions.reasons(row).reasons[1:]])
        for row, (a, b) in enumerate(zip(found.ours.to_pylist(), found.theirs.to_pylist(), strict=True))
    }


ADA = Person(name="Ada Lovelace", emails=("Ada.Lovelace+crm@Engine.example",))


def test_one_address_is_one_person_whatever_else_is_written():
    other = Person(name="A. King", emails=("ada.lovelace@engine.example",))
    assert ruled([keys_of_person(ADA)], [keys_of_person(other)])[0, 0] == (
        Ruling.MATCH,
        ["e-mail address agrees", "name differs"],
    )


def test_a_name_at_one_company_is_a_question_and_with_the_address_a_match():
    at_company = Person(name="Lovelace, Dr. Ada", website="https://www.engine.example/team")
    assert ruled([keys_of_person(ADA)], [keys_of_person(at_company)])[0, 0][0] == Ruling.ASK
    assert (
        ruled([keys_of_person(ADA)], [keys_of_person(replace(at_company, emails=ADA.emails))])[0, 0][0] == Ruling.MATCH
    )


def test_a_name_at_another_company_or_at_a_free_mailbox_says_nothing():
    others = [
        Person(name="Ada Lovelace", website="other.example"),
        Person(name="Ada Lovelace", emails=("al@gmail.com",)),
    ]
    assert ruled([keys_of_person(ADA)], [keys_of_person(other) for other in others]) == {}


def test_people_are_not_compared_unless_both_signed_it():
    found = ruled([keys_of_person(ADA)], [keys_of_person(ADA)], DEFAULT_TERMS)
    assert {ruling for ruling, _ in found.values()} == {Ruling.NO_MATCH}
    assert not Agreed().matching.people
    told = Agreed(matching=WITH_PEOPLE).as_json()
    assert Agreed.of_json(told).matching.people
    assert not Agreed.of_json({name: value for name, value in told.items() if name != "people"}).matching.people


def test_a_person_never_meets_a_company():
    company = Record(name="Ada Lovelace", website="engine.example", emails=ADA.emails)
    assert ruled([keys_of_person(ADA)], [keys_of(company, with_email=True)]) == {}


def test_an_upload_does_not_show_which_records_are_people():
    tokens = Tokeniser(bytes(32)).tokenise([keys_of_person(ADA), keys_of(Record(name="Acme"))], seed=bytes(32))
    assert tokens.upload.num_rows == 2 * SLOTS
    assert {KINDS[kind] for kind, _ in keys_of_person(ADA).values} <= {KINDS[k] for k in range(len(KINDS))}


@pytest.mark.parametrize("email", ["info@acme.example", "Sales@acme.example", "support+x@acme.example", "nobody", ""])
def test_a_mailbox_of_nobody_in_particular_gives_no_key(email):
    assert mailbox_key(email) == ""


def test_spellings_of_one_address_are_one():
    assert {mailbox_key(e) for e in ("ada.l@gmail.com", "AdaL@googlemail.com", "adal+x@gmail.com ")} == {
        "adal@gmail.com"
    }
    assert mailbox_key("a.b@acme.example") != mailbox_key("ab@acme.example")


def test_a_person_known_by_a_first_name_alone_has_no_key_of_a_name():
    assert keys_of_person(Person(name="Ada", website="engine.example")).values == ()
