"""Text that a spreadsheet would take for a formula gets an apostrophe in front, which it takes for "this is text".

Ids, names and reasons come from data that anybody may have written, and a CSV file is opened by somebody else. OWASP
(ASVS 5.0, 1.2.10) and CWE-1236 say which characters begin a formula, and that the apostrophe is what stops them.
Quotes around a field do not. Nothing is lost: `unguarded` takes the very same text back.
"""

from __future__ import annotations

import re
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

# A cell begins where the text does, and also after what separates cells for somebody else: where numbers have decimal
# commas spreadsheets separate by semicolons, and take no notice of quotes in the middle of what they think is a field.
_CELL: Final = r"(^|[;\t\r\n])"
_BLANKS: Final = '\\x00-\\x08\\x0b\\x0c\\x0e- "\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000\ufeff'
# The signs of double width are formulas to spreadsheets in Chinese, Japanese and Korean.
_FORMULA: Final = rf"""'*[{_BLANKS}]*[=+\-@＝＋－＠]"""
# A number begins no formula, and ids are often numbers.
_NUMBER: Final = r"^[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$"


def guarded(texts: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Return a column of text in which nothing begins a formula: an apostrophe stands before what would."""
    marked = pc.replace_substring_regex(texts, f"{_CELL}({_FORMULA})", r"\1'\2")
    return pc.if_else(pc.match_substring_regex(texts, _NUMBER), texts, marked)


def unguarded(text: str) -> str:
    """Return the text that `guarded` was given, from what it gave."""
    return re.sub(f"{_CELL}'({_FORMULA})", r"\1\2", text)
