"""Which leads changed since a bookmark, in the order in which their changes became visible to others.

An order by clock or by sequence is none: of two transactions, the one that took its number first may commit last, and
who read in between would never see it. So triggers only note which leads a transaction touched. Whoever reads gives
what is noted, and therefore committed, the next places, alone under a lock that is held until its own commit. A place
is thus never seen before those in front of it, and what commits later comes later. Places are plain numbers in our own
table: they survive restarts and moves to another server. They are never less than the clock says, in microseconds, so
that those given after a restore lie behind all that were given before it, also those that the backup knows nothing of;
`TOUCH_ALL` then lets each lead come once more, as nobody knows what a bookmark's bearer has seen of it.

A lead has one place, that of its latest change: who comes back finds each lead that changed once, as it is now. What
changed again while it was read is left out: it has, or will have, a later place.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from django.db import connection, transaction

_LOCK: Final = 0x415049464545
_FORM: Final = ">Bq8s"
_VERSION: Final = 1
_GIVE_PLACES: Final = """
WITH touched AS (DELETE FROM api_touched RETURNING lead, id),
     latest AS (SELECT lead, max(id) AS id FROM touched GROUP BY lead),
     placed AS (SELECT lead, row_number() OVER (ORDER BY id) AS place FROM latest),
     last AS (SELECT greatest(max(position), (extract(epoch FROM clock_timestamp()) * 1000000)::bigint) AS position
              FROM api_place)
INSERT INTO api_place (lead, position) SELECT lead, last.position + place FROM placed, last
ON CONFLICT (lead) DO UPDATE SET position = excluded.position
"""

#: To be executed once after a restore, by whoever owns the tables.
TOUCH_ALL: Final = """
INSERT INTO api_touched (lead) SELECT id FROM leads_lead UNION SELECT lead FROM api_place ORDER BY 1
"""

_Lead = TypeVar("_Lead")


class UnknownBookmark(ValueError):
    """A bookmark that this feed did not give, or not to this question."""


@dataclass(frozen=True, slots=True)
class Changed(Generic[_Lead]):
    """Leads that changed, in order; those that are no more; the bookmark behind them; whether there are more by now."""

    leads: list[_Lead]
    gone: list[int]
    bookmark: str
    has_more: bool


def changed_since(
    bookmark: str | None, read: Callable[[Sequence[int]], Mapping[int, _Lead]], *, question: str, most: int
) -> Changed[_Lead]:
    """Return the leads that changed after a bookmark, or all where there is none; at most so many.

    `read` gives leads by number, those that are wanted: the others are told as gone. `question` is what was asked, such
    as a filter: a bookmark belongs to it.
    """
    after = _position(bookmark, question) if bookmark is not None else 0
    give_places()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT lead, position FROM api_place WHERE position > %s ORDER BY position LIMIT %s", [after, most + 1]
        )
        rows = cursor.fetchall()
    shown = dict(rows[:most])
    found = read(list(shown))
    settled = _settled(shown)
    last = max(shown.values(), default=after)
    return Changed(
        leads=[found[lead] for lead in settled if lead in found],
        gone=[lead for lead in settled if lead not in found],
        bookmark=_bookmark(last, question),
        has_more=len(rows) > most,
    )


def _settled(shown: Mapping[int, int]) -> list[int]:
    """Return those of the leads, which were read by now, that nothing changed since they had their places."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT lead FROM api_place p WHERE position = ANY(%s) "
            "AND NOT EXISTS (SELECT FROM api_touched t WHERE t.lead = p.lead) ORDER BY position",
            [list(shown.values())],
        )
        return [lead for (lead,) in cursor.fetchall()]


def give_places() -> None:
    """Give committed changes that have none yet their places behind all others."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM api_touched LIMIT 1")
        if cursor.fetchone() is None:
            return
    with transaction.atomic(), connection.cursor() as cursor:
        # By a statement of its own: the next one then sees all that committed before the lock was given.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        cursor.execute(_GIVE_PLACES)


def question(words: Sequence[object]) -> str:
    """Return what a bookmark remembers of a question."""
    return repr(tuple(words))


def _bookmark(position: int, asked: str) -> str:
    packed = struct.pack(_FORM, _VERSION, position, _digest(asked))
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def _position(bookmark: str, asked: str) -> int:
    try:
        packed = base64.urlsafe_b64decode(bookmark + "=" * (-len(bookmark) % 4))
        version, position, digest = struct.unpack(_FORM, packed)
    except (ValueError, binascii.Error, struct.error):
        raise UnknownBookmark from None
    if version != _VERSION or digest != _digest(asked) or position < 0:
        raise UnknownBookmark
    return int(position)


def _digest(asked: str) -> bytes:
    return hashlib.blake2b(asked.encode(), digest_size=8).digest()
