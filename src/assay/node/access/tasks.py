"""What the worker does for users by itself."""

from __future__ import annotations

from django.core.management import call_command
from procrastinate.contrib.django import app

from assay.node.jobs import AGAIN


@app.periodic(cron="17 3 * * *")
@app.task(queueing_lock="forget sessions", pass_context=False, retry=AGAIN)
def forget_sessions(timestamp: int) -> None:
    """Forget, once a night, the sessions that ran out."""
    call_command("clearsessions")
