"""What the tests of the house look at: every source file, parsed once."""

from __future__ import annotations

import ast
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Source:
    path: str  # from the repository's root, with forward slashes
    text: str = field(repr=False)
    tree: ast.Module = field(repr=False)

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))

    def calls(self) -> Iterator[ast.Call]:
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.Call))


def _read(folder: str) -> list[Source]:
    found = sorted(p for p in (ROOT / folder).rglob("*.py") if "__pycache__" not in p.parts)
    texts = [(p.relative_to(ROOT).as_posix(), p.read_text("utf-8")) for p in found]
    return [Source(path, text, ast.parse(text, path)) for path, text in texts]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def product() -> list[Source]:
    return _read("src")


@pytest.fixture(scope="session")
def tests() -> list[Source]:
    return _read("tests")


@pytest.fixture(scope="session")
def everything(product: list[Source], tests: list[Source]) -> list[Source]:
    return [*product, *tests, *_read("examples"), *_read("benchmarks")]


@pytest.fixture(scope="session")
def files(root: Path) -> list[Path]:
    """Every file of the repository, tracked or about to be."""
    if not (root / ".git").exists() or not shutil.which("git"):
        pytest.skip("not a git checkout")
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=root, capture_output=True, check=True).stdout.decode()
    return [root / name for name in listed.split("\0") if name and (root / name).is_file()]
