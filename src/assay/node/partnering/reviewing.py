"""Days on which terms and grants are to be looked at again: which are late, and that somebody looked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from django.utils import timezone

from assay.core.errors import BadRequest
from assay.node.access.actions import Audit, action
from assay.node.access.models import User
from assay.node.access.permissions import Permission
from assay.node.partnering.models import Grant, Partnership, Reviewed

_LONGEST: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Something whose day has come: the terms, or a grant."""

    what: str
    on: date
    is_late: bool
    of: str  # "terms" or "grant"
    pk: int


def due(partnership: Partnership | None, today: date) -> list[Due]:
    """Return what of a partnership is to be looked at today or was before; without one, of grants by default."""
    found = []
    on = partnership.review_on if partnership is not None else None
    if partnership is not None and on is not None and on <= today and partnership.state != Partnership.State.REVOKED:
        found.append(Due(what="The terms", on=on, is_late=on < today, of="terms", pk=partnership.pk))
    held = Grant.objects.filter(partnership=partnership, state=Grant.State.HOLDS, review_on__lte=today)
    for one in held.select_related("population"):
        if one.review_on is not None:
            what = f"What {'it' if partnership else 'all partners'} may learn of “{one.population.name}”"
            found.append(Due(what=what, on=one.review_on, is_late=one.review_on < today, of="grant", pk=one.pk))
    return sorted(found, key=lambda one: (one.on, one.of, one.pk))


def looked(partnership: Partnership | None) -> list[Reviewed]:
    """Return who looked at what lately, the latest first."""
    found = Reviewed.objects.filter(partnership=partnership).select_related("grant__population", "by")
    return list(found[:5])


@action("look at a partner's terms again", Permission.MANAGE_PARTNERS)
def look_at_terms(audit: Audit, partnership_id: int, next_on: date | None, note: str = "") -> Reviewed:
    """Note that somebody looked at the terms, and when they are to be looked at next; without a day, no more."""
    states = set(Partnership.State.values) - {Partnership.State.REVOKED}
    found = Partnership.objects.select_for_update().filter(pk=partnership_id, state__in=states).first()
    if found is None:
        raise BadRequest("This partnership is over, or there is none such", mend="Look at the page again.")
    return _note(audit, found, None, next_on, note)


@action("look at a grant again", Permission.LET_PARTNERS_LEARN)
def look_at_grant(audit: Audit, grant_id: int, next_on: date | None, note: str = "") -> Reviewed:
    """Note that somebody looked at a grant, and when it is to be looked at next; what it lets be learnt stays."""
    rows = Grant.objects.select_for_update(of=("self",)).select_related("partnership")
    found = rows.filter(pk=grant_id, state=Grant.State.HOLDS).first()
    if found is None:
        raise BadRequest("This grant holds no more", mend="Look at the page again.")
    return _note(audit, found.partnership, found, next_on, note)


def _note(
    audit: Audit, partnership: Partnership | None, grant: Grant | None, next_on: date | None, note: str
) -> Reviewed:
    now = timezone.now()
    if next_on is not None and next_on <= now.date():
        raise BadRequest("This day is over", where="next on", value=str(next_on), mend="Choose a later day, or none.")
    note = " ".join(note.split())
    if len(note) > _LONGEST:
        raise BadRequest(f"This is longer than {_LONGEST} letters", where="note", mend="Say it in a sentence or two.")
    of: Partnership | Grant | None = grant or partnership
    assert of is not None
    due_on, of.review_on = of.review_on, next_on
    of.save(update_fields=["review_on"])
    made = Reviewed.objects.create(
        partnership=partnership,
        grant=grant,
        due_on=due_on,
        next_on=next_on,
        note=note,
        by=audit.actor if isinstance(audit.actor, User) else None,
        at=now,
    )
    after = {"review_on": next_on, "reviewed": made.pk}
    audit.write("grant" if grant else "partnership", of.pk, before={"review_on": due_on}, after=after)
    return made
