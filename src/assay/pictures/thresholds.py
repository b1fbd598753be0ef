"""One number of a rule varied: how many convert, how many conversions are seen coming, how many qualify."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import altair as alt

from assay.pictures import drawing, palette

_TITLE: Final = "What another number would do"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What one value gives: shares with their intervals (value, low, high), and a number of subjects."""

    value: str
    is_current: bool
    converts: tuple[float, float, float] | None
    ahead_of: tuple[float, float, float] | None
    entered: int


def thresholds(points: Sequence[Point], *, name: str, width: int = 680) -> str:
    """Return three pictures above each other on one axis of values, in the order given; the current one is marked."""
    order = [point.value for point in points]
    panel = width - 76
    shares = (("of those who qualify convert", "converts"), ("of conversions it is ahead of", "ahead_of"))
    charts: list[Any] = [_shares(points, field, title, order, panel) for title, field in shares]
    charts.append(_numbers(points, name, order, panel))
    chart = alt.vconcat(*charts, spacing=14)
    told = "; ".join(f"{p.value}: {p.entered:,} qualify, {_percent(p.converts)} convert" for p in points)
    return drawing.draw(chart, title=_TITLE, description=f"{name}. {told}.")


def _percent(share: tuple[float, float, float] | None) -> str:
    return "nobody knows how many" if share is None else f"{share[0]:.1%}"


def _x(order: Sequence[str], title: str | None) -> alt.X:
    axis = alt.Axis(labels=title is not None, ticks=False, labelAngle=0, grid=False)
    return alt.X("value:N", sort=list(order), title=title, axis=axis)


def _shares(points: Sequence[Point], field: str, title: str, order: Sequence[str], width: int) -> Any:
    values = [
        {"value": p.value, "share": s[0], "low": s[1], "high": s[2], "now": p.is_current}
        for p in points
        if (s := getattr(p, field)) is not None
    ]
    scale = alt.Scale(domain=[0, min(1.0, 1.08 * max((v["high"] for v in values), default=1.0))], nice=False)
    axis = alt.Axis(format=".0%", tickCount=4, domain=False, ticks=False, minExtent=40)
    x, y = _x(order, None), alt.Y("share:Q", title=None, scale=scale, axis=axis)
    base = drawing.rows(values).encode(x=x)
    lines = base.mark_rule(color=palette.IN, strokeWidth=2).encode(
        y=alt.Y("low:Q", title=None, scale=scale, axis=axis), y2="high:Q"
    )
    return alt.layer(lines, base.mark_circle(size=70, opacity=1).encode(y=y, color=_now())).properties(
        width=width, height=110, title=_title(title)
    )


def _numbers(points: Sequence[Point], name: str, order: Sequence[str], width: int) -> Any:
    values = [{"value": p.value, "n": p.entered, "now": p.is_current, "text": f"{p.entered:,}"} for p in points]
    top = max((p.entered for p in points), default=1) or 1
    scale = alt.Scale(domain=[0, 1.2 * top], nice=False)
    axis = alt.Axis(labels=False, grid=False, domain=False, ticks=False, minExtent=40)
    y = alt.Y("n:Q", title=None, scale=scale, axis=axis)
    base = drawing.rows(values).encode(x=_x(order, name), y=y)
    text = base.mark_text(dy=-7, color=palette.INK).encode(text="text:N")
    bars = base.mark_bar(size=min(46, width // (2 * len(values) + 1))).encode(color=_now())
    return alt.layer(bars, text).properties(width=width, height=110, title=_title("qualify"))


def _now() -> alt.Color:
    return alt.Color("now:N", legend=None, scale=alt.Scale(domain=[False, True], range=[palette.IN, palette.OUT]))


def _title(text: str) -> alt.TitleParams:
    return alt.TitleParams(text=[text], anchor="start", fontSize=12, color=palette.INK, offset=4)
