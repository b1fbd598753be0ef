"""Places in a ranking: a dot for each subject, and the places that it may as well take as a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import altair as alt

from assay.pictures import drawing, palette

_TITLE: Final = "The places that each may take"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """One row: a name, its place, and the first and last place that it may as well take; all count from 1."""

    name: str
    place: int
    low: int
    high: int


def places(ranked: Sequence[Ranked], *, title: str = _TITLE, width: int = 680) -> str:
    """Return a picture of places with their ranges, in the order given; far places lie closer together."""
    if not ranked:
        return drawing.empty(title=title, sentence="Nobody is proposed.", width=width)
    # Two may have one name, so rows are told apart by their place.
    values: list[dict[str, Any]] = [
        {"row": f"{one.place}. {one.name}", "place": one.place, "low": one.low, "high": one.high} for one in ranked
    ]
    room = min(230, width // 3)
    y = alt.Y(
        "row:N",
        sort=[value["row"] for value in values],
        title=None,
        axis=alt.Axis(domain=False, ticks=False, labelColor=palette.INK, labelLimit=room, minExtent=room),
    )
    last = max(max(one.high, one.place) for one in ranked)
    scale = alt.Scale(type="log", domain=[1, max(2, last)], nice=False)
    marks = [mark for power in range(7) for mark in (10**power, 2 * 10**power, 5 * 10**power) if mark <= max(2, last)]
    axis = alt.Axis(values=marks, format=",d")
    base = drawing.rows(values).encode(y=y)
    layers: list[Any] = [
        base.mark_rule(color=palette.IN, strokeWidth=2).encode(
            x=alt.X("low:Q", title=None, scale=scale, axis=axis), x2="high:Q"
        ),
        base.mark_circle(color=palette.IN, size=64, opacity=1).encode(
            x=alt.X("place:Q", title="place", scale=scale, axis=axis)
        ),
    ]
    chart = alt.layer(*layers).properties(width=width - room - 30, height=alt.Step(24))
    told = "; ".join(f"{one.place}. {one.name}: {one.low:,} to {one.high:,}" for one in ranked)
    return drawing.draw(chart, title=title, description=f"{told}.")
