"""An escrow without a network in front of it."""

from __future__ import annotations

import os

import pytest
from tests.escrow.parties import House


@pytest.fixture
def house(tmp_path):
    made = House(tmp_path, os.urandom)
    yield made
    made.store.close()
