"""Where a request comes from."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def address(request: HttpRequest) -> str:
    """Return the address that a request came from: behind a proxy, the one that the proxy saw."""
    seen = str(request.META.get("REMOTE_ADDR") or "")
    if settings.ASSAY.is_behind_proxy:
        return request.headers.get("X-Forwarded-For", seen).rpartition(",")[2].strip() or seen
    return seen


def is_this_machine(request: HttpRequest) -> bool:
    """Tell whether a request comes from this very machine, and was not handed on by a proxy that runs on it."""
    is_handed_on = (
        settings.ASSAY.is_behind_proxy or "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    )
    return not is_handed_on and str(request.META.get("REMOTE_ADDR") or "") in {"127.0.0.1", "::1"}


def typed_name(request: HttpRequest | None, credentials: dict[str, str] | None = None) -> str:
    """Return the e-mail address that somebody tries to log in by, as failed tries are counted."""
    typed = (credentials or {}).get("email") or (request.POST.get("login", "") if request is not None else "")
    return str(typed).strip().lower()[:254]
