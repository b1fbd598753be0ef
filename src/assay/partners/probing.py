"""What about a partner's list says that it may be guessing at ours: one judgement for a node and for a command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

#: Fewer records than that say nothing about how a list grows or overlaps.
SMALL: Final = 50

LONG: Final = "The partner's list is longer than agreed"
GROWTH: Final = "The partner's list grew more within a week than agreed"
RATE: Final = "So much of the partner's list overlaps ours that it may be guessing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How long a partner's list may be, by how much it may grow in a week, how much of it may overlap; in percent.

    A list that may grow by None is not judged by its growth.
    """

    longest: int
    overlap: int
    growth: int | None = None


def alarm(bounds: Bounds, *, theirs: int, shared: int, before: int | None = None) -> str:
    """Return what about the partner's list is not as agreed; '' where all is. `before` is its length a week ago."""
    if theirs > bounds.longest:
        return LONG
    growth = bounds.growth
    if before is not None and growth is not None and before >= SMALL and 100 * theirs > before * (100 + growth):
        return GROWTH
    if theirs >= SMALL and 100 * shared > bounds.overlap * theirs:
        return RATE
    return ""
