"""Populations: found by rule, by criteria and by list, kept current, and never silently smaller than given."""

from __future__ import annotations

import html
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from tests.node.partnering import world

from assay.core.errors import BadDefinitions, BadRequest
from assay.node.access.actions import NotAllowed
from assay.node.access.models import AuditRow
from assay.node.access.permissions import Role
from assay.node.live.models import Holding
from assay.node.partnering import accounts, criteria, populations
from assay.node.partnering.models import Account, Member, Population

pytestmark = pytest.mark.django_db
TEXT = "criteria:\n  pays: {attribute: plan, is: team}\nqualify:\n  all_of: [pays]\n"


def now_in(population):
    return set(Member.objects.filter(population=population, until__isnull=True).values_list("account_id", flat=True))


def later(**words):
    return datetime.now(UTC) + timedelta(**words)


def test_accounts_are_what_the_lake_says_of_them_now(acme):
    one = Account.objects.get(account_id="a1")
    assert (one.name, one.domain, one.attributes["plan"]) == ("Initech Ltd", "initech.com", "team")
    world.tell({"a1": {"plan": "trial"}, "a5": {"name": "New"}})
    assert accounts.refresh(datetime.now(UTC))
    assert Account.objects.get(account_id="a1").attributes == {**one.attributes, "plan": "trial"}
    assert Account.objects.filter(account_id="a5").exists()
    assert not accounts.refresh(datetime.now(UTC))


def test_criteria_find_accounts_and_follow_them(manager):
    made = populations.make(manager, name="Customers", says="customer", how="text", text=TEXT)
    populations.refresh(datetime.now(UTC))
    assert now_in(made) == {"a1", "a2", "a4"}
    world.tell({"a2": {"plan": "trial"}, "a3": {"plan": "team"}})
    populations.refresh(later(hours=1))
    assert now_in(made) == {"a1", "a3", "a4"}
    left = Member.objects.get(population=made, account_id="a2")
    assert left.until is not None
    assert left.since < left.until


def test_criteria_that_are_wrong_say_where_in_what_was_written(manager):
    wrong = "criteria:\n  pays: {attribute: plan, iss: team}\nqualify:\n  all_of: [pays]\n"
    with pytest.raises(BadDefinitions):
        populations.make(manager, name="Customers", says="customer", how="text", text=wrong)
    found = criteria.check(wrong)
    assert [line.number for line in found.lines if line.complaints] == [2]
    assert criteria.check(TEXT).is_clean


def test_accounts_that_hold_a_rule_are_those_told_to_hold_it(manager):
    now = datetime.now(UTC)
    for one in ("a1", "a3"):
        Holding.objects.create(rule="paying", subject_type="account", subject_id=one, node=1, version=1, since=now)
    made = populations.make(manager, name="Paying", says="customer", how="rule", rule="paying")
    assert now_in(made) == {"a1", "a3"}
    Holding.objects.filter(subject_id="a1").delete()
    populations.refresh(later(minutes=1))
    assert now_in(made) == {"a3"}


def test_a_rule_that_is_decided_no_more_is_said_and_its_accounts_stay(manager):
    Holding.objects.create(
        rule="paying", subject_type="account", subject_id="a1", node=1, version=1, since=datetime.now(UTC)
    )
    made = populations.make(manager, name="Paying", says="customer", how="rule", rule="paying")
    type(made).objects.filter(pk=made.pk).update(rule="gone")
    populations.refresh(later(minutes=1))
    made.counting.refresh_from_db()
    assert "decided no more" in made.counting.trouble
    assert now_in(made) == {"a1"}


def test_a_list_names_accounts_by_id_and_by_domain_and_shows_what_nobody_knows(manager):
    made = populations.make(
        manager,
        name="Listed",
        says="prospect",
        how="list",
        lines="a3\nhttps://www.globex.com/about,Globex\r\nnobody.example\n\na3\n",
    )
    assert now_in(made) == {"a2", "a3"}
    assert populations.unknown(made) == ["nobody.example"]
    world.tell({"a9": {"name": "Nobody", "website": "nobody.example"}})
    accounts.refresh(datetime.now(UTC))
    populations.refresh(later(hours=1))
    assert now_in(made) == {"a2", "a3", "a9"}
    assert populations.unknown(made) == []


def test_a_domain_that_two_accounts_have_names_neither(manager):
    world.tell({"a8": {"name": "Initech again", "website": "initech.com"}})
    accounts.refresh(datetime.now(UTC))
    domains = set(Account.objects.filter(domain="initech.com").values_list("account_id", flat=True))
    made = populations.make(manager, name="Listed", says="prospect", how="list", lines="initech.com\n")
    assert populations.unknown(made) == (["initech.com"] if len(domains) > 1 else [])


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"how": "list", "lines": " \n"}, "nothing in this list"),
        ({"how": "list", "lines": "x" * 300}, "too long"),
        ({"how": "rule", "rule": "nonsense"}, "no such rule"),
        ({"how": "magic"}, "no such choice"),
        ({"how": "list", "lines": "a1", "says": "friend"}, "no such choice"),
        ({"how": "list", "lines": "a1", "name": "  "}, "needs a name"),
    ],
)
def test_what_makes_no_population_is_said(manager, words, says):
    with pytest.raises(BadRequest, match=says):
        populations.make(manager, **{"name": "One", "says": "customer", **words})


def test_a_rep_makes_no_population(acme, user_of):
    with pytest.raises(NotAllowed):
        populations.make(user_of(Role.REP), name="One", says="customer", how="list", lines="a1")


def test_the_audit_holds_no_line_of_a_list(manager):
    populations.make(manager, name="Listed", says="prospect", how="list", lines="secret-prospect.example\n")
    assert "secret-prospect" not in str(list(AuditRow.objects.values("before", "after", "subject_id")))


def test_the_pages_show_accounts_and_unknown_lines(manager, client_of):
    populations.make(manager, name="Listed", says="prospect", how="list", lines="a3\nnobody.example\n")
    client = client_of(Role.PARTNER_MANAGER)
    shown = client.get("/partners/populations/listed/").content.decode()
    assert "Acme Secret Prospect" in shown
    assert "nobody.example" in shown
    assert "Listed" in client.get("/partners/populations/").content.decode()


def test_a_population_is_made_on_its_page_with_errors_in_place(acme, client_of):
    client = client_of(Role.PARTNER_MANAGER)
    wrong = {"how": "text", "name": "Customers", "says": "customer", "text": TEXT.replace("is:", "iss:")}
    answer = client.post("/partners/populations/new/", wrong)
    assert answer.status_code == 422
    assert "Line 2, column" in answer.content.decode()
    answer = client.post("/partners/populations/new/", {**wrong, "text": TEXT})
    assert answer.status_code == 302
    assert "being found" in client.get(answer["Location"]).content.decode()
    populations.refresh(datetime.now(UTC))
    assert "Initech Ltd" in client.get("/partners/populations/customers/").content.decode()
    answer = client.post("/partners/populations/customers/change/", {"name": "Clients", "text": TEXT, "do": "keep"})
    assert answer.status_code == 302
    answer = client.post("/partners/populations/customers/change/", {"do": "remove"})
    assert answer["Location"] == "/partners/populations/"


@pytest.mark.parametrize(
    ("told", "complaint"),
    [
        (b"a1\n" * (4 << 20), "This file is too large for a list (found: 12.0 MiB)"),
        ("a1\nMüller GmbH\n".encode("latin-1"), "list.csv, line 2: This file is no text in UTF-8 (found: byte 0xfc)"),
        ("a1\na2\n".encode("utf-16"), "line 1: This file is no text in UTF-8"),
        (b"a1\n\x00\n", "This file is no text (found: a byte of 0)"),
    ],
)
def test_a_file_that_is_too_large_or_no_text_is_refused_whole(manager, client_of, told, complaint):
    file = SimpleUploadedFile("list.csv", told)
    typed = {"how": "list", "name": "Customers", "says": "customer", "lines": "a2", "file": file}
    answer = client_of(Role.PARTNER_MANAGER).post("/partners/populations/new/", typed)
    page = html.unescape(answer.content.decode())
    assert answer.status_code == 422
    assert complaint in page
    assert 'value="Customers"' in page, "what was typed stays"
    assert not Population.objects.exists()


def test_a_file_with_a_mark_of_utf_8_is_read_as_it_is(manager, client_of):
    file = SimpleUploadedFile("list.csv", "a1\nünter.de\n".encode("utf-8-sig"))
    typed = {"how": "list", "name": "Customers", "says": "customer", "file": file}
    assert client_of(Role.PARTNER_MANAGER).post("/partners/populations/new/", typed).status_code == 302
    assert set(Population.objects.get().listed.values_list("text", flat=True)) == {"a1", "ünter.de"}
