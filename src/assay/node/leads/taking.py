"""Actions on who takes leads, who is away, and who makes none."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from assay.core.errors import BadRequest
from assay.node.access.actions import Audit, action
from assay.node.access.models import User
from assay.node.access.permissions import MAY, Permission, may
from assay.node.leads.desk import known_as
from assay.node.leads.models import Absence, AccountOwner, Lead, LeadSpell, Seat, Suppression, Territory
from assay.node.leads.moving import move
from assay.node.leads.reasons import CloseReason
from assay.node.leads.states import UNANSWERED, Move

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,99}")


@action("give a seat in a queue", Permission.ASSIGN_LEADS)
def seat(audit: Audit, queue: str, user_id: int, capacity: int) -> Seat:
    """Let somebody take leads of a queue, so many open ones at a time; none takes the seat away for now."""
    if not _NAME.fullmatch(queue):
        raise BadRequest(
            "This is no name of a queue", value=queue[:50], mend="Write it as rules do: sales_development."
        )
    made, _ = Seat.objects.update_or_create(queue=queue, user=_taker(user_id), defaults={"capacity": capacity})
    audit.write("queue", queue, before={}, after={"user": user_id, "capacity": capacity})
    return made


@action("add a territory", Permission.ASSIGN_LEADS)
def add_territory(audit: Audit, attribute: str, values: str, user_id: int, queue: str = "") -> Territory:
    """Let leads of accounts with one of these values go to somebody."""
    if not attribute.strip() or not values.strip():
        raise BadRequest(
            "A territory needs an attribute and values", mend="Write country and DE, AT; or employees and 500.."
        )
    last = Territory.objects.order_by("-position").values_list("position", flat=True).first() or 0
    made = Territory.objects.create(
        position=last + 10, queue=queue, attribute=attribute.strip(), values=values.strip()[:500], user=_taker(user_id)
    )
    audit.write("territory", made.pk, before={}, after={"attribute": made.attribute, "user": user_id})
    return made


@action("say whose an account is", Permission.ASSIGN_LEADS)
def set_owner(audit: Audit, account_id: str, user_id: int) -> AccountOwner:
    """Say whose account it is."""
    if not account_id.strip():
        raise BadRequest("Which account?", mend="Write its id.")
    made, _ = AccountOwner.objects.update_or_create(account_id=account_id.strip(), defaults={"user": _taker(user_id)})
    audit.write("account", account_id.strip()[:200], before={}, after={"owner": user_id})
    return made


@action("be away", Permission.WORK_LEADS)
def be_away(audit: Audit, user_id: int, starts_at: datetime, ends_at: datetime, stand_in: int | None) -> Absence:
    """Say when somebody is away and who stands in: for oneself, or for others where one assigns leads."""
    actor = audit.actor
    if isinstance(actor, User) and actor.pk != user_id and not may(actor.role, Permission.ASSIGN_LEADS):
        raise BadRequest("You can say this of yourself alone", mend="Ask somebody who assigns leads.")
    if ends_at <= starts_at:
        raise BadRequest("It ends before it begins", mend="Choose a later last day.")
    if stand_in == user_id:
        raise BadRequest("Nobody stands in for oneself", mend="Choose somebody else, or nobody.")
    other = None if stand_in is None else _taker(stand_in)
    made = Absence.objects.create(user=_taker(user_id), starts_at=starts_at, ends_at=ends_at, stand_in=other)
    audit.write("user", user_id, before={}, after={"away_from": starts_at, "away_until": ends_at})
    return made


@action("leave somebody alone", Permission.ASSIGN_LEADS)
def suppress(
    audit: Audit, kind: str, subject_type: str, subject_id: str, *, motion: str = "", now: datetime
) -> Suppression:
    """Let an account or person make no leads; what nobody has answered yet closes."""
    subject_id = subject_id.strip()
    if kind not in Suppression.Kind.values or subject_type not in {"person", "account"} or not subject_id:
        raise BadRequest("Say who is to be left alone, and why", mend="Choose a kind and write an id.")
    subject_id = known_as((subject_type, subject_id))[1]
    by = audit.actor if isinstance(audit.actor, User) else None
    made, _ = Suppression.objects.update_or_create(
        subject_type=subject_type, subject_id=subject_id, motion=motion, defaults={"kind": kind, "by": by, "at": now}
    )
    audit.write("list", made.pk, before={}, after={"kind": kind, "motion": motion})
    found = Lead.objects.filter(state__in=sorted(UNANSWERED))
    found = found.filter(motion=motion) if motion else found
    found = (
        found.filter(account_id=subject_id)
        if subject_type == "account"
        else found.filter(subject_type="person", subject_id=subject_id)
    )
    for lead in found.select_for_update(of=("self",)):
        move(lead, Move.CLOSE, at=now, by=by, reason=CloseReason.SUPPRESSED).save()
        lead.save()
        LeadSpell.objects.filter(lead=lead).update(lead=None, passed_over=f"On the list: {made.get_kind_display()}")
    return made


@action("remove what was set about taking leads", Permission.ASSIGN_LEADS)
def remove(audit: Audit, what: str, pk: int) -> None:
    """Remove a seat, a territory, an absence, an owner, or an entry of the list."""
    kinds = {"seat": Seat, "territory": Territory, "absence": Absence, "owner": AccountOwner, "list": Suppression}
    if what not in kinds:
        raise BadRequest("There is no such thing to remove")
    audit.write(what, pk, before={"is_there": True}, after={"is_there": False})
    kinds[what].objects.filter(pk=pk).delete()  # type: ignore[attr-defined]


def _taker(user_id: int) -> User:
    found = User.objects.filter(pk=user_id, is_active=True, role__in=sorted(MAY[Permission.WORK_LEADS])).first()
    if found is None:
        raise BadRequest("Nobody by that name works leads", mend="Choose somebody from the list.")
    return found
