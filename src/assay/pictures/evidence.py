"""One lead's evidence on a time line: what it did, when that made it qualify, and until when that lasts."""

from __future__ import annotations

from typing import Any, Final

import altair as alt
import pyarrow as pa

from assay.pictures import calendar, drawing, palette

#: One row an event that counts: the criterion in words, and the instant.
EVIDENCE: Final = pa.schema(
    [pa.field("criterion", pa.string(), nullable=False), pa.field("at", pa.timestamp("us", tz="UTC"), nullable=False)]
)

_STEP: Final = 38
#: Dots of one criterion beyond this number are not drawn; the oldest go first.
_MOST_DOTS: Final = 200


def evidence(
    events: pa.Table,
    *,
    as_of: int,
    since: int | None = None,
    until: int | None = None,
    subject: str = "",
    width: int = 680,
) -> str:
    """Return a picture of the events that count for each criterion (columns of `EVIDENCE`), oldest on the left.

    `since` and `until` (microseconds) bound the spell; both and `as_of` are marked. Criteria keep their order.
    """
    rows = list(dict.fromkeys(str(c) for c in events["criterion"].to_pylist()))
    at = calendar.instants(events["at"])
    wide = width - 14
    first, last = _range([*map(int, at)], as_of=as_of, since=since, until=until)
    x = calendar.axis(first, last, width=wide)
    y = alt.Y("row:Q", axis=None, scale=alt.Scale(domain=[len(rows) + 0.55, -0.45], nice=False, zero=False))
    layers = [
        *_spell(first, last, x, y, span=(since, until, as_of)),
        _lanes(rows, first, last, x, y),
        _dots(rows, events, x, y),
        _labels(rows, first, x, y, wide=wide),
    ]
    chart = alt.layer(*layers).properties(width=wide, height=_STEP * (len(rows) + 1))
    counted = f"{len(at)} events that count, under {len(rows)} criteria." if rows else "No events count."
    return drawing.draw(chart, title=f"Evidence for {subject}" if subject else "Evidence", description=counted)


def _range(at: list[int], *, as_of: int, since: int | None, until: int | None) -> tuple[int, int]:
    first, last = min(at, default=as_of), as_of
    if since is not None and since < first:
        # A spell of a year must not press the evidence of a month into a corner: its bar then begins at the edge.
        longest = (last - first) * 3 // 2 if at else calendar.WEEK
        first = max(since, last - max(longest, calendar.MINUTE))
    span = max(last - first, calendar.MINUTE)
    if until is not None and until > as_of:
        # An end far away must not press the evidence into a corner.
        last = min(until, as_of + span // 2)
    return first - span // 40, last + span // 40


def _spell(first: int, last: int, x: alt.X, y: alt.Y, *, span: tuple[int | None, int | None, int]) -> list[alt.Chart]:
    since, until, as_of = span
    if since is None:
        return []
    end = last if until is None else min(until, last)
    ms = calendar.milliseconds
    known = [{"at": ms(max(since, first)), "to": ms(min(as_of, end)), "row": 0}]
    ahead = [{"at": ms(as_of), "to": ms(end), "row": 0}]
    now = [{"at": ms(as_of), "row": -0.45, "row2": 99, "text": "now"}]
    bars = [drawing.rows(known).mark_rule(color=palette.MARK, strokeWidth=7).encode(x=x, x2="to:T", y=y)]
    if end > as_of:
        bars.append(
            drawing.rows(ahead)
            .mark_rule(color=palette.MARK, strokeWidth=2, strokeDash=[4, 3])
            .encode(x=x, x2="to:T", y=y)
        )
    bars.append(drawing.rows(now).mark_rule(color=palette.MUTED, strokeDash=[2, 3]).encode(x=x))
    return bars


def _lanes(rows: list[str], first: int, last: int, x: alt.X, y: alt.Y) -> alt.Chart:
    ms = calendar.milliseconds
    values = [{"at": ms(first), "to": ms(last), "row": i + 1} for i in range(len(rows))]
    lanes: alt.Chart = drawing.rows(values).mark_rule(color=palette.GRID).encode(x=x, x2="to:T", y=y)
    return lanes


def _dots(rows: list[str], events: pa.Table, x: alt.X, y: alt.Y) -> alt.Chart:
    lane = {name: i + 1 for i, name in enumerate(rows)}
    drawn: dict[str, list[int]] = {name: [] for name in rows}
    for name, at in zip(events["criterion"].to_pylist(), calendar.instants(events["at"]), strict=True):
        drawn[str(name)].append(int(at))
    values: list[dict[str, Any]] = [
        {"at": calendar.milliseconds(at), "row": lane[name]}
        for name, ats in drawn.items()
        for at in sorted(ats)[-_MOST_DOTS:]
    ]
    dots: alt.Chart = drawing.rows(values).mark_circle(color=palette.IN, size=58, opacity=0.75).encode(x=x, y=y)
    return dots


def _labels(rows: list[str], first: int, x: alt.X, y: alt.Y, *, wide: int) -> alt.Chart:
    texts = ["qualified", *rows]
    most = max(20, wide // 6)
    values = [
        {"at": calendar.milliseconds(first), "row": i, "text": t if len(t) <= most else t[: most - 1] + "…"}
        for i, t in enumerate(texts)
    ]
    marks = drawing.rows(values).mark_text(align="left", baseline="bottom", dy=-8, color=palette.INK)
    labels: alt.Chart = marks.encode(x=x, y=y, text="text:N")
    return labels
