"""What clients send, checked and brought to one form: the calls of the Segment tracking specification."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, TypeVar

import msgspec

from assay.node.intake import limits, refusals
from assay.node.intake.refusals import Refusal

Kind = Literal["track", "identify", "group", "alias", "page", "screen"]
KINDS: Final[tuple[Kind, ...]] = ("track", "identify", "group", "alias", "page", "screen")

_Id = str | int | None
_Told = TypeVar("_Told")


class _Context(msgspec.Struct, rename="camel"):
    group_id: _Id = None
    traits: msgspec.Raw = msgspec.Raw()
    library: limits.Library | None = None


class _Message(msgspec.Struct, rename="camel"):
    """One message as a client writes it; what is not named here is not looked at."""

    type: str | None = None
    message_id: _Id = None
    user_id: _Id = None
    anonymous_id: _Id = None
    previous_id: _Id = None
    group_id: _Id = None
    event: str | None = None
    name: str | None = None
    category: str | None = None
    timestamp: str | None = None
    original_timestamp: str | None = None
    sent_at: str | None = None
    properties: msgspec.Raw = msgspec.Raw()
    traits: msgspec.Raw = msgspec.Raw()
    context: _Context | None = None
    channel: str | None = None
    write_key: str | None = None


class _Batch(msgspec.Struct, rename="camel"):
    batch: list[msgspec.Raw]
    sent_at: str | None = None
    write_key: str | None = None


class Call(msgspec.Struct, omit_defaults=True, frozen=True):
    """A call as the inbox keeps it: `at` is the instant in microseconds, its client's clock set right."""

    kind: Kind
    id: str
    at: int
    body: msgspec.Raw
    user: str | None = None
    anonymous: str | None = None  # of an alias: the id before
    group: str | None = None
    event: str | None = None


class Sent(msgspec.Struct, frozen=True):
    """What one request holds, read but not yet checked message by message."""

    messages: Sequence[tuple[_Message, int]]  # with its size in bytes
    sent_at: str | None
    write_key: str | None
    family: limits.Family
    size: int


_batches: Final = msgspec.json.Decoder(_Batch)
_messages: Final = msgspec.json.Decoder(_Message)
_objects: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_calls: Final = msgspec.json.Encoder()
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_EARLIEST: Final = (datetime(1900, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND
_LATEST: Final = (datetime(9999, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND


def read_batch(body: bytes) -> Sent:
    """Return the messages of a batch; Refusal where it is none."""
    batch = _decoded(_batches, body, "")
    if not batch.batch:
        raise refusals.bad("empty_batch", "batch: there is nothing in it.")
    read = [(_decoded(_messages, raw, f"batch[{i}]"), memoryview(raw).nbytes) for i, raw in enumerate(batch.batch)]
    return Sent(read, batch.sent_at, batch.write_key, _family(read[0][0]), len(body))


def read_one(kind: Kind, body: bytes) -> Sent:
    """Return the message of a call that was sent by itself; Refusal where it is none."""
    message = _decoded(_messages, body, "")
    message.type = kind
    return Sent([(message, len(body))], message.sent_at, message.write_key, _family(message), len(body))


def calls(sent: Sent, received_at: datetime) -> list[bytes]:
    """Return each call as the inbox keeps it; Refusal where one is not as it should be, or too large."""
    limits.hold(sent.family, sent.size, [size for _, size in sent.messages])
    received = microseconds(received_at)
    is_batch_skewed, batch_skew = _skew(sent.sent_at, received)
    kept = []
    for i, (message, _) in enumerate(sent.messages):
        try:
            skew = batch_skew if is_batch_skewed or message.sent_at is None else _skew(message.sent_at, received)[1]
            kept.append(_calls.encode(_call(message, skew, received)))
        except Refusal as refusal:
            where = f"batch[{i}]." if len(sent.messages) > 1 else ""
            raise Refusal(refusal.status, refusal.code, where + refusal.message) from None
    return kept


def microseconds(instant: datetime) -> int:
    """Return an instant in microseconds since 1970; one without a zone is meant in UTC."""
    return ((instant if instant.tzinfo else instant.replace(tzinfo=UTC)) - _EPOCH) // _MICROSECOND


def _family(message: _Message) -> limits.Family:
    library = message.context.library if message.context is not None else None
    return limits.family(library, has_channel=message.channel is not None)


def _decoded(decoder: msgspec.json.Decoder[_Told], body: bytes | msgspec.Raw, where: str) -> _Told:
    """Return what a decoder makes of JSON. Refusals name places, never values: they are other people's data."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        place = str(error).replace("`$.", f"`{where}." if where else "`").replace("`$", f"`{where}")
        raise refusals.bad("bad_shape", f"{place}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise refusals.bad("bad_json", f"{where + ': ' if where else ''}This is not JSON.") from None


def _skew(sent_at: str | None, received: int) -> tuple[bool, int]:
    """Return whether the client said when it sent, and what its clock lacks; an unreadable instant says nothing."""
    if sent_at is None:
        return False, 0
    try:
        return True, received - microseconds(datetime.fromisoformat(sent_at))
    except ValueError:
        return False, 0


def _call(message: _Message, skew: int, received: int) -> Call:
    kind = message.type
    if kind not in KINDS:
        raise refusals.bad("bad_type", f"type: it must be one of {', '.join(KINDS)}.")
    user, anonymous = _id(message.user_id), _id(message.anonymous_id)
    group = _id(message.group_id)
    event = None
    context_group = _id(message.context.group_id) if message.context is not None else None
    if kind == "group":
        if group is None:
            raise refusals.bad("missing", "groupId: it is missing.")
    else:
        group = context_group or group
    if kind == "alias":
        anonymous = _id(message.previous_id)
        if user is None or anonymous is None:
            raise refusals.bad("missing", "userId and previousId: an alias needs both.")
    elif kind != "group" and user is None and anonymous is None:
        raise refusals.bad("missing", "userId or anonymousId: there must be one.")
    if kind == "track":
        event = (message.event or "").strip() or None
        if event is None:
            raise refusals.bad("missing", "event: it is missing.")
    return Call(
        kind=kind,
        id=_id(message.message_id) or uuid.uuid4().hex,
        at=_at(message, skew, received),
        body=_body(message, kind),
        user=user,
        anonymous=anonymous,
        group=group,
        event=event,
    )


def _id(told: _Id) -> str | None:
    """Return an id as text; a blank one is none."""
    if told is None:
        return None
    return str(told).replace("\0", "").strip() or None


def _at(message: _Message, skew: int, received: int) -> int:
    """Return when it happened: by the client's clock, set right by what it lacked when it sent; else on arrival."""
    told = message.original_timestamp or message.timestamp
    if told is None:
        return received
    try:
        at = microseconds(datetime.fromisoformat(told)) + skew
    except ValueError:
        at = _LATEST
    if not _EARLIEST <= at < _LATEST:
        raise refusals.bad("bad_timestamp", "timestamp: write an instant such as 2026-05-04T12:30:00.000Z.")
    return at


def _body(message: _Message, kind: Kind) -> msgspec.Raw:
    """Return the properties or traits of a call: a JSON object as it came."""
    if kind in {"identify", "group"}:
        body = _object(message.traits, "traits")
        if body is _EMPTY and kind == "identify" and message.context is not None:
            body = _object(message.context.traits, "context.traits")  # where RudderStack's clients put them
        return body
    if kind == "alias":
        return _EMPTY
    body = _object(message.properties, "properties")
    named = {name: getattr(message, name) for name in ("name", "category") if getattr(message, name)}
    if kind == "track" or not named:
        return body
    told = {name: msgspec.Raw(_calls.encode(value)) for name, value in named.items()}
    own: dict[str, msgspec.Raw] = _decoded(_objects, body, "properties")
    return msgspec.Raw(_calls.encode({**told, **own}))


_EMPTY: Final = msgspec.Raw(b"{}")


def _object(raw: msgspec.Raw, where: str) -> msgspec.Raw:
    start = bytes(memoryview(raw)[:1])
    if start == b"{":
        return raw
    if start in {b"", b"n"}:
        return _EMPTY
    raise refusals.bad("bad_shape", f"{where}: it must be an object.")
