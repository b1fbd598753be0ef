"""How much one request may hold: each family of clients keeps to limits of its own.

RudderStack's clients send up to 4 MiB. Segment's keep to 32 KB a message, and to 500 KB and 2,500 messages a batch, and
so does whoever is not known. A client is RudderStack's where its messages carry a `channel`, which all of its clients
write and none of Segment's does, or where `context.library.name` has "rudder" in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from assay.node.intake import refusals

#: Characters of the longest id of a person, an account or a message that is kept.
LONGEST_ID: Final = 200


class Library(msgspec.Struct):
    """What a client says of itself."""

    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What clients of one make may send: bytes a message, bytes and messages a request."""

    name: str
    message: int
    request: int
    messages: int


#: The most that any request may hold, before and after it is unpacked; an envelope comes on top of the messages.
MOST: Final = (4 << 20) + (64 << 10)
SEGMENT: Final = Family(name="Segment", message=32 << 10, request=500 << 10, messages=2500)
RUDDERSTACK: Final = Family(name="RudderStack", message=4 << 20, request=MOST, messages=50_000)


def family(library: Library | None, *, has_channel: bool) -> Family:
    """Return the family of a client, by what its first message says."""
    named = (library.name or "").lower() if library is not None else ""
    return RUDDERSTACK if has_channel or "rudder" in named else SEGMENT


def hold(kept_to: Family, request: int, messages: Sequence[int]) -> None:
    """Raise Refusal where a request of so many bytes, with messages of so many, is more than the family may send."""
    if len(messages) > kept_to.messages:
        raise refusals.too_large(f"batch: it holds more than {kept_to.messages} messages.")
    if request > kept_to.request:
        raise refusals.too_large(f"The request is larger than {kept_to.request} bytes.")
    for i, size in enumerate(messages):
        if size > kept_to.message:
            raise refusals.too_large(f"batch[{i}]: it is larger than {kept_to.message} bytes.")
