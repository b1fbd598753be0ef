from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

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
