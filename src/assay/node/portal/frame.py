"""What the pages that a partner's users see have in common: whose they are, and what stands on each."""

from __future__ import annotations

from typing import Any, cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from assay.node.access.models import User
from assay.node.partnering.models import Partner
from assay.node.portal.belonging import our_name, partner_of


def user_of(request: HttpRequest) -> User:
    """Return who asks, who has logged in."""
    return cast(User, request.user)


def mine(request: HttpRequest) -> Partner:
    """Return the partner whose user asks; nobody else finds anything here."""
    partner = partner_of(user_of(request))
    if partner is None:
        raise Http404
    return partner


def page(
    request: HttpRequest, partner: Partner, name: str, shown: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """Return a page of the portal, which names both sides."""
    told = {"partner": partner, "vendor": our_name(), **shown}
    return render(request, f"portal/{name}.html", told, status=status)
