"""When a job is done again: after the database did not answer, and after its worker was killed."""

from __future__ import annotations

from typing import Final

from django.db import InterfaceError, OperationalError
from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager
from psycopg_pool import PoolTimeout

#: What is raised where the database does not answer just now, or asks for the same once more (a deadlock).
UNAVAILABLE: Final = (OperationalError, InterfaceError, PoolTimeout)
#: A job that was begun so often is given up: what it does may be what kills the worker.
MOST_TRIES: Final = 8
_LONGEST_WAIT: Final = 300


class WhileUnavailable(BaseRetryStrategy):
    """Does a job again, with growing patience, where the database did not answer: for about twenty minutes."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """Return when to try again; None where something else went wrong, or it was tried often enough."""
        if not isinstance(exception, UNAVAILABLE) or job.attempts >= MOST_TRIES:
            return None
        return RetryDecision(retry_in={"seconds": min(5 * 2**job.attempts, _LONGEST_WAIT)})


#: For jobs that may be done twice: each of ours looks first whether it is done.
AGAIN: Final = WhileUnavailable()


async def take_up_stalled(manager: JobManager) -> tuple[int, int]:
    """Let jobs be done whose worker is gone; return how many, and how many were given up.

    A periodic job is not done again: its next turn comes by itself, and may be waiting already.
    """
    again = given_up = 0
    for job in await manager.get_stalled_jobs():
        assert job.id is not None
        if job.queueing_lock is None and job.attempts < MOST_TRIES:
            await manager.retry_job(job)
            again += 1
        else:
            await manager.finish_job_by_id_async(job.id, Status.FAILED, delete_job=job.queueing_lock is not None)
            given_up += job.queueing_lock is None
    return again, given_up
