"""What programs read: leads with evidence, accounts, spells, what holds of a user, rules; and outcomes they tell."""

from __future__ import annotations

import json

import pytest
from tests.node.leads.knowing import ACME, NOON, UPSELL, enter, lead_of, leave, works_at

from assay.node.access.actions import Machine
from assay.node.access.permissions import Role
from assay.node.lake import manifest
from assay.node.leads import stories
from assay.node.live.models import Spell
from assay.node.rulebook.importing import import_folder

pytestmark = pytest.mark.django_db

#: Acme has two sources of outcomes.
SOURCE = "opportunities"


@pytest.fixture
def rules(db):
    """Acme's rules, decided by the node."""
    import_folder(Machine("a test"), ACME / "definitions")


def test_a_lead_comes_with_its_evidence(program, arrive):
    arrive(enter())
    one, lead = program(), lead_of()
    for n, letter in enumerate(("need", "budget")):
        decision = {"do": "evidence", "letter": letter, "text": f"said so {n}"}
        one.post(f"/leads/{lead.pk}/decisions", decision, key=letter)
    whole = one.get(f"/leads/{lead.pk}").json()
    assert whole["lead"]["rule"] == "pql_trial_conversion"
    assert [spell["rule"] for spell in whole["spells"]] == ["pql_trial_conversion"]
    assert {letter: [found["text"] for found in told] for letter, told in whole["bant"].items()} == {
        "need": ["said so 0"],
        "budget": ["said so 1"],
    }
    assert [line["what"] for line in whole["history"]][:2] == ["arrived", "offered"]


def test_a_lead_that_is_not_there_is_told_so(program):
    answer = program().get("/leads/999")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_accounts_come_by_id_page_by_page(program, arrive):
    for who, account in (("ann", "acme.example"), ("bob", "beta.example"), ("cat", "acme.example")):
        stories.plug(describe=works_at(account))
        arrive(enter(who=who))
    one = program()
    first = one.get("/accounts?limit=1").json()
    assert [(a["id"], a["open_leads"]) for a in first["accounts"]] == [("acme.example", 2)]
    second = one.get(f"/accounts?limit=1&after={first['next']}").json()
    assert ([a["id"] for a in second["accounts"]], second["next"]) == (["beta.example"], None)


def test_spells_of_a_subject_are_asked_for_without_its_id_in_the_address(program):
    told = {"rule": "r", "version": 1, "fingerprint": "f", "subject_type": "person", "node": 1, "opened_by": "birth"}
    Spell.objects.create(**told, subject_id="ann", starts_at=NOON)
    Spell.objects.create(**told, subject_id="bob", starts_at=NOON)
    found = program().post("/spells", {"type": "person", "id": "ann"}).json()
    assert [spell["opened_by"] for spell in found["spells"]] == ["birth"]
    assert len(found["spells"]) == 1


def test_a_product_asks_what_holds_of_a_user(program, arrive):
    arrive(enter(who="jürgen@acme.example"))
    one = program(Role.REVOPS, "plays:read")
    answer = one.get("/plays", **{"Assay-User": "j%C3%BCrgen%40acme.example"})
    (play,) = answer.json()["plays"]
    assert (play["rule"], play["stage"], play["state"]) == ("pql_trial_conversion", "PQL", "offered")
    assert answer["Cache-Control"] == "private, max-age=30"
    assert "Assay-User" in answer["Vary"]
    assert one.get("/plays", **{"Assay-User": "somebody"}).json()["plays"] == []


def test_a_product_that_knows_the_answer_already_is_told_so_until_it_changes(program, arrive):
    arrive(enter())
    one = program(Role.REVOPS, "plays:read")
    etag = one.get("/plays", **{"Assay-User": "ann"})["ETag"]
    for known in (etag, f"W/{etag}", f'"another", {etag}', "*"):
        again = one.get("/plays", **{"Assay-User": "ann", "If-None-Match": known})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)
        assert again["Cache-Control"] == "private, max-age=30"
    arrive(leave())
    changed = one.get("/plays", **{"Assay-User": "ann", "If-None-Match": etag})
    assert (changed.status_code, changed.json()["plays"]) == (200, [])


def test_what_holds_no_longer_is_no_play(program, arrive):
    arrive(enter(), leave())
    assert program().get("/plays", **{"Assay-User": "ann"}).json()["plays"] == []


def test_the_rules_that_are_decided_are_listed(program, rules):
    told = program().get("/rules").json()
    assert told["edition"] == 1
    assert {UPSELL, "pql_trial_conversion"} <= {rule["name"] for rule in told["rules"]}


@pytest.fixture
def lake(node_postgres, settings, tmp_path):
    """A lake of this test alone."""
    from dataclasses import replace

    settings.ASSAY = replace(settings.ASSAY, data_folder=tmp_path)


def tell(program, key="k", **outcome):
    return program.post("/outcomes", {"source": SOURCE, "outcomes": [outcome]}, key=key)


def test_an_outcome_becomes_a_row_of_the_definitions_source(program, rules, lake):
    one = program()
    told = {"outcome": "won", "at": "2026-03-10T12:00:00Z", "account": "acme.example", "amount": "1200.50"}
    first, again = (tell(one, **told) for _ in range(2))
    assert first.json()["taken"] == 1, first.content
    assert first.content == again.content
    (row,) = manifest.rows_since(0).to_pylist()
    assert (row["kind"], row["event"], row["at"]) == ("row", "outcomes", NOON)
    assert "acme.example" in json.loads(row["body"]).values()


def test_an_outcome_of_nobody_is_refused(program, rules, lake):
    assert tell(program(), outcome="won", at="2026-03-10T12:00:00Z").status_code == 422


@pytest.mark.parametrize("amount", [12.345678901, "12.345679", -3, "-0.5", 0])
def test_an_amount_is_taken_as_a_number_or_as_text(program, amount, rules, lake):
    assert tell(program(), outcome="won", at="2026-03-10T12:00:00Z", account="a", amount=amount).status_code == 200


@pytest.mark.parametrize("amount", [1e10, True, "1e3", "12.", "NaN", "1.2345678", []])
def test_an_amount_that_the_document_does_not_allow_is_refused(program, amount):
    answer = tell(program(), outcome="won", at="2026-03-10T12:00:00Z", person="ann", amount=amount)
    assert answer.status_code == 422


def test_outcomes_without_a_source_that_takes_them_are_refused_with_a_mend(program, lake):
    answer = tell(program(), outcome="won", at="2026-03-10T12:00:00Z", account="acme.example")
    assert (answer.status_code, answer.json()["mend"]) == (409, "Name it. There are: none.")


def test_the_page_about_the_api_names_every_operation(client_of):
    page = client_of(Role.REP).get("/api/").content.decode()
    for path in ("/api/v1/leads", "/api/v1/plays", "/api/v1/outcomes", "leads:write"):
        assert path in page


def test_a_webhook_is_added_and_removed(program):
    one = program()
    wanted = {"name": "CRM", "kind": "standard", "url": "https://crm.example/hook", "events": ["lead"]}
    made = one.post("/webhooks", wanted, key="k").json()
    assert made["secret"].startswith("whsec_")
    assert [hook["url"] for hook in one.get("/webhooks").json()["webhooks"]] == ["https://crm.example/hook"]
    assert made["secret"] not in one.get("/webhooks").content.decode()
    gone = one.client.delete(
        f"/api/v1/webhooks/{made['webhook']['id']}", headers={"Authorization": f"Bearer {one.secret}"}
    )
    assert gone.status_code == 200
    assert one.get("/webhooks").json()["webhooks"] == []


def test_a_webhook_without_tls_is_refused(program):
    wanted = {"name": "CRM", "kind": "standard", "url": "http://crm.example/hook", "events": ["lead"]}
    assert program().post("/webhooks", wanted, key="k").status_code == 422
