"""Pages for when something fails. They ask the database for nothing."""

from __future__ import annotations

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string


def failed(request: HttpRequest) -> HttpResponse:
    """Answer 503 where the database does not answer, 500 where Assay is at fault; neither says what was in the data."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return HttpResponse(render_to_string("503.html"), status=503, headers={"Retry-After": "5"})
    return HttpResponse(render_to_string("500.html"), status=500)
