"""Sealed messages from one partner to the other: in order, once, until they are fetched."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from typing import Final

from assay.escrow.partnerships import Partnership
from assay.escrow.refusals import Refusal

MESSAGE_BYTES: Final = 128 << 10
_WAITING: Final = 100_000
_AT_ONCE: Final = 4 << 20


def send(database: sqlite3.Connection, found: Partnership, first: int, messages: Sequence[bytes]) -> tuple[str, int]:
    """Keep messages numbered from `first` on; one that is there already may come again, if it is the same."""
    if any(not 0 < len(message) <= MESSAGE_BYTES for message in messages):
        raise Refusal("too_large", limit=MESSAGE_BYTES)
    sent, last, fetched = _box(database, found.id, found.mine)
    if not 0 < first <= sent + 1:
        raise Refusal("gap", next=sent + 1)
    for number, message in enumerate(messages, first):
        digest = hashlib.sha256(message).digest()
        if number <= sent:
            _demand_same(database, found, (number, sent, fetched), (message, digest, last))
            continue
        if number - fetched > _WAITING:
            raise Refusal("full")
        database.execute("INSERT INTO messages VALUES (?, ?, ?, ?)", [found.id, found.mine, number, message])
        sent, last = number, digest
    database.execute(
        "INSERT OR REPLACE INTO mailboxes VALUES (?, ?, ?, ?, ?)", [found.id, found.mine, sent, last, fetched]
    )
    return "send", len(messages)


def fetch(database: sqlite3.Connection, found: Partnership, after: int) -> list[bytes]:
    """Return the partner's messages behind a number, each behind its own number in eight bytes; a few MB at most."""
    rows = database.execute(
        "SELECT number, message FROM messages WHERE partnership = ? AND sender = ? AND number > ? ORDER BY number",
        [found.id, found.theirs, after],
    )
    taken: list[bytes] = []
    size = 0
    for number, message in rows:
        size += len(message)
        if taken and size > _AT_ONCE:
            break
        taken.append(number.to_bytes(8, "big") + message)
    return taken


def acknowledge(database: sqlite3.Connection, found: Partnership, through: int) -> tuple[str, int]:
    """Forget the partner's messages up to a number, which the company has kept for itself by now."""
    sent, last, fetched = _box(database, found.id, found.theirs)
    if through > sent:
        raise Refusal("gap", next=sent)
    where = [found.id, found.theirs, through]
    database.execute("DELETE FROM messages WHERE partnership = ? AND sender = ? AND number <= ?", where)
    kept = [found.id, found.theirs, sent, last, max(fetched, through)]
    database.execute("INSERT OR REPLACE INTO mailboxes VALUES (?, ?, ?, ?, ?)", kept)
    return "acknowledge", through


def _box(database: sqlite3.Connection, partnership: bytes, sender: bytes) -> tuple[int, bytes, int]:
    """Return (the last number sent, that message's digest, the last number fetched)."""
    found = database.execute(
        "SELECT sent, last, fetched FROM mailboxes WHERE partnership = ? AND sender = ?", [partnership, sender]
    ).fetchone()
    return found or (0, b"", 0)


def _demand_same(
    database: sqlite3.Connection, found: Partnership, at: tuple[int, int, int], told: tuple[bytes, bytes, bytes]
) -> None:
    """Refuse a message that was told differently before. Of those fetched, the last alone is still known."""
    (number, sent, fetched), (message, digest, last) = at, told
    kept = database.execute(
        "SELECT message FROM messages WHERE partnership = ? AND sender = ? AND number = ?",
        [found.id, found.mine, number],
    ).fetchone()
    is_other = kept[0] != message if kept else number == sent and digest != last
    if is_other or (kept is None and number > fetched):
        raise Refusal("gap", next=sent + 1)
