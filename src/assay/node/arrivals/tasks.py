"""Jobs of this app; the worker finds them by the name of this module."""

from __future__ import annotations

from datetime import UTC, datetime

from procrastinate.contrib.django import app

from assay.node.arrivals import uploads
from assay.node.jobs import AGAIN


@app.task(retry=AGAIN)
def read_upload(upload_id: int) -> None:
    """Read an upload into the lake."""
    uploads.read(upload_id)


@app.periodic(cron="*/10 * * * *")
@app.task(queueing_lock="tidy uploads", retry=AGAIN)
def tidy_uploads(timestamp: int) -> None:
    """Tidy up after uploads."""
    uploads.tidy(datetime.fromtimestamp(timestamp, UTC))
