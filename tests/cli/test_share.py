"""`assay share` and `assay partners verify`: a partner without a node, over a real escrow."""

from __future__ import annotations

import csv
import json
import stat

import pytest
from tests.cli.sharing_partner import LIST

from assay.cli.main import main


def _learnt(tmp_path):
    with (tmp_path / "learnt.csv").open(encoding="utf-8") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


def test_one_command_finds_what_is_shared_and_the_list_stays_here(paired, run, vendor, tmp_path, escrow):
    assert "3 companies" in paired and "2 of your 3 companies" in paired, paired
    assert "Pairs of rows that look like one company: 1." in " ".join(paired.split()), paired
    with (tmp_path / "customers.duplicates.csv").open(encoding="utf-8") as file:
        assert [row["why"] for row in csv.DictReader(file)] == ["the same in every key: taken for one company"]
    assert "1 repeating another row, 1 with neither a domain nor a name" in " ".join(paired.split())
    learnt = _learnt(tmp_path)
    assert set(learnt) == {"1", "2"}
    assert learnt["1"]["their owner"] == "'=Ann of v1"
    assert vendor.known == {("v1", "list"): {}, ("v2", "list"): {}}
    held = b"".join(path.read_bytes() for path in [*escrow.data.glob("*"), escrow.log])
    held += b"".join(path.read_bytes() for path in vendor.folder.iterdir())
    assert b"planted" not in held

    (tmp_path / "customers.csv").write_text(LIST + "6,Theirs Only,only-theirs.com,FR,Lyon,Bo,x\n")
    code, told = run("customers.csv", "--let", "Owner", "--wait", "3", seen="told which (3)")
    assert code == 0 and "3 of your 4 companies" in told, told
    assert vendor.known["v3", "list"] == {"Owner": "Bo"}
    assert vendor.known["v1", "list"] == {"Owner": "Bob"}

    ledger = tmp_path / "vendor.jsonl"
    ledger.write_text(vendor.deal.ledger())
    code, told = run("customers.csv", "--leave")
    assert code == 0 and "It is ended" in told
    assert vendor.deal.state == "revoked"
    assert not (tmp_path / "customers.assay").exists()
    ours = tmp_path / "customers.ledger.jsonl"
    assert main(["partners", "verify", str(ledger), str(ours)]) == 0


def test_state_and_key_are_for_the_owners_eyes_alone(paired, tmp_path):
    assert paired
    for path in (tmp_path / "customers.assay/key", tmp_path / "customers.assay/memory", tmp_path / "recovery.json"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "customers.assay").stat().st_mode) == 0o700


def test_a_lost_key_comes_back_and_what_was_shared_before_ends(paired, run, vendor, tmp_path):
    assert paired
    code, told = run("customers.csv", "--recover", "recovery.json", "--state", "new")
    assert code == 0 and "The key is back" in told, told
    vendor.step()
    assert vendor.deal.state == "revoked"
    seed = json.loads((tmp_path / "recovery.json").read_text())["key"]
    assert (tmp_path / "new/key").read_text() == seed


def test_wrong_digits_confirm_nothing(run, vendor, tmp_path):
    (tmp_path / "customers.csv").write_text(LIST)
    code, told = run("customers.csv", "--with", vendor.invitation, "--wait", "3", "--confirmed", "12345 " * 12)
    assert code == 1 and "These are not the digits" in told
    code, told = run("customers.csv", "--wait", "1")
    assert code == 0 and "compare these digits" in told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "Which list?"),
        (("nothing.csv",), "There is no such file"),
        (("customers.csv",), "No sharing is kept here"),
        (("customers.csv", "--with", "hello"), "This is not an invitation"),
        (("customers.csv", "--with", "@nowhere"), "cannot be read"),
        (("customers.csv", "--domain", "web"), "no such column"),
        (("customers.csv", "--leave"), "No sharing is kept here"),
        (("customers.csv", "--recover", "customers.csv"), "This is no recovery file"),
        (("numbers.csv", "--with", "x"), "No column looks like"),
        (("twice.csv", "--with", "x"), "Two different companies have one id"),
    ],
)
def test_what_cannot_be_is_told_in_words(alone, tmp_path, words, told):
    (tmp_path / "numbers.csv").write_text("a,b\n1,2\n3,4\n")
    (tmp_path / "twice.csv").write_text("key,name,website\n" + "1,A Ltd,a.com\n1,B Ltd,b.com\n")
    words = (*words, "--id", "key") if words[:1] == ("twice.csv",) else words
    code, text = alone("share", *words)
    assert code == 1 and told in " ".join(text.split()), text
    assert "Traceback" not in text


def test_a_ledger_that_was_changed_or_cut_is_told_with_its_place(paired, vendor, alone, tmp_path):
    assert paired
    lines = vendor.deal.ledger().splitlines()
    entries = [at for at, line in enumerate(lines) if '"kind":"entry"' in line]
    whole, changed, cut, garbled = (tmp_path / name for name in ("whole", "changed", "cut", "garbled"))
    whole.write_text("\n".join(lines))
    changed.write_text("\n".join(lines).replace('"owner"', '"email"'))
    cut.write_text("\n".join(line for at, line in enumerate(lines) if at != entries[0]))
    garbled.write_text("\n".join([*lines, "{not a line"]))
    assert alone("partners", "verify", str(whole))[0] == 0
    for path, told in ((changed, "did not sign this entry"), (cut, "missing"), (garbled, "line")):
        code, text = alone("partners", "verify", str(path))
        assert code == 1 and told in text, text
    assert alone("partners", "verify", str(tmp_path / "nowhere"))[0] == 1
    assert alone("partners", "verify")[0] == 1
    assert "no ledger" in alone("partners", "verify", str(tmp_path / "customers.csv"))[1]
