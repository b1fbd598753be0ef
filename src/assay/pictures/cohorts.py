"""Cohorts: of those who set out in a month, how many had got on after so long; a row a month."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import altair as alt

from assay.pictures import drawing, palette

_TITLE: Final = "Cohorts by month"


def cohorts(
    rows: Sequence[tuple[str, int, Sequence[float | None]]], *, columns: Sequence[str], width: int = 680
) -> str:
    """Return a picture of shares by month and time since; each row is a month, how many set out, and a share a column.

    None leaves a cell empty: nobody of that month has been followed for so long.
    """
    told = [row for row in rows if row[1]]
    if not told:
        return drawing.empty(title=_TITLE, sentence="Nobody set out in this period.", width=width)
    names = {month: f"{month}  {number:,}" for month, number, _ in told}
    values: list[dict[str, Any]] = [
        {"month": names[month], "after": column, "share": share, "text": f"{share:.0%}"}
        for month, _, shares in told
        for column, share in zip(columns, shares, strict=True)
        if share is not None
    ]
    top = max((value["share"] for value in values), default=1.0) or 1.0
    x = alt.X(
        "after:N",
        sort=list(columns),
        title=None,
        scale=alt.Scale(domain=list(columns)),
        axis=alt.Axis(orient="top", labelAngle=0, domain=False, ticks=False),
    )
    y = alt.Y(
        "month:N",
        sort=list(names.values()),
        title=None,
        scale=alt.Scale(domain=list(names.values())),
        axis=alt.Axis(domain=False, ticks=False, labelColor=palette.INK, minExtent=90),
    )
    base = drawing.rows(values).encode(x=x, y=y)
    # One colour, laid on more or less thickly, so that it reads on a light and on a dark page.
    thick = alt.Opacity("share:Q", legend=None, scale=alt.Scale(domain=[0, top], range=[0.08, 0.75]))
    cells = base.mark_rect(color=palette.IN).encode(opacity=thick)
    text = base.mark_text(color=palette.INK, fontSize=11).encode(text="text:N")
    chart = alt.layer(cells, text).properties(width=width - 110, height=alt.Step(22))
    last = told[0]
    description = f"{len(told)} months; of {last[1]:,} who set out in {last[0]} " + ", ".join(
        f"{share:.0%} after {column}" for column, share in zip(columns, last[2], strict=True) if share is not None
    )
    return drawing.draw(chart, title=_TITLE, description=f"{description}.")
