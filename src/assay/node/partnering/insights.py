"""Insights between two nodes: what somebody here attests to a partner, and what a partner attests to us."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from assay.core.errors import BadRequest
from assay.node.access.actions import Audit, action
from assay.node.access.models import User
from assay.node.access.permissions import Permission
from assay.node.partnering import post
from assay.node.partnering.models import Insight, OurInsight, Overlap, Partner, Partnership

#: The letters that rules know, in the order in which people ask.
LETTERS: Final = ("need", "budget", "authority", "timing", "use_case")
_LONGEST: Final = 300
#: What takes an insight back, as rules read it.
WITHDRAWN: Final = "no"

#: Told of what we attest, in the transaction in which we do.
_LISTENING: Final[list[Callable[[OurInsight], None]]] = []


def listen(tell: Callable[[OurInsight], None]) -> None:
    """Let this function hear what we attest to partners, in the transaction in which we do it."""
    if tell not in _LISTENING:
        _LISTENING.append(tell)


@action("attest something to a partner", Permission.LET_PARTNERS_LEARN)
def attest(audit: Audit, overlap_id: int, letter: str, value: str, now: datetime) -> OurInsight:
    """Tell a partner what we know of a letter of an account that both share; "no" takes it back."""
    shared = Overlap.objects.select_related("partnership__partner").filter(pk=overlap_id, until__isnull=True).first()
    if shared is None or shared.ruling != Overlap.Ruling.MATCH or shared.partnership.state != Partnership.State.LIVE:
        raise BadRequest("This account is not shared with a partner who could be told", mend="Choose another.")
    if letter not in LETTERS:
        raise BadRequest("There is no such letter", value=letter, mend=f"These there are: {', '.join(LETTERS)}.")
    if not value.strip():
        raise BadRequest("There is nothing written", mend="Write yes, what it is, or no.")
    made = OurInsight.objects.create(
        partnership=shared.partnership,
        account_id=shared.account_id,
        letter=letter,
        value=value.strip()[:_LONGEST],
        by=audit.actor if isinstance(audit.actor, User) else None,
        at=now,
    )
    body = {"yours": shared.their_handle, "letter": letter, "value": made.value}
    post.send(shared.partnership, "insight", secrets.token_hex(16), body)
    for tell in _LISTENING:
        tell(made)
    audit.write("overlap", shared.pk, before={}, after={"attested": letter})
    return made


def told_to(partners: Collection[Partner], account_ids: Collection[str] | None = None) -> list[OurInsight]:
    """Return what we attest to partners now, of some accounts or of all: the last word on each letter, newest first."""
    rows = OurInsight.objects.filter(partnership__partner__in=list(partners)).exclude(
        partnership__state=Partnership.State.REVOKED
    )
    if account_ids is not None:
        rows = rows.filter(account_id__in=list(account_ids))
    latest: dict[tuple[int, str, str], OurInsight] = {}
    for one in rows.select_related("by", "partnership"):
        latest.setdefault((one.partnership.partner_id, one.account_id, one.letter), one)
    return [one for one in latest.values() if one.value.strip().lower() != WITHDRAWN]


@post.takes("insight")
def _attested(partnership: Partnership, public_id: str, body: Mapping[str, Any], now: datetime) -> None:
    """Note what a partner attests; said again, it is the same insight."""
    yours = post.demand_id(body.get("yours"))
    shared = Overlap.objects.filter(partnership=partnership, handle=yours, until__isnull=True).order_by("-bits").first()
    if shared is None or shared.ruling != Overlap.Ruling.MATCH:
        raise post.NotYet("We share no such account")
    letter = post.demand_text(body, "letter", 10)
    if letter not in LETTERS:
        raise BadRequest("There is no such letter")
    value = post.demand_text(body, "value", _LONGEST)
    latest = Insight.objects.filter(partner=partnership.partner, account_id=shared.account_id, letter=letter).first()
    if latest is not None and latest.value == value and now - latest.at < timedelta(minutes=1):
        return
    Insight.objects.create(
        partner=partnership.partner,
        account_id=shared.account_id,
        letter=letter,
        value=value,
        at=now if latest is None else max(now, latest.at + timedelta(microseconds=1)).astimezone(UTC),
    )
