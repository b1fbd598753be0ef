"""Operations on webhooks: which addresses are told, and of what."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Path, Router, Schema
from pydantic import Field

from assay.node.api import answers, shapes
from assay.node.api.acting import Key, told
from assay.node.api.entry import bearing, user_of
from assay.node.api.scopes import Scope
from assay.node.telling import actions
from assay.node.telling.models import Endpoint

router = Router()
_ADDRESS: Final = r"^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[!-~]*)?$"


class Webhook(Schema):
    """An address that is told, and of what."""

    id: int
    name: str
    kind: str
    url: str
    events: list[str]
    made_at: datetime
    is_active: bool


class Webhooks(Schema):
    """Every address that is told."""

    webhooks: list[Webhook]


class WantedWebhook(shapes.Heard):
    """An address to tell from now on."""

    name: Annotated[shapes.Written, Field(max_length=60)]
    kind: Endpoint.Kind
    url: Annotated[str, Field(max_length=500, pattern=_ADDRESS)]
    events: Annotated[list[Literal["enter", "exit", "lead"]], Field(min_length=1, max_length=3)]


class MadeWebhook(Schema):
    """A webhook that was made, and the secret that its calls are signed with."""

    webhook: Webhook
    secret: str


class Removed(Schema):
    """A webhook that is no more."""

    id: int


@router.get(
    "/webhooks", **bearing(Scope.WEBHOOKS_MANAGE), response={200: Webhooks, **shapes.refusals()}, summary="Webhooks"
)
def webhooks(request: HttpRequest) -> Webhooks:
    """Which addresses are told, and of what; their secrets are not shown.

    One that answered 410 is not active any more: it is told nothing until it is removed and added anew.
    """
    return Webhooks(webhooks=[_shape(one) for one in Endpoint.objects.order_by("name")])


@router.post(
    "/webhooks",
    **bearing(Scope.WEBHOOKS_MANAGE),
    response={200: MadeWebhook, **shapes.refusals(400, 409)},
    summary="Add a webhook",
)
def add_webhook(request: HttpRequest, response: HttpResponse, key: Key, wanted: WantedWebhook) -> Any:
    """Tell an address from now on, over TLS; no address of a private network is called unless the server's settings
    name it.

    The answer has the secret by which the receiver knows that a call is ours (Standard Webhooks).
    """
    user = user_of(request)

    def do() -> dict[str, Any]:
        made = actions.add_endpoint(
            user, wanted.name, wanted.kind, wanted.url, events=wanted.events, now=timezone.now()
        )
        return MadeWebhook(webhook=_shape(made), secret=made.secret).model_dump(mode="json")

    return told(answers.once(user, key, f"webhook {wanted.model_dump_json()}", do), response)


@router.delete(
    "/webhooks/{webhook_id}",
    **bearing(Scope.WEBHOOKS_MANAGE),
    response={200: Removed, **shapes.refusals(404)},
    summary="Remove a webhook",
)
def remove_webhook(request: HttpRequest, webhook_id: Annotated[shapes.Number, Path()]) -> Removed:
    """Tell an address nothing more; what was on its way there is forgotten."""
    if not Endpoint.objects.filter(pk=webhook_id).exists():
        raise Http404
    actions.remove_endpoint(user_of(request), webhook_id)
    return Removed(id=webhook_id)


def _shape(one: Endpoint) -> Webhook:
    same = ("name", "kind", "url", "made_at", "is_active")
    return Webhook(id=one.pk, events=one.events.split(), **{name: getattr(one, name) for name in same})
