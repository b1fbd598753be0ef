"""The report is one page that needs nothing else, whatever names the data holds."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from assay.core import definitions, pipeline
from assay.core.values import parse_instant
from assay.report import render

GOLDEN = Path(__file__).parents[1] / "golden/cli"
VOID = {"meta", "br", "img", "link", "input", "hr"}


class Reader(HTMLParser):
    """Collects tags, attributes and words, and checks that tags are closed in order."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.attributes, self.words = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture(scope="module")
def page():
    checked = definitions.load(GOLDEN / "definitions")
    with pipeline.run(checked, GOLDEN / "data", as_of=parse_instant("2026-03-10T09:00:00Z")) as result:
        return render(result)


@pytest.fixture(scope="module")
def read(page):
    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    return reader


def words(read):
    return re.sub(r"\s+", " ", " ".join(read.words))


def test_nothing_is_asked_of_the_network(page, read):
    assert {name for name, _ in read.attributes} & {"src", "href", "action", "srcset", "data"} == set()
    assert re.findall(r"@import|url\((?!#)", page) == []
    assert "default-src 'none'" in page


def test_no_script_runs_and_no_handler_is_attached(read):
    assert "script" not in read.tags
    assert [name for name, _ in read.attributes if name.startswith("on")] == []


def test_hostile_names_are_shown_as_they_are_written(read):
    assert '<script>alert("x")</script>' in words(read)
    assert "<b>cho</b>" in words(read)


def test_leads_stand_with_their_reasons(read):
    assert "project created 3 times in the last 7 days" in words(read)
    assert "A trial user who already works in the product." in words(read)


def test_rejects_are_counted_without_their_values(read):
    assert "could not be read" in words(read)
    assert "yesterday" not in words(read)


def test_pictures_are_drawn_for_desk_and_phone(read):
    kinds = [value for name, value in read.attributes if name == "class"]
    assert kinds.count("picture wide") == kinds.count("picture narrow") >= 3


def test_the_page_says_its_instant(read):
    assert "As of 2026-03-10 09:00 UTC" in words(read)
