"""Who of a partner can read what we tell it: its node, or somebody whom we let into the portal."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

from assay.node.partnering.models import Partner, Partnership, Standing

#: Tells which of some partners (their numbers) have people who can come in and read.
Readers = Callable[[Collection[int]], set[int]]
_READING: Final[list[Readers]] = []
#: Tells by which sign a partner's people see an account of which they know no name; '' where they know one.
Sign = Callable[[Partner, str], str]
_SIGNS: Final[list[Sign]] = []


def listen(readers: Readers, sign: Sign) -> None:
    """Let these functions say which partners have people who can read here, and what they see of an account."""
    if readers not in _READING:
        _READING.append(readers)
        _SIGNS.append(sign)


def with_a_node(partners: Collection[int]) -> set[int]:
    """Return which of these partners have a node that takes in what we tell."""
    known = Standing.objects.filter(partnership__partner__in=list(partners), node_heard_at__isnull=False)
    going = known.exclude(partnership__state=Partnership.State.REVOKED)
    return set(going.values_list("partnership__partner", flat=True))


def with_people(partners: Collection[int]) -> set[int]:
    """Return which of these partners have people who can come in and read."""
    return {one for readers in _READING for one in readers(partners)}


def unread(partners: Collection[int]) -> set[int]:
    """Return the partners of whom nobody can read what we tell them."""
    return set(partners) - with_a_node(partners) - with_people(partners) if partners else set()


def sign(partner: Partner, account_id: str) -> str:
    """Return by which sign people of a partner see an account, where they read of it here and know no name of it."""
    if partner.pk not in with_people([partner.pk]):
        return ""
    return next((found for of in _SIGNS if (found := of(partner, account_id))), "")


def where(partner: Partner) -> str:
    """Return in a sentence where a partner reads what was just told; what to do where it cannot."""
    if partner.pk in with_people([partner.pk]):
        return f"{partner}’s people find it in the portal, and are told."
    if partner.pk in with_a_node([partner.pk]):
        return f"It is on its way to {partner}’s node."
    return f"Kept, but nobody at {partner} can read it: invite somebody to the portal. Whoever comes finds it there."
