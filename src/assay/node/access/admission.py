"""Who may come to which page. A page that does not say so is seen by nobody.

Say it at the view, nearest to the function:

    @needs(Permission.SEE_LEADS)            who logged in and has the permission
    @logged_in                              everybody who logged in
    @anybody("machines ask for it")         everybody on the network, with the reason

Pages that other people wrote are told of in ROUTES, by the names of their addresses. `AdmissionMiddleware` holds to it
before any view runs; a test tries every address as each role and as nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final, TypeVar

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.urls import ResolverMatch

from assay.node.access.permissions import Permission, may

_View = TypeVar("_View", bound=Callable[..., HttpResponseBase])


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """Who may come: everybody, nobody, everybody who logged in, or who has a permission as well."""

    is_open: bool = False
    is_closed: bool = False
    permission: Permission | None = None
    why: str = ""

    def allows(self, role: str) -> bool:
        """Tell whether somebody with the role who logged in may come."""
        return not self.is_closed and (self.permission is None or may(role, self.permission))


LOGGED_IN: Final = Admission()
_LOGGING_IN: Final = Admission(is_open=True, why="this is how people log in")
_CLOSED: Final = Admission(is_closed=True, why="people are invited, and known by the address they were invited by")

#: By the names of addresses; a star stands for anything.
ROUTES: Final[Mapping[str, Admission]] = {
    "account_login": _LOGGING_IN,
    "account_logout": _LOGGING_IN,
    "account_inactive": _LOGGING_IN,
    "account_reset_password*": _LOGGING_IN,
    "account_reauthenticate": LOGGED_IN,
    "account_change_password": LOGGED_IN,
    "account_set_password": LOGGED_IN,
    "account_*": _CLOSED,
    "mfa_authenticate": _LOGGING_IN,
    "mfa_*": LOGGED_IN,
    "api:*": Admission(is_open=True, why="each operation asks for a token with its scope; what it describes is public"),
}


def needs(permission: Permission) -> Callable[[_View], _View]:
    """Let those come who logged in and have the permission."""
    return _declared(Admission(permission=permission))


def anybody(why: str) -> Callable[[_View], _View]:
    """Let everybody come, for the reason given."""
    return _declared(Admission(is_open=True, why=why))


def logged_in(view: _View) -> _View:
    """Let everybody come who logged in."""
    return _declared(LOGGED_IN)(view)


def _declared(admission: Admission) -> Callable[[_View], _View]:
    def declare(view: _View) -> _View:
        view.admission = admission  # type: ignore[attr-defined]
        return view

    return declare


def of(view: Callable[..., Any], name: str) -> Admission | None:
    """Return who may come to a view, by what stands at it or by the name of its address; None where nobody said."""
    found = getattr(view, "admission", None) or getattr(getattr(view, "view_class", None), "admission", None)
    if isinstance(found, Admission):
        return found
    return next((admission for pattern, admission in ROUTES.items() if fnmatchcase(name, pattern)), None)


class AdmissionMiddleware:
    """Holds every request to what its view says."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request; what is answered is for the one who asked, and kept nowhere on the way."""
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: object, _words: object
    ) -> HttpResponse | None:
        """Let the request go on to its view, or answer it here."""
        match = request.resolver_match
        admission = of(view, match.view_name if isinstance(match, ResolverMatch) else "")
        if admission is not None and admission.is_open:
            return None
        if admission is not None and admission.is_closed:
            raise Http404
        if not request.user.is_authenticated:
            return _asked_to_log_in(request)
        if admission is None or not admission.allows(request.user.role):
            raise PermissionDenied
        _refuse_nul(request)
        return None


def _refuse_nul(request: HttpRequest) -> None:
    """Raise SuspiciousOperation, which is answered by 400, for what no form can hold and no database keeps."""
    told = [
        request.path,
        *(one for each in (request.GET, request.POST) for values in each.lists() for one in values[1]),
    ]
    if any("\0" in one for one in told):
        raise SuspiciousOperation("a NUL stands in the request")


def _asked_to_log_in(request: HttpRequest) -> HttpResponse:
    """Return the way to log in and back; the query stays behind, as addresses are written down on the way."""
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Refresh": "true"})
    if "text/html" not in request.headers.get("Accept", "text/html") and "*/*" not in request.headers["Accept"]:
        return JsonResponse({"code": "log_in", "message": "Log in first."}, status=401)
    return redirect_to_login(request.path if request.method in {"GET", "HEAD"} else "/")
