"""Questions whether two records are one: both sides must say yes, and the partner is told of ours."""

from __future__ import annotations

from typing import TypeVar

from assay.core.errors import BadRequest
from assay.node.access.actions import Audit, action
from assay.node.access.models import User
from assay.node.access.permissions import Permission
from assay.node.partnering import errands
from assay.node.partnering.models import Errand, Overlap, PersonOverlap

_Pair = TypeVar("_Pair", Overlap, PersonOverlap)


@action("say whether two records are one company", Permission.MANAGE_PARTNERS)
def company(audit: Audit, overlap_id: int, is_same: bool) -> Overlap:
    """Answer "Is this the same company?"."""
    one = Overlap.objects.select_for_update(of=("self",)).select_related("partnership").filter(pk=overlap_id).first()
    asked = _answer(audit, one, is_same)
    asked.answered_by = audit.actor if isinstance(audit.actor, User) else None
    asked.save(update_fields=["our_answer", "answered_by"])
    return asked


@action("say whether two records are one person", Permission.MANAGE_PARTNERS)
def person(audit: Audit, overlap_id: int, is_same: bool) -> PersonOverlap:
    """Answer "Is this the same person?"."""
    rows = PersonOverlap.objects.select_for_update(of=("self",))
    asked = _answer(audit, rows.select_related("partnership").filter(pk=overlap_id).first(), is_same)
    asked.save(update_fields=["our_answer"])
    return asked


def _answer(audit: Audit, one: _Pair | None, is_same: bool) -> _Pair:
    """Note an answer in the audit and tell the partner; return the pair, which is still to be saved."""
    if one is None or one.until is not None or one.ruling != Overlap.Ruling.ASK:
        raise BadRequest("Nobody asks that any more", mend="Look at the list of questions.")
    of = "overlap" if isinstance(one, Overlap) else "person overlap"
    audit.write(of, one.pk, before={"answer": one.our_answer}, after={"answer": is_same})
    one.our_answer = is_same
    body = {"handle": one.handle, "their_handle": one.their_handle, "is_same": is_same}
    errands.send(one.partnership, Errand.What.ANSWER, body)
    return one
