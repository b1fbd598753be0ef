"""The page on which one looks at all partners at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from assay.node.access.admission import needs
from assay.node.access.models import User
from assay.node.access.permissions import Permission, may
from assay.node.partnering import ecosystem, facts, lens
from assay.node.partnering.accounts import attribute_names, names_of

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
