"""Alive, ready, and numbers."""

from __future__ import annotations

from secrets import compare_digest

from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from assay.node.access import callers
from assay.node.access.admission import anybody


@anybody("load balancers and service managers ask")
@require_safe
@never_cache
def alive(request: HttpRequest) -> HttpResponse:
    """Answer 200 as long as requests are answered at all."""
    return HttpResponse("alive\n", content_type="text/plain")


@anybody("load balancers and service managers ask")
@require_safe
@never_cache
def ready(request: HttpRequest) -> HttpResponse:
    """Answer 200 when the database answers, else 503."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return HttpResponse("the database does not answer\n", status=503, content_type="text/plain")
    return HttpResponse("ready\n", content_type="text/plain")


@anybody("Prometheus asks, from this machine or with the token")
@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with the numbers to who asks from this machine or bears the token; to others as if there were none."""
    if not (callers.is_this_machine(request) or _bears_token(request)):
        return HttpResponse(status=404)
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def _bears_token(request: HttpRequest) -> bool:
    token = settings.ASSAY.metrics_token
    return bool(token) and compare_digest(request.headers.get("Authorization", "").encode(), f"Bearer {token}".encode())
