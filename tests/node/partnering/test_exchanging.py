"""The node deals with a partner over an escrow: what is granted is told, once, and all else stays where it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.node.partnering import world
from tests.node.partnering.conftest import exchange
from tests.partners.dealing.companies import account

from assay.node.access.models import AuditRow
from assay.node.access.permissions import Role
from assay.node.partnering import grants, pairing, populations, releasing
from assay.node.partnering.models import (
    Disclosed,
    Grant,
    Member,
    Memory,
    Overlap,
    Partnership,
    Population,
    Standing,
    TheirPopulation,
    Told,
)
from assay.partners.evidence import DEFAULT_TERMS, WEIGHTS

pytestmark = pytest.mark.django_db
EVERYBODY = "a1\na2\na3\na4\n"


@pytest.fixture
def customers(manager):
    return populations.make(manager, name="Customers", says="customer", how="list", lines=EVERYBODY)


@pytest.fixture
def granted(manager, colleague, paired, customers):
    """A function that lets the partner learn of customers, as two people would."""

    def let(**words):
        asked = grants.ask(manager, paired, customers, **{"level": "overlaps", "fields": ["name", "plan"], **words})
        if asked.state == Grant.State.ASKED:
            grants.agree(colleague, asked.pk)

    return let


def test_an_account_that_changed_is_compared_with_all_partners_in_one_request_before_any_step(
    granted, customers, birch, rounds, operator, background
):
    granted()
    birch.grant()
    rounds()
    assert "a1" in set(Overlap.objects.filter(ruling="match").values_list("account_id", flat=True))
    asked, answering = [], operator.app

    def noting(environ, start_response):
        asked.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        return answering(environ, start_response)

    operator.app = noting
    birchs = {"name": "Birch Secret", "website": "only-birch.com", "country": "FR", "city": "Lyon"}
    world.tell({"a1": {**world.ACCOUNTS["a1"], **birchs}})
    background.step()
    assert asked[0] == "POST /v1/rows/compared"
    assert "POST /v1/rows" not in asked
    rounds()
    assert sorted(birch.shared) == ["b2", "b3"]
    held = Overlap.objects.filter(until__isnull=True).values_list("account_id", "ruling")
    assert sorted(held) == [("a1", "match"), ("a2", "match")]


def test_what_is_granted_is_told_and_receipted_and_nothing_else(granted, customers, birch, rounds, client_of):
    rounds()
    assert birch.known == {}
    assert not Disclosed.objects.exists()
    assert Member.objects.filter(population=customers).count() == 4
    granted()
    birch.grant(fields=("owner",))
    rounds()
    assert birch.known == {
        ("b1", "customers"): {"name": "Initech Ltd", "plan": "team"},
        ("b2", "customers"): {"name": "Globex Corp", "plan": "team"},
    }
    told = {one.account_id: one for one in Disclosed.objects.all()}
    assert set(told) == {"a1", "a2"}
    assert all(one.state == "told" and one.entry and one.receipted_at for one in told.values())
    held = Overlap.objects.filter(until__isnull=True).values_list("account_id", "ruling")
    assert sorted(held) == [("a1", "match"), ("a2", "match")]
    learnt = {one.account_id: (one.population, one.says, one.fields) for one in Told.objects.all()}
    assert learnt == {
        "a1": ("customers", "customer", {"owner": "Bob of b1"}),
        "a2": ("customers", "customer", {"owner": "Bob of b2"}),
    }
    assert TheirPopulation.objects.get().level == "overlaps"
    standing = Standing.objects.get()
    assert (standing.our_records, standing.their_records, standing.shared_records) == (3, 3, 2)
    page = client_of(Role.REP).get("/partners/birch/learns/").content.decode()
    assert "Initech Ltd" in page
    assert "receipted" in page
    entries = Disclosed.objects.count()
    rounds()
    assert Disclosed.objects.count() == entries


def test_a_new_account_is_compared_and_one_that_leaves_is_withdrawn(granted, manager, birch, rounds):
    granted()
    rounds()
    birch.accounts["b4"] = account("Acme Secret Prospect", "only-acme.com", "DE", "")
    rounds()
    assert ("b4", "customers") in birch.known
    populations.change(manager, "customers", name="Customers", lines="a2\na3\n")
    rounds()
    assert set(birch.known) == {("b2", "customers"), ("b4", "customers")}
    gone = Disclosed.objects.get(account_id="a1")
    assert (gone.state, gone.withdrawn_at is None) == ("withdrawn", False)


def test_an_account_that_shares_a_further_domain_alone_is_found_as_the_evidence_says(granted, birch, rounds):
    birch.accounts = {"b7": account("Acme Secret Prospect", "acme-berlin.de", "DE", "")}
    birch.grant()
    granted()
    rounds()
    assert not Overlap.objects.filter(ruling="match").exists(), "another domain speaks against the same name"
    world.tell({"a3": {**world.ACCOUNTS["a3"], "further_domains": "acme.example; www.acme-berlin.de, gmail.com"}})
    rounds()
    one = Overlap.objects.get(ruling="match", until__isnull=True)
    assert one.account_id == "a3"
    found = dict(one.reasons)
    assert found["domain agrees"] == WEIGHTS["domain agrees"]
    assert "domain differs" not in found
    assert one.bits == pytest.approx(sum(found.values()))
    assert one.bits > DEFAULT_TERMS.match_from


def test_what_is_held_waits_for_somebody_and_what_is_refused_is_not_told(granted, manager, birch, rounds, client_of):
    granted(is_held=True)
    rounds()
    assert birch.known == {}
    waiting = {one.account_id: one for one in Disclosed.objects.filter(state="held")}
    assert set(waiting) == {"a1", "a2"}
    assert sorted(birch.shared) == ["b1", "b2"], "that they are shared both know; what is said of them waits"
    page = client_of(Role.PARTNER_MANAGER).get("/partners/birch/held/").content.decode()
    assert "That these accounts are on both lists, Birch knows already" in page
    releasing.let_go(manager, waiting["a1"].pk)
    releasing.refuse(manager, waiting["a2"].pk)
    rounds()
    assert sorted(birch.shared) == ["b1", "b2"]
    assert set(birch.known) == {("b1", "customers")}
    assert {one.account_id: one.state for one in Disclosed.objects.all()} == {"a1": "told", "a2": "refused"}
    world.tell({"a1": {"plan": "trial"}})
    rounds()
    assert birch.known["b1", "customers"]["plan"] == "trial"


def test_beyond_the_budget_of_a_week_accounts_wait(granted, manager, paired, birch, rounds):
    pairing.limit(manager, paired.pk, matches_a_week=1)
    granted()
    rounds()
    assert len(birch.known) == 1
    assert Disclosed.objects.get(state="held").why == releasing.BUDGET


def test_a_grant_that_ends_is_taken_back_and_one_that_runs_out_too(granted, birch, rounds):
    until = (datetime.now(UTC) + timedelta(days=2)).date()
    granted(expires_on=until)
    rounds()
    assert len(birch.known) == 2
    Grant.objects.update(expires_on=until - timedelta(days=9))
    rounds()
    assert birch.known == {}
    assert Grant.objects.get().state == "over"
    granted()
    rounds()
    assert len(birch.known) == 2
    granted(level="hidden", fields=[])
    rounds()
    assert birch.known == {}
    assert set(Disclosed.objects.values_list("state", flat=True)) == {"withdrawn"}


def test_an_escrow_that_is_away_is_said_and_waited_for(granted, paired, birch, rounds, operator):
    granted()
    operator.is_away = True
    from assay.node.partnering.stepping import Background

    exchange(paired, Background(lambda: datetime.now(UTC)))
    assert Standing.objects.get().obstacle
    operator.is_away = False
    rounds()
    assert Standing.objects.get().obstacle == ""
    assert len(birch.known) == 2


def test_a_partnership_that_ends_here_ends_there_and_nothing_told_holds(granted, manager, paired, birch, rounds):
    granted()
    birch.grant(fields=())
    rounds()
    assert Told.objects.filter(until__isnull=True).count() == 2
    pairing.end(manager, paired.pk)
    rounds()
    assert paired.state == Partnership.State.REVOKED
    assert birch.log.told("ended") == [()]
    assert not Told.objects.filter(until__isnull=True).exists()
    assert not Overlap.objects.filter(until__isnull=True).exists()


def test_nothing_told_lies_open_in_the_memory_nor_in_the_audit(granted, rounds, operator):
    granted()
    rounds()
    secret = {bytes(one.value) for one in Memory.objects.filter(kind__in=["record", "epoch", "identity", "salt"])}
    assert secret
    assert not any(value == b"a1" or b"initech" in value.lower() for value in secret)
    assert "initech" not in str(list(AuditRow.objects.values())).lower()
    stored = b"".join(path.read_bytes() for path in operator_files(operator))
    assert b"initech" not in stored.lower()
    assert Population.objects.count() == 1


def operator_files(operator):
    return [path for path in operator.folder.rglob("*") if path.is_file()]


def test_what_was_let_go_with_some_fields_waits_again_with_more(granted, manager, birch, rounds):
    granted(is_held=True, fields=["name"])
    rounds()
    waiting = Disclosed.objects.get(account_id="a1")
    releasing.let_go(manager, waiting.pk)
    granted(is_held=True, fields=["name", "plan"])
    rounds()
    assert birch.known == {}
    waiting = Disclosed.objects.get(account_id="a1")
    assert (waiting.fields, waiting.let_go_by) == (["name", "plan"], None)
    granted(level="hidden", fields=[])
    rounds()
    assert not Disclosed.objects.exists()
