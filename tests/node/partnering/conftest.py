"""A node with Acme's rules, an empty lake, and the process that decides."""

from __future__ import annotations

import pytest
from tests.node.partnering.knowing import ACME
from tests.node.serving.told import Clock

from assay.node.access.actions import Machine
from assay.node.lake import manifest
from assay.node.leads import stories
from assay.node.rulebook.importing import import_folder
from assay.node.serving.composing import compose
from assay.node.serving.living import Life


@pytest.fixture
def rules(transactional_db):
    """Acme's rules, in use."""
    import_folder(Machine("tests"), ACME / "definitions")


@pytest.fixture
def empty_lake(transactional_db, settings):
    """A lake and an index with nothing in them, also afterwards."""
    index = settings.ASSAY.data_folder / "index.sqlite"
    index.unlink(missing_ok=True)
    yield
    index.unlink(missing_ok=True)
    for path in manifest.folder().iterdir():
        path.unlink()


@pytest.fixture
def live(rules, empty_lake):
    """A function that lets the node go on until nothing is left to do; `live.clock` is what it reads."""
    compose()
    clock = Clock()
    living = Life(clock)

    def on():
        living._partners._not_before = 0.0
        while living.step():
            pass

    on.clock, on.life = clock, living
    yield on
    living.close()
    stories.plug()
