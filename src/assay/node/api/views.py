"""The pages of tokens and of the API's description."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assay.core.errors import BadRequest
from assay.node.access.admission import anybody, needs
from assay.node.access.models import User
from assay.node.access.permissions import Permission
from assay.node.api import problems, tokens
from assay.node.api.entrypoint import api
from assay.node.api.forms import TokenForm
from assay.node.api.scopes import SCOPES, open_to


@needs(Permission.SEE_LEADS)
@require_http_methods(["GET", "HEAD", "POST"])
def token_list(request: HttpRequest) -> HttpResponse:
    """Show one's tokens, or everybody's to who manages users, and make one."""
    user = cast(User, request.user)
    form = TokenForm(request.POST or None, allowed=open_to(user.role))
    shown: dict[str, Any] = {"form": form, "now": timezone.now()}
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            typed = form.cleaned_data
            try:
                token, secret = tokens.make(user, typed["name"], typed["scopes"], typed["days"])
            except BadRequest as error:
                form.add_error(None, error.text())
            else:
                shown |= {"made": token, "secret": secret, "form": TokenForm(allowed=open_to(user.role))}
                status = 200
    return render(request, "api/tokens.html", {**shown, "tokens": tokens.visible(user)[:200]}, status=status)


@needs(Permission.SEE_LEADS)
@require_POST
def revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    """End a token."""
    try:
        ended = tokens.revoke(cast(User, request.user), token_id)
    except BadRequest as error:
        messages.error(request, error.text())
    else:
        messages.success(request, f"{ended.name} is revoked: it is good for nothing from now on.")
    return redirect("tokens")


@needs(Permission.SEE_LEADS)
@require_safe
def reference(request: HttpRequest) -> HttpResponse:
    """Show what the API can do."""
    schema = api.get_openapi_schema()
    operations = [
        {"method": method.upper(), "path": path, "scope": told.get("x-scope"), **told}
        for path, by_method in schema["paths"].items()
        for method, told in by_method.items()
    ]
    about = schema["info"]["description"].strip()
    return render(
        request, "api/reference.html", {"operations": operations, "about": about, "scopes": list(SCOPES.items())}
    )


@anybody("programs that ask for what is not there are told so in JSON")
def nothing(request: HttpRequest, rest: str) -> HttpResponse:
    """Answer 404 as the API does."""
    told = problems.body(404, "not_found", "There is no such thing.", "Compare the address with /api/openapi.json.")
    return problems.answer(told)


nothing.csrf_exempt = True  # type: ignore[attr-defined]  # it does nothing
