"""Everything that Assay complains about, in one tree.

    AssayError
    ├── ShownError            text made for people: the CLI, pages and mails may print it
    │   ├── BadDefinitions    a list of complaints about definition files
    │   ├── BadData           raw data that cannot be read at all (single rows go to rejects instead)
    │   └── BadRequest        an argument that cannot be answered: an unknown subject, rule or instant
    └── InternalError         a broken promise inside Assay; never shown with row data

A shown error says what is wrong, where, the value that was found, and how to mend it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Place:
    """A spot in a file; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """One thing wrong with a definition file.

    `code` is stable and documented (docs/complaints.md); `value` is what stands in the file, as text;
    `mend` is a sentence in the imperative.
    """

    code: str
    place: Place
    message: str
    value: str = ""
    mend: str = ""

    def __str__(self) -> str:
        parts = [f"{self.place}: {self.code}: {self.message}"]
        if self.mend:
            parts.append(self.mend)
        return " ".join(parts)


class AssayError(Exception):
    """The root of everything Assay raises on purpose."""


class InternalError(AssayError):
    """A promise between two parts of Assay was broken."""


class ShownError(AssayError):
    """An error whose text is made for people.

    `what` names the trouble, `where` the file, option or place, `value` what was found there,
    `mend` what to do about it.
    """

    def __init__(self, what: str, *, where: str = "", value: str = "", mend: str = "") -> None:
        self.what = what
        self.where = where
        self.value = value
        self.mend = mend
        super().__init__(self.text())

    def text(self) -> str:
        """Return the whole complaint as one paragraph."""
        start = f"{self.where}: " if self.where else ""
        found = f" (found: {self.value})" if self.value else ""
        stop = "" if (self.what + found).endswith((".", "?", "!")) else "."
        return f"{start}{self.what}{found}{stop} {self.mend}".rstrip()


class BadDefinitions(ShownError):
    """Definition files that cannot be used; carries every complaint, sorted by place."""

    def __init__(self, complaints: Sequence[Complaint]) -> None:
        self.complaints = tuple(sorted(complaints, key=lambda c: (c.place, c.code)))
        count = len(self.complaints)
        super().__init__(
            f"{count} complaint{'s' if count != 1 else ''} about the definitions",
            mend="\n".join(["", *map(str, self.complaints)]),
        )


class BadData(ShownError):
    """Raw data that cannot be read at all."""


class BadRequest(ShownError):
    """A question that has no answer as it was put."""


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return "Did you mean 'x'?" for the nearest of `known`; where none is near, `otherwise`."""
    choices = sorted(set(known))
    near = get_close_matches(word, choices, n=1, cutoff=0.6)
    if not near:
        lower = {choice.lower(): choice for choice in choices}
        near = [lower[n] for n in get_close_matches(word.lower(), list(lower), n=1, cutoff=0.6)]
    return f"Did you mean '{near[0]}'?" if near else otherwise
