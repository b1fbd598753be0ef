"""What the worker does of its own accord: looks whether partners answer in time."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from assay.node.jobs import AGAIN
from assay.node.portal import timers


@app.periodic(cron="* * * * *")
@app.task(name="portal.due", queue="telling", queueing_lock="portal.due", retry=AGAIN)
def due(timestamp: int) -> None:
    """Tell of partners that did not answer in time."""
    timers.due(timezone.now())
