"""What users set about being told, and what the administrator sets about webhooks."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings

from assay.core.errors import BadRequest
from assay.node.access.actions import Audit, action
from assay.node.access.models import User
from assay.node.access.permissions import Permission
from assay.node.telling.models import Endpoint, Wish

#: What an endpoint can ask for.
EVENTS: Final = {
    "enter": "Somebody begins to qualify",
    "exit": "Somebody ceases to qualify",
    "lead": "A lead changes",
    "partner": "A partner asks, answers or writes",
}


@action("set how to be told", Permission.BE_TOLD)
def wish(audit: Audit, /, **wanted: Any) -> Wish:
    """Set when and whether one hears of leads."""
    user = audit.actor
    if not isinstance(user, User):
        raise BadRequest("Only users are told by mail")
    made, _ = Wish.objects.update_or_create(user=user, defaults=wanted)
    audit.write("user", user.pk, before={}, after={"told": made.when})
    return made


@action("add a webhook", Permission.CHANGE_DATA)
def add_endpoint(audit: Audit, name: str, kind: str, url: str, *, events: Sequence[str], now: datetime) -> Endpoint:
    """Add an address that is told from now on; its secret signs what is sent."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise BadRequest("This is not an address that can be called", mend="Write it as https://example.com/path.")
    if parts.scheme == "http" and not settings.ASSAY.webhooks_may_reach:
        raise BadRequest(
            "What is sent tells of people, so it needs TLS",
            mend="Write https://, or let the administrator name the network in ASSAY_WEBHOOKS_MAY_REACH.",
        )
    if parts.username or parts.password:
        raise BadRequest("A password has no place in the address", mend="Leave it out: what is sent is signed.")
    if Endpoint.objects.filter(name=name).exists():
        raise BadRequest("There is a webhook of this name already", mend="Choose another name.")
    wanted = [event for event in EVENTS if event in events]
    if not wanted or kind not in Endpoint.Kind.values:
        raise BadRequest("Nothing is chosen that it should be told", mend="Tick at least one thing.")
    made = Endpoint.objects.create(name=name, kind=kind, url=url, events=" ".join(wanted), made_at=now)
    made.secret = "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
    made.save(update_fields=["sealed_secret"])
    audit.write("webhook", made.pk, before={}, after={"kind": kind, "events": made.events})
    return made


@action("switch a webhook off", Permission.CHANGE_DATA)
def switch_off(audit: Audit, endpoint_id: int) -> None:
    """Tell an address nothing more, as it asked; it stays in the list, so that people see why it is quiet."""
    audit.write("webhook", endpoint_id, before={"is_active": True}, after={"is_active": False})
    Endpoint.objects.filter(pk=endpoint_id).update(is_active=False)


@action("remove a webhook", Permission.CHANGE_DATA)
def remove_endpoint(audit: Audit, endpoint_id: int) -> None:
    """Remove an address; what was on its way there is forgotten."""
    audit.write("webhook", endpoint_id, before={"is_active": True}, after={})
    Endpoint.objects.filter(pk=endpoint_id).delete()
