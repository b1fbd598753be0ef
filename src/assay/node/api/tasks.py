"""What the worker does for the API now and then."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from assay.node.api import answers, feed
from assay.node.jobs import AGAIN


@app.periodic(cron="*/10 * * * *")
@app.task(queue="housekeeping", queueing_lock="api", pass_context=False, retry=AGAIN)
def tidy(timestamp: int) -> None:
    """Give changes their places though nobody asks, and forget answers that were given long ago."""
    feed.give_places()
    answers.forget(timezone.now())
