"""Write keys, and requests as clients send them."""

from __future__ import annotations

import json

import pytest
from tests.node.intake.sending import KEY, Sender


@pytest.fixture
def write_key(way_in, transactional_db):
    """A write key in use, whose secret is `KEY`."""
    from assay.node.intake.digests import digest
    from assay.node.intake.keys import KNOWN
    from assay.node.intake.models import WriteKey

    made = WriteKey.objects.create(
        name="Website", digest=digest(KEY), events_source="app", people_source="people", accounts_source="accounts"
    )
    KNOWN.forget()
    yield made
    KNOWN.forget()


@pytest.fixture
def send(write_key, client) -> Sender:
    """A function that posts something to an address of the API and returns the answer."""

    def post(path, body, **headers):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        if "HTTP_AUTHORIZATION" not in headers and b"writeKey" not in data:
            headers["HTTP_AUTHORIZATION"] = f"Bearer {KEY}"
        return client.post(path, data, content_type="application/json", **headers)

    return post


@pytest.fixture
def inbox(transactional_db):
    """A function that returns what waits in the inbox, oldest first."""
    from assay.node.intake.models import Inbox

    def waiting():
        return [json.loads(body) for body in Inbox.objects.order_by("id").values_list("body", flat=True)]  # as it came

    return waiting
