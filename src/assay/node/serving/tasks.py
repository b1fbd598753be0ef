"""What the worker does for the worker: takes up what was left lying, and forgets what failed long ago."""

from __future__ import annotations

import logging
from typing import Final

from procrastinate.contrib.django import app

from assay.node import jobs

_log: Final = logging.getLogger(__name__)
_HOURS_FAILED_JOBS_ARE_KEPT: Final = 30 * 24


@app.periodic(cron="* * * * *")
@app.task(name="serving.take_up_stalled", queue="housekeeping", queueing_lock="serving.take_up_stalled")
async def take_up_stalled(timestamp: int) -> None:
    """Let jobs be done whose worker was killed in the midst of them."""
    again, given_up = await jobs.take_up_stalled(app.job_manager)
    if again:
        _log.info("jobs of a worker that is gone are done again", extra={"facts": {"jobs": again}})
    if given_up:
        _log.error("jobs were given up: their worker ended each time", extra={"facts": {"jobs": given_up}})


@app.periodic(cron="23 3 * * *")
@app.task(name="serving.forget_jobs", queue="housekeeping", queueing_lock="serving.forget_jobs")
async def forget_jobs(timestamp: int) -> None:
    """Forget, once a night, jobs that failed a month ago."""
    await app.job_manager.delete_old_jobs(_HOURS_FAILED_JOBS_ARE_KEPT, include_failed=True, include_cancelled=True)
