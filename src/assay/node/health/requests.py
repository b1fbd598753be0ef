"""One line in the log for each request, and its part in the metrics."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse

from assay.node.health import metrics

log = logging.getLogger(__name__)


class RequestLogMiddleware:
    """Logs and counts each answer: the pattern of its address and never the address, which may name somebody."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, then tell."""
        began = time.perf_counter()
        number = uuid.uuid4().hex[:16]
        response = self.get_response(request)
        seconds = time.perf_counter() - began
        match = request.resolver_match
        route = f"/{match.route}" if match is not None else "(unknown)"
        method = request.method if request.method in _METHODS else "(unknown)"
        metrics.answered(method or "", route, response.status_code, seconds)
        facts = {"request": number, "method": method, "route": route, "status": response.status_code}
        if route not in _QUIET:
            log.info("answered", extra={"facts": {**facts, "ms": round(seconds * 1000, 1), "user": _user_id(request)}})
        response.headers["X-Request-Id"] = number
        return response


_METHODS: Final = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_QUIET: Final = {"/healthz", "/readyz", "/metrics"}


def _user_id(request: HttpRequest) -> int | None:
    """Return who asked, where that is known already: the log asks the database for nothing."""
    user = getattr(request, "_cached_user", None)
    return getattr(user, "pk", None)
