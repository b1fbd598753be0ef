"""Batches as most clients write them, read at once: what may come otherwise is for `calls`, which says what is wrong.

A batch is plain where each of its calls is as it should be, says its own id, and every id is text. Most of what could
be wrong is found by the decoder itself, which costs a fraction of looking at each call in Python.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final

import msgspec

from assay.core.values import DAY
from assay.node.intake import calls, limits
from assay.node.intake.calls import Kept, Kind
from assay.node.intake.limits import LONGEST_ID
from assay.node.intake.refusals import Refusal

_Id = Annotated[str, msgspec.Meta(max_length=LONGEST_ID)]


class _Place(calls.Place):
    group_id: _Id | None = None


class _Message(calls.Message, kw_only=True):
    type: Kind
    message_id: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_ID)]
    user_id: _Id | None = None
    anonymous_id: _Id | None = None
    previous_id: _Id | None = None
    group_id: _Id | None = None
    context: _Place | None = None


class _Batch(msgspec.Struct, rename="camel"):
    batch: Annotated[list[_Message], msgspec.Meta(min_length=1)]
    sent_at: str | None = None
    write_key: str | None = None


class Plain(msgspec.Struct, frozen=True, gc=False):
    """A plain batch: its calls as they are kept, and the write key that it says."""

    kept: Sequence[Kept]
    write_key: str | None


_batches: Final = msgspec.json.Decoder(_Batch)
_DECADE: Final = 3653 * DAY


def read(body: bytes, received: int) -> Plain | None:
    """Return a batch that came `received` (in microseconds), if it is plain; None says nothing of what it is."""
    if calls.NUL in body:
        return None
    try:
        batch = _batches.decode(body)
        bodies = calls.raw_bodies(body)
        messages = batch.batch
        limits.hold(calls.family(messages[0]), len(body), list(map(len, bodies)))
        skew = 0 if batch.sent_at is None else received - calls.microseconds(datetime.fromisoformat(batch.sent_at))
        if not (-_DECADE < skew < _DECADE and all(map(_is_plain, messages))):
            return None
        if batch.sent_at is None and any(message.sent_at is not None for message in messages):
            return None
        told = {message.original_timestamp or message.timestamp for message in messages} - {None}
        if any(not 1950 < datetime.fromisoformat(instant).year < 9000 for instant in told if instant is not None):
            return None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError, Refusal):
        return None
    return Plain([Kept(bytes(raw), skew) for raw in bodies], batch.write_key)


def _is_plain(message: _Message) -> bool:
    kind = message.type
    if kind == "alias":
        return False
    who = message.user_id or message.anonymous_id
    if kind == "group":
        who = message.group_id
    elif kind == "track" and (not message.event or message.event.isspace()):
        return False
    return who is not None and bool(who.strip())
