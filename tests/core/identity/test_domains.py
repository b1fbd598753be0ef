"""What stands for a company in addresses of all kinds."""

from __future__ import annotations

import re
from pathlib import Path

import publicsuffixlist
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.identity import is_free_mail, registrable_domain

VECTORS = Path(publicsuffixlist.__file__).with_name("test_psl.txt")


@pytest.mark.parametrize(
    "text",
    [
        "acme.co.uk",
        "ACME.co.uk.",
        "www.acme.co.uk",
        "https://www.Acme.co.uk:8080/x?y#z",
        "//acme.co.uk/x",
        "acme.co.uk/x",
        "acme.co.uk:443",
        "ada@acme.co.uk",
        "Ada L. <ada@mail.acme.co.uk>",
        "mailto:ada@acme.co.uk",
        " acme.co.uk ",
        "http://ada:secret@acme.co.uk/",
        "HTTPS://ACME.CO.UK",
        "acme。co。uk",
        "acme.co.uk?utm=x",
    ],
)
def test_every_way_to_write_a_domain_gives_the_same_one(text):
    assert registrable_domain(text) == "acme.co.uk"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "localhost",
        "com",
        "co.uk",
        "10.0.0.1",
        "http://10.0.0.1:80/",
        "[::1]",
        "ada@",
        "@",
        "n/a",
        "a b.com",
        "..",
        "acme..com",
        "x" * 64 + ".com",
        ".".join(["abc"] * 70) + ".com",
        "https://",
        "-",
        "none",
    ],
)
def test_what_is_no_domain_gives_none(text):
    assert registrable_domain(text) is None


def test_international_names_become_ascii():
    assert registrable_domain("www.Müller.de") == registrable_domain("xn--mller-kva.de") == "xn--mller-kva.de"


def test_a_name_under_an_unlisted_ending_is_registrable():
    assert registrable_domain("mail.acme.example") == "acme.example"


def test_free_mail_is_known():
    assert is_free_mail("gmail.com") and is_free_mail("GMAIL.com") and not is_free_mail("acme.com")


def test_the_official_vectors_hold():
    line = re.compile(r"^checkPublicSuffix\('([^']+)', (?:null|'([^']+)')\);", re.MULTILINE)
    found = line.findall(VECTORS.read_text("utf-8"))
    wrong = [
        (text, expected)
        for text, expected in found
        if not text.startswith(".") and registrable_domain(text) != (registrable_domain(expected) if expected else None)
    ]
    same = [text for text, expected in found if expected and expected.isascii() and not text.startswith(".")]
    assert len(found) > 70 and wrong == []
    assert [t for t in same if registrable_domain(t) != dict(found)[t]] == []


@given(st.text())
def test_any_text_gives_a_domain_or_none_and_a_domain_gives_itself(text):
    found = registrable_domain(text)
    assert found is None or registrable_domain(found) == found
