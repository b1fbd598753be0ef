"""What the worker does for the rulebook."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from assay.node.jobs import AGAIN
from assay.node.rulebook import looks, rehearsals


@app.task(name="rulebook.look", queue="looks", retry=AGAIN)
def look(look_id: int) -> None:
    """Answer a question about the past, which may take as long as a replay of everything."""
    looks.answer(look_id)


@app.task(name="rulebook.rehearse", queue="looks", retry=AGAIN)
def rehearse(rule: str) -> None:
    """Try the examples of a draft, which may compile the engine, and decide it in shadow."""
    rehearsals.rehearse(rule)


@app.periodic(cron="41 * * * *")
@app.task(name="rulebook.forget_looks", queue="housekeeping", queueing_lock="rulebook.forget_looks", retry=AGAIN)
def forget_looks(timestamp: int) -> None:
    """Forget looks back that were asked for a week ago, and say of what nobody answers that it failed."""
    now = timezone.now()
    looks.tidy(now)
    rehearsals.tidy(now)
