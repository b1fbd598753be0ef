"""Inviting a partner, accepting an invitation, comparing digits, pausing and ending."""

from __future__ import annotations

import os
import re
from datetime import date
from typing import Final
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify

from assay.core.errors import BadRequest
from assay.node.access.actions import Audit, action
from assay.node.access.models import User
from assay.node.access.permissions import Permission
from assay.node.partnering import company, errands, grants, releasing
from assay.node.partnering.memory import NodeKeep
from assay.node.partnering.models import Company, Errand, Partner, Partnership, Standing
from assay.node.partnering.restored import RESTORED
from assay.partners import dealing
from assay.partners.asking import demand_private, is_private
from assay.partners.dealing import Agreed, Invitation
from assay.partners.evidence import DEFAULT_TERMS, Relation, Terms

_ID: Final = 16
_ADDRESS: Final = re.compile(r"https?://[^\s/?#@]+(:[0-9]+)?")
_LIMITS: Final = ("matches_a_week", "longest_list", "growth_a_week", "alarm_above")
#: Words of which pages make addresses.
_TAKEN: Final = frozenset(
    {
        "invite",
        "accept",
        "company",
        "duplicates",
        "grants",
        "populations",
        "ecosystem",
        "introductions",
        "overlaps",
        "people",
    }
)


@action("invite a partner", Permission.MANAGE_PARTNERS)
def invite(
    audit: Audit,
    *,
    name: str,
    escrow: str,
    parent: str = "",
    is_blind: bool = True,
    match_from: float = DEFAULT_TERMS.match_from,
    ask_from: float = DEFAULT_TERMS.ask_from,
    relation: str = DEFAULT_TERMS.relation.value,
    people: bool = False,
    success: str = "",
    review_on: date | None = None,
) -> Partnership:
    """Begin with a partner: make the text that is sent to it. Nothing is exchanged before digits were compared."""
    ours = _ours()
    if ask_from > match_from:
        raise BadRequest("What is asked about must be less sure than what matches", where="thresholds")
    agreed = Agreed(
        matching=Terms(match_from=match_from, ask_from=ask_from, relation=Relation(relation), people=people),
        success=success.strip()[:500],
        review_on=review_on.isoformat() if review_on else "",
        is_blind=is_blind,
    )
    address = _demand_reachable(demand_address(escrow))
    partner = _partner(audit, name, parent)
    made = _partnership(partner, address, agreed, invited_us=False)
    if not is_blind:
        _accept_trust(audit, made)
    keep = NodeKeep(made, company.locker())
    invitation = dealing.invite(keep, company.us(ours, made.escrow), made.escrow, agreed)
    made.public_id = invitation.partnership.hex()
    made.save(update_fields=["public_id"])
    made.standing.invitation = invitation.text()
    made.standing.save(update_fields=["invitation"])
    audit.write("partnership", made.pk, before={}, after={"state": made.state, "partner": partner.slug})
    return made


@action("accept a partner's invitation", Permission.MANAGE_PARTNERS)
def accept(audit: Audit, text: str, *, name: str = "", parent: str = "", trusts: bool = False) -> Partnership:
    """Accept an invitation: its terms, its escrow. Nothing is exchanged before digits were compared.

    Where the partner itself runs the escrow, it is trusted and not blind, which must be accepted by itself.
    """
    ours = _ours()
    invitation = read(text)
    if not invitation.agreed.is_blind and not trusts:
        raise BadRequest(
            "One of the two of you runs this escrow: it is trusted, not blind",
            mend="Tick that you accept it, or ask for another escrow.",
        )
    if Partnership.objects.filter(public_id=invitation.partnership.hex()).exists():
        raise BadRequest("This invitation was accepted, or made here, already", mend="Look at the list of partners.")
    address = demand_private(demand_address(invitation.escrow))
    partner = _partner(audit, name or invitation.name, parent)
    made = _partnership(partner, address, invitation.agreed, invited_us=True)
    made.public_id, made.identity = invitation.partnership.hex(), invitation.inviter.hex()
    made.save(update_fields=["public_id", "identity"])
    if not invitation.agreed.is_blind:
        _accept_trust(audit, made)
    dealing.accept(NodeKeep(made, company.locker()), company.us(ours, made.escrow), invitation)
    errands.want(made.pk, timezone.now())
    audit.write("partnership", made.pk, before={}, after={"state": made.state, "partner": partner.slug})
    return made


@action("say that the digits were the same", Permission.MANAGE_PARTNERS)
def compared(audit: Audit, partnership_id: int) -> Partnership:
    """Say that two people compared the digits and found them the same."""
    found = _held(partnership_id, Partnership.State.COMPARING)
    found.compared_by, found.compared_at = _user(audit), timezone.now()
    found.state = Partnership.State.CONFIRMED
    found.save(update_fields=["compared_by", "compared_at", "state"])
    errands.send(found, Errand.What.CONFIRM)
    audit.write("partnership", found.pk, before={"state": "comparing"}, after={"state": found.state})
    return found


@action("pause a partnership", Permission.MANAGE_PARTNERS)
def pause(audit: Audit, partnership_id: int) -> Partnership:
    """Exchange nothing with a partner until somebody goes on."""
    found = _held(partnership_id, Partnership.State.LIVE)
    return _moved(audit, found, Partnership.State.PAUSED)


@action("go on with a partnership", Permission.MANAGE_PARTNERS)
def go_on(audit: Audit, partnership_id: int) -> Partnership:
    """Exchange again with a partner."""
    found = _held(partnership_id, Partnership.State.PAUSED)
    if found.trouble == RESTORED:
        found.trouble = ""
        found.save(update_fields=["trouble"])
    errands.want(found.pk, timezone.now())
    return _moved(audit, found, Partnership.State.LIVE)


@action("end a partnership", Permission.MANAGE_PARTNERS)
def end(audit: Audit, partnership_id: int) -> Partnership:
    """End a partnership for good: the escrow forgets both lists, and what the partner told does not hold any more."""
    found = _held(partnership_id, *(set(Partnership.State.values) - {Partnership.State.REVOKED}))
    errands.send(found, Errand.What.REVOKE)
    audit.write("partnership", found.pk, before={"state": found.state}, after={"is_ending": True})
    return found


@action("change a partnership's keys", Permission.MANAGE_PARTNERS)
def rotate(audit: Audit, partnership_id: int) -> Partnership:
    """Begin a new key epoch; the old one goes on until both lists are there under the new one."""
    found = _held(partnership_id, Partnership.State.LIVE)
    errands.send(found, Errand.What.ROTATE)
    audit.write("partnership", found.pk, before={}, after={"keys": "rotating"})
    return found


@action("sync with a partner now", Permission.SEE_PARTNERS)
def sync(audit: Audit, partnership_id: int) -> None:
    """Ask for a step with a partner now."""
    found = Partnership.objects.filter(pk=partnership_id).first()
    if found is None:
        raise BadRequest("There is no such partnership")
    errands.want(found.pk, timezone.now())
    audit.write("partnership", found.pk, before={}, after={"wanted": True})


@action("set a partner's limits", Permission.LET_PARTNERS_LEARN)
def limit(audit: Audit, /, partnership_id: int, **limits: int) -> Partnership:
    """Set how many accounts go a week, how long the partner's list may be and grow, what looks like probing.

    Under an alarm they are raised by somebody else than who asked for what the partner may learn.
    """
    found = _held(partnership_id, *Partnership.State.values)
    before = {name: getattr(found, name) for name in _LIMITS}
    is_raised = any(value > before.get(name, value) for name, value in limits.items())
    if is_raised and releasing.alarm(found):
        grants.demand_another(audit.actor, found)
    for name, value in limits.items():
        if name not in _LIMITS or not 0 <= value <= 2_000_000_000:
            raise BadRequest("This is no limit", where=name[:40], value=str(value))
        setattr(found, name, value)
    found.save(update_fields=list(_LIMITS))
    audit.write("partnership", found.pk, before=before, after={name: getattr(found, name) for name in _LIMITS})
    return found


@action("change what is known of a partner", Permission.MANAGE_PARTNERS)
def describe(audit: Audit, partner_id: int, *, name: str, parent: str, manager: int | None) -> Partner:
    """Change a partner's name, parent and manager; what rules call it stays."""
    found = Partner.objects.select_for_update().filter(pk=partner_id).first()
    if found is None:
        raise BadRequest("There is no such partner")
    found.name, found.parent = _named(name), parent.strip()[:200]
    found.manager = User.objects.filter(pk=manager, is_active=True).first() if manager else None
    found.save(update_fields=["name", "parent", "manager"])
    audit.write("partner", found.slug, before={}, after={"manager": found.manager_id})
    return found


def read(text: str) -> Invitation:
    """Return an invitation as it was pasted; BadRequest where it is none."""
    return Invitation.of_text("".join(text.split()))


def demand_address(escrow: str) -> str:
    """Return the address of an escrow as it is signed; BadRequest where it is none."""
    escrow = escrow.strip().rstrip("/")
    if not _ADDRESS.fullmatch(escrow) or not urlsplit(escrow).hostname or len(escrow) > 300:
        raise BadRequest(
            "This is not the address of an escrow",
            where="escrow",
            value=escrow[:100],
            mend="Write it as its operator does, such as https://escrow.example.com, without a path.",
        )
    return escrow


def _demand_reachable(escrow: str) -> str:
    """Return the address of an escrow that partners reach over TLS, or on this machine; BadRequest for any other."""
    if is_private(escrow):
        return escrow
    raise BadRequest(
        "A partner's command reaches an escrow over TLS alone",
        where="escrow",
        value=escrow[:100],
        mend=f"Write https://{urlsplit(escrow).netloc}, once a proxy with a certificate stands in front of it.",
    )


def _ours() -> Company:
    ours = company.held()
    if not ours.name:
        raise BadRequest(
            "Partners do not know yet what your company is called", mend="Write its name on the page of your company."
        )
    return ours


def _partner(audit: Audit, name: str, parent: str) -> Partner:
    """Return the partner of a name: one that left may come back; BadRequest for one that there is already."""
    name = _named(name)
    slug = slugify(name).replace("-", "_")[:60]
    if not slug or slug in _TAKEN:
        raise BadRequest("A partner cannot be called that", where="name", value=name, mend="Add a word.")
    found = Partner.objects.filter(slug=slug).first()
    if found is None:
        return Partner.objects.create(
            slug=slug, name=name, parent=parent.strip()[:200], manager=_user(audit), made_at=timezone.now()
        )
    if found.partnerships.exclude(state=Partnership.State.REVOKED).exists():
        raise BadRequest("There is a partnership with this partner already", where="name", value=name)
    found.left_at = None
    found.save(update_fields=["left_at"])
    return found


def _partnership(partner: Partner, escrow: str, agreed: Agreed, *, invited_us: bool) -> Partnership:
    try:
        with transaction.atomic():
            made = Partnership.objects.create(
                partner=partner,
                public_id=os.urandom(_ID).hex(),
                escrow=escrow,
                is_blind=agreed.is_blind,
                terms=agreed.as_json(),
                invited_us=invited_us,
                review_on=_day(agreed.review_on),
                made_at=timezone.now(),
            )
    except IntegrityError:
        raise BadRequest("There is a partnership with this partner already") from None
    Standing.objects.create(partnership=made)
    return made


def _accept_trust(audit: Audit, made: Partnership) -> None:
    Standing.objects.filter(partnership=made).update(trust_accepted_by=_user(audit), trust_accepted_at=timezone.now())


def _held(partnership_id: int, *states: str) -> Partnership:
    found = Partnership.objects.select_for_update().filter(pk=partnership_id, state__in=states).first()
    if found is None:
        raise BadRequest("The partnership is not where this can be done", mend="Look at the page again.")
    return found


def _moved(audit: Audit, found: Partnership, state: str) -> Partnership:
    audit.write("partnership", found.pk, before={"state": found.state}, after={"state": state})
    found.state = state
    found.save(update_fields=["state"])
    return found


def _named(name: str) -> str:
    name = name.strip()
    if not name or len(name) > 200:
        raise BadRequest("A partner needs a name of at most 200 characters", where="name", value=name[:40])
    return name


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise BadRequest("This is not a day", where="review date", value=text[:20]) from None


def _user(audit: Audit) -> User | None:
    return audit.actor if isinstance(audit.actor, User) else None
