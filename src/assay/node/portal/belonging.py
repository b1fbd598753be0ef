"""Of which partner whoever asks is: everything in the portal begins here, so that nobody reaches another partner's."""

from __future__ import annotations

from collections.abc import Collection

from django.conf import settings

from assay.core.errors import BadRequest
from assay.node.access.actions import Actor, NotAllowed
from assay.node.access.models import User
from assay.node.partnering.models import Company, Partner
from assay.node.portal.models import PartnerUser


def partner_of(user: User) -> Partner | None:
    """Return the partner whose user this is; None for users of ours, and once either has left."""
    found = PartnerUser.objects.select_related("partner").filter(
        user=user, left_at__isnull=True, partner__left_at__isnull=True
    )
    first = found.first()
    return None if first is None else first.partner


def acting(actor: Actor) -> tuple[Partner, User]:
    """Return who acts in the portal, and of which partner; called by actions."""
    if not isinstance(actor, User):
        raise BadRequest("The portal is used by people", mend="Log in as a partner's user.")
    partner = partner_of(actor)
    if partner is None:
        raise NotAllowed("This needs a user of a partner")
    return partner, actor


def with_people(partners: Collection[int]) -> set[int]:
    """Return which of these partners have somebody who may come in."""
    found = PartnerUser.objects.filter(
        partner__in=list(partners), left_at__isnull=True, user__is_active=True, partner__left_at__isnull=True
    )
    return set(found.values_list("partner", flat=True))


def our_name() -> str:
    """Return what partners call us."""
    company = Company.objects.order_by("pk").first()
    return company.name if company else str(settings.ASSAY.host)
