"""From an Altair chart to SVG text that a page can hold: named, escaped, scalable, without outside references."""

from __future__ import annotations

import hashlib
from typing import Any, Final
from xml.etree import ElementTree

import altair as alt
import vl_convert

from assay.pictures import palette

_SVG: Final = "http://www.w3.org/2000/svg"
_FONT: Final = "system-ui, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"


def config() -> dict[str, Any]:
    """Return the look that all pictures share, as a Vega-Lite `config`."""
    axis = {
        "labelColor": palette.MUTED,
        "titleColor": palette.MUTED,
        "gridColor": palette.GRID,
        "domainColor": palette.GRID,
        "tickColor": palette.GRID,
        "labelFontSize": 11,
        "titleFontSize": 11,
        "titleFontWeight": "normal",
        "labelPadding": 5,
    }
    return {
        "background": None,
        "font": _FONT,
        "axis": axis,
        "view": {"stroke": None},
        "padding": 2,
        "text": {"color": palette.INK, "fontSize": 12},
        "header": {"labelColor": palette.INK},
    }


def draw(chart: alt.TopLevelMixin, *, title: str, description: str) -> str:
    """Return the chart as SVG text with `role="img"`, a title and a description; ids are unique to the picture."""
    # Checking a chart that we wrote against the schema takes longer than drawing it.
    spec = chart.to_dict(validate=False)
    spec["config"] = config()
    root = ElementTree.fromstring(vl_convert.vegalite_to_svg(spec))
    _strip(root)
    # The drawing machine numbers ids on from picture to picture; here the same picture gets the same ones.
    _name_ids(root, "")
    text = _text(root)
    key = "p" + hashlib.blake2b((title + text).encode(), digest_size=5).hexdigest()
    _name_ids(root, key)
    _name(root, key, title, description)
    return _text(root)


def _text(root: ElementTree.Element) -> str:
    """Return SVG as a page can hold it: without prefixes, which other libraries register for the whole process."""
    ElementTree.register_namespace("", _SVG)
    return ElementTree.tostring(root, encoding="unicode")


def rows(values: list[dict[str, Any]]) -> alt.Chart:
    """Return a chart, still without marks, of rows that are written into it."""
    return alt.Chart(alt.Data(values=values))  # type: ignore[no-untyped-call]


def empty(*, title: str, sentence: str, width: int) -> str:
    """Return a picture that says in words that there is nothing to draw."""
    chart = rows([{"text": sentence}]).mark_text(color=palette.MUTED, fontSize=13).encode(text="text:N")
    return draw(chart.properties(width=width - 8, height=60), title=title, description=sentence)


def _strip(root: ElementTree.Element) -> None:
    """Drop what says nothing to a reader: inner roles (the picture is one image), unseen boxes, backgrounds."""
    for parent in list(root.iter()):
        for child in list(parent):
            unseen = child.get("display") == "none" or child.get("d") == ""
            box = child.get("class") == "background" and child.get("fill") is None and child.get("stroke") is None
            if unseen or box:
                parent.remove(child)
    for element in root.iter():
        for attribute in list(element.attrib):
            if attribute in {"role", "class", "pointer-events"} or attribute.startswith("aria-"):
                del element.attrib[attribute]
        if element.get("fill") == palette.INK:
            element.set("fill", "currentColor")
        if element.get("stroke") == palette.INK:
            element.set("stroke", "currentColor")
        if element.get("opacity") == "1":
            del element.attrib["opacity"]


def _name_ids(root: ElementTree.Element, key: str) -> None:
    """Make ids unique to this picture: several pictures share one page."""
    found = [element.attrib["id"] for element in root.iter() if "id" in element.attrib]
    names = {name: f"{key}-{at}" for at, name in enumerate(found)}
    for element in root.iter():
        if "id" in element.attrib:
            element.set("id", names[element.attrib["id"]])
        for attribute, value in element.attrib.items():
            if value.startswith("url(#") and value[5:-1] in names:
                element.set(attribute, f"url(#{names[value[5:-1]]})")


def _name(root: ElementTree.Element, key: str, title: str, description: str) -> None:
    root.set("role", "img")
    root.set("aria-labelledby", f"{key}-t {key}-d")
    for at, (tag, text) in enumerate((("title", title), ("desc", description))):
        element = ElementTree.Element(f"{{{_SVG}}}{tag}", {"id": f"{key}-{tag[0]}"})
        element.text = text
        root.insert(at, element)
