"""Lanes along time: on each, bars for what held and dots for what happened. Drawn without a machine, in a moment."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree

from assay.core.values import format_instant
from assay.pictures import palette

_STEP: Final = 40
_TOP: Final = 6
_AXIS: Final = 26
_MOST_DOTS: Final = 200
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAY: Final = 86_400_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One lane: `bars` are (from, to) with None where no end is known, `dots` are instants; UTC microseconds."""

    label: str
    bars: tuple[tuple[int, int | None], ...] = ()
    dots: tuple[int, ...] = ()


def lanes(
    rows: Sequence[Lane], *, as_of: int, title: str, description: str, width: int = 680, since: int | None = None
) -> str:
    """Return a picture of these lanes from `since`, or the first thing shown, to a little after now, which is marked.

    What of a bar lies after `as_of` is dashed: it is so if nothing happens.
    """
    first, last = _range(rows, as_of, since)
    scale = _Scale(first=first, last=last, width=width)
    height = _TOP + _STEP * len(rows) + _AXIS
    root = ElementTree.Element(
        "svg", {"viewBox": f"0 0 {width} {height}", "width": str(width), "height": str(height), "role": "img"}
    )
    _name(root, title, description)
    bottom = _TOP + _STEP * len(rows)
    _axis(root, scale, bottom)
    _line(root, (scale.x(as_of), _TOP, scale.x(as_of), bottom), palette.MUTED, dashes="2 3")
    for at, lane in enumerate(rows):
        _draw(root, lane, scale, as_of, _TOP + _STEP * at + 27)
    return ElementTree.tostring(root, encoding="unicode")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    first: int
    last: int
    width: int

    def x(self, at: int) -> float:
        inside = min(max(at, self.first), self.last)
        return round(4 + (inside - self.first) / (self.last - self.first) * (self.width - 8), 1)


def _range(rows: Sequence[Lane], as_of: int, since: int | None) -> tuple[int, int]:
    shown = [at for lane in rows for at in lane.dots] + [start for lane in rows for start, _ in lane.bars if start > 0]
    first = min([*shown, as_of]) if since is None else min(since, as_of)
    span = max(as_of - first, _DAY)
    ends = [end for lane in rows for _, end in lane.bars if end is not None and end > as_of]
    # An end far away must not press what happened into a corner.
    last = min(max([*ends, as_of]), as_of + span // 3)
    return first - span // 40, last + span // 40


def _draw(root: ElementTree.Element, lane: Lane, scale: _Scale, as_of: int, y: float) -> None:
    _line(root, (scale.x(scale.first), y, scale.x(scale.last), y), palette.GRID)
    for start, end in lane.bars:
        stop = scale.last if end is None else end
        if start < as_of:
            _line(
                root, (scale.x(start), y, max(scale.x(min(stop, as_of)), scale.x(start) + 2), y), palette.MARK, wide=7
            )
        if stop > as_of:
            _line(root, (scale.x(max(start, as_of)), y, scale.x(stop), y), palette.MARK, wide=2, dashes="4 3")
    for at in sorted(lane.dots)[-_MOST_DOTS:]:
        dot = {"cx": str(scale.x(at)), "cy": str(y), "r": "4", "fill": palette.IN, "fill-opacity": "0.75"}
        ElementTree.SubElement(root, "circle", dot)
    most = max(20, scale.width // 7)
    label = lane.label if len(lane.label) <= most else lane.label[: most - 1] + "…"
    _text(root, label, 4, y - 10, "currentColor", size=12)


def _axis(root: ElementTree.Element, scale: _Scale, bottom: float) -> None:
    ticks = max(2, scale.width // 140)
    for n in range(ticks):
        at = scale.first + (scale.last - scale.first) * (2 * n + 1) // (2 * ticks)
        x = scale.x(at)
        _line(root, (x, bottom, x, bottom + 5), palette.MUTED)
        _text(root, _words(at, scale.last - scale.first), x, bottom + 18, palette.MUTED, anchor="middle")


def _words(at: int, span: int) -> str:
    text = format_instant(at)
    day = f"{int(text[8:10])} {_MONTHS[int(text[5:7]) - 1]}"
    if span < 3 * _DAY:
        return f"{day}, {text[11:16]}"
    return day if span < 300 * _DAY else f"{day} {text[:4]}"


def _line(
    root: ElementTree.Element,
    ends: tuple[float, float, float, float],
    colour: str,
    *,
    wide: int = 1,
    dashes: str | None = None,
) -> None:
    x1, y1, x2, y2 = (str(end) for end in ends)
    line = {"x1": x1, "y1": y1, "x2": x2, "y2": y2, "stroke": colour, "stroke-width": str(wide)}
    ElementTree.SubElement(root, "line", line | ({"stroke-dasharray": dashes} if dashes else {}))


def _text(
    root: ElementTree.Element, words: str, x: float, y: float, colour: str, *, size: int = 11, anchor: str = "start"
) -> None:
    place = {"x": str(x), "y": str(y), "fill": colour, "font-size": str(size), "text-anchor": anchor}
    ElementTree.SubElement(root, "text", place).text = words


def _name(root: ElementTree.Element, title: str, description: str) -> None:
    key = "l" + hashlib.blake2b(f"{title}|{description}|{root.get('width')}".encode(), digest_size=5).hexdigest()
    root.set("xmlns", "http://www.w3.org/2000/svg")
    root.set("aria-labelledby", f"{key}-t {key}-d")
    ElementTree.SubElement(root, "title", {"id": f"{key}-t"}).text = title
    ElementTree.SubElement(root, "desc", {"id": f"{key}-d"}).text = description
