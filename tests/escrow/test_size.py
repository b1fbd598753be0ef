"""How much there is to audit: docs/escrow.md says a number, and it holds."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from pathlib import Path

ROOT = Path(__file__).parents[2]
ASIDE = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)


def _lines(path):
    """Return how many lines of a module are neither blank nor comment nor docstring."""
    text = path.read_text("utf-8")
    told = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            told |= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    code = {line for one in tokens if one.type not in ASIDE for line in range(one.start[0], one.end[0] + 1)}
    return len(code - told)


def test_the_escrow_is_no_longer_than_its_document_says():
    said = re.search(r"([\d,]+) lines of code", (ROOT / "docs/escrow.md").read_text("utf-8"))
    count = sum(_lines(path) for path in (ROOT / "src/assay/escrow").glob("*.py"))
    assert int(said[1].replace(",", "")) - 20 < count <= int(said[1].replace(",", ""))
