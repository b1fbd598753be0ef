"""Who qualifies over time, one small panel a rule: rules differ too much in size to share an axis."""

from __future__ import annotations

from typing import Any, Final

import altair as alt
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assay.core.sentences import plain
from assay.pictures import calendar, drawing, palette

#: More panels than this are not read any more; the rules with most subjects now are shown.
MOST: Final = 8
_POINTS: Final = 160
_TITLE: Final = "Who qualifies, over time"


def qualified_over_time(spells: pa.Table, *, as_of: int, width: int = 680) -> str:
    """Return a picture of how many subjects each rule held of, up to `as_of`.

    `spells` has the columns rule, starts_at and ends_at of `tables.SPELLS`; each panel has an axis of its own.
    """
    rules, left_out = _busiest(spells, as_of)
    if not rules:
        return drawing.empty(title=_TITLE, sentence="Nobody has qualified yet.", width=width)
    grid = np.linspace(calendar.beginning(spells, as_of=as_of), as_of, _POINTS).astype(np.int64)
    columns = 2 if width >= 560 and len(rules) > 1 else 1
    panel = (width - 48 * columns) // columns
    panels = [_panel(rule, spells, grid=grid, width=panel) for rule in rules]
    chart = alt.concat(*panels, columns=columns, spacing=18)
    now = "; ".join(f"{rule}: {_count(spells, rule, grid)[-1]} now" for rule in rules)
    more = f" {left_out} more rules are not drawn." if left_out else ""
    return drawing.draw(chart, title=_TITLE, description=f"Number of people or accounts by rule. {now}.{more}")


def _busiest(spells: pa.Table, as_of: int) -> tuple[list[str], int]:
    starts, ends = calendar.instants(spells["starts_at"]), calendar.instants(spells["ends_at"])
    held = pa.array((starts <= as_of) & (ends > as_of))
    entered = pa.array(starts <= as_of)
    table = pa.table({"rule": spells["rule"], "held": pc.cast(held, pa.int64()), "ever": pc.cast(entered, pa.int64())})
    counted = table.group_by("rule").aggregate([("held", "sum"), ("ever", "sum")])
    order = counted.sort_by([("held_sum", "descending"), ("ever_sum", "descending"), ("rule", "ascending")])
    names = [str(rule) for rule in order["rule"].to_pylist()]
    return names[:MOST], max(0, len(names) - MOST)


def _count(spells: pa.Table, rule: str, grid: np.ndarray[Any, np.dtype[np.int64]]) -> list[int]:
    mine = spells.filter(pc.equal(spells["rule"], rule))
    starts = np.sort(calendar.instants(mine["starts_at"]))
    ends = np.sort(calendar.instants(mine["ends_at"]))
    held = np.searchsorted(starts, grid, "right") - np.searchsorted(ends, grid, "right")
    return [int(n) for n in held]


def _panel(
    rule: str, spells: pa.Table, *, grid: np.ndarray[Any, np.dtype[np.int64]], width: int
) -> alt.LayerChart | alt.FacetChart:
    held = _count(spells, rule, grid)
    values = [{"at": calendar.milliseconds(int(at)), "held": n} for at, n in zip(grid, held, strict=True)]
    x = calendar.axis(int(grid[0]), int(grid[-1]), width=width, titled=False)
    top = max(1, *held)
    y = alt.Y(
        "held:Q",
        title=None,
        scale=alt.Scale(domain=[0, top * 1.05], nice=False),
        axis=alt.Axis(values=sorted({0, top}), format=",d", domain=False, ticks=False, minExtent=34, maxExtent=34),
    )
    base = drawing.rows(values)
    area = base.mark_area(interpolate="step-after", color=palette.IN_SOFT).encode(x=x, y=y)
    line = base.mark_line(interpolate="step-after", color=palette.IN, strokeWidth=1.6).encode(x=x, y=y)
    title = alt.TitleParams(
        text=[_shorten(plain(rule), width // 7)],
        subtitle=[f"{held[-1]:,} now"],
        anchor="start",
        fontSize=12,
        color=palette.INK,
        subtitleColor=palette.MUTED,
        subtitleFontSize=11,
        offset=6,
    )
    return alt.layer(area, line).properties(width=width, height=64, title=title)


def _shorten(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
