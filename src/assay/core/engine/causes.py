"""What opened or closed a spell, as one integer, so that compiled code can carry it.

A cause of 0 or more is the rowid of an event in `prepared.events`. Every other cause is a negative code from a
`CauseBook`; among those the lesser code is preferred (LANGUAGE section 7: attribute, membership, fact, insight,
expiry, birth, each kind by its text). Two codes have a meaning only inside the engine: `EXPIRED` ("a window or
freshness ran out": becomes `expiry:<criterion>` of the rule that reads it) and `SINCE_EVER` (an undated value: at
birth it is `birth`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

EXPIRED: Final = -1
SINCE_EVER: Final = -2
_FIRST: Final = -(2**40)

_ORDER: Final = ("attribute", "membership", "fact", "insight", "expiry", "birth")


def _rank(text: str) -> tuple[int, str]:
    kind, _, detail = text.partition(":")
    return _ORDER.index(kind), detail


@dataclass(frozen=True, slots=True)
class CauseBook:
    """The causes that are not events, in order of preference."""

    texts: tuple[str, ...]

    @classmethod
    def of(cls, texts: Iterable[str]) -> CauseBook:
        """Return a book of these texts ("attribute:plan", "membership", "fact:globex", ...) and `birth`."""
        return cls(tuple(sorted({*texts, "membership", "birth"}, key=_rank)))

    def codes(self) -> dict[str, int]:
        """Return the code of every text."""
        return {text: _FIRST + i for i, text in enumerate(self.texts)}

    def text(self, code: int) -> str:
        """Return the text of a code."""
        return self.texts[code - _FIRST]
