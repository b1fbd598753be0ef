"""Who hears of what: the people of a partner, or those of ours who have to do with it. Called within actions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.urls import reverse

from assay.node.access.models import User
from assay.node.access.permissions import Role
from assay.node.partnering.insights import WITHDRAWN
from assay.node.partnering.models import Introduction, OurInsight, Partner
from assay.node.portal import sharing
from assay.node.portal.belonging import our_name
from assay.node.portal.models import Handoff, PartnerUser
from assay.node.telling.outbox import tell_people
from assay.node.telling.tasks import on_their_way


def handed(handoff: Handoff, now: datetime) -> None:
    """Tell a partner's users that a lead was handed to it."""
    content = {
        "line": f"{our_name()} hands you a lead: {handoff.company}",
        "summary": handoff.why,
        "respond_by": f"{handoff.respond_by:%Y-%m-%d}" if handoff.respond_by else "",
        "path": reverse("portal-lead", args=[handoff.pk]),
    }
    _about(handoff, _of(handoff.partner), "handoff_offered", content, now=now)


def taken_back(handoff: Handoff, now: datetime) -> None:
    """Tell a partner's users that a lead is not theirs any more."""
    content = {"line": f"{our_name()} takes a lead back: {handoff.company}", "path": reverse("portal-leads")}
    _about(handoff, _of(handoff.partner), "handoff_taken_back", content, now=now)


def answered(handoff: Handoff, what: str, now: datetime, words: str = "") -> None:
    """Tell those of ours who have to do with a lead what its partner says."""
    content = {"line": f"{handoff.partner}: {handoff.company}, {what}", "summary": words}
    content["path"] = reverse("lead", args=[handoff.lead_id])
    people = _ours(handoff.partner, [handoff.lead.owner, handoff.by])
    _about(handoff, people, f"handoff_{what.replace(' ', '_')}", content, now=now)


def attested(partner: Partner, company: str, letter: str, owners: Iterable[User], now: datetime) -> None:
    """Tell those of ours who work an account what a partner attests of it."""
    content = {"line": f"{partner} tells about {company}: {letter}"}
    _of_partner(partner, "insight", content, owners, now)


def introduction(one: Introduction, kind: str, now: datetime) -> None:
    """Tell a partner's users what we ask, answer or write about an introduction; nobody where it has no portal."""
    said = {
        "introduction": "asks you for an introduction",
        "introduction-state": f"says of an introduction: {one.get_state_display().lower()}",
        "word": "writes to you about an introduction",
    }
    content = {
        "line": f"{our_name()} {said[kind]}",
        "summary": "",
        "path": reverse("portal-introduction", args=[one.public_id]),
        "partner": one.partner.slug,
    }
    tell_people(_of(one.partner), "portal.introduction", content, {}, now=now, send=on_their_way)


def told(one: OurInsight) -> None:
    """Tell a partner's users what we attest of an account to it, or take back; nobody where none may come in."""
    partner = one.partnership.partner
    letter = one.letter.replace("_", " ")
    is_taken_back = one.value.strip().lower() == WITHDRAWN
    what = f"takes back what it said on {letter}" if is_taken_back else f"{letter}, {one.value}"
    content = {
        "line": f"{our_name()} tells you about {sharing.name_for(partner, one.account_id)}: {what}",
        "summary": "",
        "path": reverse("portal-account", args=[sharing.key_of(partner, one.account_id)]),
        "partner": partner.slug,
    }
    tell_people(_of(partner), "portal.insight", content, {}, now=one.at, send=on_their_way)


def gone(partner: Partner, what: str, now: datetime) -> None:
    """Tell who manages a partner that somebody of it left, or all of it."""
    _of_partner(partner, "left", {"line": f"{partner}: {what}"}, [], now)


def _about(handoff: Handoff, people: Iterable[User], event: str, content: dict[str, Any], *, now: datetime) -> None:
    facts = {
        "handoff": handoff.pk,
        "lead": handoff.lead_id,
        "partner": handoff.partner.slug,
        "state": handoff.state,
        "at": now.isoformat(),
    }
    told = {**content, "handoff": handoff.pk, "partner": handoff.partner.slug}
    tell_people(people, f"partner.{event}", told, facts, now=now, send=on_their_way)


def _of_partner(partner: Partner, event: str, content: dict[str, Any], people: Iterable[User], now: datetime) -> None:
    told = {"summary": "", "path": reverse("partner-portal", args=[partner.slug])}
    told |= {**content, "partner": partner.slug}
    facts = {"partner": partner.slug, "at": now.isoformat()}
    tell_people(_ours(partner, people), f"partner.{event}", told, facts, now=now, send=on_their_way)


def _of(partner: Partner) -> list[User]:
    found = PartnerUser.objects.select_related("user").filter(partner=partner, left_at__isnull=True)
    return [one.user for one in found if one.user.is_active]


def _ours(partner: Partner, some: Iterable[User | None]) -> list[User]:
    """Return who of ours is told: some, and who manages the partner, every partner manager where nobody does."""
    manager = partner.manager
    if manager is None or not manager.is_active:
        managers = list(User.objects.filter(role=Role.PARTNER_MANAGER, is_active=True))
    else:
        managers = [manager]
    found = {user.pk: user for user in (*some, *managers) if user is not None and user.is_active}
    return list(found.values())
