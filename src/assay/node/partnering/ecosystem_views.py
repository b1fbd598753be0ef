"""The page on which one looks at all partners at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_POST, require_safe

from assay.core.errors import ShownError
from assay.node.access.admission import needs
from assay.node.access.models import User
from assay.node.access.permissions import Permission, may
from assay.node.partnering import ecosystem, facts, lens
from assay.node.partnering.accounts import attribute_names, names_of
from assay.node.partnering.models import Partnership

#: So many days back leads are counted, by what is chosen.
_PERIODS: Final = {"90": "90 days", "180": "half a year", "365": "a year", "all": "all time"}
_SHOWN: Final = 5


@needs(Permission.SEE_PARTNERS)
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Show what partners bring, what nobody serves, and what wants care."""
    now = timezone.now()
    days = request.GET.get("days", "")
    days = days if days in _PERIODS else "365"
    since = now - timedelta(days=int(days)) if days.isdecimal() else datetime.min.replace(tzinfo=UTC)
    lines = ecosystem.partners(now, since)
    needs_ = ecosystem.unserved(now)
    named = names_of([account for one in needs_ for account in one.accounts[:_SHOWN]])
    segments = ecosystem.segment_names(lines)[:6]
    shown = {
        "lines": lines,
        "segments": segments,
        "table": [(line, [line.segments.get(name) for name in segments]) for line in lines],
        "unserved": [
            (one, [(a, named[a]) for a in one.accounts[:_SHOWN]], len(one.accounts) - _SHOWN) for one in needs_
        ],
        "stale": [line for line in lines if line.is_stale],
        "reviews": ecosystem.reviews(now.date()),
        "waiting": sum(line.waiting for line in lines),
        "lacking": facts.lacking() if lines else [],
        "lens": lens.lens(),
        "attributes": attribute_names(),
        "days": days,
        "periods": _PERIODS,
        "period": _PERIODS[days],
        "here": request.path,
        "may_manage": may(cast(User, request.user).role, Permission.MANAGE_PARTNERS),
    }
    return render(request, "partnering/ecosystem.html", shown)


@needs(Permission.MANAGE_PARTNERS)
@require_POST
def review(request: HttpRequest, partnership_id: int) -> HttpResponse:
    """Say when terms, which somebody looked at just now, are to be looked at again."""
    if not Partnership.objects.filter(pk=partnership_id).exists():
        raise Http404
    try:
        on = parse_date(request.POST.get("on", ""))
    except ValueError:
        on = None
    if on is None:
        messages.error(request, "This is no day. Write it as 2027-03-31.")
        return redirect("ecosystem")
    try:
        one = ecosystem.look_again(cast(User, request.user), partnership_id, on, timezone.now().date())
    except ShownError as error:
        messages.error(request, error.text())
    else:
        messages.success(request, f"{one.partner}: the terms are to be looked at again on {on:%d %B %Y}.")
    return redirect("ecosystem")
