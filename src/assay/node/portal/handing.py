"""Handing a lead to a partner, with what the partner is to see of it; and taking it back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import Q

from assay.core.errors import BadRequest
from assay.node.access.actions import Audit, action
from assay.node.access.models import User
from assay.node.access.permissions import Permission
from assay.node.leads import desk, stories
from assay.node.leads.merging import final
from assay.node.leads.models import Lead, LeadEvent, Suppression
from assay.node.leads.moving import happened
from assay.node.partnering.models import Company, Partner
from assay.node.portal import news
from assay.node.portal.models import Handoff, HandoffStep

_SUBJECT: Final = "handoff"
_STATES: Final = Handoff.State


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a partner is to see of a lead."""

    company: str
    domain: str = ""
    why: str = ""
    contact: str = ""


@action("hand a lead to a partner", Permission.LET_PARTNERS_LEARN)
def hand(
    audit: Audit, lead_id: int, slug: str, shown: Shown, *, now: datetime, respond_by: datetime | None = None
) -> Handoff:
    """Offer a lead to a partner, who sees what is shown here and, once it accepts, the contact."""
    lead = Lead.objects.select_for_update(of=("self",)).select_related("owner").filter(pk=lead_id).first()
    if lead is None:
        raise BadRequest("There is no such lead", value=str(lead_id))
    partner = Partner.objects.filter(slug=slug, left_at__isnull=True, portal__isnull=False).first()
    if partner is None:
        raise BadRequest("No portal is open for this partner", mend="Choose another, or open its portal first.")
    _demand_may_go(lead)
    if not shown.company.strip():
        raise BadRequest("The partner must know which company it is", mend="Write the company's name.")
    if respond_by is not None and respond_by <= now:
        raise BadRequest("The day to answer by is over", mend="Choose a later one, or none.")
    by = audit.actor if isinstance(audit.actor, User) else None
    try:
        with transaction.atomic():
            made = Handoff.objects.create(
                lead=lead,
                partner=partner,
                by=by,
                at=now,
                changed_at=now,
                company=shown.company.strip()[:200],
                domain=shown.domain.strip()[:253],
                why=shown.why.strip()[:2000],
                contact=shown.contact.strip()[:300],
                respond_by=respond_by,
            )
    except IntegrityError:
        raise BadRequest("A partner has this lead already", mend="Take it back from there first.") from None
    step(made, "handed over", by=by, by_us=True, at=now)
    _noted(lead, "handed to a partner", by, made, now)
    has_contact = bool(made.contact)
    audit.write(
        _SUBJECT,
        made.pk,
        before={},
        after={"state": made.state, "lead": lead.pk, "partner": slug, "contact": has_contact},
    )
    news.handed(made, now)
    return made


@action("take a lead back from a partner", Permission.LET_PARTNERS_LEARN)
def take_back(audit: Audit, handoff_id: int, now: datetime) -> Handoff:
    """End a handoff; the partner sees nothing of the lead any more."""
    handoff = locked(handoff_id)
    if not handoff.is_open:
        raise BadRequest(f"This handoff is over: {handoff.get_state_display().lower()}")
    by = audit.actor if isinstance(audit.actor, User) else None
    audit.write(_SUBJECT, handoff.pk, before={"state": handoff.state}, after={"state": _STATES.CLOSED})
    close(handoff, "taken back", by=by, now=now)
    news.taken_back(handoff, now)
    return handoff


def close(handoff: Handoff, what: str, *, by: User | None, now: datetime) -> None:
    """Close a handoff, with a line in both histories; called in a transaction."""
    handoff.state, handoff.changed_at = _STATES.CLOSED, now
    handoff.save(update_fields=["state", "changed_at"])
    step(handoff, what, by=by, by_us=True, at=now)
    _noted(handoff.lead, "taken back from a partner", by, handoff, now)


def proposed(lead: Lead, now: datetime) -> Shown:
    """Return what a form proposes to show of a lead."""
    about = _account(lead, now)
    matching = Company.objects.order_by("pk").values_list("matching", flat=True).first() or {}
    named = [str(matching.get("domain", "")), "domain", "website"]
    attributes = about.attributes if about else {}
    domain = next((str(attributes[name]) for name in named if name and attributes.get(name)), "")
    company = lead.account_name or (about.account_name if about else "")
    if lead.subject_type == "account":
        company = company or str(lead)
    is_person = lead.subject_type == "person"
    return Shown(
        company=company[:200], domain=domain[:253], why=lead.summary[:2000], contact=str(lead) if is_person else ""
    )


def handoffs_of(lead: Lead) -> list[Handoff]:
    """Return the handoffs of a lead, and of those that were merged into it, the latest first."""
    found = Handoff.objects.filter(Q(lead=lead) | Q(lead__merged_into=lead))
    return list(found.select_related("partner", "by").prefetch_related("steps"))


def unanswered(now: datetime) -> int:
    """Return how many leads partners should have answered by now and did not."""
    return Handoff.objects.filter(state=_STATES.OFFERED, respond_by__lte=now).count()


def suppressed(lead: Lead) -> set[str]:
    """Return the kinds of lists on which a lead's person or account is left alone; empty where it may go."""
    subjects = [(lead.subject_type, lead.subject_id)] + ([("account", lead.account_id)] if lead.account_id else [])
    on = desk.Desk()
    desk.read_suppressed(on, subjects)
    return {row.kind for rows in on.suppressed.values() for row in rows if row.motion in {"", lead.motion}}


def why_not(lead: Lead) -> str:
    """Return why a lead goes to nobody, in words; nothing where it may go."""
    return ", ".join(str(Suppression.Kind(kind).label).lower() for kind in sorted(suppressed(lead)))


def locked(handoff_id: int, **of: object) -> Handoff:
    """Return a handoff that nobody else changes meanwhile, among those that `of` says."""
    rows = Handoff.objects.select_for_update(of=("self",)).select_related("lead__owner", "partner", "by")
    found = rows.filter(pk=handoff_id, **of).first()
    if found is None:
        raise BadRequest("There is no such handoff", mend="Perhaps it was taken back.")
    return found


def step(handoff: Handoff, what: str, *, by: User | None, by_us: bool, at: datetime, words: str = "") -> HandoffStep:
    """Write a line in the history of a handoff."""
    return HandoffStep.objects.create(handoff=handoff, at=at, by=by, by_us=by_us, what=what, words=words)


def _demand_may_go(lead: Lead) -> None:
    if lead.merged_into_id is not None or not lead.is_open:
        raise BadRequest(
            f"This lead is {lead.get_state_display().lower()}, and only an open one is handed over",
            mend="Bring it back first.",
        )
    if why := why_not(lead):
        raise BadRequest(f"This lead goes to nobody: {why}", mend="Take the account or person off that list first.")


def _noted(lead: Lead, what: str, by: User | None, handoff: Handoff, now: datetime) -> LeadEvent:
    event = happened(final(lead), what, at=now, by=by, text=handoff.partner.name)
    event.save()
    return event


def _account(lead: Lead, now: datetime) -> stories.About | None:
    """Return what is known of the account of a lead."""
    asked = (lead.subject_type, lead.subject_id, lead.rule)
    return stories.about([asked], now).get(asked)
