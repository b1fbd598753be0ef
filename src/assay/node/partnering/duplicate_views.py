"""The page of accounts that look like one company twice, and the same as a file."""

from __future__ import annotations

from typing import Final, cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from assay.core.errors import ShownError
from assay.node.access.admission import needs
from assay.node.access.models import User
from assay.node.access.permissions import Permission, may
from assay.node.partnering import duplicates
from assay.node.partnering.duplicate_tables import DuplicatesLooked

_PAGE: Final = 20
_APART: Final = 50


@needs(Permission.SEE_PARTNERS)
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Show accounts that look like one company twice, with what speaks for it and against."""
    found = Paginator(duplicates.groups(), _PAGE).get_page(request.GET.get("page"))
    apart = duplicates.groups(are_different=True)[:_APART]
    shown = {
        "looked": DuplicatesLooked.objects.filter(pk=1).first(),
        "page": found,
        "groups": duplicates.shown(list(found)),
        "apart": duplicates.shown(apart, are_different=True),
        "most": duplicates.MOST,
        "may_manage": may(_user(request).role, Permission.MANAGE_PARTNERS),
    }
    return render(request, "partnering/duplicates.html", shown)


@needs(Permission.MANAGE_PARTNERS)
@require_http_methods(["POST"])
def say(request: HttpRequest) -> HttpResponse:
    """Say that accounts are different companies, or take that back."""
    is_apart = request.POST.get("do") == "apart"
    try:
        (duplicates.tell_apart if is_apart else duplicates.look_again)(_user(request), request.POST.get("group", ""))
    except ShownError as error:
        messages.error(request, error.text())
    else:
        messages.success(request, "Said: they are different companies." if is_apart else "They stand above again.")
    return redirect("duplicates")


@needs(Permission.SEE_PARTNERS)
@require_safe
def file(request: HttpRequest) -> HttpResponse:
    """Hand out every pair as a file for a spreadsheet."""
    named = {"Content-Disposition": 'attachment; filename="duplicate-accounts.csv"'}
    return HttpResponse(duplicates.file(), content_type="text/csv; charset=utf-8", headers=named)


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)
