"""Insights between two nodes: what somebody here attests to a partner, and what a partner attests to us."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from assay.core.errors import BadRequest
from assay.node.access.actions import Audit, action
from assay.node.access.permissions import Permission
from assay.node.partnering import post
from assay.node.partnering.models import Insight, Overlap, Partnership

#: The letters that rules know, in the order in which people ask.
LETTERS: Final = ("need", "budget", "authority", "timing", "use_case")
_LONGEST: Final = 300


@action("attest something to a partner", Permission.LET_PARTNERS_LEARN)
def attest(audit: Audit, overlap_id: int, letter: str, value: str) -> None:
    """Tell a partner what we know of a letter of an account that both share; "no" takes it back."""
    shared = Overlap.objects.select_related("partnership").filter(pk=overlap_id, until__isnull=True).first()
    if shared is None or shared.ruling != Overlap.Ruling.MATCH or shared.partnership.state != Partnership.State.LIVE:
        raise BadRequest("This account is not shared with a partner who could be told", mend="Choose another.")
    if letter not in LETTERS:
        raise BadRequest("There is no such letter", value=letter, mend=f"These there are: {', '.join(LETTERS)}.")
    if not value.strip():
        raise BadRequest("There is nothing written", mend="Write yes, what it is, or no.")
    body = {"yours": shared.their_handle, "letter": letter, "value": value.strip()[:_LONGEST]}
    post.send(shared.partnership, "insight", secrets.token_hex(16), body)
    audit.write("overlap", shared.pk, before={}, after={"attested": letter})


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
