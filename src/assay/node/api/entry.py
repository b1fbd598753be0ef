"""Who may ask: what stands at each operation, as `**bearing(Scope.LEADS_READ)`."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja.security import HttpBearer

from assay.node.access.models import User
from assay.node.api import limits, tokens
from assay.node.api.problems import Problem
from assay.node.api.scopes import SCOPES, Scope
from assay.node.api.tokens import Bearer


class Token(HttpBearer):
    """Lets in who bears a token with a scope. Cookies count for nothing here, so no other site can make use of them."""

    def __init__(self, scope: Scope, times: int) -> None:
        self.scope = scope
        self.times = times
        super().__init__()

    def authenticate(self, request: HttpRequest, token: str) -> Bearer | None:
        """Return who asks; None where nobody may, Problem where the scope is missing."""
        if not tokens.looks_like_one(token):
            return None
        found = tokens.bearer(token)
        if found is None:
            limits.count_failure(request)
            return None
        limits.count_request(request, found.token_id, self.times)
        request._cached_user = found.user  # type: ignore[attr-defined]  # the log says which user asked
        if self.scope not in found.scopes:
            raise Problem(
                403,
                "no_scope",
                f"The token lacks the scope {self.scope}: to {SCOPES[self.scope].words}.",
                "Make a token with this scope; the user whose it is must have the permission as well.",
            )
        return found


def bearing(scope: Scope, *, times: int = 1) -> dict[str, Any]:
    """Return what an operation needs to let in tokens with the scope, and to say so.

    `times` is by how much more often than most operations it may be asked for.
    """
    return {"auth": Token(scope, times), "openapi_extra": {"x-scope": str(scope)}}


def user_of(request: HttpRequest) -> User:
    """Return the user as whom a request acts."""
    found: Bearer = request.auth  # type: ignore[attr-defined]
    return found.user
