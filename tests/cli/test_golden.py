"""What people see, word for word; `UPDATE_GOLDEN=1` writes the files anew, to be read before they are kept."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from assay.core import engine

GOLDEN = Path(__file__).parents[1] / "golden/cli"
AT = ("--data", "data", "--as-of", "2026-03-10T09:00:00Z")
CASES = {
    "help": ("--help",),
    "run_help": ("run", "--help"),
    "run": ("run", "--out", "out", *AT),
    "run_json": ("run", "--out", "out", "--format", "json", *AT),
    "explain_qualified": ("explain", "--subject", "person:ada", *AT),
    "explain_missing": ("explain", "--subject", "person:ben", "--rule", "pql_trial", *AT),
    "explain_excluded": ("explain", "--subject", "person:dee", "--rule", "pql_trial", *AT),
    "explain_account": ("explain", "--subject", "account:a1", *AT),
    "explain_hostile": ("explain", "--subject", "person:<b>cho</b>", *AT),
    "explain_json": ("explain", "--subject", "person:ada", "--rule", "pql_trial", "--format", "json", *AT),
    "explain_unknown_rule": ("explain", "--subject", "person:ada", "--rule", "pql_trail", *AT),
    "explain_unknown_subject": ("explain", "--subject", "person:nobody", *AT),
    "unknown_verb": ("chek",),
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_the_answer_is_the_golden_one(name, assay, small, monkeypatch):
    monkeypatch.setattr(engine, "is_compiled", lambda: True)
    done = assay(*CASES[name])
    text = f"$ assay {' '.join(CASES[name])}\n{done.out}{done.err}(exit code {done.code})\n"
    text = "".join(f"{line.rstrip()}\n" for line in text.splitlines())
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(set(CASES) - {"run_json", "explain_json"}))
def test_no_line_is_wider_than_a_terminal(name):
    lines = (GOLDEN / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if len(line) > 80 and not line.startswith(("$", "error"))] == []
