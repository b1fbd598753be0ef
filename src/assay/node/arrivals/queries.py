"""What the page of data shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Min, Sum

from assay.node.arrivals.models import Upload
from assay.node.intake.models import Inbox, WriteKey
from assay.node.lake.models import LakeFile, SourceCount


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """How it goes: calls that wait and since when, what the lake holds, when something came last."""

    waiting: int
    oldest: datetime | None
    rows: int
    files: int
    bytes: int
    last_at: datetime | None


def arrivals() -> Arrivals:
    """Return how it goes."""
    inbox = Inbox.objects.aggregate(waiting=Count("id"), oldest=Min("received_at"))
    lake = LakeFile.objects.filter(replaced_at=None).aggregate(rows=Sum("rows"), files=Count("id"), bytes=Sum("bytes"))
    last = SourceCount.objects.aggregate(last_at=Max("last_at"))
    told = {name: value or 0 for name, value in lake.items()}
    return Arrivals(waiting=inbox["waiting"], oldest=inbox["oldest"], last_at=last["last_at"], **told)


def sources() -> list[SourceCount]:
    """Return how many rows came for each source, kind by kind."""
    return list(SourceCount.objects.all())


def keys() -> list[WriteKey]:
    """Return every write key, those in use first."""
    return list(WriteKey.objects.order_by("-is_active", "name"))


def key(key_id: int) -> WriteKey | None:
    """Return a write key, or None."""
    return WriteKey.objects.filter(pk=key_id).first()


def uploads(limit: int = 20) -> Sequence[Upload]:
    """Return the latest uploads."""
    return list(Upload.objects.all()[:limit])


def upload(upload_id: int) -> Upload | None:
    """Return an upload, or None."""
    return Upload.objects.filter(pk=upload_id).first()
