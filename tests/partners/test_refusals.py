"""What an escrow says no to is told so that whoever reads it can mend it, or knows who can."""

from __future__ import annotations

import json

import pytest

from assay.escrow.refusals import Refusal
from assay.partners.refusals import refused

NOW = 1_700_000_000_000_000


def _told(code, **facts):
    """Return what a company reads where the escrow refuses with this code."""
    return refused(json.dumps(Refusal(code, **facts).told()).encode(), public=b"\xab" * 32, now=NOW).text()


def test_a_key_that_is_no_member_is_told_its_own_digits_for_the_operator():
    assert "ab" * 32 in _told("not_a_member")


def test_an_invitation_that_another_key_took_is_told_as_that():
    assert "ask your partner to end it and to invite you anew" in _told("other_partner")


@pytest.mark.parametrize(
    ("ahead", "words"),
    [(3 * 3_600, "3 hours behind"), (-400, "7 minutes ahead of"), (59, "59 seconds behind"), (-86_400, "1 day ahead")],
)
def test_a_wrong_clock_is_told_in_words_and_as_a_time(ahead, words):
    told = _told("clock", at=NOW + ahead * 1_000_000)
    assert words in told and "2023-11-1" in told and "UTC" in told and "µs" not in told


@pytest.mark.parametrize(("code", "option"), [("growth", "--a-week"), ("oversize", "--longest")])
def test_limits_are_told_in_companies_with_who_can_raise_them(code, option):
    told = _told(code, limit=18_000)
    assert "1,000" in told and "18,000" not in told
    assert "Limits against probing" in told and option in told


def test_what_is_no_escrow_is_told_as_that():
    for answer in (b"<html>", b"[]", b'{"code": "clock", "what": "", "mend": ""}', b'{"code": "growth"}'):
        assert "not an escrow" in refused(answer, public=b"", now=NOW).text()


def test_other_refusals_are_told_as_the_escrow_tells_them():
    assert _told("full") == "escrow: The mailbox is full. Wait until your partner has fetched its messages."
