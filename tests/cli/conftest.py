from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.cli.sharing_partner import LIST, run_until, vendor_at
from tests.escrow.test_three_processes import Escrow

from assay.cli.main import main

GOLDEN = Path(__file__).parents[1] / "golden/cli"


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str


@pytest.fixture
def small(tmp_path, monkeypatch) -> Path:
    """A copy of the small company (definitions/, data/), and the working directory."""
    for folder in ("definitions", "data"):
        shutil.copytree(GOLDEN / folder, tmp_path / folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def assay(capsys, monkeypatch) -> Callable[..., Done]:
    """Run a command in a terminal of 80 columns that is none."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("ASSAY_DEBUG", raising=False)

    def run(*words: str) -> Done:
        code = main(words)
        seen = capsys.readouterr()
        return Done(code, seen.out, seen.err)

    return run


@pytest.fixture(scope="module")
def escrow(tmp_path_factory):
    running = Escrow(tmp_path_factory.mktemp("share"))
    yield running
    running.stop()


@pytest.fixture
def vendor(tmp_path, escrow):
    made = vendor_at(escrow, tmp_path / "vendor")
    yield made
    made.rows.close()


@pytest.fixture
def run(tmp_path, vendor):
    """Run `assay share` as a process of its own while the vendor's node goes on."""
    return lambda *words, seen="": run_until(vendor, tmp_path, words, seen)


@pytest.fixture
def paired(run, vendor, tmp_path):
    (tmp_path / "customers.csv").write_text(LIST)
    (tmp_path / "invitation").write_text(vendor.invitation)
    begin = ("customers.csv", "--with", "@invitation", "--recovery", "recovery.json", "--wait", "3")
    code, told = run(*begin, seen="compare these digits")
    assert code == 0, told
    assert "compare these digits" in told and "Nothing was uploaded" in told
    code, told = run(*begin, "--confirmed", vendor.deal.digits(), seen="What you were told of 2 companies")
    assert code == 0, told
    return told


@pytest.fixture
def alone(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "customers.csv").write_text(LIST)

    def running(*words):
        code = main(words)
        seen = capsys.readouterr()
        return code, seen.out + seen.err

    return running
