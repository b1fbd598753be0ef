"""Jobs of this app; the worker finds them by the name of this module."""

from __future__ import annotations

from datetime import UTC, datetime

from procrastinate.contrib.django import app

from assay.node.arrivals import uploads


@app.task
def read_upload(upload_id: int) -> None:
    """Read an upload into the lake."""
    uploads.read(upload_id)


@app.periodic(cron="*/10 * * * *")
@app.task
def tidy_uploads(timestamp: int) -> None:
    """Tidy up after uploads."""
    uploads.tidy(datetime.fromtimestamp(timestamp, UTC))
