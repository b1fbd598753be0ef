"""Forgetting a person in what was handed to partners."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from assay.node.portal import handing
from assay.node.portal.models import Handoff, HandoffStep
from assay.node.telling.models import Message


def erase(lead_ids: Sequence[int], now: datetime) -> None:
    """Erase what handoffs of a person's leads tell of the person, and end them; called in a transaction."""
    handoffs = Handoff.objects.filter(lead__in=lead_ids)
    for one in handoffs.select_related("lead", "partner"):
        if one.is_open:
            handing.close(one, "taken back", by=None, now=now)
    told = list(handoffs.values_list("pk", flat=True))
    Message.objects.filter(content__handoff__in=told).delete()
    handoffs.update(contact="", why="", company="erased", domain="")
    HandoffStep.objects.filter(handoff__in=handoffs).update(words="")
