"""An escrow and two companies."""

from __future__ import annotations

import pytest

from tests.escrow.parties import House
from tests.partners.dealing.companies import Company, account
from tests.partners.two_companies import Dice


@pytest.fixture
def house(tmp_path):
    made = House(tmp_path / "escrow", Dice("escrow"))
    yield made
    made.store.close()


@pytest.fixture
def acme(tmp_path, house):
    made = Company("acme", tmp_path, house)
    made.accounts = {
        "a1": account("Initech Ltd", "initech.com", "GB", "Leeds"),
        "a2": account("Globex Corp", "globex.com", "US", "Austin"),
        "a3": account("Acme's secret", "only-acme.com", "DE", "Bonn"),
    }
    made.values = {record: {"owner": f"Ann of {record}", "notes": "never"} for record in made.accounts}
    yield made
    made.rows.close()


@pytest.fixture
def birch(tmp_path, house):
    made = Company("birch", tmp_path, house)
    made.accounts = {
        "b1": account("Initech Limited", "www.initech.com", "United Kingdom", "leeds"),
        "b2": account("Globex", "globex.com", "US", "Austin"),
        "b3": account("Birch's secret", "only-birch.com", "FR", "Lyon"),
    }
    made.values = {record: {"owner": f"Bob of {record}"} for record in made.accounts}
    yield made
    made.rows.close()
