"""How requests are refused: problem details (RFC 9457) with what mends it, and never a value that was sent."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final, cast

from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError
from psycopg_pool import PoolTimeout

from assay.core.errors import BadRequest
from assay.node.access.actions import NotAllowed

CONTENT_TYPE: Final = "application/problem+json"
#: What each refusal means, for the document.
WORDS: Final = {
    400: "The body is not JSON.",
    401: "The token is missing, unknown, revoked or over.",
    403: "The token lacks the scope, or its user the permission.",
    404: "There is no such thing.",
    409: "As things stand this cannot be.",
    422: "The request is not as it should be.",
    429: "Too many requests; come again after Retry-After.",
    503: "The database does not answer; come again after Retry-After.",
}
_TOLD_SHORT: Final = {
    "value_error": "This cannot be",
    "assertion_error": "This cannot be",
    "extra_forbidden": "Something is there that is not known",
}
_log: Final = logging.getLogger(__name__)


class Problem(Exception):
    """A request that is refused; `code` is stable."""

    def __init__(self, status: int, code: str, detail: str, mend: str = "", *, retry_after: int | None = None) -> None:
        self.status = status
        self.code = code
        self.detail = detail
        self.mend = mend
        self.retry_after = retry_after
        super().__init__(code)


def body(status: int, code: str, detail: str, mend: str = "", **more: Any) -> dict[str, Any]:
    """Return a problem as JSON holds it."""
    told = {"type": f"urn:assay:problem:{code}", "title": HTTPStatus(status).phrase, "status": status, "code": code}
    return {**told, "detail": detail, "mend": mend, **more}


def answer(told: dict[str, Any], *, retry_after: int | None = None) -> HttpResponse:
    """Return the answer that tells of a problem."""
    response = HttpResponse(json.dumps(told), status=told["status"], content_type=CONTENT_TYPE)
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    if told["status"] == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def of_bad_request(error: BadRequest) -> dict[str, Any]:
    """Return the problem of something that cannot be done as things stand."""
    return body(409, "cannot_be", str(error.what), error.mend or "")


def handle(api: NinjaAPI) -> None:
    """Let every refusal and failure of an API be told as a problem."""
    for kind, told in _TOLD.items():
        api.add_exception_handler(kind, cast(Any, told))


def _problem(_request: HttpRequest, error: Problem) -> HttpResponse:
    return answer(body(error.status, error.code, error.detail, error.mend), retry_after=error.retry_after)


def _unknown(_request: HttpRequest, _error: AuthenticationError) -> HttpResponse:
    mend = "Send 'Authorization: Bearer assay_…' with a token from the page API tokens."
    return answer(body(401, "no_token", "The token is missing, unknown, revoked or over.", mend))


def _invalid(_request: HttpRequest, error: ValidationError) -> HttpResponse:
    places = [{"where": _where(one), "what": _words(one)} for one in error.errors[:20]]
    mend = "Compare the request with /api/openapi.json."
    return answer(body(422, "bad_shape", "The request is not as it should be.", mend, errors=places))


def _where(error: dict[str, Any]) -> str:
    """Return the place of a mistake; the name of something that should not be there was chosen by who sent it."""
    place = error["loc"][:-1] if error["type"] == "extra_forbidden" else error["loc"]
    return ".".join(map(str, place))


def _words(error: dict[str, Any]) -> str:
    """Return what is wrong. Pydantic's sentences name types and bounds; the few that repeat a value are not told."""
    if error["type"] == "union_tag_invalid":
        return f"It must be one of {error['ctx']['expected_tags']}"
    return _TOLD_SHORT.get(error["type"]) or str(error["msg"])[:200]


def _http(_request: HttpRequest, error: HttpError) -> HttpResponse:
    if isinstance(error, Throttled):
        told = body(429, "too_many", "Too many requests.", "Come again after Retry-After seconds.")
        return answer(told, retry_after=error.wait)
    if error.status_code == HTTPStatus.BAD_REQUEST:
        return answer(body(400, "bad_json", "The body is not JSON.", "Send JSON in UTF-8."))
    return answer(body(error.status_code, "refused", HTTPStatus(error.status_code).phrase))


def _missing(_request: HttpRequest, _error: Http404) -> HttpResponse:
    return answer(body(404, "not_found", "There is no such thing.", "Compare the address with /api/openapi.json."))


def _not_allowed(_request: HttpRequest, _error: NotAllowed) -> HttpResponse:
    mend = "Ask an administrator for another role, or let somebody else do it."
    return answer(body(403, "not_allowed", "The user of this token may not do this.", mend))


def _unavailable(_request: HttpRequest, _error: Exception) -> HttpResponse:
    told = body(503, "unavailable", "The database does not answer just now.", "Send it again in a few seconds.")
    return answer(told, retry_after=5)


def _failed(_request: HttpRequest, _error: Exception) -> HttpResponse:
    _log.exception("answering failed")
    return answer(body(500, "our_fault", "Assay failed in a way it should not; nothing was half written."))


def _cannot_be(_request: HttpRequest, error: BadRequest) -> HttpResponse:
    return answer(of_bad_request(error))


_TOLD: Final[dict[type[Exception], Callable[..., HttpResponse]]] = {
    Problem: _problem,
    AuthenticationError: _unknown,
    ValidationError: _invalid,
    HttpError: _http,
    Http404: _missing,
    NotAllowed: _not_allowed,
    BadRequest: _cannot_be,
    OperationalError: _unavailable,
    InterfaceError: _unavailable,
    PoolTimeout: _unavailable,
    Exception: _failed,
}
