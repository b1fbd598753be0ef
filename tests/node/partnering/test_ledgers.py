"""The ledger leaves the node as a file that `assay partners verify` reads, on a page and over the API."""

from __future__ import annotations

import json

import pytest
from tests.node.api.conftest import program as program
from tests.node.partnering.test_exchanging import customers as customers
from tests.node.partnering.test_exchanging import granted as granted

from assay.cli.partners import verify
from assay.node.access.permissions import Role
from assay.node.partnering import pairing

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(granted, birch, rounds):
    """Both sides told the other of two accounts."""
    granted()
    birch.grant(fields=("owner",))
    rounds()


def downloaded(client, paired):
    answer = client.get(f"/partners/birch/ledger/{paired.public_id}.jsonl")
    assert answer.status_code == 200
    assert f"ledger-birch-{paired.public_id[:8]}.jsonl" in answer["Content-Disposition"]
    return answer.getvalue().decode()


def test_what_the_node_exports_is_verified_by_the_command_beside_the_partners_own_file(
    told, paired, birch, client_of, tmp_path, capsys
):
    client = client_of(Role.REP)
    page = client.get("/partners/birch/learns/").content.decode()
    assert f"/partners/birch/ledger/{paired.public_id}.jsonl" in page
    ours, theirs = tmp_path / "ours.jsonl", tmp_path / "theirs.jsonl"
    ours.write_text(downloaded(client, paired))
    theirs.write_text(birch.deal.ledger())
    assert verify(ours, theirs) == 0
    said = capsys.readouterr().out
    assert said.count("2 entries") == 4
    assert "Nothing is wrong" in said
    text = ours.read_text().lower()
    assert "initech" not in text
    assert "bob of" not in text


def test_a_ledger_that_was_changed_after_the_export_is_found_out(told, paired, client_of, tmp_path, capsys):
    whole = downloaded(client_of(Role.PARTNER_MANAGER), paired)
    lines = whole.splitlines()
    at = next(n for n, line in enumerate(lines) if json.loads(line)["kind"] == "entry")
    changed = tmp_path / "changed.jsonl"
    changed.write_text("\n".join([*lines[:at], *lines[at + 1 :]]))
    assert verify(changed) == 1
    changed.write_text(whole.replace('"plan"', '"arr"'))
    assert verify(changed) == 1
    assert "did not sign" in capsys.readouterr().out


def test_the_ledger_outlives_the_partnership(told, manager, paired, rounds, client_of, tmp_path):
    pairing.end(manager, paired.pk)
    rounds()
    client = client_of(Role.REVOPS)
    assert "which is over" in client.get("/partners/birch/learns/").content.decode()
    file = tmp_path / "over.jsonl"
    file.write_text(downloaded(client, paired))
    assert verify(file) == 0
    assert '"kind":"entry"' in file.read_text()


def test_a_program_takes_ledgers_along_and_needs_the_scope_for_it(told, paired, program, tmp_path):
    one = program(Role.REVOPS)
    listed = one.get("/partnerships").json()["partnerships"]
    assert [(each["id"], each["partner"], each["state"]) for each in listed] == [(paired.public_id, "birch", "live")]
    answer = one.get(f"/partnerships/{paired.public_id}/ledger")
    assert answer["Content-Type"] == "application/x-ndjson"
    file = tmp_path / "ledger.jsonl"
    file.write_bytes(answer.getvalue())
    assert verify(file) == 0
    assert one.get(f"/partnerships/{'0' * 32}/ledger").status_code == 404
    other = program(Role.REVOPS, "leads:read", name="Other")
    assert other.get(f"/partnerships/{paired.public_id}/ledger").status_code == 403


def test_there_is_no_ledger_before_anybody_greeted_nor_under_another_partner(told, paired, manager, client_of):
    made = pairing.invite(manager, name="Cedar", escrow=paired.escrow)
    client = client_of(Role.PARTNER_MANAGER)
    assert "The ledger" not in client.get("/partners/cedar/learns/").content.decode()
    assert client.get(f"/partners/cedar/ledger/{made.public_id}.jsonl").status_code == 404
    assert client.get(f"/partners/cedar/ledger/{paired.public_id}.jsonl").status_code == 404
