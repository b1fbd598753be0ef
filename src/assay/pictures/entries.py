"""How many subjects began and ceased to qualify, in a unit of time that fits the data."""

from __future__ import annotations

from typing import Any, Final

import altair as alt
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from assay.pictures import calendar, drawing, palette


def entries_and_exits(spells: pa.Table, *, as_of: int, width: int = 680) -> str:
    """Return a picture of entries (up) and exits (down) per unit of time, all rules together, up to `as_of`.

    `spells` has the columns starts_at and ends_at of `tables.SPELLS`.
    """
    starts, ends = calendar.instants(spells["starts_at"]), calendar.instants(spells["ends_at"])
    first = calendar.beginning(spells, as_of=as_of)
    starts, ends = starts[(starts <= as_of) & (starts >= first)], ends[(ends <= as_of) & (ends >= first)]
    if not len(starts):
        return drawing.empty(title="Entries and exits", sentence="Nobody has entered yet.", width=width)
    unit = calendar.unit_of(spells, as_of=as_of)
    left, last = int(unit.floor(np.array([first]))[0]), int(unit.floor(np.array([as_of]))[0]) + unit.length
    values = [*_bars(starts, unit, +1), *_bars(ends, unit, -1)]
    return _draw(values, unit, (left, last), (len(starts), len(ends)), width)


def entries_and_exits_by_week(weekly: pa.Table, *, width: int = 680) -> str:
    """Return the same picture of counts by week: the columns week (an instant), entered and left."""
    if not weekly.num_rows:
        return drawing.empty(title="Entries and exits", sentence="Nobody entered or left.", width=width)
    unit = calendar.Unit(calendar.WEEK, "week")
    weeks = calendar.instants(weekly["week"])
    counts = {+1: weekly["entered"].to_pylist(), -1: weekly["left"].to_pylist()}
    values = [_bar(int(at), unit, sign, n) for sign, of in counts.items() for at, n in zip(weeks, of, strict=True) if n]
    ends = (int(weeks[0]), int(weeks[-1]) + unit.length)
    return _draw(values, unit, ends, (sum(counts[+1]), sum(counts[-1])), width)


def _draw(
    values: list[dict[str, Any]], unit: calendar.Unit, ends: tuple[int, int], counts: tuple[int, int], width: int
) -> str:
    left, last = ends
    size = max(2, min(28, int((width - 70) * unit.length / (last - left) * 0.85)))
    base = drawing.rows(values)
    y = alt.Y(
        "n:Q",
        title="← left    entered →",
        axis=alt.Axis(
            labelExpr="format(abs(datum.value), ',d')", tickMinStep=1, tickCount=5, domain=False, minExtent=30
        ),
    )
    colour = alt.Color(
        "side:N", legend=None, scale=alt.Scale(domain=["entered", "left"], range=[palette.IN, palette.OUT])
    )
    bars = base.mark_bar(size=size).encode(x=calendar.axis(left, last, width=width), y=y, color=colour)
    zero = drawing.rows([{"n": 0}]).mark_rule(color=palette.MUTED).encode(y="n:Q")
    description = f"{counts[0]:,} entries and {counts[1]:,} exits; entries point up, exits down."
    chart = alt.layer(bars, zero).properties(width=width - 62, height=170)
    return drawing.draw(chart, title=f"Entries and exits per {unit.name}", description=description)


_SIDES: Final = {1: "entered", -1: "left"}


def _bars(instants: npt.NDArray[np.int64], unit: calendar.Unit, sign: int) -> list[dict[str, Any]]:
    floors, numbers = np.unique(unit.floor(instants), return_counts=True)
    return [_bar(int(at), unit, sign, int(n)) for at, n in zip(floors, numbers, strict=True)]


def _bar(at: int, unit: calendar.Unit, sign: int, n: int) -> dict[str, Any]:
    # Bars stand in the middle of the time that they count.
    return {"at": calendar.milliseconds(at + unit.length // 2), "n": sign * n, "side": _SIDES[sign]}
