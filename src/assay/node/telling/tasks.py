"""What the worker does of its own accord: tells what happened, sends what waits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.utils import timezone
from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.contrib.django import app
from procrastinate.jobs import Job
from procrastinate.types import JSONValue

from assay.node.jobs import AGAIN, UNAVAILABLE
from assay.node.telling import outbox, sending
from assay.node.telling.models import Message

#: Seconds after which a message is tried again where the database did not answer: it must not be lost by that.
_WHILE_UNAVAILABLE: Final = 30


class NotYet(Exception):
    """A message did not arrive, or its time has not come; it is tried again at `at`."""

    def __init__(self, at: datetime) -> None:
        super().__init__("later")
        self.at = at


class _WhenItSays(BaseRetryStrategy):
    """Tries a message again when it says so; how often is for `sending` to know."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """Return when to try again; None where something else went wrong."""
        if isinstance(exception, UNAVAILABLE):
            return RetryDecision(retry_in={"seconds": _WHILE_UNAVAILABLE})
        return RetryDecision(retry_at=exception.at) if isinstance(exception, NotYet) else None


@app.task(name="telling.send", queue="telling", retry=_WhenItSays(), pass_context=False)
def send_message(*, message: int) -> None:
    """Send one message."""
    again = sending.send(message, timezone.now())
    if again is not None:
        raise NotYet(again)


@app.periodic(cron="* * * * * */5")
@app.task(name="telling.tell", queue="telling", queueing_lock="telling.tell", retry=AGAIN)
def tell(timestamp: int) -> None:
    """Turn what happened to leads into messages."""
    while outbox.tell_leads(timezone.now(), on_their_way):
        pass


@app.periodic(cron="* * * * *")
@app.task(name="telling.digests", queue="telling", queueing_lock="telling.digests", retry=AGAIN)
def send_digests(timestamp: int) -> None:
    """Send the digests whose time has come."""
    sending.send_digests(timezone.now())


@app.periodic(cron="*/10 * * * *")
@app.task(name="telling.tidy", queue="housekeeping", queueing_lock="telling.tidy", retry=AGAIN)
def tidy(timestamp: int) -> None:
    """Take up messages that no job is about any more, and forget those that are long done with."""
    now = timezone.now()
    on_their_way(sending.left_lying(now))
    sending.forget(now)


def on_their_way(messages: Sequence[Message]) -> None:
    """Let the worker send these messages; the jobs are written in the transaction that writes the messages."""
    if messages:
        jobs: list[dict[str, JSONValue]] = [{"message": message.pk} for message in messages]
        send_message.batch_defer(*jobs)
