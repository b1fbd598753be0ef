"""People are compared only where both signed it and somebody granted it to that partner; accounts by people's rules."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from django.db import transaction
from tests.node.partnering import world
from tests.node.partnering.conftest import exchange
from tests.node.partnering.test_exchanging import operator_files

from assay.core.definitions.model import PeopleSource
from assay.core.errors import BadRequest
from assay.core.sources.files import kind_of
from assay.node.access.actions import Machine
from assay.node.access.models import AuditRow
from assay.node.access.permissions import Role
from assay.node.lake import manifest
from assay.node.lake.rows import LAKE
from assay.node.live.models import Holding
from assay.node.partnering import accounts, answering, company, erasing, grants, pairing, people, populations, releasing
from assay.node.partnering.models import (
    Disclosed,
    Errand,
    Grant,
    LakeFact,
    Listed,
    Member,
    Overlap,
    Person,
    PersonOverlap,
    PersonTold,
    Told,
)
from assay.node.rulebook import current
from assay.node.rulebook.importing import import_folder
from assay.partners.canonical import keys_of
from assay.partners.dealing import accept
from assay.partners.dealing.invitation import Invitation
from assay.partners.people import Person as Compared
from assay.partners.people import keys_of_person

pytestmark = pytest.mark.django_db
SOURCES = """
---
source: users
people:
  file: users.csv
  id: id
  email: email
  account: {column: company}
  attributes: {name: name, plan: plan}
"""
RULE = """\
qualification: tries_hard
version: 1
status: live
stage: PQL
motion: expansion
subject: person
owner: sales
purpose: People who try.
criteria:
  tries: {attribute: plan, is: trial}
qualify: {all_of: [tries]}
"""
EXAMPLES = """\
examples_for: tries_hard
as_of: 2026-03-10
cases:
  tries: {attributes: {plan: trial}, expect: {qualified: true}}
  pays: {attributes: {plan: team}, expect: {qualified: false}}
"""
PEOPLE = {
    "p1": {"email": "Ada.Lovelace@initech.com", "name": "Ada Lovelace", "company": "a1", "plan": "trial"},
    "p2": {"email": "grace@globex.com", "name": "Grace Hopper", "company": "a2", "plan": "team"},
    "p3": {"email": "secret.only@only-acme.com", "name": "Only Ours", "company": "a3", "plan": "trial"},
}
ADDRESSES = "ada.lovelace@initech.com\ngrace@globex.com\nsecret.only@only-acme.com\nnobody@nowhere.example\n"


@pytest.fixture
def acme(db, tmp_path):
    """Definitions with people, a rule about them, accounts, and who works there."""
    folder = world.write(tmp_path / "definitions")
    source = folder / "sources/all.yml"
    source.write_text(source.read_text() + SOURCES)
    (folder / "qualifications/tries_hard.yml").write_text(RULE)
    (folder / "qualifications/tries_hard.examples.yml").write_text(EXAMPLES)
    import_folder(Machine("a test"), folder)
    world.tell(world.ACCOUNTS)
    tell_people(PEOPLE)
    accounts.refresh(datetime.now(UTC))
    yield
    for path in manifest.folder().iterdir():
        path.unlink()


def tell_people(told):
    """Let the lake know of people, as an upload would."""
    now = datetime.now(UTC)
    part = next(one for one in current.definitions().sources if isinstance(one, PeopleSource))
    same = {"source": "users", "kind": "row", "event": kind_of(part), "at": now, "received_at": now}
    rows = [
        dict.fromkeys(LAKE.names) | same | {"body": json.dumps({"id": one, **traits})} for one, traits in told.items()
    ]
    schema = pa.schema([field for field in LAKE if field.name != "seq"])
    with transaction.atomic():
        manifest.add(pa.Table.from_pylist([{k: v for k, v in row.items() if k != "seq"} for row in rows], schema), now)


class Birch:
    """What the partner lets be compared of people, beside its accounts."""

    def __init__(self, birch):
        self.birch = birch

    def bring(self, known):
        birch = self.birch
        plain = type(birch).mine.fget
        keys = {one: keys_of_person(of) for one, of in known.items()}

        def mine(self):
            found = plain(self)
            records = {**{one: keys_of(of) for one, of in self.accounts.items()}, **keys}
            from dataclasses import replace

            return replace(found, records=records)

        birch.__class__ = type("BirchWithPeople", (type(birch),), {"mine": property(mine)})
        birch.members["contacts"] = set(keys)
        birch.grant(population="contacts", says="customer")


@pytest.fixture
def with_people(manager, background, operator, birch):
    """A function that pairs with birch, people being compared or not."""

    def pair(*, compares=True):
        company.name(manager, "Acme")
        made = pairing.invite(manager, name="Birch", escrow=operator.address, people=compares)
        accept(birch.keep, birch.us, Invitation.of_text(made.standing.invitation))
        birch.step()
        exchange(made, background)
        birch.step()
        birch.deal.confirm()
        pairing.compared(manager, made.pk)
        for _ in range(2):
            exchange(made, background)
            birch.step()
        made.refresh_from_db()
        assert made.state == "live"
        return made

    return pair


@pytest.fixture
def contacts(manager, background):
    made = populations.make(manager, name="Contacts", says="customer", how="list", lines=ADDRESSES, is_of_people=True)
    background.step()
    return made


def let(manager, colleague, partnership, population, **words):
    asked = grants.ask(manager, partnership, population, level="overlaps", **words)
    if asked.state == Grant.State.ASKED:
        grants.agree(colleague, asked.pk)


def go(paired, background, birch, times=8):
    for _ in range(times):
        exchange(paired, background)
        birch.step()


KNOWN = {
    "c1": Compared(name="A. Lovelace", emails=("ada.lovelace@INITECH.com",)),
    "c2": Compared(name="Hopper, Grace", website="globex.com"),
    "c3": Compared(name="Only Birch", emails=("only@birch.com",)),
}


def test_people_whom_both_know_are_found_and_told_and_nobody_else(
    with_people, contacts, manager, colleague, background, birch, operator, client_of
):
    paired = with_people()
    Birch(birch).bring(KNOWN)
    go(paired, background, birch, 3)
    assert not PersonOverlap.objects.exists()
    let(manager, colleague, paired, contacts)
    go(paired, background, birch)
    (one,) = PersonOverlap.objects.filter(ruling="match", until__isnull=True)
    assert people.person_of(one.record) == "p1"
    assert ["e-mail address agrees", 12.0] in one.reasons
    assert birch.known == {("c1", "contacts"): {}}
    assert [(people.person_of(told.record), told.says) for told in PersonTold.objects.all()] == [("p1", "customer")]
    # A name at one company is a question to both.
    (asked,) = PersonOverlap.objects.filter(ruling="ask", until__isnull=True)
    assert people.person_of(asked.record) == "p2"
    # Nothing of it is an account's.
    assert not Overlap.objects.exists() and not Told.objects.exists() and not LakeFact.objects.exists()
    disclosed = Disclosed.objects.get()
    assert (people.person_of(disclosed.account_id), disclosed.state, disclosed.fields) == ("p1", "told", [])
    client = client_of(Role.REP)
    page = client.get("/partners/birch/people/").content.decode()
    assert "Ada Lovelace" in page and "Only Ours" not in page and "Is this the same person?" in page
    learns = client.get("/partners/birch/learns/").content.decode()
    assert "<strong>people</strong>" in learns and "Ada Lovelace" in learns
    assert client.get("/partners/birch/map/").status_code == 200
    stored = b"".join(path.read_bytes() for path in operator_files(operator)).lower()
    assert b"lovelace" not in stored and b"initech" not in stored
    assert "lovelace" not in str(list(AuditRow.objects.values())).lower()


def test_a_question_about_a_person_is_answered_by_both(
    with_people, contacts, manager, colleague, background, birch, client_of
):
    paired = with_people()
    Birch(birch).bring(KNOWN)
    let(manager, colleague, paired, contacts)
    go(paired, background, birch)
    asked = PersonOverlap.objects.get(ruling="ask")
    client_of(Role.PARTNER_MANAGER).post(f"/partners/people/{asked.pk}/answer/", {"is_same": "yes"})
    (_, handle, theirs), *_ = birch.log.told("question")
    birch.deal.answer(handle, theirs, is_same=True)
    go(paired, background, birch)
    assert set(birch.known) == {("c1", "contacts"), ("c2", "contacts")}
    with pytest.raises(BadRequest, match="Nobody asks that any more"):
        answering.person(manager, asked.pk, True)


def test_people_are_not_compared_where_that_was_not_signed(
    with_people, contacts, manager, colleague, background, birch, client_of
):
    paired = with_people(compares=False)
    with pytest.raises(BadRequest, match="signed that people are not compared"):
        grants.ask(manager, paired, contacts, level="overlaps")
    with pytest.raises(BadRequest, match="one partner at a time"):
        grants.ask(manager, None, contacts, level="overlaps")
    Grant.objects.create(partnership=paired, population=contacts, level="overlaps", version=99, state="holds")
    Birch(birch).bring(KNOWN)
    go(paired, background, birch, 4)
    assert not PersonOverlap.objects.exists()
    assert birch.known == {}
    client = client_of(Role.PARTNER_MANAGER)
    assert client.get("/partners/birch/people/").status_code == 404
    assert "are not compared" in client.get("/partners/birch/").content.decode()


def test_of_people_no_field_and_no_number_is_let_known(with_people, contacts, manager):
    paired = with_people()
    for words in ({"level": "counts"}, {"level": "overlaps", "fields": ["name"]}):
        with pytest.raises(BadRequest, match="and no field"):
            grants.ask(manager, paired, contacts, **words)


def test_budgets_and_holds_count_people_too(with_people, contacts, manager, colleague, background, birch):
    paired = with_people()
    pairing.limit(manager, paired.pk, matches_a_week=0)
    Birch(birch).bring(KNOWN)
    let(manager, colleague, paired, contacts)
    go(paired, background, birch)
    assert birch.known == {}
    held = Disclosed.objects.get(state="held")
    assert held.why == releasing.BUDGET
    releasing.let_go(manager, held.pk)
    go(paired, background, birch)
    assert set(birch.known) == {("c1", "contacts")}


def test_who_is_forgotten_is_in_no_table_of_people(with_people, contacts, manager, colleague, background, birch):
    paired = with_people()
    Birch(birch).bring(KNOWN)
    let(manager, colleague, paired, contacts)
    go(paired, background, birch)
    erasing.erase(["p1"])
    record = people.record_of("p1")
    for table, field in (
        (PersonOverlap, "record"),
        (PersonTold, "record"),
        (Member, "account_id"),
        (Disclosed, "account_id"),
    ):
        assert not table.objects.filter(**{field: record}).exists()
    assert not Person.objects.filter(person_id="p1").exists()
    assert not Listed.objects.filter(text__icontains="lovelace").exists()
    assert Errand.objects.get(what="forget").body == {"record": record}


def test_a_population_of_people_names_them_by_address_and_shows_whom_nobody_knows(contacts, client_of):
    assert populations.unknown(contacts) == ["nobody@nowhere.example"]
    members = Member.objects.filter(population=contacts).values_list("account_id", flat=True)
    assert {people.person_of(one) for one in members} == {"p1", "p2", "p3"}
    page = client_of(Role.REP).get("/partners/populations/contacts/").content.decode()
    assert "Grace Hopper" in page and "lines name nobody" in page


def test_a_rule_about_people_gives_the_accounts_that_they_are_at_and_the_people_themselves(
    manager, background, client_of
):
    now = datetime.now(UTC)
    for one in ("p1", "p3"):
        Holding.objects.create(rule="tries_hard", subject_type="person", subject_id=one, node=1, version=1, since=now)
    assert not Person.objects.exists()
    client = client_of(Role.PARTNER_MANAGER)
    assert "About people" in client.get("/partners/populations/new/?how=rule").content.decode()
    for name, more in (("Where people try", {}), ("Who tries", {"is_of_people": "on"})):
        answer = client.post(
            "/partners/populations/new/",
            {"how": "rule", "name": name, "says": "prospect", "rule": "tries_hard", **more},
        )
        assert answer.status_code == 302
    company.name(manager, "Acme")
    background.step()
    where = Member.objects.filter(population__slug="where-people-try").values_list("account_id", flat=True)
    who = Member.objects.filter(population__slug="who-tries").values_list("account_id", flat=True)
    assert set(where) == {"a1", "a3"}
    assert {people.person_of(one) for one in who} == {"p1", "p3"}
    Holding.objects.filter(subject_id="p3").delete()
    tell_people({"p1": {**PEOPLE["p1"], "company": "a2"}})
    background._clock.ahead = timedelta(minutes=1)
    background.step()
    here = Member.objects.filter(population__slug="where-people-try", until__isnull=True)
    assert set(here.values_list("account_id", flat=True)) == {"a2"}


def test_where_no_population_needs_people_none_is_kept(manager, contacts, background):
    assert Person.objects.count() == 3
    populations.remove(manager, "contacts")
    background.step()
    assert not Person.objects.exists()


def test_criteria_make_no_population_of_people(manager):
    with pytest.raises(BadRequest, match="by a rule or a list"):
        populations.make(manager, name="X", says="customer", how="text", text="criteria: {}", is_of_people=True)
