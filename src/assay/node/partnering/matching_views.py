"""The page of our own company: what partners know it as, and what its accounts are compared by, on real rows."""

from __future__ import annotations

from typing import Final, cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from assay.core.errors import ShownError
from assay.node.access.admission import needs
from assay.node.access.models import User
from assay.node.access.permissions import Permission
from assay.node.partnering import accounts, company, matching
from assay.node.partnering.models import Account, Company
from assay.partners.canonical import REGISTERS
from assay.partners.identities import Identity

_PAGE: Final = 20
#: Without any of these there is nothing to compare, whatever else is known.
_COMPARED: Final = frozenset({"name", "domain", "siblings", *REGISTERS})
_OWN: Final = {
    matching.NOTHING: "Nothing",
    matching.NAME: "The account's name, as the source says",
    matching.DOMAIN: "The account's domain, as the source says",
}


@needs(Permission.MANAGE_PARTNERS)
@require_http_methods(["GET", "HEAD", "POST"])
def company_page(request: HttpRequest) -> HttpResponse:
    """Show and change what partners know us as, and what accounts are compared by."""
    if request.method == "POST":
        return _changed(request)
    ours = company.ours()
    attributes = accounts.attribute_names()
    chosen = matching.chosen(ours.matching if ours else {}, attributes)
    page = Paginator(Account.objects.all(), _PAGE).get_page(request.GET.get("page"))
    lacking = _lacking(chosen)
    shown = {
        "company": ours,
        "identity": _identity(ours),
        "fields": [(field, matching.WORDS[field], source) for field, source in chosen.items()],
        "choices": [*_OWN.items(), *((name, name) for name in attributes)],
        "page": page,
        "rows": matching.shown(page, chosen),
        "lacking": lacking[:50],
        "lacking_count": lacking.count(),
        "accounts": page.paginator.count,
    }
    return render(request, "partnering/company.html", shown)


def _changed(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    try:
        if request.POST.get("do") == "name":
            company.name(user, request.POST.get("name", ""))
        else:
            wanted = {field: request.POST[field] for field in matching.FIELDS if field in request.POST}
            matching.choose(user, wanted)
        messages.success(request, "Kept.")
    except ShownError as error:
        messages.error(request, error.text())
    return redirect("partner-company")


def _lacking(chosen: dict[str, str]) -> QuerySet[Account]:
    """Return accounts with neither domain nor name nor number in a register: nothing can be compared of them."""
    found = Account.objects.all()
    for field, source in chosen.items():
        if field not in _COMPARED or source == matching.NOTHING:
            continue
        if source in {matching.NAME, matching.DOMAIN}:
            found = found.filter(**{"name" if source == matching.NAME else "domain": ""})
        else:
            # As text, so that what an attribute is called is no part of a path.
            found = found.alias(**{f"said_{field}": KeyTextTransform(source, "attributes")})
            found = found.filter(Q(**{f"said_{field}__isnull": True}) | Q(**{f"said_{field}": ""}))
    return found


def _identity(ours: Company | None) -> str:
    if ours is None:
        return ""
    identity: Identity = company.us(ours, "").identity
    return identity.public.hex()
