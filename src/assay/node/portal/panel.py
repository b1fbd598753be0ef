"""The section of a lead's page that says which partner has it, and leads to handing it over."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from assay.node.access.models import User
from assay.node.access.permissions import Permission, may
from assay.node.leads.models import Lead
from assay.node.portal import introducing
from assay.node.portal.handing import handoffs_of
from assay.node.portal.models import Portal


def of_lead(request: HttpRequest, lead: Lead) -> SafeString:
    """Return the section; nothing where no partner has a portal and none had the lead."""
    handoffs = handoffs_of(lead)
    if not handoffs and not Portal.objects.filter(partner__left_at__isnull=True).exists():
        return SafeString()
    role = cast(User, request.user).role
    may_hand = may(role, Permission.LET_PARTNERS_LEARN)
    shown = {
        "lead": lead,
        "handoffs": handoffs,
        "may_hand": may_hand,
        "askable": introducing.askable(lead) if may(role, Permission.WORK_LEADS) else [],
        "can_hand": may_hand and lead.is_open and not any(one.is_open for one in handoffs),
    }
    return render_to_string("portal/panel.html", shown, request)
