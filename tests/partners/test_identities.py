"""Identities: signed requests and statements, and what was withdrawn cannot be brought back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assay.escrow import wire
from assay.partners import identities
from assay.partners.identities import Distrust
from tests.partners.two_companies import company

ACME, BIRCH = company("acme").identity, company("birch").identity


def _grant(version, body=b"overlaps", by=ACME):
    return identities.state(by, "grant", b"p" * 16, version, body)


def test_a_newer_grant_takes_the_place_of_an_older_one():
    old, new = _grant(1), _grant(2, b"hidden")
    assert identities.believe(new, new, old) == new
    assert identities.believe(new, new, new) == new


@pytest.mark.attack
def test_a_rolled_back_grant_is_refused(leak):
    old, new = _grant(1), _grant(2, b"hidden")
    with pytest.raises(Distrust, match="older or different"):
        identities.believe(old, new, new)
    with pytest.raises(Distrust, match="older or different"):
        identities.believe(_grant(2, b"all"), new, new)
    leak("an older grant, or another under its number", "refused")


def test_a_grant_changed_or_signed_by_another_is_refused():
    grant = _grant(1)
    with pytest.raises(Distrust, match="not your partner's"):
        identities.believe(replace(grant, body=b"all"), grant, None)
    with pytest.raises(Distrust, match="something else"):
        identities.believe(_grant(1, by=BIRCH), grant, None)


def test_a_statement_of_no_known_kind_is_not_signed():
    with pytest.raises(Distrust, match="no such statement"):
        identities.state(ACME, "promise", b"p" * 16, 1, b"")


@pytest.mark.parametrize(
    "change",
    [{"escrow": "https://b.example"}, {"path": "/v1/b"}, {"counter": 8}, {"at": 6}, {"body": b"b"}, {"method": "PUT"}],
)
def test_a_signature_fits_one_request_alone(change):
    request = wire.Request(escrow="https://a.example", method="POST", path="/v1/a", counter=7, at=5, body=b"a")
    signature = bytes.fromhex(identities.headers(ACME, request)[wire.SIGNATURE])
    assert wire.is_signed(ACME.public, request.signable(), signature)
    assert not wire.is_signed(ACME.public, replace(request, **change).signable(), signature)
    assert not wire.is_signed(BIRCH.public, request.signable(), signature)
