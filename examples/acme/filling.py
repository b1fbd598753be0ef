"""Put Acme's files, rules and users into a node that is being visited (see `serve.py`)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
from django.db import transaction

from assay.core.definitions.model import InsightsSource, PartnerFactsSource
from assay.core.sources.files import find_files
from assay.node.access.actions import Machine
from assay.node.access.models import User
from assay.node.intake.digests import digest
from assay.node.intake.models import WriteKey
from assay.node.lake import manifest
from assay.node.lake.files import read_file
from assay.node.leads.models import Seat
from assay.node.rulebook import current
from assay.node.rulebook.importing import import_folder

#: Who works which queue that rules hand leads to.
QUEUES = {
    "rita@acme.example": ("sales", "account_executive", "account_owner", "growth_desk"),
    "sam@acme.example": ("sales_development", "enterprise_sales", "account_owner", "growth_desk"),
    "carla@acme.example": ("customer_success", "account_owner"),
    "mona@acme.example": ("sales_development",),
    "petra@acme.example": ("partner_managers",),
}


def fill(files: Path, definitions: Path, who: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Fill the node; return the password of all users, and the product's write key."""
    password, key = secrets.token_urlsafe(12), secrets.token_urlsafe(24)
    for email, (role, name) in who.items():
        user = User.objects.create_user(email, password, role=role, name=name)
        Seat.objects.bulk_create(Seat(queue=queue, user=user) for queue in QUEUES.get(email, ()))
    WriteKey.objects.create(name="Acme's product", digest=digest(key), events_source="product", people_source="users")
    _take_in(files, definitions)
    return {"password": password, "write_key": key}


def _take_in(files: Path, definitions: Path) -> None:
    import_folder(Machine("examples/acme"), definitions)
    now = datetime.now(UTC)
    for part in current.definitions().sources:
        if isinstance(part, PartnerFactsSource | InsightsSource):
            continue  # partners tell it themselves
        for path in find_files(files, part):
            rows = read_file(part, path).rows
            arrived = pa.repeat(pa.scalar(now, pa.timestamp("us", tz="UTC")), len(rows))
            with transaction.atomic():
                manifest.add(rows.append_column("received_at", arrived), now)
