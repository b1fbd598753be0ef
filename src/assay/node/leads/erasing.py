"""Forgetting a person: leads, notes, evidence and texts go; what is counted stays, without anybody's name."""

from __future__ import annotations

from typing import Final

from django.db.models import Q

from assay.node.leads.models import Evidence, Lead, LeadEvent, LeadSpell, Note, OtherId, Suppression, Task
from assay.node.rulebook.models import Look

#: What stands in the place of an id that was erased.
ERASED: Final = "erased"


def erase(person_ids: list[str]) -> int:
    """Erase everything that is kept of a person under these ids; return how many leads that was about.

    Called in a transaction. A row of each lead stays, so that funnels keep their counts, with nothing that tells whose
    it was. The entry "asked to be left alone" stays too: without it, the person would be written to again.
    """
    of_person = Q(subject_type="person", subject_id__in=person_ids)
    locked = list(Lead.objects.select_for_update(of=("self",)).filter(of_person).order_by("id"))
    leads = [lead.pk for lead in locked]
    for kept in (Evidence, Note, Task):
        kept.objects.filter(lead__in=leads).delete()
    LeadEvent.objects.filter(lead__in=leads).update(text="")
    LeadSpell.objects.filter(of_person).delete()
    OtherId.objects.filter(of_person | Q(subject_type="person", into__in=person_ids)).delete()
    Suppression.objects.filter(of_person).exclude(kind=Suppression.Kind.ASKED).delete()
    Look.objects.all().delete()  # answers about rules name whom these would find
    for lead in locked:
        lead.subject_id, lead.name = f"{ERASED}-{lead.pk}", ERASED
        lead.cause = lead.summary = lead.lean = ""
        if lead.is_open:
            lead.state, lead.reason = "closed", ""
            lead.owner = lead.respond_by = lead.warn_at = lead.wakes_at = None
        lead.save()
    return len(leads)
