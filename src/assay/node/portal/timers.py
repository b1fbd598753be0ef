"""What happens to handoffs because time passes."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from assay.node.portal import news
from assay.node.portal.models import Handoff


def due(now: datetime) -> int:
    """Tell those of ours who have to do with it, once, that a partner did not answer in time; return of how many."""
    late = Handoff.objects.filter(state=Handoff.State.OFFERED, respond_by__lte=now, reminded_at__isnull=True)
    with transaction.atomic():
        found = list(
            late.select_for_update(skip_locked=True, of=("self",)).select_related("lead__owner", "partner", "by")
        )
        for one in found:
            one.reminded_at = now
            one.save(update_fields=["reminded_at"])
            news.answered(one, "no answer in time", now)
    return len(found)
