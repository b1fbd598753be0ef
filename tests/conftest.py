"""What tests of several parts need."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.core.sources.databases import Server, postgres


@pytest.fixture
def leak(record_property: Callable[[str, object], None]) -> Callable[[str, str], None]:
    """A function by which a test of an attack says what it measured: `./dev attacks` prints all of it as one table."""
    return lambda attack, got: record_property("leak", (attack, got))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what attacks got, of the tests that ran and say so."""
    reports = [one for of in terminalreporter.stats.values() for one in of if isinstance(one, pytest.TestReport)]
    told = sorted({tuple(value) for one in reports for name, value in one.user_properties if name == "leak"})
    if told:
        terminalreporter.section("what attacks got")
        for attack, got in told:
            terminalreporter.write_line(f"{attack}: {got}")


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A Postgres server; the test is skipped where there is none to be had."""
    with postgres() as running:
        yield running
