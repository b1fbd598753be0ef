"""Introductions in the portal: the partner asks, answers and writes; we ask a partner that has no node."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.db.models import Case, IntegerField, QuerySet, Value, When

from assay.core.errors import BadRequest
from assay.node.access.actions import Audit, action
from assay.node.access.models import User
from assay.node.access.permissions import Permission
from assay.node.leads.models import Lead
from assay.node.partnering import introductions
from assay.node.partnering.models import Introduction, Partner, Word
from assay.node.portal import handing, news, sharing
from assay.node.portal.belonging import acting

_STATE: Final = Introduction.State

#: What a button of the portal says that brings an introduction to a state.
BUTTONS: Final[Mapping[str, str]] = {
    _STATE.ACCEPTED: "Accept",
    _STATE.DECLINED: "Decline",
    _STATE.MADE: "It is made",
    _STATE.CLOSED: "It is needed no more",
}
OPEN: Final = frozenset({_STATE.ASKED, _STATE.ACCEPTED})


@action("ask for an introduction, as a partner", Permission.USE_PORTAL)
def ask(audit: Audit, key: str, wanted: str, now: datetime) -> Introduction:
    """Ask our owner of an account that both know of for an introduction there."""
    partner, user = acting(audit.actor)
    account = sharing.shared(partner, key)
    if account is None:
        raise BadRequest("There is no such account", mend="Perhaps it is no longer shared.")
    wanted = _wanted(wanted)
    _demand_none_open(partner, account.account_id, by_us=False)
    made = introductions.asked_by_partner(
        partner, None, account.account_id, secrets.token_hex(16), now, wanted=wanted, theirs=str(user)
    )
    audit.write("introduction", made.pk, before={}, after={"state": made.state, "by_us": False})
    return made


@action("answer an introduction, as a partner", Permission.USE_PORTAL)
def answer(audit: Audit, public_id: str, state: str, now: datetime) -> Introduction:
    """Accept, decline or close an introduction, or say that it was made."""
    partner, user = acting(audit.actor)
    one = _locked(partner, public_id)
    before = one.state
    if not introductions.brought_by_partner(one, state, str(user), now):
        raise BadRequest(
            f"This introduction is {one.get_state_display().lower()}, so that cannot be said of it",
            mend="Look at the page again; somebody was quicker.",
        )
    audit.write("introduction", one.pk, before={"state": before}, after={"state": one.state})
    return one


@action("write in the thread of an introduction, as a partner", Permission.USE_PORTAL)
def say(audit: Audit, public_id: str, text: str, now: datetime) -> Word:
    """Write to our owner in the thread."""
    partner, user = acting(audit.actor)
    one = _locked(partner, public_id)
    if not text.strip():
        raise BadRequest("There is nothing written", mend="Write a sentence.")
    if one.state == _STATE.CLOSED:
        raise BadRequest("It is closed", mend="Ask for another introduction.")
    made = introductions.written_by_partner(one, secrets.token_hex(16), text.strip(), str(user), now)
    made.by = user
    made.save(update_fields=["by"])
    audit.write("introduction", one.pk, before={}, after={"word": made.pk})
    return made


@action("ask a partner in the portal for an introduction", Permission.WORK_LEADS)
def ask_partner(audit: Audit, lead_id: int, slug: str, wanted: str, now: datetime) -> Introduction:
    """Ask a partner that uses the portal for an introduction at the account of a lead, which it knows of already."""
    lead = Lead.objects.filter(pk=lead_id).first()
    user = audit.actor if isinstance(audit.actor, User) else None
    if lead is None or user is None:
        raise BadRequest("There is no such lead", value=str(lead_id))
    partner = next((one for one in askable(lead) if one.slug == slug), None)
    if partner is None:
        raise BadRequest("This partner does not know of the account yet", mend="Hand the lead over first.")
    wanted, account_id = _wanted(wanted), sharing.account_of(lead)
    _demand_none_open(partner, account_id, by_us=True)
    made = Introduction.objects.create(
        partner=partner,
        public_id=secrets.token_hex(16),
        account_id=account_id,
        by_us=True,
        ours=user,
        wanted=wanted,
        made_at=now,
        changed_at=now,
    )
    audit.write("introduction", made.pk, before={}, after={"state": made.state, "partner": partner.pk})
    news.introduction(made, "introduction", now)
    return made


def askable(lead: Lead) -> list[Partner]:
    """Return the partners with a portal that know of the account of a lead, and are to be asked nothing there yet."""
    account_id = sharing.account_of(lead)
    if not account_id or handing.suppressed(lead):
        return []
    partners = Partner.objects.filter(portal__isnull=False, left_at__isnull=True)
    open_ones = Introduction.objects.filter(account_id=account_id, by_us=True, state__in=sorted(OPEN))
    asked = set(open_ones.values_list("partner_id", flat=True))
    return [one for one in partners if one.pk not in asked and sharing.knows(one, account_id)]


def of_partner(partner: Partner) -> QuerySet[Introduction]:
    """Return the introductions of a partner, those that wait for the partner first."""
    place = Case(
        When(by_us=True, state=_STATE.ASKED, then=Value(0)),
        When(state__in=sorted(OPEN), then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    rows = Introduction.objects.filter(partner=partner).select_related("ours")
    return rows.order_by(place, "-changed_at", "-pk")


def waiting_for(partner: Partner) -> int:
    """Return how many introductions a partner has to answer."""
    return Introduction.objects.filter(partner=partner, by_us=True, state=_STATE.ASKED).count()


def waits_for_partner(one: Introduction) -> bool:
    """Tell whether the partner has to answer."""
    return one.by_us and one.state == _STATE.ASKED


def buttons(one: Introduction) -> list[tuple[str, str]]:
    """Return what the partner may bring an introduction to, and what the button says."""
    can = introductions.moves(one, by_us=False)
    return [(state, text) for state, text in BUTTONS.items() if state in can]


def _wanted(wanted: str) -> str:
    if not wanted.strip():
        raise BadRequest("What the introduction is for is missing", mend="Write a sentence: to whom, and why.")
    return wanted.strip()[:2000]


def _demand_none_open(partner: Partner, account_id: str, *, by_us: bool) -> None:
    asked = Introduction.objects.filter(partner=partner, account_id=account_id, by_us=by_us, state__in=sorted(OPEN))
    if asked.exists():
        raise BadRequest("An introduction there is asked for already", mend="Write in its thread.")


def _locked(partner: Partner, public_id: str) -> Introduction:
    rows = Introduction.objects.select_for_update(of=("self",)).select_related("partner__manager", "ours")
    found = rows.filter(partner=partner, public_id=public_id).first()
    if found is None:
        raise BadRequest("There is no such introduction")
    return found
