"""What the worker does for the rulebook."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from assay.node.jobs import AGAIN
from assay.node.rulebook import looks


@app.task(name="rulebook.look", queue="looks", retry=AGAIN)
def look(look_id: int) -> None:
    """Answer a question about the past, which may take as long as a replay of everything."""
    looks.answer(look_id)


@app.periodic(cron="41 * * * *")
@app.task(name="rulebook.forget_looks", queue="housekeeping", queueing_lock="rulebook.forget_looks", retry=AGAIN)
def forget_looks(timestamp: int) -> None:
    """Forget looks back that were asked for a week ago, and say of those that nobody answers that they failed."""
    looks.tidy(timezone.now())
