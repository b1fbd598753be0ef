"""Pictures are SVG that a page may hold: well-formed, escaped, named, without outside references."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pyarrow as pa
import pytest

from assay import pictures
from assay.core import tables
from assay.pictures import calendar

DAY = calendar.DAY
AS_OF = 1_773_133_200_000_000
HOSTILE = '<script>alert("x")</script>&\'" onload=x'
SVG = "{http://www.w3.org/2000/svg}"


def instants(*days_ago):
    return pa.array([None if d is None else AS_OF - int(d * DAY) for d in days_ago], pa.int64()).cast(tables.INSTANT)


def spells(*rows):
    """Build (rule, began days ago, ended days ago)."""
    return pa.table(
        {
            "rule": pa.array([row[0] for row in rows], pa.string()),
            "starts_at": instants(*[row[1] for row in rows]),
            "ends_at": instants(*[row[2] for row in rows]),
        }
    )


def evidence_of(*rows):
    columns = [pa.array([row[0] for row in rows], pa.string()), instants(*[row[1] for row in rows])]
    return pa.table(columns, schema=pictures.EVIDENCE)


SPELLS = spells(("pql", 9, 2), ("pql", 5, None), ("pqa", 4, -3), (HOSTILE, 3, 1))
LEADS = pa.table({"stage": ["PQL", "PQL", "MQL"]})
EVIDENCE = evidence_of(("built something", 3), ("built something", 1), (HOSTILE, 2))
WEEKLY = pa.table({"week": instants(14, 7), "entered": [3, 2], "left": [0, 1]})
CURVE = pa.table({"after": [0, 9 * DAY], "share": [0.0, 0.2], "low": [0.0, 0.1], "high": [0.0, 0.4]})
RATES = (
    pictures.Rate(name="pql", value=0.2, low=0.1, high=0.3, beside=0.05),
    pictures.Rate(name=HOSTILE, value=0.1, low=0.0, high=0.9),
)
POINTS = (
    pictures.Point(value="1", is_current=True, converts=(0.2, 0.1, 0.3), ahead_of=(0.5, 0.4, 0.6), entered=30),
    pictures.Point(value=HOSTILE, is_current=False, converts=None, ahead_of=None, entered=0),
)
PLACES = (
    pictures.Ranked(name="acme", place=1, low=1, high=4),
    pictures.Ranked(name=HOSTILE, place=2, low=1, high=9000),
)
COHORTS = (("2026-01", 30, (0.1, 0.2)), ("2026-02", 12, (0.1, None)), ("2026-03", 0, (None, None)))


def all_pictures(width=680):
    return {
        "qualified": pictures.qualified_over_time(SPELLS, as_of=AS_OF, width=width),
        "entries": pictures.entries_and_exits(SPELLS, as_of=AS_OF, width=width),
        "stages": pictures.leads_by_stage(LEADS, width=width),
        "evidence": pictures.evidence(
            EVIDENCE, as_of=AS_OF, since=AS_OF - DAY, until=AS_OF + DAY, subject=HOSTILE, width=width
        ),
        "weekly": pictures.entries_and_exits_by_week(WEEKLY, width=width),
        "conversion": pictures.conversion_over_time(CURVE, others=((0, 0.0), (9 * DAY, 0.01)), width=width),
        "rates": pictures.rates_side_by_side(RATES, width=width),
        "places": pictures.places(PLACES, width=width),
        "thresholds": pictures.thresholds(POINTS, name=HOSTILE, width=width),
        "cohorts": pictures.cohorts(COHORTS, columns=("5 days", "10 days"), width=width),
        "reached": pictures.stages_reached((("MQL", 30), (HOSTILE, 3)), width=width),
    }


ALL = all_pictures()


def texts(svg):
    return [element.text for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_picture_is_one_image_with_a_title_and_a_description(name):
    root = ElementTree.fromstring(ALL[name])
    assert root.get("role") == "img"
    named = {element.get("id"): element.text for element in root if element.tag in {f"{SVG}title", f"{SVG}desc"}}
    assert all(named[key] for key in root.get("aria-labelledby").split())


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_picture_refers_to_nothing_outside_and_runs_nothing(name):
    assert re.findall(r"(?:href|src)=|url\((?!#)|<script|<image|<foreignObject", ALL[name]) == []


@pytest.mark.parametrize("name", sorted(ALL))
def test_ink_is_the_colour_of_the_page(name):
    assert "#1b2330" not in ALL[name]
    assert 'fill="white"' not in ALL[name]


@pytest.mark.parametrize("width", [330, 680])
@pytest.mark.parametrize("name", sorted(ALL))
def test_a_picture_fits_the_width_asked_for(name, width):
    assert float(ElementTree.fromstring(all_pictures(width)[name]).get("width")) <= width


def test_the_same_rows_give_the_same_picture():
    assert all_pictures() == ALL


def test_two_pictures_on_one_page_share_no_ids():
    ids = [set(re.findall(r' id="([^"]+)"', svg)) for svg in ALL.values()]
    assert len(set.union(*ids)) == sum(map(len, ids))


def test_a_hostile_name_is_text_and_nothing_else():
    assert any(text and "alert" in text for text in texts(ALL["qualified"]))
    assert "<script" not in ALL["qualified"] + ALL["evidence"]


def test_panels_say_how_many_qualify_now():
    assert texts(ALL["qualified"]).count("1 now") == 2


def test_only_the_busiest_rules_are_drawn_and_the_rest_is_told():
    many = spells(*[(f"rule {i}", 5, None) for i in range(11)])
    svg = pictures.qualified_over_time(many, as_of=AS_OF)
    assert sum(1 for text in texts(svg) if text and text.startswith("rule ")) == 8
    assert "3 more rules are not drawn" in svg


def test_spells_since_ever_do_not_stretch_the_axis():
    since_ever = pa.table(
        {
            "rule": ["r", "r"],
            "starts_at": pa.array([0, AS_OF - DAY], pa.int64()).cast(tables.INSTANT),
            "ends_at": pa.array([None, None], tables.INSTANT),
        }
    )
    assert not any("19" in (text or "") for text in texts(pictures.qualified_over_time(since_ever, as_of=AS_OF)))


@pytest.mark.parametrize(
    "nothing",
    [
        pictures.qualified_over_time(spells(), as_of=AS_OF),
        pictures.entries_and_exits(spells(), as_of=AS_OF),
        pictures.leads_by_stage(LEADS.slice(0, 0)),
        pictures.evidence(evidence_of(), as_of=AS_OF),
        pictures.entries_and_exits_by_week(WEEKLY.slice(0, 0)),
        pictures.conversion_over_time(CURVE.slice(0, 1)),
        pictures.rates_side_by_side(()),
        pictures.cohorts((), columns=("5 days",)),
        pictures.stages_reached(()),
    ],
)
def test_nothing_to_draw_is_still_a_picture(nothing):
    assert ElementTree.fromstring(nothing).get("role") == "img"


@pytest.mark.parametrize(
    ("span", "name"),
    [
        (2 * calendar.HOUR, "5 minutes"),
        (40 * calendar.MINUTE, "minute"),
        (30 * DAY, "day"),
        (365 * DAY, "week"),
        (3000 * DAY, "13 weeks"),
    ],
)
def test_the_unit_fits_the_span(span, name):
    assert calendar.unit_for(span, at_most=60).name == name


def test_a_page_restyles_every_colour_for_the_dark():
    style = pictures.style()
    used = set(re.findall(r'(?:fill|stroke)="(#[0-9a-f]{3,6})"', "".join(ALL.values())))
    assert {colour for colour in used if f'"{colour}"' not in style} == set()


def test_a_picture_stands_in_a_page_whatever_prefix_another_library_gives_to_svg():
    ElementTree.register_namespace("svg", SVG.strip("{}"))  # as libraries do that draw QR codes
    assert pictures.qualified_over_time(SPELLS, as_of=AS_OF).startswith("<svg ")
