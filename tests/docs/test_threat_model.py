"""Each test that THREAT_MODEL.md names is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "THREAT_MODEL.md").read_text("utf-8")


def test_every_test_that_shows_a_promise_is_there():
    named = re.findall(r"`((?:tests/)?[\w/]*test_\w+\.py)(?:::(test_\w+))?", TEXT)
    assert len(named) > 20
    missing = []
    for path, test in named:
        whole = {"t": "", "c": "tests/"}.get(path[0] if path.startswith(("tests/", "core/")) else "", "tests/node/")
        file = ROOT / f"{whole}{path}"
        if not file.exists() or test not in file.read_text("utf-8"):
            missing.append((path, test))
    assert missing == []


def test_every_test_that_is_named_alone_is_there():
    named = set(re.findall(r"`(test_\w+)`", TEXT))
    assert len(named) > 40
    defined = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text("utf-8"), re.M)
    }
    assert named - defined == set()
