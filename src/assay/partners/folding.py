"""Text as it is compared: without case, diacritics, punctuation and script, as far as that can be said in a table."""

from __future__ import annotations

import re
import unicodedata
from importlib.resources import files
from typing import Final


def words_in_order(file: str) -> list[str]:
    """Return the words of a file in the folder `words`."""
    lines = files("assay.partners").joinpath("words", f"{file}.txt").read_text("utf-8").splitlines()
    return [word for line in lines if not line.startswith("#") for word in line.split()]


def word_set(file: str) -> frozenset[str]:
    """Return the words of a file in the folder `words` as a set."""
    return frozenset(words_in_order(file))


_LETTERS: Final = words_in_order("letters")
_TABLE: Final = str.maketrans(
    {letter: "" if latin == "-" else latin for letter, latin in zip(_LETTERS[::2], _LETTERS[1::2], strict=True)}
)
_NO_LETTER: Final = re.compile(r"[\W_]+")


def fold(text: str) -> str:
    """Return `text` in small letters, without marks, with Cyrillic and Greek in Latin letters; other scripts stay."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKC", text).casefold()
    if not any("ぁ" <= letter <= "ヿ" or "가" <= letter <= "힣" for letter in plain):
        # In Japanese the marks are part of a letter, and Korean syllables would fall apart.
        apart = unicodedata.normalize("NFD", plain)
        plain = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return plain.translate(_TABLE)


def squeeze(text: str) -> str:
    """Return what is left of `text` when it is folded and only letters and digits stay."""
    return _NO_LETTER.sub("", fold(text))
