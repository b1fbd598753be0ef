"""What apps above this one show on the page of a lead: sections that they plug in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest
from django.utils.safestring import SafeString

from assay.node.leads.models import Lead

#: Returns a section of the page, nothing where there is nothing to show.
Panel = Callable[[HttpRequest, Lead], SafeString]

_PANELS: Final[list[Panel]] = []


def plug(panel: Panel) -> None:
    """Show a section on the page of every lead from now on."""
    if panel not in _PANELS:
        _PANELS.append(panel)


def of_lead(request: HttpRequest, lead: Lead) -> list[SafeString]:
    """Return the sections of a lead's page, in the order in which they were plugged in."""
    return [shown for panel in _PANELS if (shown := panel(request, lead))]
