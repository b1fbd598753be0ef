"""What users do to leads. Each is an action: permission, change and audit row in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db import IntegrityError, transaction

from assay.core.errors import BadRequest, ShownError
from assay.node.access.actions import Actor, Audit, action
from assay.node.access.models import User
from assay.node.access.permissions import MAY, Permission, may
from assay.node.leads import offering
from assay.node.leads.models import Evidence, Lead, LeadEvent, Letter, Note, Task
from assay.node.leads.moving import happened, move
from assay.node.leads.reasons import LossReason, RecycleReason, RejectReason
from assay.node.leads.signing import MARKETING, SALES
from assay.node.leads.states import UNANSWERED, WORKED, Move, State

_SUBJECT: Final = "lead"
_LONGEST: Final = timedelta(days=366)


@action("accept a lead", Permission.WORK_LEADS)
def accept(audit: Audit, lead_id: int, now: datetime) -> Lead:
    """Take a lead on: it is one's own from now on."""
    lead, user = _mine_to_answer(audit, lead_id), _user(audit)
    event = move(lead, Move.ACCEPT, at=now, by=user)
    lead.owner = user
    return _done(audit, lead, event)


@action("reject a lead", Permission.WORK_LEADS)
def reject(audit: Audit, lead_id: int, reason: str, now: datetime, text: str = "") -> Lead:
    """Turn a lead down, for a reason of the list; it goes back to marketing."""
    lead = _mine_to_answer(audit, lead_id)
    event = move(lead, Move.REJECT, at=now, by=_user(audit), reason=_of(RejectReason, reason), text=text)
    return _done(audit, lead, event)


@action("recycle a lead", Permission.WORK_LEADS)
def recycle(audit: Audit, lead_id: int, reason: str, until: datetime, now: datetime) -> Lead:
    """Put a lead off: it comes back at that instant if it still qualifies, and earlier if it qualifies anew."""
    lead = _mine_to_answer(audit, lead_id)
    _demand_future(until, now)
    event = move(lead, Move.RECYCLE, at=now, by=_user(audit), reason=_of(RecycleReason, reason))
    lead.wakes_at = until
    return _done(audit, lead, event)


@action("bring a lead back", Permission.WORK_LEADS)
def bring_back(audit: Audit, lead_id: int, now: datetime) -> Lead:
    """Let a rejected or recycled lead begin anew, with the one who brings it back."""
    lead, user = _locked(lead_id), _user(audit)
    move(lead, Move.RETURN, at=now, by=user).save()
    event = offering.give(lead, user.pk, at=now, within=offering.RESPOND_WITHIN, by=user)
    return _done(audit, lead, event)


@action("write down evidence", Permission.WORK_LEADS)
def write_evidence(audit: Audit, lead_id: int, letter: str, text: str, now: datetime) -> Evidence:
    """Write down what was found out about one letter of BANT."""
    lead, user = _locked(lead_id), _user(audit)
    if letter not in Letter.values:
        raise BadRequest("There is no such letter", value=letter, mend=f"These there are: {', '.join(Letter.values)}.")
    found = Evidence.objects.create(lead=lead, letter=letter, text=_text(text), by=user, at=now)
    happened(lead, "evidence", at=now, by=user, text=Letter(letter).label).save()
    _kept(audit, lead, letter=letter)
    return found


@action("sign a lead", Permission.WORK_LEADS)
def sign(audit: Audit, lead_id: int, side: str, now: datetime) -> Lead:
    """Sign for marketing or for sales that a lead is sales-qualified; once both have, it is."""
    lead, user = _locked(lead_id), _user(audit)
    if lead.state != State.ACCEPTED:
        raise BadRequest(
            f"This lead is {lead.get_state_display().lower()}, and only an accepted lead is signed",
            mend="Accept it first.",
        )
    lacking = missing_letters(lead)
    if lacking:
        words = ", ".join(letter.label for letter in lacking)
        raise BadRequest(f"There is no evidence yet for: {words}", mend="Write down what you know of each, then sign.")
    sides = {"sales": (SALES, "signed_by_sales", lead.signed_by_marketing_id), "marketing": (
        MARKETING, "signed_by_marketing", lead.signed_by_sales_id
    )}  # fmt: skip
    if side not in sides:
        raise BadRequest("One signs for sales or for marketing", value=side)
    roles, name, other = sides[side]
    if user.role not in roles:
        raise BadRequest(f"{user} does not sign for {side}", mend=f"Ask somebody of {side}.")
    if other == user.pk:
        raise BadRequest("The same person cannot sign for both", mend="Ask somebody else for the second signature.")
    setattr(lead, name, user)
    event = happened(lead, f"signed for {side}", at=now, by=user)
    if lead.signed_by_sales_id and lead.signed_by_marketing_id:
        event.save()
        event = move(lead, Move.SIGN_OFF, at=now, by=user)
    return _done(audit, lead, event)


@action("open an opportunity", Permission.WORK_LEADS)
def open_opportunity(audit: Audit, lead_id: int, now: datetime) -> Lead:
    """Say that a sales-qualified lead is an opportunity now."""
    lead = _mine_to_answer(audit, lead_id)
    return _done(audit, lead, move(lead, Move.OPEN, at=now, by=_user(audit)))


@action("win a lead", Permission.WORK_LEADS)
def win(audit: Audit, lead_id: int, amount: Decimal | None, now: datetime) -> Lead:
    """Say that an opportunity was won, and how much."""
    lead = _mine_to_answer(audit, lead_id)
    lead.amount = amount
    return _done(audit, lead, move(lead, Move.WIN, at=now, by=_user(audit)))


@action("lose a lead", Permission.WORK_LEADS)
def lose(audit: Audit, lead_id: int, reason: str, now: datetime) -> Lead:
    """Say that an opportunity was lost, and why."""
    lead = _mine_to_answer(audit, lead_id)
    return _done(audit, lead, move(lead, Move.LOSE, at=now, by=_user(audit), reason=_of(LossReason, reason)))


@action("assign a lead", Permission.ASSIGN_LEADS)
def assign(audit: Audit, lead_id: int, to: int, now: datetime) -> Lead:
    """Offer a lead to somebody, or, where it is worked already, hand it over."""
    lead, user = _locked(lead_id), _user(audit)
    taker = User.objects.filter(pk=to, is_active=True, role__in=sorted(MAY[Permission.WORK_LEADS])).first()
    if taker is None:
        raise BadRequest("Nobody by that name works leads", mend="Choose somebody from the list.")
    if lead.state in WORKED:
        lead.owner, lead.changed_at = taker, now
        event = happened(lead, "handed over", at=now, by=user)
        event.to = taker
    else:
        event = offering.give(lead, taker.pk, at=now, within=offering.RESPOND_WITHIN, by=user)
    return _done(audit, lead, event)


@action("snooze a lead", Permission.WORK_LEADS)
def snooze(audit: Audit, lead_id: int, until: datetime, now: datetime) -> Lead:
    """Let a lead that one works on sleep until an instant."""
    lead = _mine_to_answer(audit, lead_id)
    if lead.state not in WORKED:
        raise BadRequest(
            "Only a lead that is worked on can sleep", mend="Accept or reject it first: its time is running."
        )
    _demand_future(until, now)
    lead.wakes_at, lead.changed_at = until, now
    return _done(audit, lead, happened(lead, "snoozed", at=now, by=_user(audit)))


@action("write a note", Permission.WORK_LEADS)
def write_note(audit: Audit, lead_id: int, text: str, now: datetime) -> Note:
    """Write a note on a lead."""
    lead, user = _locked(lead_id), _user(audit)
    note = Note.objects.create(lead=lead, text=_text(text), by=user, at=now)
    _kept(audit, lead, note=note.pk)
    return note


@action("plan a task", Permission.WORK_LEADS)
def plan_task(audit: Audit, lead_id: int, text: str, due_at: datetime, now: datetime) -> Task:
    """Plan something to do oneself about a lead."""
    lead, user = _locked(lead_id), _user(audit)
    task = Task.objects.create(lead=lead, text=_text(text)[:300], due_at=due_at, whose=user, by=user, at=now)
    _kept(audit, lead, task=task.pk)
    return task


@action("finish a task", Permission.WORK_LEADS)
def finish_task(audit: Audit, task_id: int, now: datetime) -> Task:
    """Tick a task off."""
    task = Task.objects.select_for_update(of=("self",)).select_related("lead").filter(pk=task_id).first()
    if task is None:
        raise BadRequest("There is no such task")
    task.done_at = task.done_at or now
    task.save(update_fields=["done_at"])
    happened(task.lead, "task done", at=now, by=_user(audit), text=task.text).save()
    _kept(audit, task.lead, task=task.pk)
    return task


def each(actor: Actor, leads: list[int], do: Callable[[Actor, int], object]) -> tuple[int, list[str]]:
    """Do one thing to several leads, each by itself; return how many it was done to, and why not to others."""
    done, refused = 0, []
    for lead_id in leads:
        try:
            do(actor, lead_id)
            done += 1
        except ShownError as error:
            refused.append(error.text())
    return done, refused


def missing_letters(lead: Lead) -> list[Letter]:
    """Return the letters of BANT for which there is no evidence yet."""
    known = set(lead.evidence.values_list("letter", flat=True))
    return [letter for letter in Letter if letter.value not in known]


def _user(audit: Audit) -> User:
    if not isinstance(audit.actor, User):
        raise BadRequest("Leads are worked by people", mend="Log in as somebody.")
    return audit.actor


def _locked(lead_id: int) -> Lead:
    """Return a lead that nobody else changes meanwhile."""
    lead = Lead.objects.select_for_update(of=("self",)).select_related("owner").filter(pk=lead_id).first()
    if lead is None:
        raise BadRequest("There is no such lead", value=str(lead_id))
    return lead


def may_answer(user: User, lead: Lead) -> bool:
    """Tell whether a lead is this user's to answer, as far as its owner goes."""
    is_others = lead.owner_id not in {None, user.pk} and lead.state in UNANSWERED | WORKED
    return not is_others or may(user.role, Permission.ASSIGN_LEADS)


def _mine_to_answer(audit: Audit, lead_id: int) -> Lead:
    """Return a lead that this user may answer: offered to them, to a queue, or to anybody where they assign leads."""
    lead, user = _locked(lead_id), _user(audit)
    if not may_answer(user, lead):
        verb = "is offered to" if lead.state in UNANSWERED else "belongs to"
        raise BadRequest(f"This lead {verb} {lead.owner}", mend=f"Ask {lead.owner}, or somebody who assigns leads.")
    return lead


def _demand_future(until: datetime, now: datetime) -> None:
    if not now < until <= now + _LONGEST:
        raise BadRequest("That is not within the next year", mend="Choose a day between tomorrow and a year from now.")


def _of(reasons: type[RejectReason | RecycleReason | LossReason], reason: str) -> str:
    if reason not in reasons.values:
        raise BadRequest("This needs a reason of the list", value=reason, mend="Choose one.")
    return reason


def _text(text: str) -> str:
    if not text.strip():
        raise BadRequest("There is nothing written", mend="Write a sentence.")
    return text.strip()[:5000]


def _done(audit: Audit, lead: Lead, event: LeadEvent) -> Lead:
    """Save a lead and the line of its history, and write the audit row."""
    try:
        with transaction.atomic():
            lead.save()
    except IntegrityError:
        raise BadRequest("There is an open lead of the same person or account already", mend="Work that one.") from None
    event.save()
    audit.write(_SUBJECT, lead.pk, before={"state": event.state_before}, after=_after(lead, event))
    return lead


def _after(lead: Lead, event: LeadEvent) -> dict[str, str | int | None]:
    return {"state": lead.state, "what": event.what, "reason": event.reason, "owner": lead.owner_id}


def _kept(audit: Audit, lead: Lead, **what: str | int) -> None:
    audit.write(_SUBJECT, lead.pk, before={}, after=what)
