"""Leads by stage: how many people and accounts wait at each."""

from __future__ import annotations

from typing import Any, Final

import altair as alt
import pyarrow as pa
import pyarrow.compute as pc

from assay.pictures import drawing, palette

#: From the first sign of interest to what partners add; stages that have no lead are left out.
_ORDER: Final = ("MQL", "PQL", "PQA", "CSQL", "SQL", "XQL", "EQL")
_TITLE: Final = "Leads by stage"


def leads_by_stage(leads: pa.Table, *, width: int = 680) -> str:
    """Return a picture of how many leads stand at each stage; `leads` has the columns of `tables.LEADS`."""
    if not leads.num_rows:
        return drawing.empty(title=_TITLE, sentence="No leads at this instant.", width=width)
    counted = pc.value_counts(leads["stage"].combine_chunks()).to_pylist()
    numbers = {str(row["values"]): int(row["counts"]) for row in counted}
    stages = [*(s for s in _ORDER if s in numbers), *sorted(set(numbers) - set(_ORDER))]
    values: list[dict[str, Any]] = [{"stage": s, "n": numbers[s], "text": f"{numbers[s]:,}"} for s in stages]
    base = drawing.rows(values).encode(
        y=alt.Y(
            "stage:N",
            sort=stages,
            title=None,
            axis=alt.Axis(domain=False, ticks=False, labelFontSize=12, labelColor=palette.INK, minExtent=44),
        ),
        x=alt.X("n:Q", title="leads", axis=None, scale=alt.Scale(domain=[0, max(numbers.values())])),
    )
    bars = base.mark_bar(color=palette.IN, height=18, cornerRadiusEnd=2)
    labels = base.mark_text(align="left", dx=6, color=palette.INK).encode(text="text:N")
    chart = alt.layer(bars, labels).properties(width=width - 110, height=alt.Step(28))
    description = ", ".join(f"{s}: {numbers[s]:,}" for s in stages)
    return drawing.draw(chart, title=_TITLE, description=f"Number of leads. {description}.")
