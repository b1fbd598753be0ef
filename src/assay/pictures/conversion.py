"""Conversion by time since qualifying, with what the number of leads leaves open, beside everybody else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import altair as alt
import pyarrow as pa

from assay.pictures import calendar, drawing, palette

_TITLE: Final = "Converted, by time since qualifying"


def conversion_over_time(
    curve: pa.Table, *, others: Sequence[tuple[int, float]] = (), other_words: str = "everybody else", width: int = 680
) -> str:
    """Return a picture of a conversion curve, its band, and another line to compare it with.

    `curve` has the columns after (microseconds), share, low and high; `others` are pairs of the first two.
    """
    rows = curve.select(["after", "share", "low", "high"]).to_pylist()
    if len(rows) < 2:
        return drawing.empty(title=_TITLE, sentence="Nobody has been followed for any time yet.", width=width)
    unit, name = _unit(rows[-1]["after"])
    values = [{**row, "after": row["after"] / unit, "group": "leads"} for row in rows]
    beside = [{"after": at / unit, "share": share, "group": other_words} for at, share in others]
    top = max(*(row["high"] for row in values), *(row["share"] for row in beside), 0.01)
    x = alt.X(
        "after:Q",
        title=f"{name} since qualifying",
        scale=alt.Scale(domain=[0, rows[-1]["after"] / unit], nice=False),
        axis=alt.Axis(grid=False, tickCount=max(3, width // 110)),
    )
    y = share_axis("share:Q", top)
    band = drawing.rows(values).mark_area(color=palette.IN_SOFT).encode(x=x, y=share_axis("low:Q", top), y2="high:Q")
    line = drawing.rows(values).mark_line(color=palette.IN, strokeWidth=2, interpolate="step-after").encode(x=x, y=y)
    layers: list[Any] = [band, line, _label(values[-1], x, y, palette.IN)]
    if beside:
        layers.append(
            drawing.rows(beside)
            .mark_line(color=palette.OUT, strokeWidth=1.6, strokeDash=[5, 3], interpolate="step-after")
            .encode(x=x, y=y)
        )
        layers.append(_label(beside[-1], x, y, palette.OUT))
    # Browsers write a little wider than the drawing machine reckons: the names at the end need air.
    room = 210 if width >= 500 else 196
    padding = {"left": 2, "top": 6, "bottom": 2, "right": 24}
    chart = alt.layer(*layers).properties(width=width - room, height=220, padding=padding)
    last = values[-1]
    compared = f" {other_words.capitalize()}: {beside[-1]['share']:.1%}." if beside else ""
    description = f"After {last['after']:.0f} {name} {last['share']:.1%} have converted.{compared}"
    return drawing.draw(chart, title=_TITLE, description=description)


def share_axis(field: str, top: float, *, title: str | None = None) -> alt.Y:
    """Return a vertical axis of shares from nought to a little over `top`."""
    form = ".0%" if top > 0.08 else ".1%"
    scale = alt.Scale(domain=[0, min(1.0, top * 1.08)], nice=False)
    return alt.Y(field, title=title, scale=scale, axis=alt.Axis(format=form, tickCount=5, domain=False, ticks=False))


def _unit(us: int) -> tuple[int, str]:
    if us >= 2 * calendar.DAY:
        return calendar.DAY, "days"
    return (calendar.HOUR, "hours") if us >= 2 * calendar.HOUR else (calendar.MINUTE, "minutes")


def _label(row: dict[str, Any], x: alt.X, y: alt.Y, colour: str) -> Any:
    told = drawing.rows([{**row, "text": f"{row['group']} {row['share']:.1%}"}])
    return told.mark_text(align="left", dx=6, color=colour, fontSize=12).encode(x=x, y=y, text="text:N")
