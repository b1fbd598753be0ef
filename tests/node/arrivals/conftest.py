"""A node with definitions, a data folder of its own, and somebody who may change its data."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.node.rulebook import world

from assay.node.access.actions import Machine
from assay.node.access.permissions import Role


@pytest.fixture
def node(db, tmp_path, settings):
    """The data folder of a node that knows the small company's definitions."""
    from assay.node.rulebook.importing import import_folder

    (tmp_path / "definitions").mkdir()
    import_folder(Machine("a test"), world.write(tmp_path / "definitions"))
    settings.ASSAY = replace(settings.ASSAY, data_folder=tmp_path / "node")
    return tmp_path / "node"


@pytest.fixture
def revops(node, client_of):
    """A client of somebody who may change data."""
    return client_of(Role.REVOPS)
