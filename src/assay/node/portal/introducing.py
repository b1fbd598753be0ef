"""Introductions on the partner's side: asking for one, answering one, and the thread."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from assay.core.errors import BadRequest
from assay.node.access.actions import Audit, action
from assay.node.access.models import User
from assay.node.access.permissions import Permission
from assay.node.leads.models import AccountOwner, Lead
from assay.node.leads.states import WORKED
from assay.node.partnering.models import Introduction, Partner, Word
from assay.node.portal import news, sharing
from assay.node.portal.belonging import acting

_STATE: Final = Introduction.State

#: What a partner may do: for introductions that which side asked for, from which states, to which.
_MOVES: Final[Mapping[str, tuple[bool | None, frozenset[str], str]]] = {
    "accept": (True, frozenset({_STATE.ASKED}), _STATE.ACCEPTED),
    "decline": (True, frozenset({_STATE.ASKED}), _STATE.DECLINED),
    "made": (True, frozenset({_STATE.ACCEPTED}), _STATE.MADE),
    "close": (None, frozenset({_STATE.ASKED, _STATE.ACCEPTED, _STATE.MADE}), _STATE.CLOSED),
}
OPEN: Final = frozenset({_STATE.ASKED, _STATE.ACCEPTED})


@action("ask for an introduction, as a partner", Permission.USE_PORTAL)
def ask(audit: Audit, key: str, wanted: str, now: datetime) -> Introduction:
    """Ask our owner of an account that both know of for an introduction there."""
    partner, user = acting(audit.actor)
    account = sharing.shared(partner, key)
    if account is None:
        raise BadRequest("There is no such account", mend="Perhaps it is no longer shared.")
    wanted = wanted.strip()[:2000]
    if not wanted:
        raise BadRequest("What the introduction is for is missing", mend="Write a sentence: to whom, and why.")
    asked = Introduction.objects.filter(
        partner=partner, account_id=account.account_id, by_us=False, state__in=sorted(OPEN)
    )
    if asked.exists():
        raise BadRequest("An introduction there is asked for already", mend="Write in its thread.")
    made = Introduction.objects.create(
        partner=partner,
        public_id=secrets.token_hex(16),
        account_id=account.account_id,
        by_us=False,
        ours=_owner(account.account_id),
        theirs=str(user)[:200],
        wanted=wanted,
        made_at=now,
        changed_at=now,
    )
    audit.write("introduction", made.pk, before={}, after={"state": made.state, "by_us": False})
    _tell(made, "asked for", now)
    return made


@action("answer an introduction, as a partner", Permission.USE_PORTAL)
def answer(audit: Audit, public_id: str, verb: str, now: datetime) -> Introduction:
    """Accept, decline or close an introduction, or say that it was made."""
    partner, user = acting(audit.actor)
    one = _locked(partner, public_id)
    if verb not in _MOVES:
        raise BadRequest("There is nothing of that name to answer", mend="Use the buttons of the page.")
    by_us, before, after = _MOVES[verb]
    if one.state not in before or by_us not in {None, one.by_us}:
        raise BadRequest(
            f"This introduction is {one.get_state_display().lower()}, so that cannot be said of it",
            mend="Look at the page again; somebody was quicker.",
        )
    audit.write("introduction", one.pk, before={"state": one.state}, after={"state": after})
    one.state, one.changed_at = after, now
    if one.by_us and not one.theirs:
        one.theirs = str(user)[:200]
    one.save(update_fields=["state", "changed_at", "theirs"])
    _tell(one, one.get_state_display().lower(), now)
    return one


@action("write in the thread of an introduction, as a partner", Permission.USE_PORTAL)
def say(audit: Audit, public_id: str, text: str, now: datetime) -> Word:
    """Write to our owner in the thread."""
    partner, user = acting(audit.actor)
    one = _locked(partner, public_id)
    if not text.strip():
        raise BadRequest("There is nothing written", mend="Write a sentence.")
    made = Word.objects.create(
        introduction=one,
        public_id=secrets.token_hex(16),
        by_us=False,
        by=user,
        name=str(user)[:200],
        text=text.strip()[:5000],
        at=now,
    )
    one.changed_at = now
    one.save(update_fields=["changed_at"])
    audit.write("introduction", one.pk, before={}, after={"word": made.pk})
    _tell(one, "wrote to you", now)
    return made


def of_portal(partner: Partner) -> list[Introduction]:
    """Return the introductions of a partner, those that wait for the partner first."""
    rows = Introduction.objects.filter(partner=partner).select_related("ours")
    return sorted(
        rows, key=lambda one: (not waits_for_partner(one), one.state not in OPEN, -one.changed_at.timestamp())
    )


def waits_for_partner(one: Introduction) -> bool:
    """Tell whether the partner has to answer."""
    return one.by_us and one.state == _STATE.ASKED


def _locked(partner: Partner, public_id: str) -> Introduction:
    rows = Introduction.objects.select_for_update(of=("self",)).select_related("partner__manager", "ours")
    found = rows.filter(partner=partner, public_id=public_id).first()
    if found is None:
        raise BadRequest("There is no such introduction")
    return found


def _owner(account_id: str) -> User | None:
    """Return whose account it is: as somebody said, else who works a lead of it."""
    said = AccountOwner.objects.filter(account_id=account_id, user__is_active=True).select_related("user").first()
    if said is not None:
        return said.user
    leads = Lead.objects.filter(account_id=account_id, state__in=sorted(WORKED), owner__is_active=True)
    lead = leads.select_related("owner").order_by("-changed_at").first()
    return None if lead is None else lead.owner


def _tell(one: Introduction, what: str, now: datetime) -> None:
    news.introduction(one, sharing.name_for(one.partner, one.account_id, now), what, now)
