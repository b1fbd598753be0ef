"""Letters between two partners' nodes: written down with what they tell, handed on by the next step, taken in once.

Whoever steps a partnership hands on what waits (`hand_on`) in the transaction of its own memory, and gives in what the
partner said (`receive`). What is about something that we do not know of yet waits. What makes no sense is refused by
saying so in the log, and changes nothing.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from assay.core.errors import BadRequest
from assay.node.partnering import errands
from assay.node.partnering.models import Incoming, Outgoing, Partnership, Standing

_log: Final = logging.getLogger(__name__)

#: Says something to the partner of one partnership: kind, public id, body.
Say = Callable[[str, str, dict[str, Any]], object]
#: Takes in what a partner said: partnership, public id, body, when.
Take = Callable[[Partnership, str, Mapping[str, Any], datetime], object]

#: So long, and so much, is kept of what a partner says about what we do not know of.
_WAITS: Final = timedelta(days=30)
_MOST_WAITING: Final = 1_000

_TAKERS: Final[dict[str, Take]] = {}


class NotYet(BadRequest):
    """A partner speaks of what we do not know of yet; it is kept, and taken in once we do."""


def takes(kind: str) -> Callable[[Take], Take]:
    """Let a function take in letters of a kind."""

    def register(take: Take) -> Take:
        _TAKERS[kind] = take
        return take

    return register


def send(partnership: Partnership, kind: str, public_id: str, body: Mapping[str, Any]) -> None:
    """Write down something to be said to a partner; called in the transaction of what it tells."""
    now = timezone.now()
    Outgoing.objects.create(partnership=partnership, kind=kind, public_id=public_id, body=dict(body), made_at=now)
    errands.want(partnership.pk, now)


def waits(partnership: Partnership) -> bool:
    """Tell whether anything waits to be said."""
    return Outgoing.objects.filter(partnership=partnership, handed_on_at__isnull=True).exists()


def hand_on(partnership: Partnership, say: Say, now: datetime, most: int = 100) -> int:
    """Hand on what waits, in its order; return how much that was.

    `say` writes into the memory of the protocol: called in the transaction that keeps it, each letter is there once.
    """
    take_again(partnership, now)
    with transaction.atomic():
        _say_once_that_there_is_a_node(partnership, now)
        waiting = Outgoing.objects.filter(partnership=partnership, handed_on_at__isnull=True)
        letters = list(waiting.select_for_update(of=("self",))[:most])
        for one in letters:
            say(one.kind, one.public_id, one.body)
        Outgoing.objects.filter(pk__in=[one.pk for one in letters]).update(handed_on_at=now)
    return len(letters)


def receive(
    partnership: Partnership, kind: str, public_id: str, body: Mapping[str, Any], now: datetime | None = None
) -> bool:
    """Take in what a partner said; tell whether it made sense. What came before changes nothing."""
    take = _taker(kind)
    if take is None:
        _log.warning("a partner said something of a kind that is not known")
        return False
    at = now or timezone.now()
    try:
        with transaction.atomic():
            take(partnership, demand_id(public_id), body, at)
    except NotYet:
        return _let_wait(partnership, kind, public_id, body, at)
    except BadRequest:
        _log.warning("a partner said something that makes no sense here")
        return False
    # `assay share` hears letters and writes none: whoever writes one has a node.
    Standing.objects.filter(partnership=partnership, node_heard_at__isnull=True).update(node_heard_at=at)
    return True


def take_again(partnership: Partnership, now: datetime) -> int:
    """Take in what had to wait, where it makes sense by now; forget what waited too long. Return how much was taken."""
    taken = 0
    Incoming.objects.filter(partnership=partnership, at__lt=now - _WAITS).delete()
    for one in list(Incoming.objects.filter(partnership=partnership)):
        with suppress(BadRequest), transaction.atomic():
            if (take := _taker(one.kind)) is not None:
                take(partnership, one.public_id, one.body, now)
                taken += 1
            one.delete()
    return taken


@takes("node")
def _there_is_a_node(partnership: Partnership, public_id: str, body: Mapping[str, Any], now: datetime) -> None:
    """Take in that the partner has a node; any letter says so, and this one nothing else."""


def _say_once_that_there_is_a_node(partnership: Partnership, now: datetime) -> None:
    """Let the partner know that somebody reads here what it tells: it cannot see that otherwise."""
    if Standing.objects.filter(partnership=partnership, node_told_at__isnull=True).update(node_told_at=now):
        Outgoing.objects.create(
            partnership=partnership, kind="node", public_id=secrets.token_hex(16), body={}, made_at=now
        )


def _taker(kind: str) -> Take | None:
    from assay.node.partnering import insights, introductions  # noqa: F401  (they say what they take)

    return _TAKERS.get(kind)


def _let_wait(partnership: Partnership, kind: str, public_id: str, body: Mapping[str, Any], at: datetime) -> bool:
    """Keep what is about something that we do not know of yet; False, as it is not taken in."""
    if Incoming.objects.filter(partnership=partnership).count() >= _MOST_WAITING:
        _log.warning("a partner said more than can wait about what is not known here")
        return False
    Incoming.objects.get_or_create(
        partnership=partnership, kind=kind, public_id=public_id, defaults={"body": dict(body), "at": at}
    )
    return False


def demand_id(text: object) -> str:
    """Return a public id; BadRequest where it is none."""
    if not isinstance(text, str) or len(text) != 32 or set(text) - set("0123456789abcdef"):
        raise BadRequest("This is no public id", mend="Send 32 hexadecimal digits.")
    return text


def demand_text(body: Mapping[str, Any], name: str, most: int, *, may_lack: bool = False) -> str:
    """Return a text of a letter, cut to its length; BadRequest where there is none."""
    text = body.get(name, "" if may_lack else None)
    if not isinstance(text, str) or (not text.strip() and not may_lack):
        raise BadRequest("A text is missing", where=name)
    return text.replace("\0", "").strip()[:most]
