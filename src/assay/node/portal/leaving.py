"""Going: one user of a partner, or the partner with everything that it gave us."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from axes.models import AccessAttempt
from django.contrib.sessions.models import Session
from django.db.models import Q
from django.urls import reverse

from assay.core.errors import BadRequest
from assay.node.access.actions import Audit, action
from assay.node.access.models import User
from assay.node.access.permissions import Permission
from assay.node.partnering import errands
from assay.node.partnering.models import Errand, Introduction, Partner, Partnership, Word
from assay.node.portal import attesting, handing, news
from assay.node.portal.belonging import acting
from assay.node.portal.models import Handoff, HandoffStep, PartnerUser
from assay.node.telling.models import Message, Wish

#: What stands in the place of an address that was erased; no mail reaches it (RFC 2606).
_GONE: Final = "gone-{}@gone.invalid"


@action("leave the portal", Permission.USE_PORTAL)
def leave(audit: Audit, now: datetime) -> None:
    """Forget the user who asks; what the partner said stays, without a name."""
    partner, user = acting(audit.actor)
    Introduction.objects.filter(partner=partner, theirs=str(user)).update(theirs="")
    _forget_people(audit, [user], now)
    news.gone(partner, "one of its people left the portal", now)


@action("delete everything of a partner", Permission.USE_PORTAL)
def leave_all(audit: Audit, typed_name: str, now: datetime) -> Partner:
    """Forget the partner's people, words and insights, and end what it has in hand; nothing of it comes back."""
    partner, _ = acting(audit.actor)
    _demand_same_name(typed_name, partner)
    return _forget(audit, partner, now)


@action("delete everything of a partner that asked us", Permission.MANAGE_PARTNERS)
def delete_for(audit: Audit, slug: str, typed_name: str, now: datetime) -> Partner:
    """Do for a partner what it could ask for in the portal, where it asked us."""
    partner = Partner.objects.filter(slug=slug, left_at__isnull=True, portal__isnull=False).first()
    if partner is None:
        raise BadRequest("No portal is open for this partner", mend="It may have left already.")
    _demand_same_name(typed_name, partner)
    return _forget(audit, partner, now)


def _demand_same_name(typed: str, partner: Partner) -> None:
    if " ".join(typed.split()).casefold() != " ".join(partner.name.split()).casefold():
        raise BadRequest("The name is not the partner's", mend=f"Type {partner.name} to be sure that you mean it.")


def _forget(audit: Audit, partner: Partner, now: datetime) -> Partner:
    """Forget everything of a partner; called within an action."""
    partner = Partner.objects.select_for_update(of=("self",)).get(pk=partner.pk)
    _forget_messages(partner)
    for partnership in Partnership.objects.filter(partner=partner).exclude(state=Partnership.State.REVOKED):
        errands.send(partnership, Errand.What.REVOKE)
    insights = attesting.delete_all(partner)
    handoffs = Handoff.objects.filter(partner=partner)
    open_ones = [one for one in handoffs.select_related("lead", "partner") if one.is_open]
    for one in open_ones:
        handing.close(one, "the partner left", by=None, now=now)
    HandoffStep.objects.filter(handoff__in=handoffs, by_us=False).update(words="", by=None)
    asked = Introduction.objects.filter(partner=partner)
    asked.update(theirs="")
    asked.filter(by_us=False).update(wanted="")
    asked.exclude(state=Introduction.State.CLOSED).update(state=Introduction.State.CLOSED, changed_at=now)
    Word.objects.filter(introduction__in=asked, by_us=False).delete()
    people = [one.user for one in PartnerUser.objects.select_related("user").filter(partner=partner)]
    _forget_people(audit, people, now)
    partner.left_at = now
    partner.save(update_fields=["left_at"])
    after = {"left": True, "people": len(people), "insights": insights, "handoffs": len(open_ones)}
    audit.write("partner", partner.slug, before={"left": False}, after=after)
    news.gone(partner, "everything of it is deleted from the portal", now)
    return partner


def _forget_messages(partner: Partner) -> None:
    """Delete what was told about a partner, to anybody: its words stand in it."""
    numbers = Introduction.objects.filter(partner=partner).values_list("pk", flat=True)
    paths = [reverse("introduction", args=[number]) for number in numbers]
    Message.objects.filter(Q(content__partner=partner.slug) | Q(content__path__in=paths)).delete()


def _forget_people(audit: Audit, people: Sequence[User], now: datetime) -> None:
    """Take everything personal from users, and let them in no more; their numbers stay, as the audit holds them."""
    numbers = [user.pk for user in people]
    Authenticator.objects.filter(user__in=numbers).delete()
    EmailAddress.objects.filter(user__in=numbers).delete()
    AccessAttempt.objects.filter(username__in=[user.email for user in people]).delete()
    Message.objects.filter(user__in=numbers).delete()
    Wish.objects.filter(user__in=numbers).delete()
    Word.objects.filter(by__in=numbers).update(name="", by=None)
    for user in people:
        user.email, user.name, user.is_active = _GONE.format(user.pk), "", False
        user.set_unusable_password()
        user.save(update_fields=["email", "name", "is_active", "password"])
        audit.write("user", user.pk, before={}, after={"is_active": False, "left": True})
    PartnerUser.objects.filter(user__in=numbers, left_at__isnull=True).update(left_at=now)
    _end_sessions(set(map(str, numbers)))


def _end_sessions(numbers: set[str]) -> None:
    for session in Session.objects.filter(expire_date__isnull=False).iterator():
        if str(session.get_decoded().get("_auth_user_id")) in numbers:
            session.delete()
