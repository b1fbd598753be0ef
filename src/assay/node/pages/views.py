"""The home page."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from assay.node.access.admission import logged_in
from assay.node.access.models import User
from assay.node.access.permissions import Role
from assay.node.pages.waiting import tasks, waiting


@logged_in
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show where one's work begins."""
    user = cast(User, request.user)
    if user.role == Role.PARTNER:
        return redirect("portal")
    return render(request, "pages/home.html", {"waiting": waiting(user, timezone.now()), "tasks": tasks(user)})
