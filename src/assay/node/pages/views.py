"""The home page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from assay.node.access.admission import logged_in


@logged_in
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show where one's work begins."""
    return render(request, "pages/home.html")
