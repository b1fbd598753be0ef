"""Introductions: one side asks, the other answers, both owners talk; on whichever side's node it began."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from django.urls import reverse
from django.utils import timezone

from assay.core.errors import BadRequest
from assay.node.access.actions import Audit, action
from assay.node.access.models import User
from assay.node.access.permissions import MAY, Permission, Role, may
from assay.node.leads.models import AccountOwner, Lead
from assay.node.leads.states import UNANSWERED, WORKED
from assay.node.partnering import post
from assay.node.partnering.models import Introduction, Overlap, Partner, Partnership, Word
from assay.node.telling import outbox, tasks

State = Introduction.State

#: Which states each side may bring an introduction to: "asker" is who asked, "asked" who was.
MOVES: Final[Mapping[str, Mapping[str, frozenset[str]]]] = {
    State.ASKED: {"asker": frozenset({State.CLOSED}), "asked": frozenset({State.ACCEPTED, State.DECLINED})},
    State.ACCEPTED: dict.fromkeys(("asker", "asked"), frozenset({State.MADE, State.CLOSED})),
    State.MADE: dict.fromkeys(("asker", "asked"), frozenset({State.CLOSED})),
}
_SAID: Final = {
    State.ACCEPTED: "accepted the introduction",
    State.DECLINED: "declined the introduction",
    State.MADE: "made the introduction",
    State.CLOSED: "closed the introduction",
}


#: Told of what we ask, answer and write: of which introduction, what kind of thing, when.
_LISTENING: Final[list[Callable[[Introduction, str, datetime], None]]] = []


def listen(tell: Callable[[Introduction, str, datetime], None]) -> None:
    """Let this function hear what we do about introductions, in the transaction in which we do it."""
    if tell not in _LISTENING:
        _LISTENING.append(tell)


def moves(one: Introduction, *, by_us: bool) -> frozenset[str]:
    """Return the states that we, or the partner, may bring an introduction to."""
    side = "asker" if one.by_us == by_us else "asked"
    return MOVES.get(one.state, {}).get(side, frozenset())


@action("ask for an introduction", Permission.WORK_LEADS)
def ask(audit: Audit, overlap_id: int, wanted: str, now: datetime) -> Introduction:
    """Ask a partner for an introduction at an account that both share."""
    user = _user(audit)
    shared = Overlap.objects.select_related("partnership__partner").filter(pk=overlap_id, until__isnull=True).first()
    if shared is None or shared.ruling != Overlap.Ruling.MATCH or shared.partnership.state != Partnership.State.LIVE:
        raise BadRequest(
            "This account is not shared with a partner who could be asked", mend="Choose one of the overlap list."
        )
    text = _text(wanted, 2000)
    going_on = Introduction.objects.filter(
        partner=shared.partnership.partner, account_id=shared.account_id, state__in=[State.ASKED, State.ACCEPTED]
    )
    if going_on.exists():
        raise BadRequest("There is an introduction under way already", mend="Write in its thread.")
    made = Introduction.objects.create(
        partnership=shared.partnership,
        partner=shared.partnership.partner,
        public_id=secrets.token_hex(16),
        account_id=shared.account_id,
        by_us=True,
        ours=user,
        wanted=text,
        made_at=now,
        changed_at=now,
    )
    body = {"ours": shared.handle, "yours": shared.their_handle, "wanted": text, "name": _named(user)}
    _tell_partner(made, "introduction", made.public_id, body)
    audit.write("introduction", made.pk, before={}, after={"state": made.state, "partner": made.partner_id})
    return made


@action("answer an introduction", Permission.WORK_LEADS)
def bring(audit: Audit, introduction_id: int, state: str, now: datetime) -> Introduction:
    """Accept or decline what a partner asked, say that it was made, or close it."""
    user, one = _user(audit), _locked(introduction_id)
    if state not in moves(one, by_us=True):
        raise BadRequest("This cannot be done with it any more", mend="Look at where it stands.")
    before = one.state
    one.ours = one.ours or user
    if state == State.ACCEPTED:
        one.ours = user
    one.save(update_fields=["ours", *_stands(one, state, now)])
    _tell_partner(one, "introduction-state", one.public_id, {"state": state, "name": _named(user)})
    audit.write("introduction", one.pk, before={"state": before}, after={"state": state})
    return one


@action("write to a partner", Permission.WORK_LEADS)
def write(audit: Audit, introduction_id: int, text: str, now: datetime) -> Word:
    """Write into the thread of an introduction; both owners read it."""
    user, one = _user(audit), _locked(introduction_id)
    if one.state == State.CLOSED:
        raise BadRequest("It is closed", mend="Ask for another introduction.")
    word = Word.objects.create(
        introduction=one, public_id=secrets.token_hex(16), by_us=True, by=user, text=_text(text, 5000), at=now
    )
    _tell_partner(one, "word", word.public_id, {"introduction": one.public_id, "text": word.text, "name": _named(user)})
    audit.write("introduction", one.pk, before={}, after={"word": word.pk})
    return word


@action("take over an introduction", Permission.WORK_LEADS)
def take_over(audit: Audit, introduction_id: int, now: datetime) -> Introduction:
    """Become our owner of an introduction."""
    user, one = _user(audit), _locked(introduction_id)
    audit.write("introduction", one.pk, before={"ours": one.ours_id}, after={"ours": user.pk})
    one.ours, one.changed_at = user, now
    one.save(update_fields=["ours", "changed_at"])
    return one


# --- what partners do: from their node, or in the portal ------------------------------------------------------------


def asked_by_partner(
    partner: Partner, partnership: Partnership | None, account_id: str, public_id: str, now: datetime, **told: str
) -> Introduction:
    """Note that a partner asks for an introduction (`wanted`, `theirs`: who asks); whoever owns the account is told."""
    known = Introduction.objects.filter(public_id=public_id).first()
    if known is not None:
        _demand_own(known, partner)
        return known
    one = Introduction.objects.create(
        partnership=partnership,
        partner=partner,
        public_id=public_id,
        account_id=account_id,
        by_us=False,
        ours=_owner_of(account_id),
        theirs=told.get("theirs", "")[:200],
        wanted=told["wanted"][:2000],
        made_at=now,
        changed_at=now,
    )
    _tell_ours(one, "introduction_asked", f"{partner.name} asks for an introduction", one.wanted, now)
    return one


def brought_by_partner(one: Introduction, state: str, name: str, now: datetime) -> bool:
    """Note what a partner did with an introduction; tell whether it could. What came before changes nothing."""
    if state not in moves(one, by_us=False):
        return False
    one.theirs = name[:200] or one.theirs
    one.save(update_fields=["theirs", *_stands(one, state, now)])
    said = f"{one.partner.name} {_SAID[State(state)]}"
    _tell_ours(one, f"introduction_{state}", said, "", now)
    return True


def written_by_partner(one: Introduction, public_id: str, text: str, name: str, now: datetime) -> Word:
    """Note what a partner wrote into a thread."""
    known = Word.objects.filter(public_id=public_id).first()
    if known is not None:
        if known.introduction_id != one.pk:
            raise BadRequest("This was said elsewhere already")
        return known
    word = Word.objects.create(
        introduction=one, public_id=public_id, by_us=False, name=name[:200], text=text[:5000], at=now
    )
    _tell_ours(one, "word", f"{one.partner.name} writes about an introduction", word.text[:300], now)
    return word


@post.takes("introduction")
def _asked(partnership: Partnership, public_id: str, body: Mapping[str, Any], now: datetime) -> None:
    yours = post.demand_id(body.get("yours"))
    shared = Overlap.objects.filter(partnership=partnership, handle=yours, until__isnull=True).order_by("-bits").first()
    if shared is None or shared.ruling != Overlap.Ruling.MATCH:
        raise post.NotYet("We share no such account")
    wanted, name = post.demand_text(body, "wanted", 2000), post.demand_text(body, "name", 200, may_lack=True)
    asked_by_partner(partnership.partner, partnership, shared.account_id, public_id, now, wanted=wanted, theirs=name)


@post.takes("introduction-state")
def _brought(partnership: Partnership, public_id: str, body: Mapping[str, Any], now: datetime) -> None:
    one = _of(partnership, public_id)
    brought_by_partner(
        one, post.demand_text(body, "state", 10), post.demand_text(body, "name", 200, may_lack=True), now
    )


@post.takes("word")
def _written(partnership: Partnership, public_id: str, body: Mapping[str, Any], now: datetime) -> None:
    one = _of(partnership, post.demand_id(body.get("introduction")))
    text, name = post.demand_text(body, "text", 5000), post.demand_text(body, "name", 200, may_lack=True)
    written_by_partner(one, public_id, text, name, now)


def _of(partnership: Partnership, public_id: str) -> Introduction:
    """Return an introduction of a partnership, which nobody else changes meanwhile."""
    known = Introduction.objects.select_for_update(of=("self",)).select_related("partner", "ours")
    one = known.filter(public_id=public_id).first()
    if one is None:
        raise post.NotYet("There is no such introduction")
    _demand_own(one, partnership.partner)
    return one


def _demand_own(one: Introduction, partner: Partner) -> None:
    if one.partner_id != partner.pk:
        raise BadRequest("There is no such introduction")


def _stands(one: Introduction, state: str, now: datetime) -> tuple[str, ...]:
    """Let an introduction stand at a state; return the names of what changed."""
    one.state, one.changed_at = state, now
    if state == State.ACCEPTED:
        one.accepted_at = now
    if state == State.MADE:
        one.introduced_at = now
    return ("state", "changed_at", "accepted_at", "introduced_at")


# --- whom it concerns ------------------------------------------------------------------------------------------------


def _owner_of(account_id: str) -> User | None:
    """Return who owns an account here: by routing, else by an open lead of it."""
    owner = AccountOwner.objects.select_related("user").filter(account_id=account_id).first()
    if owner is not None and owner.user.is_active:
        return owner.user
    worked = Lead.objects.select_related("owner").filter(
        state__in=sorted(UNANSWERED | WORKED), owner__is_active=True, merged_into=None
    )
    lead = (
        worked.filter(account_id=account_id).first()
        or worked.filter(subject_type="account", subject_id=account_id).first()
    )
    return lead.owner if lead is not None else None


def _tell_ours(one: Introduction, what: str, said: str, summary: str, now: datetime) -> None:
    """Tell our owner, else the partner's manager, else all partner managers; and endpoints that want to hear."""
    people = [user for user in (one.ours, one.partner.manager) if user is not None and user.is_active][:1]
    if not people:
        people = list(User.objects.filter(is_active=True, role=Role.PARTNER_MANAGER))
    content = {"line": said, "summary": summary, "path": reverse("introduction", args=[one.pk])}
    facts = {
        "introduction": one.pk,
        "partner": one.partner.slug,
        "account_id": one.account_id,
        "state": one.state,
        "by_us": one.by_us,
        "owner": one.ours_id,
        "at": now.isoformat(),
    }
    outbox.tell_people(people, f"partner.{what}", content, facts, now=now, send=tasks.on_their_way)


def _tell_partner(one: Introduction, kind: str, public_id: str, body: Mapping[str, Any]) -> None:
    """Let the partner's node know; a partner without one reads it in the portal."""
    if one.partnership is not None and one.partnership.state != Partnership.State.REVOKED:
        post.send(one.partnership, kind, public_id, body)
    for tell in _LISTENING:
        tell(one, kind, timezone.now())


def may_work(user: User) -> bool:
    """Tell whether somebody may ask and answer."""
    return may(user.role, Permission.WORK_LEADS)


def workers() -> list[str]:
    """Return the roles that may ask and answer."""
    return sorted(MAY[Permission.WORK_LEADS])


def _user(audit: Audit) -> User:
    if not isinstance(audit.actor, User):
        raise BadRequest("Introductions are asked and answered by people", mend="Log in as somebody.")
    return audit.actor


def _named(user: User) -> str:
    return user.name[:200]


def _locked(introduction_id: int) -> Introduction:
    known = Introduction.objects.select_for_update(of=("self",)).select_related("partner", "partnership", "ours")
    one = known.filter(pk=introduction_id).first()
    if one is None:
        raise BadRequest("There is no such introduction", value=str(introduction_id))
    return one


def _text(text: str, most: int) -> str:
    if not text.strip():
        raise BadRequest("There is nothing written", mend="Write a sentence.")
    return text.strip()[:most]
