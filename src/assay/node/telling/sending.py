"""Sending what is on its way: by mail, by webhook; again and again until it arrives or is given up."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from standardwebhooks import Webhook

from assay.node.access.models import User
from assay.node.telling.guard import Unreachable, post
from assay.node.telling.models import Endpoint, Message

#: How long to wait after each try; after the last it is given up. About three days in all.
WAITS: Final = (5, 30, 120, 600, 3600, 4 * 3600, 12 * 3600, 24 * 3600, 24 * 3600)


def send(message_id: int, now: datetime) -> datetime | None:
    """Send one message; return when to try again, None where it arrived, was given up, or was sent already."""
    with transaction.atomic():
        waiting = Message.objects.filter(pk=message_id, sent_at__isnull=True, given_up_at__isnull=True)
        message = waiting.select_for_update(of=("self",)).select_related("endpoint", "user").first()
        if message is None:
            return None
        if message.not_before > now:
            return message.not_before
        probe = _failing(message, now)
        if probe is not None:
            message.not_before = probe
            message.save(update_fields=["not_before"])
            return probe
        trouble = _deliver(message)
        message.tries += 1
        message.trouble = trouble
        again: datetime | None = None
        if not trouble:
            message.sent_at = now
        elif (
            message.tries > len(WAITS)
            or _is_old(message, now)
            or (message.endpoint is not None and not message.endpoint.is_active)
        ):
            message.given_up_at = now
        else:
            again = message.not_before = now + timedelta(seconds=WAITS[message.tries - 1])
        message.save()
    return again


def _failing(message: Message, now: datetime) -> datetime | None:
    """Return when another message to the same endpoint is tried again: one at a time finds out whether it answers."""
    if message.endpoint is None or _is_old(message, now):
        return None
    others = Message.objects.filter(endpoint=message.endpoint, sent_at__isnull=True, given_up_at__isnull=True)
    others = others.filter(tries__gt=0, not_before__gt=now).exclude(pk=message.pk)
    return others.order_by("not_before").values_list("not_before", flat=True).first()


def _is_old(message: Message, now: datetime) -> bool:
    return now - message.made_at > timedelta(seconds=sum(WAITS))


def send_digests(now: datetime) -> int:
    """Send each user whose time has come one mail with everything since the last; return how many mails that were."""
    due = Message.objects.filter(
        is_for_digest=True, sent_at__isnull=True, given_up_at__isnull=True, not_before__lte=now
    )
    sent = 0
    for user_id in sorted(set(due.values_list("user_id", flat=True))):
        with transaction.atomic():
            mine = list(due.filter(user_id=user_id).select_for_update(skip_locked=True, of=("self",)))
            user = User.objects.filter(pk=user_id, is_active=True).first()
            if not mine:
                continue
            if user is not None:
                trouble = _mail(user, f"{len(mine)} things about your leads", mine)
                if trouble:
                    Message.objects.filter(pk__in=[m.pk for m in mine]).update(
                        trouble=trouble, not_before=now + timedelta(minutes=10)
                    )
                    continue
                sent += 1
            Message.objects.filter(pk__in=[m.pk for m in mine]).update(sent_at=now)
    return sent


def _deliver(message: Message) -> str:
    """Send; return what went wrong, nothing where it arrived."""
    if message.endpoint is not None:
        return _call(message, message.endpoint)
    if message.user is None or not message.user.is_active:
        return ""
    return _mail(message.user, str(message.content["line"]), [message])


def _call(message: Message, endpoint: Endpoint) -> str:
    headers = {"Content-Type": "application/json", "User-Agent": "Assay"}
    if endpoint.kind == Endpoint.Kind.SLACK:
        body = json.dumps(message.content)
    else:
        body = json.dumps({"type": message.event, "timestamp": message.made_at.isoformat(), "data": message.content})
        headers |= _signed(endpoint.secret, str(message.key), body)
    try:
        status = post(endpoint.url, body.encode(), headers, allowed=settings.ASSAY.webhooks_may_reach)
    except Unreachable as error:
        return str(error)
    if status == 410:  # whoever receives does not want any more
        Endpoint.objects.filter(pk=endpoint.pk).update(is_active=False)
        endpoint.is_active = False
    return "" if 200 <= status < 300 else f"answered {status}"


def _signed(secret: str, key: str, body: str) -> dict[str, str]:
    """Return the headers by which a receiver knows that this came from us, and just now."""
    from django.utils import timezone

    at = timezone.now()
    return {
        "webhook-id": key,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(key, at, body),
    }


def _path(message: Message) -> str:
    """Return where what a message is about can be seen."""
    return str(message.content.get("path") or reverse("lead", args=[message.lead or 0]))


def _mail(user: User, subject: str, messages: Sequence[Message]) -> str:
    address = settings.ASSAY.address
    told = [(message.content, f"{address}{_path(message)}") for message in messages]
    text = render_to_string("telling/mail.txt", {"told": told, "wishes": f"{address}{reverse('wishes')}"})
    headers = {"Message-ID": f"<{messages[0].key}@assay>", "Auto-Submitted": "auto-generated"}
    try:
        EmailMessage(subject.replace("\n", " ")[:150], text, None, [user.email], headers=headers).send()
    except OSError as error:  # smtplib's errors are such
        return f"mail: {type(error).__name__}"
    return ""
