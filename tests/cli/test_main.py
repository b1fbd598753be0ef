"""Exit codes, errors, and what never reaches a terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from assay.cli import main as cli
from assay.core import definitions, pipeline
from assay.core.errors import BadRequest, InternalError

SOURCE = Path(__file__).parents[2] / "src"
VERBS = ["init", "new", "check", "fmt", "schema", "publish", "run", "explain"]


def shell(command, cwd):
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "COLUMNS": "80"}
    return subprocess.run(["bash", "-c", command], cwd=cwd, capture_output=True, text=True, env=environment, timeout=60)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(verb, assay):
    done = assay(verb, "--help")
    assert done.code == 0
    assert f"Usage: assay {verb}" in done.out


def test_help_lists_verbs_in_the_order_in_which_they_are_needed(assay):
    out = assay("--help").out
    places = [out.index(f"│ {verb} ") for verb in VERBS]
    assert places == sorted(places)


@pytest.mark.parametrize(
    "words",
    [
        ["chek"],
        ["check"],
        ["run"],
        ["run", "--data"],
        ["check", "d", "--format", "xml"],
        ["check", "d", "--frmat", "json"],
        ["explain", "--data", "d"],
        ["check", "a", "b"],
    ],
)
def test_a_command_that_cannot_be_read_is_code_2(words, assay):
    done = assay(*words)
    assert done.code == 2
    assert done.out == ""
    assert done.err


def test_a_near_miss_is_named(assay):
    assert 'Did you mean "check"?' in assay("chek").err


@pytest.mark.parametrize(
    "words",
    [
        ["check", "nowhere"],
        ["fmt", "nowhere"],
        ["init", "nowhere"],
        ["publish", "r", "--definitions", "nowhere"],
        ["run", "--data", "nowhere", "--out", "out"],
        ["explain", "--subject", "person:1", "--data", "nowhere"],
    ],
)
def test_a_folder_that_is_not_there_is_code_1(words, assay, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = assay(*words)
    assert (done.code, done.out) == (1, "")
    assert "There is no such folder (found: nowhere)." in done.err


def test_a_file_is_no_folder(assay, small):
    assert "Name the folder, not a file in it." in assay("check", "definitions/lists/own_domains.yml").err


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", ""])
def test_an_instant_that_is_none_says_how_to_write_one(text, assay, small):
    done = assay("run", "--data", "data", "--out", "out", "--as-of", text)
    assert done.code == 1
    assert "such as 2026-03-10" in done.err


def test_errors_are_json_where_json_was_asked_for(assay):
    done = assay("run", "--data", "nowhere", "--out", "o", "--format", "json")
    assert done.code == 1
    assert json.loads(done.out)["error"]["where"] == "--data"


def test_bad_definitions_are_told_one_by_one(assay, small):
    (small / "definitions/qualifications/pql_trial.yml").write_text("qualification: pql_trial\nversion: x\n")
    done = assay("run", "--data", "data", "--out", "out")
    assert done.code == 1
    assert "definitions/qualifications/pql_trial.yml:" in done.out
    assert not (small / "out").exists()


def test_what_fails_inside_is_told_without_traceback_and_without_data(assay, small, monkeypatch):
    def fails(*_, **__):
        raise InternalError("ada@acme.example did this")

    monkeypatch.setattr(pipeline, "run", fails)
    done = assay("run", "--data", "data", "--out", "out")
    assert done.code == 1
    assert "Traceback" not in done.err
    assert "ada" not in done.err + done.out
    assert "ASSAY_DEBUG=1" in done.err


def test_debug_lets_the_traceback_through(small, monkeypatch):
    def fails(*_, **__):
        raise InternalError("why")

    monkeypatch.setattr(pipeline, "run", fails)
    monkeypatch.setenv("ASSAY_DEBUG", "1")
    with pytest.raises(InternalError):
        cli.main(["run", "--data", "data", "--out", "out"])


def test_an_interrupt_is_told_in_a_sentence(assay, small, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(definitions, "check", interrupted)
    done = assay("check", "definitions")
    assert done.code == 130
    assert "Stopped" in done.err


def test_control_characters_in_an_error_do_not_reach_the_terminal(assay, small, monkeypatch):
    def refuses(*_, **__):
        raise BadRequest("No such subject", where="--subject", value="x\x1b[2J\x07\u202e")

    monkeypatch.setattr(pipeline, "explain", refuses)
    done = assay("explain", "--subject", "person:x", "--data", "data")
    assert done.code == 1
    assert not set(done.err) & {"\x1b", "\x07", "\u202e"}


def test_a_reader_that_has_had_enough_is_no_error(small):
    done = shell(f"{sys.executable} -m assay schema | head -n 1; exit ${{PIPESTATUS[0]}}", small)
    assert (done.returncode, done.stderr) == (0, "")


def test_python_m_assay_is_the_command(small):
    done = shell(f"{sys.executable} -m assay check definitions", small)
    assert (done.returncode, done.stdout) == (0, "definitions: no complaints.\n")


@pytest.mark.parametrize("words", ["--help", "check definitions --no-examples"])
def test_quick_verbs_load_no_engine(words, small):
    listing = "import sys; from assay.cli.main import main; main(sys.argv[1:]); print(*sys.modules, file=sys.stderr)"
    done = shell(f"{sys.executable} -c '{listing}' {words}", small)
    assert set(done.stderr.split()) & {"numba", "duckdb", "pyarrow", "altair", "pandas", "polars"} == set()


def test_a_folder_whose_cases_were_decided_is_checked_without_the_engine(small):
    listing = "import sys; from assay.cli.main import main; main(sys.argv[1:]); print(*sys.modules, file=sys.stderr)"
    first, second = (shell(f"{sys.executable} -c '{listing}' check definitions", small) for _ in range(2))
    assert "numba" in first.stderr.split()
    assert "numba" not in second.stderr.split()
