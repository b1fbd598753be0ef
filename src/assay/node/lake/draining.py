"""From the inbox into the lake, exactly once: naming the file and emptying the inbox are one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
import pyarrow as pa
from django.db import connection, transaction

from assay.node.intake import calls as arriving
from assay.node.intake.calls import Call
from assay.node.intake.models import WriteKey
from assay.node.lake import manifest
from assay.node.lake.models import SeenMessage
from assay.node.lake.rows import GROUP_KIND, LAKE

#: How much is taken at once: calls, and bytes of them.
_CALLS: Final = 20_000
_BYTES: Final = 64 << 20
_REMEMBERED: Final = timedelta(days=90)

#: The oldest calls, as many as may be held in memory, leave the inbox. It has no index and is small: it is read whole.
_TAKE: Final = """
DELETE FROM intake_inbox WHERE ctid = ANY(ARRAY(
    SELECT place FROM (
        SELECT place, sum(size) OVER (ORDER BY id) - size AS before FROM (
            SELECT ctid AS place, id, octet_length(body) AS size FROM intake_inbox ORDER BY id LIMIT %s
        ) oldest
    ) counted WHERE before < %s
)) RETURNING id, key_id, received_at, skew, body
"""
_NEW: Final = """
INSERT INTO lake_seenmessage (digest, seen_on) SELECT unnest(%s::bytea[]), %s ON CONFLICT DO NOTHING RETURNING digest
"""

_WITHOUT_SEQ: Final = pa.schema([field for field in LAKE if field.name != "seq"])

#: What the inbox gives: number, key, arrival, skew, call.
_Taken = tuple[int, int, datetime, int, str]


class Sources(msgspec.Struct, frozen=True):
    """The sources that the calls of a write key feed; '' is none."""

    events: str = ""
    people: str = ""
    accounts: str = ""


def drain(now: datetime, calls: int = _CALLS) -> pa.Table | None:
    """Take the oldest calls from the inbox into the lake; return their rows, or None where the inbox was empty.

    A crash at any moment leaves each call either in the inbox or in the lake. Messages that were taken already, by
    the id that their client gave them, give no rows.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM intake_inbox LIMIT 1")
        if cursor.fetchone() is None:
            return None
    with transaction.atomic():
        manifest.held()
        with connection.cursor() as cursor:
            cursor.execute(_TAKE, [calls, _BYTES])
            taken: list[_Taken] = sorted(cursor.fetchall())
            if not taken:
                return None
            fresh = _unseen(taken, now)
        return manifest.add(_table(fresh, _sources()), now)


def forget_messages(now: datetime) -> int:
    """Forget messages that were taken long ago; return how many."""
    gone, _ = SeenMessage.objects.filter(seen_on__lt=(now - _REMEMBERED).date()).delete()
    return gone


def unseen(digests: Sequence[bytes], now: datetime) -> set[bytes]:
    """Return those of the digests that are new, and remember them."""
    with connection.cursor() as cursor:
        # In their order, so that neighbours in the index are met together.
        cursor.execute(_NEW, [sorted(set(digests)), now.date()])
        return {bytes(digest) for (digest,) in cursor.fetchall()}


def digest_of(*parts: str) -> bytes:
    """Return what is remembered of a message."""
    return hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _unseen(taken: Sequence[_Taken], now: datetime) -> list[tuple[int, datetime, Call]]:
    """Return the calls that were not taken before, each once, in their order."""
    read = [
        (key, received_at, arriving.understood(body, skew, arriving.microseconds(received_at)))
        for _, key, received_at, skew, body in taken
    ]
    digests = [digest_of(str(key), call.id) for key, _, call in read]
    left = unseen(digests, now)
    fresh = []
    for one, digest in zip(read, digests, strict=True):
        if digest in left:
            left.remove(digest)
            fresh.append(one)
    return fresh


def _sources() -> Mapping[int, Sources]:
    keys = WriteKey.objects.values_list("id", "events_source", "people_source", "accounts_source")
    return {number: Sources(*named) for number, *named in keys}


def _table(fresh: Sequence[tuple[int, datetime, Call]], sources: Mapping[int, Sources]) -> pa.Table:
    nothing = Sources()
    rows = [row for key, received_at, call in fresh for row in _rows(call, received_at, sources.get(key, nothing))]
    columns = zip(*rows, strict=True) if rows else [()] * len(_WITHOUT_SEQ)
    return pa.table(
        [pa.array(values, field.type) for values, field in zip(columns, _WITHOUT_SEQ, strict=True)], schema=_WITHOUT_SEQ
    )


def _rows(call: Call, received_at: datetime, to: Sources) -> Iterator[tuple[object, ...]]:
    """Yield a call's rows in the order of LAKE without `seq`; a group call tells of an account and of its member."""
    told = (call.id, call.at, received_at, call.user, call.anonymous, call.group, call.event)
    if call.kind == GROUP_KIND:
        yield (to.accounts, GROUP_KIND, *told, call.body)
        if call.user is not None or call.anonymous is not None:
            yield (to.people, "member", *told, "{}")
        return
    source = to.people if call.kind in {"identify", "alias"} else to.events
    yield (source, call.kind, *told, call.body)
