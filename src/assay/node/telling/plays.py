"""Plays for a user of the product: what an application may want to say to somebody who qualifies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from assay.node.leads.desk import known_as
from assay.node.leads.models import LeadSpell


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """A live rule that holds of the person, and where the lead that came of it stands."""

    rule: str
    stage: str
    motion: str
    since: datetime
    state: str


def plays_for(person_id: str) -> list[Play]:
    """Return the plays for a person, the latest first; none for who asked to be left alone or is on a list."""
    _, now_called = known_as(("person", person_id))
    held = LeadSpell.objects.filter(
        subject_type="person", subject_id=now_called, left_at__isnull=True, lead__isnull=False
    ).select_related("lead")
    return [
        Play(
            rule=spell.rule,
            stage=spell.stage,
            motion=spell.motion,
            since=spell.entered_at,
            state=spell.lead.state if spell.lead else "",
        )
        for spell in held.order_by("-entered_at", "rule")
    ]
