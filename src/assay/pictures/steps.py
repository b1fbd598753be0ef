"""A funnel: how many got to each stage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import altair as alt

from assay.pictures import drawing, palette

_TITLE: Final = "From stage to stage"


def stages_reached(stages: Sequence[tuple[str, int]], *, title: str = _TITLE, width: int = 680) -> str:
    """Return a picture of a number a stage, as bars in the order given."""
    if not stages:
        return drawing.empty(title=title, sentence="Nobody got to any stage.", width=width)
    values: list[dict[str, Any]] = [{"stage": stage, "n": n, "text": f"{n:,}"} for stage, n in stages]
    base = drawing.rows(values).encode(
        y=alt.Y(
            "stage:N",
            sort=[stage for stage, _ in stages],
            title=None,
            axis=alt.Axis(
                domain=False, ticks=False, labelFontSize=12, labelColor=palette.INK, labelLimit=90, minExtent=60
            ),
        ),
        x=alt.X("n:Q", axis=None, scale=alt.Scale(domain=[0, max(n for _, n in stages) or 1])),
    )
    bars = base.mark_bar(color=palette.IN, height=18, cornerRadiusEnd=2)
    labels = base.mark_text(align="left", dx=6, color=palette.INK).encode(text="text:N")
    chart = alt.layer(bars, labels).properties(width=width - 160, height=alt.Step(28))
    return drawing.draw(chart, title=title, description=", ".join(f"{stage}: {n:,}" for stage, n in stages) + ".")
