"""What tests of several parts need."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.core.sources.databases import Server, postgres


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A Postgres server; the test is skipped where there is none to be had."""
    with postgres() as running:
        yield running
