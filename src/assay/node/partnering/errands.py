"""What pages want the partner told: written down with the change, taken up by the next step in the background."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from assay.node.partnering.models import Errand, Partnership, Standing
from assay.partners.dealing import Deal
from assay.partners.keeping import Keep


def send(partnership: Partnership, what: str, body: Mapping[str, Any] | None = None) -> None:
    """Write down that something is to be done in the next step, and ask for a step."""
    now = timezone.now()
    Errand.objects.create(partnership=partnership, what=what, body=dict(body or {}), at=now)
    want(partnership.pk, now)


def want(partnership_id: int, now: datetime) -> None:
    """Ask for a step soon."""
    Standing.objects.filter(partnership_id=partnership_id).update(wanted_at=now)


def do(partnership: Partnership, keep: Keep, deal: Deal) -> int:
    """Do what was asked for, each with its errand in one transaction; return how many there were."""
    done = 0
    for errand in Errand.objects.filter(partnership=partnership):
        with keep.together(), transaction.atomic():
            _do(errand, deal)
            errand.delete()
        done += 1
    return done


def _do(errand: Errand, deal: Deal) -> None:
    body = errand.body
    match errand.what:
        case Errand.What.CONFIRM:
            deal.confirm()
        case Errand.What.ANSWER:
            handle, theirs = (bytes.fromhex(body[name]) for name in ("handle", "their_handle"))
            deal.answer(handle, theirs, is_same=bool(body["is_same"]))
        case Errand.What.ROTATE:
            deal.rotate()
        case Errand.What.FORGET:
            deal.forget(str(body["record"]))
        case Errand.What.REVOKE:
            deal.revoke()
