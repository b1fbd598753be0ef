"""Tables lose no word at 80 columns, and text from data cannot move the cursor."""

from __future__ import annotations

import re

import pytest

from assay.cli import screen
from assay.cli.explain import tell
from assay.core.definitions import load
from assay.core.engine.results import Finding, Verdict
from assay.core.pipeline import Explanation

WORDS = [f"word{i}" for i in range(30)]


@pytest.fixture(autouse=True)
def narrow(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")


def test_a_table_that_is_too_wide_loses_no_word(capsys):
    table = screen.table("#", "who", "why", right=("#",))
    table.columns[1].max_width = 24
    table.add_row("1", "person:" + "x" * 60, " ".join(WORDS))
    screen.out().print(table)
    seen = capsys.readouterr().out
    assert [word for word in WORDS if not re.search(rf"\b{word}\b", seen)] == []
    assert seen.count("x") == 60


def test_an_explanation_with_long_names_loses_no_word(capsys, small, tmp_path):
    path = tmp_path / "definitions/qualifications/mql_returning.yml"
    long_name = "_".join(WORDS[:9])
    path.write_text(path.read_text().replace("keeps_coming", long_name))
    finding = Finding(criterion=long_name, met=False, seen="1", needed=" ".join(WORDS[9:18]))
    verdict = Verdict(
        rule="mql_returning",
        version=1,
        stage="MQL",
        subject_type="person",
        subject_id="ada",
        as_of=0,
        qualified=False,
        because=(),
        missing=(),
        excluded_by=(),
        findings=(finding,),
    )
    explanation = Explanation(as_of=0, verdicts=(verdict,), event_names={})
    tell(load(tmp_path / "definitions"), "person:ada", explanation, at_length=True)
    seen = capsys.readouterr().out
    assert [word for word in WORDS[:18] if not re.search(rf"\b{word}\b", seen)] == []
    assert max(map(len, seen.splitlines())) <= 80


@pytest.mark.parametrize("character", ["\x1b", "\r", "\n", "\x07", "\x9b", "\u202e", "\u2028", "\u200b"])
def test_characters_that_are_not_seen_become_a_mark(character):
    assert screen.clean(f"a{character}b") == "a\ufffdb"


def test_plain_text_of_any_script_stays():
    assert screen.clean("Żółć GmbH & 株式会社 – ñ") == "Żółć GmbH & 株式会社 – ñ"


def test_counts_are_told_in_the_singular_where_there_is_one():
    assert screen.numbers({"events": 1, "people": 1, "accounts": 2000}) == "1 event · 1 person · 2,000 accounts"


def test_progress_is_silent_where_there_is_no_terminal(capsys):
    with screen.progress() as told:
        told("Reading", 0.5)
        told("Deciding", 1, 2)
    assert capsys.readouterr() == ("", "")
