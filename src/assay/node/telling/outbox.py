"""From what happened to messages on their way, in one transaction: nothing is told twice, and nothing is forgotten."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from assay.core import sentences
from assay.core.definitions.model import Definitions
from assay.node.access.models import User
from assay.node.access.permissions import MAY, Permission
from assay.node.leads.models import Lead, LeadEvent
from assay.node.leads.routing import CATCH_ALL
from assay.node.live.changes import Change
from assay.node.telling.models import Endpoint, Message, Wish
from assay.node.telling.quiet import after_quiet, next_digest

_BATCH: Final = 500
#: What of a lead's history is of interest outside.
_NOT_TOLD: Final = frozenset({"task due", "task done", "evidence", "snoozed", "woke up", "time is running out"})

#: Gets the messages of a batch to their way; called in the transaction that writes them.
Send = Callable[[Sequence[Message]], None]


def tell_changes(changes: Iterable[Change], definitions: Definitions, now: datetime, send: Send) -> int:
    """Write messages about who began or ceased to qualify under live rules; called where the changes are stored."""
    endpoints = list(Endpoint.objects.filter(is_active=True, kind=Endpoint.Kind.STANDARD))
    rules = {rule.name: rule for rule in definitions.rules if rule.status == "live"}
    messages = [
        _to(endpoint, f"qualification.{change.what}", _of_change(change, rules[change.rule]), now)
        for change in changes
        if change.what != "merged" and change.rule in rules
        for endpoint in endpoints
        if endpoint.wants(f"qualification.{change.what}")
    ]
    return _write(messages, send)


def tell_leads(now: datetime, send: Send) -> int:
    """Write messages about what happened to leads since the last time; return how much was looked at."""
    with transaction.atomic():
        untold = LeadEvent.objects.filter(told_at__isnull=True).order_by("id")
        events = list(untold.select_for_update(skip_locked=True, of=("self",))[:_BATCH])
        if not events:
            return 0
        leads = Lead.objects.select_related("owner").in_bulk({event.lead_id for event in events})
        endpoints = list(Endpoint.objects.filter(is_active=True))
        wishes = _Wishes()
        messages: list[Message] = []
        for event in events:
            lead = leads[event.lead_id]
            if event.what not in _NOT_TOLD:
                name = f"lead.{event.what.replace(' ', '_').replace('-', '_')}"
                messages += [_to(e, name, _for(e, lead, event), now, lead) for e in endpoints if e.wants(name)]
            messages += [m for user in _concerned(lead, event) if (m := wishes.message(user, lead, event, now))]
        _write(messages, send)
        LeadEvent.objects.filter(pk__in=[event.pk for event in events]).update(told_at=now)
    return len(events)


def tell_people(
    people: Iterable[User], event: str, content: dict[str, Any], facts: dict[str, Any], *, now: datetime, send: Send
) -> int:
    """Write messages about something other than a lead: mails with `content`, and `facts` to endpoints that want them.

    Called in the transaction that changes it. `content` has the line, a summary, and the path of the page to look at.
    """
    wishes = _Wishes()
    messages = [m for user in people if (m := wishes.mail(user, event, content, now))]
    for endpoint in Endpoint.objects.filter(is_active=True):
        if endpoint.wants(event):
            told = {"text": content["line"]} if endpoint.kind == Endpoint.Kind.SLACK else facts
            messages.append(_to(endpoint, event, told, now))
    return _write(messages, send)


def tell_restored(as_of: str | None, now: datetime, send: Send) -> int:
    """Write a message to every webhook that what was told after an instant may be no more; return how many."""
    line = f"Restored from a backup of {as_of or 'an earlier day'}: leads that were told of since may be gone"
    endpoints = list(Endpoint.objects.filter(is_active=True))
    slack = Endpoint.Kind.SLACK
    return _write(
        [_to(e, "node.restored", {"text": line} if e.kind == slack else {"as_of": as_of}, now) for e in endpoints], send
    )


def _write(messages: Sequence[Message], send: Send) -> int:
    with transaction.atomic():
        Message.objects.bulk_create(messages)
        send([message for message in messages if not message.is_for_digest])
    return len(messages)


def _to(endpoint: Endpoint, event: str, content: dict[str, Any], now: datetime, lead: Lead | None = None) -> Message:
    return Message(
        endpoint=endpoint, event=event, lead=lead.pk if lead else None, content=content, made_at=now, not_before=now
    )


def _of_change(change: Change, rule: Any) -> dict[str, Any]:
    return {
        "subject_type": change.subject_type,
        "subject_id": change.subject_id,
        "rule": change.rule,
        "version": change.version,
        "stage": rule.stage,
        "motion": rule.motion,
        "at": change.at.isoformat(),
        "cause": change.cause,
    }


def _for(endpoint: Endpoint, lead: Lead, event: LeadEvent) -> dict[str, Any]:
    if endpoint.kind == Endpoint.Kind.SLACK:
        return {"text": line(lead, event)}
    return {
        "lead": lead.pk,
        "subject_type": lead.subject_type,
        "subject_id": lead.subject_id,
        "account_id": lead.account_id,
        "motion": lead.motion,
        "rule": lead.rule,
        "stage": lead.stage,
        "what": event.what,
        "state_before": event.state_before,
        "state": event.state_after,
        "reason": event.reason,
        "owner": lead.owner_id,
        "at": event.at.isoformat(),
    }


def line(lead: Lead, event: LeadEvent) -> str:
    """Return what happened in one line that people read."""
    who = f"{lead}{f' at {lead.account_name}' if lead.account_name and lead.account_name != lead.name else ''}"
    to = f" to {event.to}" if event.to_id else ""
    why = f": {event.why_so.lower()}" if event.reason else ""
    what = {"arrived": "is new", "offered": f"is offered{to}"}.get(event.what, event.what)
    return f"{who} ({lead.stage}, {sentences.plain(lead.rule.removeprefix(f'{lead.stage.lower()}_'))}) {what}{why}"


def _concerned(lead: Lead, event: LeadEvent) -> list[User]:
    """Return who wants to know: whom it is offered to, whose time runs out; who assigns leads, of the catch-all."""
    if event.what == "offered" and event.to_id is None and lead.queue == CATCH_ALL:
        roles = sorted(MAY[Permission.ASSIGN_LEADS] & MAY[Permission.WORK_LEADS])
        return list(User.objects.filter(is_active=True, role__in=roles))
    if event.what in {"offered", "task due", "handed over"} and event.to is not None and event.to_id != event.by_id:
        return [event.to] if event.to.is_active else []
    if event.what in {"time is running out", "woke up"} and lead.owner is not None:
        return [lead.owner] if lead.owner.is_active else []
    return []


class _Wishes:
    """What users want to hear, each asked for once."""

    def __init__(self) -> None:
        self._known: dict[int, Wish] = {}

    def message(self, user: User, lead: Lead, event: LeadEvent, now: datetime) -> Message | None:
        """Return the mail to a user about an event, None where they want to hear nothing."""
        content = {"line": line(lead, event), "summary": lead.summary, "respond_by": _iso(lead.respond_by)}
        found = self.mail(user, f"lead.{event.what}", content, now)
        if found is not None:
            found.lead = lead.pk
        return found

    def mail(self, user: User, event: str, content: dict[str, Any], now: datetime) -> Message | None:
        """Return a mail to a user, None where they want to hear nothing."""
        if user.pk not in self._known:
            self._known[user.pk] = Wish.objects.filter(user=user).first() or Wish(user=user)
        wish = self._known[user.pk]
        if wish.when == Wish.When.NEVER:
            return None
        is_for_digest = wish.when == Wish.When.DIGEST
        if is_for_digest:
            not_before = next_digest(now, wish.digest_at, wish.zone)
        else:
            not_before = after_quiet(now, wish.quiet_from, wish.quiet_until, wish.zone)
        return Message(
            user=user, event=event, content=content, made_at=now, not_before=not_before, is_for_digest=is_for_digest
        )


def _iso(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M} UTC"
