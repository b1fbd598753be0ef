"""Fixtures of tests of leads."""

from __future__ import annotations

import pytest
from tests.node.leads.knowing import NOON, acme

from assay.node.leads import arriving, stories, timers


@pytest.fixture(autouse=True)
def _nothing_plugged_in():
    stories.plug()
    yield
    stories.plug()


@pytest.fixture
def arrive(db):
    """A function that lets changes become leads: `arrive(enter(), now=...)`."""

    def apply(*changes, now=NOON):
        arriving.apply(changes, acme(), now)

    return apply


@pytest.fixture
def time_passes(db):
    """A function that does what is due by an instant."""

    def until(now):
        for _ in range(20):
            if not timers.due(acme(), now):
                return
        raise AssertionError("something is due again and again")

    return until
