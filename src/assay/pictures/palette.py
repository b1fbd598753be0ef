"""Colours, after Okabe and Ito: told apart by people who see no red, no green or no blue."""

from __future__ import annotations

from typing import Final

INK: Final = "#1b2330"
MUTED: Final = "#5b6675"
GRID: Final = "#e3e7ec"
IN: Final = "#0072b2"
IN_SOFT: Final = "#cfe3f1"
OUT: Final = "#d55e00"
MARK: Final = "#009e73"

#: What each colour becomes on a dark page. INK is not here: it is `currentColor` in every picture.
_ON_DARK: Final = {
    MUTED: "#a3afbd",
    GRID: "#323b46",
    IN: "#56b4e9",
    IN_SOFT: "#1f4660",
    OUT: "#f0914d",
    MARK: "#35c99b",
}


def style() -> str:
    """Return the CSS that a page needs so that its pictures (inside `.picture`) follow a dark colour scheme.

    A rule of a style sheet outranks a presentation attribute, so the pictures keep plain colours of their own and
    stay readable wherever they are pasted.
    """
    rules = [
        f'.picture [{side}="{colour}"]{{{side}:{dark}}}'
        for colour, dark in _ON_DARK.items()
        for side in ("fill", "stroke")
    ]
    return "@media screen and (prefers-color-scheme:dark){" + "".join(rules) + "}"
