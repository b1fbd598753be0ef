"""How calls get into the inbox: Postgres's binary COPY, which costs little to make and little to read."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final

import psycopg

from assay.node.intake.calls import Kept

_HEAD: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TAIL: Final = b"\xff\xff"
COPY: Final = "COPY intake_inbox (key_id, received_at, skew, body) FROM STDIN (FORMAT BINARY)"
#: Microseconds from 1970 to 2000, from which Postgres counts.
_TO_2000: Final = 946_684_800_000_000


def rows(key: int, received: int, kept: Sequence[Kept]) -> bytes:
    """Return calls as COPY takes them in; `received` in microseconds since 1970."""
    starts = {
        skew: struct.pack(">hiqiqiq", 4, 8, key, 8, received - _TO_2000, 8, skew) for skew in {one.skew for one in kept}
    }
    return b"".join([part for one in kept for part in (starts[one.skew], len(one.body).to_bytes(4, "big"), one.body)])


def packed(parts: Sequence[bytes]) -> bytes:
    """Return rows as one COPY sends them."""
    return b"".join([_HEAD, *parts, _TAIL])


def write(connection: psycopg.Connection, parts: Sequence[bytes]) -> None:
    """Put rows into the inbox. The connection commits by itself: COPY returns once the rows are on disk."""
    with connection.cursor().copy(COPY) as copy:
        copy.write(packed(parts))
