"""Rates side by side: a dot each, its interval as a line, and a mark for what it is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import altair as alt

from assay.pictures import drawing, palette

_TITLE: Final = "Conversion side by side"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """One row: a name, a share with its interval, and the share that it is compared with."""

    name: str
    value: float
    low: float
    high: float
    beside: float | None = None


def rates_side_by_side(rates: Sequence[Rate], *, title: str = _TITLE, width: int = 680) -> str:
    """Return a picture of rates with their intervals, in the order given."""
    if not rates:
        return drawing.empty(title=title, sentence="There is no rate to show.", width=width)
    values: list[dict[str, Any]] = [
        {"name": r.name, "value": r.value, "low": r.low, "high": r.high, "text": f"{r.value:.0%}"} for r in rates
    ]
    room = min(230, width // 3)
    y = alt.Y(
        "name:N",
        sort=[r.name for r in rates],
        title=None,
        axis=alt.Axis(domain=False, ticks=False, labelColor=palette.INK, labelLimit=room, minExtent=room),
    )
    top = max(r.high for r in rates)
    scale = alt.Scale(domain=[0, min(1.0, top * 1.04) or 1.0], nice=False)
    x = alt.X("value:Q", title=None, scale=scale, axis=alt.Axis(format=".0%", tickCount=6))
    base = drawing.rows(values).encode(y=y)
    layers: list[Any] = [
        base.mark_rule(color=palette.IN, strokeWidth=2).encode(x=alt.X("low:Q", title=None, scale=scale), x2="high:Q"),
        base.mark_circle(color=palette.IN, size=64, opacity=1).encode(x=x),
    ]
    beside = [{"name": r.name, "value": r.beside} for r in rates if r.beside is not None]
    if beside:
        marks = drawing.rows(beside).mark_tick(color=palette.OUT, thickness=2.5, height=14)
        layers.append(marks.encode(x=x, y=y))
    chart = alt.layer(*layers).properties(width=width - room - 30, height=alt.Step(24))
    told = "; ".join(f"{r.name}: {r.value:.1%} ({r.low:.1%} to {r.high:.1%})" for r in rates)
    return drawing.draw(chart, title=title, description=f"{told}.")
