"""A lake in a folder of its own, and an inbox that calls can be put into."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@pytest.fixture
def lake_folder(tmp_path, settings, transactional_db):
    """The folder of a lake that is empty."""
    settings.ASSAY = replace(settings.ASSAY, data_folder=tmp_path)
    return tmp_path / "lake"


@pytest.fixture
def key(transactional_db):
    """A write key that feeds a source of each kind."""
    from assay.node.intake.models import WriteKey

    return WriteKey.objects.create(
        name="Website", digest=b"1", events_source="app", people_source="people", accounts_source="accounts"
    )


@pytest.fixture
def put(key, lake_folder) -> Callable[..., None]:
    """A function that puts calls into the inbox as the API does: `put({"type": "track", ...}, ...)`."""
    from assay.node.intake import calls
    from assay.node.intake.models import Inbox

    def accept(*messages, write_key=None, received_at=NOW):
        sent = calls.read_batch(json.dumps({"batch": messages}).encode())
        Inbox.objects.bulk_create(
            Inbox(key_id=(write_key or key).id, received_at=received_at, skew=one.skew, body=one.body.decode())
            for one in calls.kept(sent, received_at)
        )

    return accept


@pytest.fixture
def stored(lake_folder):
    """A function that returns all rows of the lake as dicts, in their order."""
    from assay.node.lake import manifest

    return lambda: manifest.rows_since(0).to_pylist()
