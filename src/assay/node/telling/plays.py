"""Plays for a user of the product: what an application may want to say to somebody who qualifies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from assay.node.leads.desk import Desk, known_as, read_suppressed, suppression
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
    """Return the plays for a person, the latest first; none for who asked to be left alone or is on a list.

    That holds from the moment somebody is put on the list, whatever became of their leads before.
    """
    subject = known_as(("person", person_id))
    _, now_called = subject
    held = LeadSpell.objects.filter(
        subject_type="person", subject_id=now_called, left_at__isnull=True, lead__isnull=False
    ).select_related("lead")
    spells = list(held.order_by("-entered_at", "rule"))
    accounts = {("account", spell.lead.account_id) for spell in spells if spell.lead and spell.lead.account_id}
    desk = Desk()
    read_suppressed(desk, [subject, ("person", person_id), *accounts])
    return [
        Play(
            rule=spell.rule,
            stage=spell.stage,
            motion=spell.motion,
            since=spell.entered_at,
            state=spell.lead.state if spell.lead else "",
        )
        for spell in spells
        if suppression(desk, [subject, ("person", person_id), *accounts], spell.motion) is None
    ]
