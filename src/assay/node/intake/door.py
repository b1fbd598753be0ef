"""The tracking API's own door: requests reach it without passing what pages need, such as sessions and CSRF tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from assay.node.intake import answers, calls
from assay.node.intake.answers import Taker

#: What WSGI calls an application.
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

TAKERS: Final[Mapping[str, Taker]] = {
    "/v1/batch": answers.batch(),
    "/v1/import": answers.batch(),
    **{f"/v1/{kind}": answers.one(kind) for kind in calls.KINDS},
}


def beside(pages: Application) -> Application:
    """Return the application that answers the tracking API here, and everything else as `pages` does."""

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        take = TAKERS.get(environ.get("PATH_INFO", "").rstrip("/"))
        if take is None:
            return pages(environ, start)
        answer = take(environ)
        start(answer.status, answer.headers)
        return [answer.body]

    return application
