"""What clients send: calls of the Segment tracking specification, checked when they come, understood when drained.

What comes is checked and kept as it came, which costs little. `understood` brings a call that was kept to the one form
that the lake is made of.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, Literal, TypeVar

import msgspec

from assay.core.values import micros
from assay.node.intake import limits, refusals
from assay.node.intake.limits import LONGEST_ID
from assay.node.intake.refusals import Refusal

Kind = Literal["track", "identify", "group", "alias", "page", "screen"]
KINDS: Final[tuple[Kind, ...]] = ("track", "identify", "group", "alias", "page", "screen")

_Id = str | int | None
_Told = TypeVar("_Told")


class _Object(msgspec.Struct, gc=False):
    """A JSON object, whatever is in it."""


class Place(msgspec.Struct, rename="camel", gc=False):
    """A message's context, as far as anything of it matters."""

    group_id: _Id = None
    traits: _Object | None = None
    library: limits.Library | None = None


class Message(msgspec.Struct, rename="camel", gc=False):
    """A message as a client writes it, as far as it must be right to be kept."""

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
    properties: _Object | None = None
    traits: _Object | None = None
    context: Place | None = None
    channel: str | None = None
    write_key: str | None = None


class _Batch(msgspec.Struct, rename="camel"):
    batch: list[Message]
    sent_at: str | None = None
    write_key: str | None = None


class _RawBatch(msgspec.Struct):
    batch: list[msgspec.Raw]


class Sent(msgspec.Struct, frozen=True):
    """What one request holds: its messages as they came, and as they were read."""

    bodies: Sequence[msgspec.Raw | bytes]
    messages: Sequence[Message]
    sent_at: str | None
    write_key: str | None
    size: int
    has_nul: bool


class Kept(msgspec.Struct, frozen=True, gc=False):
    """A call to be kept: `skew` is what its client's clock lacks, in microseconds."""

    body: bytes
    skew: int


class Call(msgspec.Struct, frozen=True):
    """A call, understood: `at` is the instant in microseconds, its client's clock set right."""

    kind: Kind
    id: str
    at: int
    body: str  # a JSON object: properties or traits
    user: str | None
    anonymous: str | None  # of an alias: the id before
    group: str | None
    event: str | None


_batches: Final = msgspec.json.Decoder(_Batch)
_raw_batches: Final = msgspec.json.Decoder(_RawBatch)
_messages: Final = msgspec.json.Decoder(Message)
_encoder: Final = msgspec.json.Encoder()
_objects: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_EARLIEST: Final = micros(datetime(1900, 1, 1, tzinfo=UTC))
_LATEST: Final = micros(datetime(9999, 1, 1, tzinfo=UTC))
_KINDS: Final = frozenset(KINDS)

# --- what comes -----------------------------------------------------------------------------------------------------


def read_batch(body: bytes) -> Sent:
    """Return the messages of a batch; Refusal where it is none."""
    batch = _decoded(_batches, body)
    if not batch.batch:
        raise refusals.bad("empty_batch", "batch: there is nothing in it.")
    return Sent(raw_bodies(body), batch.batch, batch.sent_at, batch.write_key, len(body), NUL in body)


def read_one(kind: Kind, body: bytes) -> Sent:
    """Return the message of a call that was sent by itself; Refusal where it is none."""
    message = _decoded(_messages, body)
    if message.type != kind:
        message.type = kind
        body = _with(body, type=kind)
    return Sent([body], [message], message.sent_at, message.write_key, len(body), NUL in body)


def kept(sent: Sent, received_at: datetime) -> list[Kept]:
    """Return each call as it is kept; Refusal where one is not as it should be, or too large."""
    limits.hold(family(sent.messages[0]), sent.size, list(map(len, sent.bodies)))
    received = microseconds(received_at)
    is_told, batch_skew = _skew(sent.sent_at, received)
    found = []
    for i, (message, raw) in enumerate(zip(sent.messages, sent.bodies, strict=True)):
        skew = batch_skew if is_told or message.sent_at is None else _skew(message.sent_at, received)[1]
        try:
            _demand(message, skew, sent.has_nul)
        except Refusal as refusal:
            where = f"batch[{i}]." if len(sent.messages) > 1 else ""
            raise Refusal(refusal.status, refusal.code, where + refusal.message) from None
        body = bytes(raw)
        found.append(Kept(body if message.message_id else _with(body, messageId=uuid.uuid4().hex), skew))
    return found


def microseconds(instant: datetime) -> int:
    """Return an instant in microseconds since 1970; one without a zone is meant in UTC."""
    return micros(instant if instant.tzinfo else instant.replace(tzinfo=UTC))


#: What Postgres takes in no text.
NUL: Final = b"\\u0000"


def raw_bodies(body: bytes) -> list[msgspec.Raw]:
    """Return the messages of a batch as they were written."""
    return _raw_batches.decode(body).batch


def family(message: Message) -> limits.Family:
    """Return whose limits hold for what such a client sends."""
    library = message.context.library if message.context is not None else None
    return limits.family(library, has_channel=message.channel is not None)


def _decoded(decoder: msgspec.json.Decoder[_Told], body: bytes) -> _Told:
    """Return what a decoder makes of JSON. Refusals name places, never values: they are other people's data."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise refusals.bad("bad_shape", f"{str(error).replace('`$.', '`')}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise refusals.bad("bad_json", "This is not JSON.") from None


def _with(body: bytes, **told: str) -> bytes:
    """Return a message with something that it does not say itself."""
    return _encoder.encode({**_objects.decode(body), **told})


def _skew(sent_at: str | None, received: int) -> tuple[bool, int]:
    """Return whether the client said when it sent, and what its clock lacks; an unreadable instant says nothing."""
    if sent_at is None:
        return False, 0
    try:
        return True, received - microseconds(datetime.fromisoformat(sent_at))
    except ValueError:
        return False, 0


def _demand(message: Message, skew: int, has_nul: bool) -> None:
    """Raise Refusal where a message lacks what its kind must have."""
    kind = message.type
    if kind not in _KINDS:
        raise refusals.bad("bad_type", f"type: it must be one of {', '.join(KINDS)}.")
    if has_nul:
        _demand_no_nul(message)
    _demand_short_ids(message)
    if kind == "group":
        if _id(message.group_id) is None:
            raise refusals.bad("missing", "groupId: it is missing.")
    elif kind == "alias":
        if _id(message.user_id) is None or _id(message.previous_id) is None:
            raise refusals.bad("missing", "userId and previousId: an alias needs both.")
    elif _id(message.user_id) is None and _id(message.anonymous_id) is None:
        raise refusals.bad("missing", "userId or anonymousId: there must be one.")
    if kind == "track" and not (message.event and message.event.strip()):
        raise refusals.bad("missing", "event: it is missing.")
    told = message.original_timestamp or message.timestamp
    if told is not None and _at(told, skew) is None:
        raise refusals.bad("bad_timestamp", "timestamp: write an instant such as 2026-05-04T12:30:00.000Z.")


def _demand_no_nul(message: Message) -> None:
    if any("\0" in str(told) for told in (*_ids(message).values(), message.event)):
        raise refusals.bad("bad_shape", "Neither ids nor the event may hold a NUL.")


def _demand_short_ids(message: Message) -> None:
    """Refuse ids that nobody means: they would not fit where spells and leads are kept."""
    for name, told in _ids(message).items():
        if _is_long(told):
            raise refusals.bad("bad_shape", f"{name}: it is longer than {LONGEST_ID} characters.")


def _ids(message: Message) -> dict[str, _Id]:
    return {
        "messageId": message.message_id,
        "userId": message.user_id,
        "anonymousId": message.anonymous_id,
        "previousId": message.previous_id,
        "groupId": message.group_id,
        "context.groupId": message.context.group_id if message.context is not None else None,
    }


def _is_long(told: _Id) -> bool:
    return told is not None and len(str(told)) > LONGEST_ID


def _id(told: _Id) -> str | None:
    """Return an id as text; a blank one is none."""
    return None if told is None else str(told).strip() or None


def _at(told: str, skew: int) -> int | None:
    """Return an instant of a client's clock, set right; None where it cannot be read."""
    try:
        at = microseconds(datetime.fromisoformat(told)) + skew
    except ValueError:
        return None
    return at if _EARLIEST <= at < _LATEST else None


# --- what is drained ------------------------------------------------------------------------------------------------


class _KeptPlace(msgspec.Struct, rename="camel", gc=False):
    group_id: _Id = None
    traits: msgspec.Raw = msgspec.Raw()


class _KeptMessage(msgspec.Struct, rename="camel", gc=False):
    type: Kind
    message_id: _Id
    user_id: _Id = None
    anonymous_id: _Id = None
    previous_id: _Id = None
    group_id: _Id = None
    event: str | None = None
    name: str | None = None
    category: str | None = None
    timestamp: str | None = None
    original_timestamp: str | None = None
    properties: msgspec.Raw = msgspec.Raw()
    traits: msgspec.Raw = msgspec.Raw()
    context: _KeptPlace | None = None


_kept_messages: Final = msgspec.json.Decoder(_KeptMessage)


def understood(body: str, skew: int, received: int) -> Call:
    """Return what a call says that was kept `received` (in microseconds)."""
    message = _kept_messages.decode(body)
    kind = message.type
    told = message.original_timestamp or message.timestamp
    group = _id(message.group_id)
    if kind != "group" and message.context is not None:
        group = _id(message.context.group_id) or group
    return Call(
        kind=kind,
        id=str(message.message_id),
        at=received if told is None else _at(told, skew) or received,
        body=_body(message).decode(),
        user=_id(message.user_id),
        anonymous=_id(message.previous_id if kind == "alias" else message.anonymous_id),
        group=group,
        event=_id(message.event) if kind == "track" else None,
    )


def _body(message: _KeptMessage) -> bytes:
    """Return the properties or traits of a call: a JSON object as it came."""
    kind = message.type
    if kind in {"identify", "group"}:
        traits = _object(message.traits)
        if traits == _EMPTY and kind == "identify" and message.context is not None:
            return _object(message.context.traits)  # where RudderStack's clients put them
        return traits
    if kind == "alias":
        return _EMPTY
    properties = _object(message.properties)
    named = {} if kind == "track" else {"name": message.name, "category": message.category}
    told = {name: msgspec.Raw(_encoder.encode(value)) for name, value in named.items() if value}
    return _encoder.encode({**told, **_objects.decode(properties)}) if told else properties


_EMPTY: Final = b"{}"


def _object(raw: msgspec.Raw) -> bytes:
    return bytes(raw) if raw and raw != msgspec.Raw(b"null") else _EMPTY
