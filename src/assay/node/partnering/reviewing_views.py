"""Saying on a page that somebody looked at terms or a grant again."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from assay.core.errors import ShownError
from assay.node.access.admission import needs
from assay.node.access.models import User
from assay.node.access.permissions import Permission
from assay.node.partnering import reviewing
from assay.node.partnering.forms import LookedForm
from assay.node.partnering.models import Grant, Partnership


@needs(Permission.LET_PARTNERS_LEARN)
@require_POST
def looked(request: HttpRequest, of: str, pk: int) -> HttpResponse:
    """Note that somebody looked at terms or a grant, and when it is to be looked at next."""
    look = {"terms": reviewing.look_at_terms, "grant": reviewing.look_at_grant}.get(of)
    if look is None:
        raise Http404
    form = LookedForm(request.POST)
    if not form.is_valid():
        for texts in form.errors.values():
            for text in texts:
                messages.error(request, str(text))
        return _back(of, pk)
    try:
        look(cast(User, request.user), pk, form.cleaned_data["next_on"], form.cleaned_data["note"])
        messages.success(request, "Noted that you looked at it.")
    except ShownError as error:
        messages.error(request, error.text())
    return _back(of, pk)


def _back(of: str, pk: int) -> HttpResponse:
    """Return to the partner's page; for a grant by default to the page of these."""
    if of == "terms":
        partnership = Partnership.objects.select_related("partner").filter(pk=pk).first()
    else:
        grant = Grant.objects.select_related("partnership__partner").filter(pk=pk).first()
        if grant is None:
            raise Http404
        partnership = grant.partnership
        if partnership is None:
            return redirect("partner-defaults")
    if partnership is None:
        raise Http404
    return redirect("partner", partnership.partner.slug)
