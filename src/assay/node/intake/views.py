"""The tracking API: what clients of Segment and RudderStack speak, and whoever speaks like them."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Final

from django.conf import settings
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from prometheus_client import Counter
from psycopg_pool import PoolTimeout

from assay.node.access.admission import anybody
from assay.node.intake import bodies, calls, copying, inbox, refusals
from assay.node.intake.keys import KNOWN
from assay.node.intake.refusals import Refusal

_log: Final = logging.getLogger(__name__)
_JSON: Final = "application/json"
_DONE: Final = b'{"success": true}'
#: Browsers ask first whether a page of another site may send; whoever has a write key may.
_OPEN: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Content-Encoding, AnonymousId, X-Retry-Count",
    "Access-Control-Allow-Methods": "POST, OPTIONS",
    "Access-Control-Max-Age": "86400",
}
_PATIENCE: Final = 1.0
_ANSWERS: Final = Counter("assay_intake_answers", "Answers of the tracking API.", ["status"])
_CALLS: Final = Counter("assay_intake_calls", "Calls that were accepted.")


def batch() -> Callable[[HttpRequest], HttpResponse]:
    """Return the view that takes batches in."""
    return _view(calls.read_batch)


def one(kind: calls.Kind) -> Callable[[HttpRequest], HttpResponse]:
    """Return the view that takes calls of one kind in, each by itself."""
    return _view(lambda body: calls.read_one(kind, body))


def _view(read: Callable[[bytes], calls.Sent]) -> Callable[[HttpRequest], HttpResponse]:
    @anybody("clients show a write key")
    @anybody("clients send with a write key")
    @csrf_exempt
    def view(request: HttpRequest) -> HttpResponse:
        if request.method == "OPTIONS":
            return HttpResponse(status=204, headers=_OPEN)
        try:
            if request.method != "POST":
                raise Refusal(405, "bad_method", "Calls are sent with POST.")
            with _Place():
                _take_in(request, read)
        except Refusal as refusal:
            return _refused(refusal)
        except (DatabaseError, PoolTimeout):
            return _refused(refusals.unavailable())
        except Exception as error:
            # Its text may hold what was sent: the kind of error and the place of it must do.
            trace = error.__traceback__
            while trace is not None and trace.tb_next is not None:
                trace = trace.tb_next
            place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace is not None else ""
            _log.error("taking a request in failed: %s at %s", type(error).__name__, place)
            return _refused(refusals.unavailable())
        _ANSWERS.labels("200").inc()
        return HttpResponse(_DONE, content_type=_JSON, headers=_OPEN)

    return view


def _take_in(request: HttpRequest, read: Callable[[bytes], calls.Sent]) -> None:
    received_at = datetime.now(UTC)
    secret = bodies.bearer(request)
    if secret is not None:
        key = _demand_key(secret)
        sent = read(bodies.read(request))
        if sent.write_key is not None and sent.write_key != secret:
            key = _demand_key(sent.write_key)
    else:
        sent = read(bodies.read(request))
        key = _demand_key(sent.write_key)
    if KNOWN.waiting() >= settings.ASSAY.inbox_limit:
        raise refusals.too_many("More has arrived than could be worked on yet; send it again later.", 10)
    kept = calls.kept(sent, received_at)
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


def _refused(refusal: Refusal) -> HttpResponse:
    _ANSWERS.labels(str(refusal.status)).inc()
    told = json.dumps({"code": refusal.code, "message": refusal.message}).encode()
    headers = dict(_OPEN)
    if refusal.retry_after is not None:
        headers["Retry-After"] = str(refusal.retry_after)
    return HttpResponse(told, status=refusal.status, content_type=_JSON, headers=headers)
