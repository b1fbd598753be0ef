"""Letting a partner in: its portal, and the users of it that we invite."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.utils.text import slugify

from assay.core.errors import BadRequest
from assay.node.access.actions import Audit, action
from assay.node.access.entrance import one_time_link
from assay.node.access.models import User
from assay.node.access.permissions import Permission, Role
from assay.node.access.users import new_user
from assay.node.partnering.models import Partner
from assay.node.portal.models import PartnerUser, Portal

_SUBJECT: Final = "partner"


@action("open the portal for a partner", Permission.MANAGE_PARTNERS)
def open_portal(audit: Audit, name: str, now: datetime) -> Portal:
    """Let a partner use the portal, known so far or not; whoever opens it manages the partner unless somebody does."""
    name = " ".join(name.split())[:200]
    slug = slugify(name)[:60].strip("-").replace("-", "_")
    if not slug:
        raise BadRequest("The partner needs a name", mend="Write it with letters: Northwind Consulting.")
    by = audit.actor if isinstance(audit.actor, User) else None
    partner = Partner.objects.filter(name__iexact=name, left_at__isnull=True).first()
    if partner is None:
        if Partner.objects.filter(slug=slug).exists():
            raise BadRequest("Another partner goes by nearly the same name", mend="Write the name with one word more.")
        partner = Partner.objects.create(slug=slug, name=name, manager=by, made_at=now)
    portal, is_new = Portal.objects.get_or_create(partner=partner, defaults={"opened_by": by, "opened_at": now})
    if not is_new:
        raise BadRequest("This partner has its portal already", mend="Look for it in the list.")
    audit.write(_SUBJECT, partner.slug, before={}, after={"portal": "opened"})
    return portal


@action("set what a partner sees of outcomes", Permission.LET_PARTNERS_LEARN)
def set_outcomes(audit: Audit, slug: str, is_shown: bool) -> Portal:
    """Let a partner see what became of its leads and insights with us, or no longer."""
    portal = _open(slug)
    audit.write(_SUBJECT, slug, before={"outcomes": portal.shows_outcomes}, after={"outcomes": is_shown})
    portal.shows_outcomes = is_shown
    portal.save(update_fields=["shows_outcomes"])
    return portal


@action("invite a partner's user", Permission.MANAGE_PARTNERS)
def invite(audit: Audit, slug: str, email: str, name: str, now: datetime) -> User:
    """Make a user of the one partner, who cannot log in until a password is chosen."""
    portal = _open(slug)
    user = new_user(email, Role.PARTNER, name)
    by = audit.actor if isinstance(audit.actor, User) else None
    PartnerUser.objects.create(user=user, partner=portal.partner, invited_by=by, invited_at=now)
    audit.write("user", user.pk, before={}, after={"role": user.role, "partner": slug, "is_active": True})
    return user


@action("make a one-time link for a partner's user", Permission.MANAGE_PARTNERS)
def make_link(audit: Audit, slug: str, user_id: int) -> tuple[User, str]:
    """Return a link by which a partner's user chooses a password, good once and for three days."""
    user = _user_of(slug, user_id)
    if not user.is_active:
        raise BadRequest("This user is kept out", mend="Let the user in again first.")
    audit.write("user", user.pk, before={}, after={"link": "made"})
    return user, one_time_link(user)


@action("let a partner's user in or keep one out", Permission.MANAGE_PARTNERS)
def change_activity(audit: Audit, slug: str, user_id: int, is_active: bool) -> User:
    """Keep a partner's user out from the next request on, or let one in again."""
    user = _user_of(slug, user_id)
    audit.write("user", user.pk, before={"is_active": user.is_active}, after={"is_active": is_active})
    user.is_active = is_active
    user.save(update_fields=["is_active"])
    return user


def _open(slug: str) -> Portal:
    """Return the portal of a partner that is still with us."""
    found = Portal.objects.select_related("partner").filter(partner__slug=slug, partner__left_at__isnull=True).first()
    if found is None:
        raise BadRequest("No portal is open for this partner", mend="Open it first.")
    return found


def _user_of(slug: str, user_id: int) -> User:
    """Return a user of the partner who has not left."""
    found = PartnerUser.objects.filter(partner__slug=slug, user_id=user_id, left_at__isnull=True).first()
    if found is None:
        raise BadRequest("This partner has no such user")
    return User.objects.select_for_update().get(pk=found.user_id)
