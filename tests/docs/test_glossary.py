"""The glossary gives each word one meaning."""

from __future__ import annotations

import re
from pathlib import Path

GLOSSARY = (Path(__file__).resolve().parents[2] / "GLOSSARY.md").read_text("utf-8")


def test_no_word_is_explained_twice():
    words = re.findall(r"\*\*([^*]+)\*\*", GLOSSARY)
    assert sorted({word for word in words if words.count(word) > 1}) == []
