"""What `assay share` tells of a partner: what is shared, what is asked, what people said, and that it is over."""

from __future__ import annotations

import csv

import pytest
from tests.cli.sharing_partner import LIST, pair
from tests.partners.dealing.companies import account

pytestmark = pytest.mark.share
ASKED = "id,Company name,Website,Country,City\n" + "".join(
    f"of Z'{at},Zenith {word} Ltd,zenith-{word}.com,GB,Leeds\n"
    for at, word in enumerate(
        [
            "Anvils",
            "Bricks",
            "Chairs",
            "Doors",
            "Engines",
            "Flutes",
            "Gloves",
            "Hammers",
            "Inks",
            "Jars",
            "Kites",
            "Lamps",
        ],
        start=1,
    )
)


def _written(path):
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def asking(vendor):
    """A vendor that may have the same companies, at other domains."""
    for row in csv.DictReader(ASKED.splitlines()):
        name = row["Company name"].removesuffix(" Ltd")
        vendor.accounts[f"v of {row['id']}"] = account(name, f"{name.lower().replace(' ', '')}.co.uk", "GB", "Leeds")
    vendor.grant(fields=("owner",))
    return vendor


def test_a_partner_that_lets_no_list_be_compared_is_not_told_as_nothing_in_common(vendor, tmp_path):
    vendor.is_compared = False
    told = pair(vendor, tmp_path, LIST, seen="lets no list")
    assert "Your partner lets no list be compared yet" in told, told
    assert "are your partner's, too" not in told


def test_questions_are_told_with_reasons_and_ids_that_can_be_pasted_and_the_rest_is_in_a_file(asking, run, tmp_path):
    told = pair(asking, tmp_path, ASKED, seen="and 2 more in questions.csv")
    assert told.count("or   --not-same") == 10 and "and 2 more in questions.csv" in told, told
    assert """--same 'of Z'"'"'""" in told
    assert "about 7 to 1" in told
    rows = _written(tmp_path / "questions.csv")
    assert len(rows) == 12 and {row["your answer"] for row in rows} == {""}
    assert "name" in rows[0]["why"] and "+" in rows[0]["why"] and "-" in rows[0]["why"]

    code, told = run("customers.csv", "--same", "of Z'1", "--not-same", "of Z'2", "--wait", "1")
    assert code == 0 and "You said of 1 that it is the same" in told, told
    answers = {row["id"]: row["your answer"] for row in _written(tmp_path / "questions.csv")}
    assert answers["of Z'1"] == "same" and answers.get("of Z'2", "not same") == "not same"
    code, told = run("customers.csv", "--same", "nobody", "--wait", "1")
    assert code == 1 and "questions.csv" in told


def test_words_of_people_reach_who_has_no_portal_and_only_new_ones_count(vendor, run, tmp_path):
    pair(vendor, tmp_path, LIST)
    yours = {record: theirs.hex() for record, _, theirs in vendor.log.told("overlap")}
    ask = {"yours": yours["v1"], "wanted": "Would you introduce us to Bob?", "name": "Ann"}
    vendor.deal.say("node", "e" * 32, {})  # which nobody said
    vendor.deal.say("introduction", "a" * 32, ask)
    vendor.deal.say("word", "b" * 32, {"introduction": "a" * 32, "text": "Any news?", "name": "Ann"})
    code, told = run("customers.csv", "--wait", "1", seen="new messages")
    assert code == 0 and "2 new messages from your partner's people" in told, told
    assert "Ann, asks for an introduction about Initech Limited: Would you introduce us to Bob?" in told
    assert "portal" not in told

    vendor.deal.say("insight", "c" * 32, {"yours": yours["v2"], "letter": "need", "value": "yes"})
    vendor.deal.say("introduction-state", "a" * 32, {"state": "closed", "name": "Ann"})
    code, told = run("customers.csv", "--wait", "1", seen="new messages")
    assert code == 0 and "2 new messages" in told and "Any news?" not in told, told
    code, told = run("customers.csv", "--wait", "1")
    assert code == 0 and "new message" not in told, told
    vendor.grant_nothing()
    vendor.accounts.clear()
    code, told = run("customers.csv", "--wait", "1", seen="lets no list")
    assert code == 0 and "Your partner lets no list be compared yet" in told, told
    rows = _written(tmp_path / "messages.csv")
    assert [(row["company"], row["text"]) for row in rows] == [
        ("Initech Limited", "Would you introduce us to Bob?"),
        ("Initech Limited", "Any news?"),
        ("Globex", "need: yes"),
        ("Initech Limited", "closed"),
    ]


def test_what_a_partner_told_is_taken_out_of_the_file_once_it_ended_and_the_way_out_is_named(vendor, run, tmp_path):
    pair(vendor, tmp_path, LIST, "--state", "acme.assay", "--out", "from acme.csv")
    assert len(_written(tmp_path / "from acme.csv")) == 2
    vendor.deal.revoke()
    again = ("customers.csv", "--state", "acme.assay", "--out", "from acme.csv")
    for _ in range(2):
        code, told = run(*again, "--wait", "1")
        assert code == 1 and "ended this partnership" in told, told
        assert "assay share customers.csv --state acme.assay --out 'from acme.csv' --leave" in " ".join(told.split())
        assert _written(tmp_path / "from acme.csv") == []
    code, told = run(*again, "--leave")
    assert code == 0 and "acme.ledger.jsonl" in told, told


def test_two_partners_of_one_list_write_to_files_of_their_own(vendor, tmp_path):
    told = pair(vendor, tmp_path, LIST, "--state", "acme.assay")
    assert "acme.learnt.csv" in told
    assert "To end it: assay share customers.csv --state acme.assay --leave" in " ".join(told.split()), told
    assert len(_written(tmp_path / "acme.learnt.csv")) == 2
    assert not (tmp_path / "learnt.csv").exists()


def test_rows_that_cannot_be_read_are_told_with_line_and_reason(alone, tmp_path):
    (tmp_path / "customers.csv").write_text(LIST + "7,too,few\n" * 5)
    _, told = alone("share", "customers.csv", "--with", "x")
    assert "line 7: 3 columns where the header has 7" in told and "and 2 more" in told, told
