"""Who is partner of whom: greetings, confirmations, epochs, revocation."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from assay.escrow import wire
from assay.escrow.refusals import Refusal

#: The most bytes of a greeting.
GREETING_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Partnership:
    """A partnership as the company that asks sees it."""

    id: bytes
    mine: bytes
    theirs: bytes
    canonicaliser: int
    is_confirmed: bool


def greet(
    database: sqlite3.Connection, at: int, identity: bytes, partnership: bytes, told: dict[str, object]
) -> tuple[str, int]:
    """Keep a company's greeting for an epoch, opening the partnership where it is the first."""
    partner = wire.digits(str(told.get("partner")), wire.KEY_BYTES)
    made, epoch, version = bytes.fromhex(str(told.get("greeting"))), told.get("epoch"), told.get("canonicaliser")
    if not isinstance(epoch, int) or not isinstance(version, int) or not 0 < len(made) <= GREETING_BYTES:
        raise wire.Malformed("a greeting names an epoch and a canonicaliser version")
    if not (0 < epoch < 1 << 31 and 0 < version < 1 << 31) or partner == identity:
        raise wire.Malformed("a greeting that cannot be")
    opened = [partnership, identity, partner, version, at]
    database.execute("INSERT OR IGNORE INTO partnerships VALUES (?, ?, ?, ?, ?, NULL)", opened)
    row = database.execute("SELECT * FROM partnerships WHERE id = ?", [partnership]).fetchone()
    if {row[1], row[2]} != {identity, partner}:
        raise Refusal("other_partner")
    if row[5] is not None:
        raise Refusal("revoked")
    if row[3] != version:
        raise Refusal("canonicaliser", wanted=row[3])
    database.execute("INSERT OR IGNORE INTO greetings VALUES (?, ?, ?, ?)", [partnership, identity, epoch, made])
    where = "partnership = ? AND identity = ? AND epoch = ?"
    if (
        database.execute(f"SELECT greeting FROM greetings WHERE {where}", [partnership, identity, epoch]).fetchone()[0]
        != made
    ):
        raise Refusal("other_greeting")
    return "greeting", epoch


def confirm(database: sqlite3.Connection, found: Partnership, transcript: bytes, signature: bytes) -> bool:
    """Keep a company's word that two people compared the digits; tell whether it is the first of the two.

    Both must have seen the same greetings. With the first word the pepper is made, and never again: rows under a lost
    one would silently match nothing.
    """
    if not wire.is_signed(found.mine, wire.confirmation(found.id, transcript), signature):
        raise wire.Malformed("a confirmation is signed")
    others = database.execute("SELECT transcript FROM confirmations WHERE partnership = ?", [found.id]).fetchall()
    if any(other != transcript for (other,) in others):
        raise Refusal("other_confirmation")
    row = [found.id, found.mine, transcript, signature]
    database.execute("INSERT OR IGNORE INTO confirmations VALUES (?, ?, ?, ?)", row)
    return not others


def find(database: sqlite3.Connection, identity: bytes, partnership: bytes) -> Partnership:
    """Return a partnership; one between others looks like one that there is not."""
    row = database.execute(
        "SELECT *, (SELECT count(*) FROM confirmations WHERE partnership = id) FROM partnerships WHERE id = ?",
        [partnership],
    ).fetchone()
    if row is None or identity not in (row[1], row[2]):
        raise Refusal("unknown")
    if row[5] is not None:
        raise Refusal("revoked")
    theirs = row[2] if row[1] == identity else row[1]
    return Partnership(id=partnership, mine=identity, theirs=theirs, canonicaliser=row[3], is_confirmed=row[6] == 2)


def demand_confirmed(found: Partnership) -> Partnership:
    """Return the partnership; refuse where not both sides have confirmed: nothing is uploaded or sent before."""
    if not found.is_confirmed:
        raise Refusal("unconfirmed")
    return found


def state(database: sqlite3.Connection, found: Partnership) -> dict[str, object]:
    """Return everything that both sides may know of their partnership."""
    of = [found.id]
    greetings = database.execute(
        "SELECT identity, epoch, greeting FROM greetings WHERE partnership = ? ORDER BY epoch", of
    )
    words = database.execute("SELECT identity, transcript, signature FROM confirmations WHERE partnership = ?", of)
    newest = "SELECT coalesce(max(records.number), 0) FROM records WHERE list = lists.number"
    lists = database.execute(
        f"SELECT identity, epoch, rows, is_complete, ({newest}) FROM lists WHERE partnership = ? "
        "AND (rows OR is_complete)",
        of,
    )
    boxes = database.execute("SELECT sender, sent, fetched FROM mailboxes WHERE partnership = ?", of)
    return {
        "canonicaliser": found.canonicaliser,
        "is_confirmed": found.is_confirmed,
        "greetings": [{"by": a.hex(), "epoch": e, "greeting": o.hex()} for a, e, o in greetings],
        "confirmations": [{"by": a.hex(), "transcript": t.hex(), "signature": s.hex()} for a, t, s in words],
        "lists": [
            {"of": a.hex(), "epoch": e, "rows": n, "is_complete": bool(c), "newest": last} for a, e, n, c, last in lists
        ],
        "mailboxes": [{"from": a.hex(), "sent": s, "fetched": f} for a, s, f in boxes],
    }


def log(database: sqlite3.Connection, found: Partnership, after: int) -> list[dict[str, object]]:
    """Return the log's lines on a partnership behind a number, at most a thousand."""
    rows = database.execute(
        "SELECT number, at, identity, action, amount, chain FROM log WHERE partnership = ? AND number > ? "
        "ORDER BY number LIMIT 1000",
        [found.id, after],
    )
    return [
        {"number": n, "at": at, "by": by.hex(), "action": action, "amount": amount, "chain": chain.hex()}
        for n, at, by, action, amount, chain in rows
    ]


def revoke(database: sqlite3.Connection, at: int, partnership: bytes) -> None:
    """End a partnership: nothing of it is answered from now on. The pepper is destroyed next, then `forget` deletes."""
    database.execute("UPDATE partnerships SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", [at, partnership])


def revoke_key(database: sqlite3.Connection, at: int, identity: bytes) -> None:
    """End a key, and with it every partnership that it is in."""
    database.execute("UPDATE companies SET revoked_at = ? WHERE identity = ?", [at, identity])
    ended = database.execute(
        "SELECT id FROM partnerships WHERE ? IN (first, second) AND revoked_at IS NULL", [identity]
    ).fetchall()
    for (partnership,) in ended:
        revoke(database, at, partnership)


def revoked(database: sqlite3.Connection) -> list[bytes]:
    """Return the partnerships that ended."""
    return [row[0] for row in database.execute("SELECT id FROM partnerships WHERE revoked_at IS NOT NULL")]


def forget(database: sqlite3.Connection, partnership: bytes) -> None:
    """Delete everything of a partnership but that there was one, and its log."""
    lists = "FROM lists WHERE partnership = ?"
    database.execute(f"DELETE FROM tokens WHERE pairing IN (SELECT number >> 1 {lists})", [partnership])
    database.execute(f"DELETE FROM records WHERE list IN (SELECT number {lists})", [partnership])
    for table in ("lists", "greetings", "confirmations", "messages", "mailboxes"):
        database.execute(f"DELETE FROM {table} WHERE partnership = ?", [partnership])
