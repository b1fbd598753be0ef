"""What keeps a small company's list whole, its folders its own, and its companies from being guessed at."""

from __future__ import annotations

import json
import stat

import pytest
from tests.cli.sharing_partner import LIST, pair, run_until, run_with, vendor_at
from tests.partners.dealing.companies import account

from assay.partners.asking import Refused
from assay.partners.dealing import Agreed

pytestmark = pytest.mark.share


def _rows(numbers):
    rows = "".join(f"{at},Company {at:03} Holding,number-{at:03}.com,GB,Leeds\n" for at in numbers)
    return "id,Company name,Website,Country,City\n" + rows


@pytest.fixture
def guessing(tmp_path, escrow):
    """A vendor that has nothing but companies of ours."""
    accounts = {f"v{at}": account(f"Company {at:03} Holding", f"number-{at:03}.com", "GB", "Leeds") for at in range(50)}
    made = vendor_at(escrow, tmp_path / "vendor", accounts)
    yield made
    made.rows.close()


def test_a_list_that_lost_half_stops_before_anything_is_sent_until_that_is_meant(vendor, run, tmp_path):
    vendor.accounts |= {"v9": account("Company 001 Holding", "number-001.com", "GB", "Leeds")}
    vendor.grant(fields=("owner",))
    pair(vendor, tmp_path, _rows(range(30)), seen="told which (1)")
    assert ("v9", "list") in vendor.known

    for broken, told in ((_rows([]), "no row below the header"), (_rows(range(20, 30)), "20 of the 30 companies")):
        (tmp_path / "customers.csv").write_text(broken)
        code, text = run("customers.csv", "--wait", "1")
        assert code == 1 and told in text and "Traceback" not in text, text
    assert "10 companies" in text and "--fewer" in text and "nothing was sent" in text
    assert ("v9", "list") in vendor.known

    (tmp_path / "customers.csv").write_text(_rows(range(1, 17)))
    assert run("customers.csv", "--wait", "1")[0] == 0
    assert ("v9", "list") in vendor.known
    (tmp_path / "customers.csv").write_text(
        "\n".join(["id,Company name", *(f"x{at},Other {at} Ltd" for at in range(3))])
    )
    assert run("customers.csv", "--wait", "1")[0] == 0, "a short list changes as it likes"


def test_fewer_says_that_it_is_meant(vendor, run, tmp_path):
    pair(vendor, tmp_path, _rows(range(30)), seen="of your 30 companies")
    (tmp_path / "customers.csv").write_text(_rows(range(5)))
    code, text = run("customers.csv", "--fewer", "--wait", "1")
    assert code == 0 and "of your 5 companies" in text, text


def test_a_partner_whose_whole_list_is_ours_is_told_nothing_before_somebody_lets_it_go(guessing, tmp_path):
    told = pair(guessing, tmp_path, _rows(range(60)), "--let", "City", seen="may be guessing")
    assert "50 of the 50 companies in your partner's list are in yours, more than 80 %" in told, told
    assert "--let-go" in told and "told which (0)" in told
    assert guessing.known == {}
    code, told = run_until(guessing, tmp_path, ("customers.csv", "--let-go", "--wait", "1"), "told which (50)")
    assert code == 0 and "guessing at your list" not in told, told
    assert len(guessing.known) == 50
    assert guessing.known["v1", "list"] == {"City": "Leeds"}


def test_a_partners_list_is_held_to_lengths_that_are_told_and_can_be_changed(guessing, tmp_path):
    told = pair(guessing, tmp_path, _rows(range(3)), seen="3 of your 3 companies")
    assert told.count("up to 100,000 companies, and once it is there 10,000 new ones a week") == 1, told
    code, told = run_with(guessing, tmp_path, ("customers.csv", "--longest", "40", "--wait", "1"))
    assert code == 0 and "up to 40 companies, and once it is there 4 new ones" in told, told
    assert "has 50 companies, more than you allow" in told
    code, told = run_with(guessing, tmp_path, ("customers.csv", "--a-week", "7", "--wait", "1"))
    assert code == 0 and "up to 40 companies, and once it is there 7 new ones" in told, told
    guessing.accounts = {**guessing.accounts, "v50": account("Company 050 Holding", "number-050.com")}
    with pytest.raises(Refused, match="40 companies are allowed"):
        guessing.step()
    code, told = run_with(vendor_of_nothing(guessing), tmp_path, ("customers.csv", "--a-week", "0"))
    assert code == 1 and "So many companies cannot be allowed" in told


def vendor_of_nothing(vendor):
    """Let a vendor bring what it brought before."""
    vendor.accounts.pop("v50")
    return vendor


def test_a_folder_with_other_things_is_not_taken_for_state(vendor, alone, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("all of it")
    for state in ("mine", "."):
        code, told = alone("share", "customers.csv", "--with", vendor.invitation, "--state", state)
        assert code == 1 and "This folder holds other things" in told and state in told, told
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


def test_leaving_deletes_what_is_ours_alone_and_keeps_every_ledger(run, vendor, tmp_path):
    pair(vendor, tmp_path, LIST)
    (tmp_path / "customers.assay" / "thesis.txt").write_text("all of it")
    (tmp_path / "customers.ledger.jsonl").write_text("an older ledger")
    code, told = run("customers.csv", "--leave")
    assert code == 0 and "stays: there are things in it" in told, told
    assert [path.name for path in (tmp_path / "customers.assay").iterdir()] == ["thesis.txt"]
    assert (tmp_path / "customers.ledger.jsonl").read_text() == "an older ledger"
    assert '"kind":"chain"' in (tmp_path / "customers.ledger-2.jsonl").read_text()


def test_a_state_folder_may_be_the_one_in_which_somebody_works(vendor, alone, tmp_path, monkeypatch):
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    code, told = alone("share", "../customers.csv", "--with", vendor.invitation, "--state", ".", "--wait", "0.2")
    assert code == 0 and "has not taken notice yet" in told, told
    code, told = alone("share", "--state", ".", "--leave")
    assert code == 0 and "It is ended" in told, told
    assert list((tmp_path / "work").iterdir()) == []


def test_a_recovery_file_is_written_whenever_it_is_asked_for(vendor, alone, tmp_path):
    alone("share", "customers.csv", "--with", vendor.invitation, "--wait", "0.2")
    code, told = alone("share", "customers.csv", "--recovery", "later.json", "--wait", "0.2")
    assert code == 0 and "The key is written to later.json" in told, told
    held = json.loads((tmp_path / "later.json").read_text())
    assert held["key"] == (tmp_path / "customers.assay/key").read_text()
    assert held["invitation"] == vendor.invitation
    assert stat.S_IMODE((tmp_path / "later.json").stat().st_mode) == 0o600


def test_bringing_a_key_back_goes_on_where_the_network_failed(vendor, alone, escrow, tmp_path):
    alone("share", "customers.csv", "--with", vendor.invitation, "--recovery", "recovery.json", "--wait", "0.2")
    recover = ("share", "customers.csv", "--recover", "recovery.json", "--state", "new")
    escrow.kill()
    code, told = alone(*recover)
    assert code == 1 and "cannot be reached" in told
    escrow.start()
    code, told = alone(*recover)
    assert code == 0 and "The key is back" in told, told
    code, told = alone("share", "customers.csv", "--recover", "recovery.json")
    assert code == 1 and "Sharing is kept here already" in told


def test_terms_are_shown_before_they_are_signed_and_trust_is_asked_for(escrow, alone, tmp_path):
    agreed = Agreed(success="ten introductions", review_on="2027-01-31", is_blind=False)
    made = vendor_at(escrow, tmp_path / "trusted", agreed=agreed)
    made.rows.close()
    begin = ("share", "customers.csv", "--with", made.invitation, "--wait", "0.2")
    code, told = alone(*begin)
    assert code == 1 and "--accept-trusted" in told, told
    for words in (
        escrow.address,
        "trusted, not blind",
        "ten introductions",
        "2027-01-31",
        "about 20 to 1",
        "people are not",
    ):
        assert words in told
    assert "the same company" in told
    assert not (tmp_path / "customers.assay").exists()
    code, told = alone(*begin, "--accept-trusted")
    assert code == 0 and "has not taken notice yet" in told, told


@pytest.mark.parametrize(("typed", "told"), [(b"\x04", "Nothing was answered"), (b"no\n", "Nothing was accepted")])
def test_who_does_not_say_yes_to_a_trusted_escrow_accepts_nothing(escrow, tmp_path, typed, told):
    made = vendor_at(escrow, tmp_path / "trusted", agreed=Agreed(is_blind=False))
    (tmp_path / "customers.csv").write_text(LIST)
    code, text = run_with(made, tmp_path, ("customers.csv", "--with", made.invitation), typed)
    made.rows.close()
    assert code == 1 and told in text and "should not" not in text, text
    assert not (tmp_path / "customers.assay").exists()


def test_whoever_says_no_to_the_digits_reads_what_to_do(vendor, tmp_path):
    (tmp_path / "customers.csv").write_text(LIST)
    words = ("customers.csv", "--with", vendor.invitation, "--wait", "1")
    code, told = run_with(vendor, tmp_path, words, b"no\n")
    assert code == 0 and "somebody may stand in between" in told, told
    assert "assay share customers.csv --leave" in told
    code, told = run_with(vendor, tmp_path, ("customers.csv", "--wait", "1"), b"\x04")
    assert code == 1 and "type yes, or use --confirmed" in " ".join(told.split()), told


@pytest.mark.parametrize("out", ["folder", "customers.csv/learnt.csv", "customers.csv/deep/learnt.csv"])
def test_a_file_that_cannot_be_written_is_told_before_anything_is_done(alone, tmp_path, out):
    (tmp_path / "folder").mkdir()
    code, told = alone("share", "customers.csv", "--with", "x", "--out", out)
    assert code == 1 and "--out" in told and out in told and "should not" not in told, told


def test_a_file_of_duplicates_that_cannot_be_written_is_told_with_its_path(alone, tmp_path):
    (tmp_path / "customers.duplicates.csv").mkdir()
    code, told = alone("share", "customers.csv", "--with", "x")
    assert code == 1 and "customers.duplicates.csv" in told and "--out" in told and "should not" not in told, told


def test_state_and_recovery_files_that_cannot_be_written_are_told_with_a_mend(vendor, alone):
    begin = ("share", "customers.csv", "--with", vendor.invitation, "--wait", "0.2")
    code, told = alone(*begin, "--state", "customers.csv/state")
    assert code == 1 and "customers.csv/state" in told and "Name a new folder" in told, told
    code, told = alone(*begin, "--recovery", "nowhere/recovery.json")
    assert code == 1 and "nowhere/recovery.json" in told and "Name a new file" in told, told


def test_a_second_partner_needs_a_folder_of_its_own_and_is_told_which_option(vendor, escrow, alone, tmp_path):
    other = vendor_at(escrow, tmp_path / "other")
    other.rows.close()
    begin = ("share", "customers.csv", "--wait", "0.2", "--with")
    assert alone(*begin, vendor.invitation)[0] == 0
    code, told = alone(*begin, other.invitation)
    assert code == 1 and "--state" in told and "from vendor" in told, told
    assert alone(*begin, other.invitation, "--state", "other.assay")[0] == 0
