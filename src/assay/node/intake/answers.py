"""The tracking API: what clients of Segment and RudderStack speak, and whoever speaks like them.

Requests and answers are those of WSGI itself. Django's cost as much as all that is done here with a batch of 100 calls.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from typing import Final

from django.conf import settings
from django.db import Error as DatabaseError
from prometheus_client import Counter
from psycopg_pool import PoolTimeout

from assay.node.intake import bodies, calls, copying, inbox, plain, refusals
from assay.node.intake.bodies import Request
from assay.node.intake.keys import KNOWN
from assay.node.intake.plain import Plain
from assay.node.intake.refusals import Refusal

_log: Final = logging.getLogger(__name__)
#: Browsers ask first whether a page of another site may send; whoever has a write key may.
_OPEN: Final = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Headers", "Authorization, Content-Type, Content-Encoding, AnonymousId, X-Retry-Count"),
    ("Access-Control-Allow-Methods", "POST, OPTIONS"),
    ("Access-Control-Max-Age", "86400"),
)
_PATIENCE: Final = 1.0
_ANSWERS: Final = Counter("assay_intake_answers", "Answers of the tracking API.", ["status"])
_ANSWERED: Final = _ANSWERS.labels("200")
_CALLS: Final = Counter("assay_intake_calls", "Calls that were accepted.")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a client hears, as WSGI wants it."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes


#: What makes an answer of a request.
Taker = Callable[[Request], Answer]
_Read = Callable[[bytes, datetime], calls.Sent | Plain]


def batch() -> Taker:
    """Return what takes batches in."""
    return _taker(_read_batch)


def one(kind: calls.Kind) -> Taker:
    """Return what takes calls of one kind in, each by itself."""
    return _taker(lambda body, _: calls.read_one(kind, body))


def _read_batch(body: bytes, received_at: datetime) -> calls.Sent | Plain:
    return plain.read(body, calls.microseconds(received_at)) or calls.read_batch(body)


def _taker(read: _Read) -> Taker:
    def take(request: Request) -> Answer:
        method = request["REQUEST_METHOD"]
        if method == "OPTIONS":
            return Answer(_line(204), [*_OPEN], b"")
        try:
            if method != "POST":
                raise Refusal(405, "bad_method", "Calls are sent with POST.")
            with _Place():
                _take_in(request, read)
        except Refusal as refusal:
            return _refused(refusal)
        except (DatabaseError, PoolTimeout):
            return _refused(refusals.unavailable())
        except Exception as error:
            _log.error("taking a request in failed", exc_info=error)
            return _refused(refusals.unavailable())
        _ANSWERED.inc()
        return _DONE

    return take


def _take_in(request: Request, read: _Read) -> None:
    received_at = datetime.now(UTC)
    secret = bodies.bearer(request)
    if secret is not None:
        key = _demand_key(secret)
        sent = read(bodies.read(request), received_at)
        if sent.write_key is not None and sent.write_key != secret:
            key = _demand_key(sent.write_key)
    else:
        sent = read(bodies.read(request), received_at)
        key = _demand_key(sent.write_key)
    if KNOWN.waiting() >= settings.ASSAY.inbox_limit:
        raise refusals.too_many("More has arrived than could be worked on yet; send it again later.", 10)
    kept = sent.kept if isinstance(sent, Plain) else calls.kept(sent, received_at)
    inbox.writer().keep(copying.rows(key, calls.microseconds(received_at), kept))
    _CALLS.inc(len(kept))


def _demand_key(secret: str | None) -> int:
    key = None if secret is None else KNOWN.key(secret)
    if key is None:
        raise Refusal(401, "bad_key", "The write key is missing, unknown or retired.")
    return key


@cache
def _places() -> threading.Semaphore:
    """Return as many places as there are threads but two: who opens a page never waits behind all that arrives."""
    return threading.Semaphore(max(settings.ASSAY.web_threads - 2, 1))


class _Place:
    """One of the bounded places for requests that are taken in at once; who finds none for a second comes too soon."""

    def __enter__(self) -> None:
        if not _places().acquire(timeout=_PATIENCE):
            raise refusals.too_many("Too many requests are under way; send it again soon.", 1)

    def __exit__(self, *_: object) -> None:
        _places().release()


def _refused(refusal: Refusal) -> Answer:
    _ANSWERS.labels(str(refusal.status)).inc()
    again = [] if refusal.retry_after is None else [("Retry-After", str(refusal.retry_after))]
    told = {"code": refusal.code, "message": refusal.message}
    return _json(refusal.status, json.dumps(told).encode(), again)


def _json(status: int, body: bytes, also: list[tuple[str, str]]) -> Answer:
    told = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    return Answer(_line(status), [*told, *_OPEN, *also], body)


def _line(status: int) -> str:
    return f"{status} {HTTPStatus(status).phrase}"


_DONE: Final = _json(200, b'{"success": true}', [])
