"""Who of a partner can read what we tell it: its node, or somebody whom we let into the portal."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

from assay.node.partnering.models import Partner, Partnership, Standing

#: Tells which of some partners (their numbers) have people who can come in and read.
Readers = Callable[[Collection[int]], set[int]]
_READING: Final[list[Readers]] = []


def listen(readers: Readers) -> None:
    """Let this function say which partners have people who can read here."""
    if readers not in _READING:
        _READING.append(readers)


def with_a_node(partners: Collection[int]) -> set[int]:
    """Return which of these partners have a node that takes in what we tell."""
    live = Standing.objects.filter(
        partnership__partner__in=list(partners), partnership__state=Partnership.State.LIVE, node_heard_at__isnull=False
    )
    return set(live.values_list("partnership__partner", flat=True))


def with_people(partners: Collection[int]) -> set[int]:
    """Return which of these partners have people who can come in and read."""
    return {one for readers in _READING for one in readers(partners)}


def unread(partners: Collection[int]) -> set[int]:
    """Return the partners of whom nobody can read what we tell them."""
    return set(partners) - with_a_node(partners) - with_people(partners) if partners else set()


def where(partner: Partner) -> str:
    """Return in a sentence where a partner reads what was just told; what to do where it cannot."""
    if partner.pk in with_people([partner.pk]):
        return f"{partner}’s people find it in the portal, and are told."
    if partner.pk in with_a_node([partner.pk]):
        return f"It is on its way to {partner}’s node."
    return f"Kept, but nobody at {partner} can read it: invite somebody to the portal. Whoever comes finds it there."
