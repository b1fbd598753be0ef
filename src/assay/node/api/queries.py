"""What the API reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django.db import connection
from django.db.models import Count, Q

from assay.node.access.models import User
from assay.node.api import shapes
from assay.node.leads import models
from assay.node.leads.states import OPEN
from assay.node.live.keys import node_of
from assay.node.live.models import Holding, Spell

_ACCOUNTS = """
SELECT account_id FROM leads_lead WHERE account_id > %s AND account_id <> '' GROUP BY account_id ORDER BY 1 LIMIT %s
"""


def leads(ids: Sequence[int], states: Iterable[str] = (), motion: str | None = None) -> dict[int, shapes.Lead]:
    """Return leads by number: those in the states, and of the motion, where any are named."""
    found = models.Lead.objects.filter(pk__in=ids).select_related("owner")
    if states:
        found = found.filter(state__in=list(states))
    if motion is not None:
        found = found.filter(motion=motion)
    return {lead.pk: lead_shape(lead) for lead in found}


def whole_lead(lead_id: int) -> shapes.WholeLead | None:
    """Return a lead with its evidence; None where there is none such."""
    lead = models.Lead.objects.select_related("owner").filter(pk=lead_id).first()
    if lead is None:
        return None
    bant: dict[str, list[shapes.Found]] = {}
    for one in lead.evidence.select_related("by"):
        bant.setdefault(one.letter, []).append(shapes.Found(at=one.at, by=_who(one.by), text=one.text))
    return shapes.WholeLead(
        lead=lead_shape(lead),
        spells=[shapes.LeadSpell.from_orm(spell) for spell in lead.spells.order_by("entered_at", "id")],
        history=[_happened(event) for event in lead.events.select_related("by")],
        bant=bant,
        notes=[shapes.Found(at=note.at, by=_who(note.by), text=note.text) for note in lead.notes.select_related("by")],
    )


def lead_shape(lead: models.Lead) -> shapes.Lead:
    """Return a lead as the API tells it."""
    account = shapes.Account(id=lead.account_id, name=lead.account_name) if lead.account_id else None
    same = ("id", "name", "motion", "stage", "rule", "version", "since", "summary", "score", "lean", "state", "reason")
    more = ("queue", "respond_by", "wakes_at", "created_at", "changed_at")
    return shapes.Lead(
        **{name: getattr(lead, name) for name in (*same, *more)},
        subject=shapes.Subject.model_validate({"type": lead.subject_type, "id": lead.subject_id}),
        account=account,
        owner=_who(lead.owner) if lead.owner else None,
        amount=None if lead.amount is None else str(lead.amount),
        merged_into=lead.merged_into_id,
    )


def accounts(after: str, most: int) -> list[shapes.WorkedAccount]:
    """Return accounts that have leads, by id, behind one."""
    with connection.cursor() as cursor:
        cursor.execute(_ACCOUNTS, [after, most])
        ids = [one for (one,) in cursor.fetchall()]
    counted = models.Lead.objects.filter(account_id__in=ids).values("account_id").order_by()
    known = {
        row["account_id"]: row
        for row in counted.annotate(all=Count("pk"), open=Count("pk", filter=Q(state__in=sorted(OPEN))))
    }
    names = dict(
        models.Lead.objects.filter(account_id__in=ids).order_by("changed_at").values_list("account_id", "account_name")
    )
    held = _rules_of_accounts(ids)
    return [
        shapes.WorkedAccount(
            id=one, name=names[one], open_leads=known[one]["open"], leads=known[one]["all"], rules=held.get(one, [])
        )
        for one in ids
    ]


def spells(subject_type: str, subject_id: str) -> list[shapes.Spell]:
    """Return every spell of a subject, oldest first."""
    found = Spell.objects.filter(subject_type=subject_type, subject_id=subject_id).order_by("starts_at", "rule")
    return [shapes.Spell.from_orm(spell) for spell in found]


def _rules_of_accounts(ids: Sequence[str]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    held = Holding.objects.filter(
        node__in=[node_of("a", one) for one in ids], subject_type="account", subject_id__in=ids
    )
    for account, rule in held.order_by("rule").values_list("subject_id", "rule"):
        found.setdefault(account, []).append(rule)
    return found


def _happened(event: models.LeadEvent) -> shapes.Happened:
    return shapes.Happened(
        **{name: getattr(event, name) for name in ("at", "what", "state_before", "state_after", "reason", "text")},
        by=_who(event.by) if event.by else None,
    )


def _who(user: User) -> shapes.Who:
    return shapes.Who(id=user.pk, name=str(user))
