"""The tracking API's own door: requests reach it without passing what pages need, such as sessions and CSRF tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse

from assay.node.intake import calls, views

_View = Callable[[HttpRequest], HttpResponse]
#: What WSGI calls an application.
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

VIEWS: Final[Mapping[str, _View]] = {
    "/v1/batch": views.batch(),
    "/v1/import": views.batch(),
    **{f"/v1/{kind}": views.one(kind) for kind in calls.KINDS},
}


def beside(pages: Application) -> Application:
    """Return the application that answers the tracking API here, and everything else as `pages` does."""

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        view = VIEWS.get(environ.get("PATH_INFO", "").rstrip("/"))
        if view is None:
            return pages(environ, start)
        answer = view(WSGIRequest(environ))
        start(f"{answer.status_code} {answer.reason_phrase}", list(answer.items()))
        return [answer.content]

    return application
