"""Lists of tokens, and which records of two lists agree on what."""

from __future__ import annotations

import json
import sqlite3
import struct
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Final

from assay.escrow import allowances, wire
from assay.escrow.partnerships import Partnership
from assay.escrow.peppers import storing
from assay.escrow.refusals import Refusal

#: Records that one question looks at, and agreeing tokens after which it stops at the next record.
_RECORDS: Final = 2_000
_AGREEING: Final = 50_000
#: Tokens, of both lists together, that one stretch of a sweep goes through.
_TOKENS: Final = 500_000
#: A place is where a token stands among all: its kind, and below that so many bits of what is stored of it. That two
#: tokens meet in one by chance happens to one in three million pairs of lists of 100,000 records; a proof shows it.
_BITS: Final = 59
_LAST: Final = (1 << 63) - 1

#: What two records agree on: my handle, their handle, a kind, and how common the token is (`wire.bucket`).
Agreement = tuple[bytes, bytes, int, int]
#: Records of a list: number, handle, places.
Records = list[tuple[int, bytes, set[int]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Rows for one list, as they came."""

    partnership: bytes
    epoch: int
    canonicaliser: int
    rows: Sequence[wire.Row]


def parts(body: bytes) -> list[Part]:
    """Return the parts of a body, each made of partnership, epoch, canonicaliser version and rows."""
    found = wire.parted(body)
    if len(found) % 4 or not found:
        raise wire.Malformed("a part is four things")
    made = []
    for partnership, epoch, version, rows in zip(*(found[at::4] for at in range(4)), strict=True):
        if len(epoch) > 4 or len(version) > 4:
            raise wire.Malformed("a number is four bytes")
        numbers = {"epoch": int.from_bytes(epoch, "big"), "canonicaliser": int.from_bytes(version, "big")}
        made.append(Part(partnership=partnership, rows=wire.unpacked(rows), **numbers))
    return made


def add(
    database: sqlite3.Connection, found: Partnership, part: Part, pepper: bytes, limits: tuple[int, int]
) -> tuple[int, Records]:
    """Keep the rows of records, in place of what there was of them; return the list and what was kept.

    `limits` are the most rows of a list and the instant at which they come.
    """
    if part.canonicaliser != found.canonicaliser:
        raise Refusal("canonicaliser", wanted=found.canonicaliser)
    mine, held = _list(database, found, part.epoch)
    first = database.execute("SELECT coalesce(max(seq), 0) + 1 FROM sqlite_sequence").fetchone()[0]
    kept: Records = []
    stored, new = storing(pepper), 0
    by_handle = attrgetter("handle")
    for number, (handle, of_record) in enumerate(groupby(sorted(part.rows, key=by_handle), key=by_handle), first):
        dropped = _drop(database, mine, handle)
        places = {place(row.kind, stored(row.kind, row.hash)) for row in of_record}
        kept.append((number, handle, places))
        held += len(places) - len(dropped)
        new += len(places - dropped)
    told = [(number, mine, handle, _packed(places)) for number, handle, places in kept]
    database.executemany("INSERT INTO records VALUES (?, ?, ?, ?)", told)
    limit, at = limits
    if held > limit:
        raise Refusal("oversize", limit=limit)
    allowances.spend(database, found, (mine, held, at), new)
    database.execute("UPDATE lists SET rows = ? WHERE number = ?", [held, mine])
    return mine, kept


def settle(database: sqlite3.Connection, number: int) -> None:
    """Put the tokens of a list's newest records among all others, in which they lie far apart.

    A list that comes whole is settled at once. Of a new lead that is compared with many partners at once, this is put
    off until somebody asks who needs it: it takes longer than all the rest of the answer.
    """
    while waiting := _waiting(database, number):
        tokens = sorted((number >> 1, at, number & 1, record) for record, places in waiting for at in _unpacked(places))
        database.executemany("INSERT INTO tokens VALUES (?, ?, ?, ?)", tokens)
        database.execute("UPDATE lists SET settled = ? WHERE number = ?", [waiting[-1][0], number])


def complete(database: sqlite3.Connection, found: Partnership, epoch: int) -> tuple[str, int]:
    """Take a company's word that its list of an epoch is all there."""
    mine, held = _list(database, found, epoch)
    database.execute("UPDATE lists SET is_complete = 1 WHERE number = ?", [mine])
    return "complete", held


def remove(database: sqlite3.Connection, found: Partnership, epoch: int, handles: Iterable[bytes]) -> tuple[str, int]:
    """Delete records of a company's own list."""
    mine, held = _list(database, found, epoch)
    dropped = sum(len(_drop(database, mine, handle)) for handle in handles)
    database.execute("UPDATE lists SET rows = ? WHERE number = ?", [held - dropped, mine])
    return "remove", dropped


def drop(database: sqlite3.Connection, found: Partnership, epoch: int) -> tuple[str, int]:
    """Delete what is in a company's own list of an epoch whose time is over."""
    mine, held = _list(database, found, epoch)
    database.execute("DELETE FROM tokens WHERE pairing = ? AND side = ?", [mine >> 1, mine & 1])
    database.execute("DELETE FROM records WHERE list = ?", [mine])
    database.execute("UPDATE lists SET rows = 0, is_complete = 0 WHERE number = ?", [mine])
    return "drop", held


def join(
    database: sqlite3.Connection, found: Partnership, epoch: int, is_mine: bool, after: int
) -> tuple[int, list[Agreement]]:
    """Return (cursor, pairs) for the records added to one of the two lists behind a cursor, in the order of adding.

    The cursor is 0 where there is no more.
    """
    mine, _ = _list(database, found, epoch)
    walked = mine if is_mine else mine ^ 1
    settle(database, mine)
    ahead = "SELECT number, handle, places FROM records WHERE list = ? AND number > ? ORDER BY number LIMIT ?"
    found_ahead = database.execute(ahead, [walked, after, _RECORDS])
    records = [(number, handle, set(_unpacked(places))) for number, handle, places in found_ahead]
    cursor, pairs = compare(database, walked, records)
    return cursor, pairs if is_mine else [(other, handle, kind, often) for handle, other, kind, often in pairs]


def sweep(database: sqlite3.Connection, found: Partnership, epoch: int, start: int) -> tuple[int, list[Agreement]]:
    """Return (cursor, pairs) for a stretch of all places, which is several times faster than `join`.

    What a pair agrees on comes in different answers; the asker puts it together. The cursor is 0 at the end.
    """
    mine, _ = _list(database, found, epoch)
    for one in (mine, mine ^ 1):
        settle(database, one)
    ahead = "SELECT place FROM tokens WHERE pairing = ? AND place >= ? ORDER BY place LIMIT 1 OFFSET ?"
    stop = database.execute(ahead, [mine >> 1, start, _TOKENS]).fetchone()
    until = max(stop[0], start + 1) if stop else _LAST
    rows = database.execute(
        "WITH shared AS (SELECT place, count(*) - sum(side) AS n, sum(side) AS m FROM tokens WHERE pairing = :pairing "
        "  AND place >= :start AND place < :until GROUP BY place HAVING n AND m AND max(n, m) <= :most) "
        "SELECT r.handle, s.handle, place, max(n, m) FROM shared CROSS JOIN tokens t USING (place) "
        "CROSS JOIN tokens u USING (place) CROSS JOIN records r CROSS JOIN records s "
        "WHERE t.pairing = :pairing AND t.side = :mine AND r.number = t.record "
        "AND u.pairing = :pairing AND u.side = 1 - :mine AND s.number = u.record",
        {"pairing": mine >> 1, "mine": mine & 1, "most": wire.MOST_SHARED, "start": start, "until": until},
    )
    pairs = [(handle, other, at >> _BITS, wire.bucket(often)) for handle, other, at, often in rows]
    return (until if stop else 0), pairs


def compare(database: sqlite3.Connection, walked: int, records: Records) -> tuple[int, list[Agreement]]:
    """Return (the number of the last record looked at, pairs) of these records of a list with the other list.

    A record is looked at whole or not at all.
    """
    held = "SELECT 1 FROM tokens WHERE pairing = ? AND place = value AND side = ?"
    there = f"SELECT value FROM json_each(?) WHERE EXISTS ({held})"
    same = (
        "SELECT side, handle FROM tokens JOIN records ON number = record "
        "WHERE pairing = ? AND place = ? AND side = ? LIMIT ?"
    )
    pairing, side, most = walked >> 1, walked & 1, wire.MOST_SHARED + 1
    settle(database, walked ^ 1)
    pairs: list[Agreement] = []
    last, waiting = 0, None
    for number, handle, places in records:
        if len(pairs) >= _AGREEING:
            break
        last = number
        for (at,) in database.execute(there, [json.dumps([*places]), pairing, 1 - side]).fetchall():
            others = database.execute(same, [pairing, at, 1 - side, most]).fetchall()
            ours = len(database.execute(same, [pairing, at, side, most]).fetchall())
            waiting = _waiting(database, walked) if waiting is None else waiting
            packed = _packed([at])
            often = max(ours + sum(packed in other for _, other in waiting), len(others))
            if often < most:
                pairs += [(handle, other, at >> _BITS, wire.bucket(often)) for _, other in others]
    return last, pairs


def _list(database: sqlite3.Connection, found: Partnership, epoch: int) -> tuple[int, int]:
    """Return (number, rows) of a company's own list, which begins empty.

    The two lists that are compared are made together: one has an even number, the other the next.
    """
    there = "SELECT number, rows FROM lists WHERE partnership = ? AND identity = ? AND epoch = ?"
    listed: tuple[int, int] | None = database.execute(there, [found.id, found.mine, epoch]).fetchone()
    if listed is None:
        greeted = "SELECT count(*) FROM greetings WHERE partnership = ? AND epoch = ?"
        if database.execute(greeted, [found.id, epoch]).fetchone()[0] < 2:
            raise Refusal("unconfirmed")
        even = "SELECT coalesce(max(number), -1) + 1 FROM lists"
        listed = (database.execute(even).fetchone()[0], 0)
        new = [(listed[0] + side, found.id, whose, epoch) for side, whose in enumerate((found.mine, found.theirs))]
        database.executemany("INSERT INTO lists VALUES (?, ?, ?, ?, 0, 0, 0)", new)
    return listed


def _drop(database: sqlite3.Connection, number: int, handle: bytes) -> set[int]:
    """Delete a record with its tokens; return their places."""
    held = "SELECT number, places FROM records WHERE list = ? AND handle = ?"
    found = database.execute(held, [number, handle]).fetchone()
    if found is None:
        return set()
    places = _unpacked(found[1])
    gone = [(number >> 1, at, number & 1, found[0]) for at in places]
    database.executemany("DELETE FROM tokens WHERE (pairing, place, side, record) = (?, ?, ?, ?)", gone)
    database.execute("DELETE FROM records WHERE number = ?", [found[0]])
    return set(places)


def _waiting(database: sqlite3.Connection, number: int) -> list[tuple[int, bytes]]:
    """Return (number, places) of the first records of a list that are not settled."""
    ahead = (
        "SELECT r.number, places FROM lists l CROSS JOIN records r ON list = l.number "
        "WHERE l.number = ? AND r.number > settled ORDER BY r.number LIMIT ?"
    )
    return database.execute(ahead, [number, wire.ROWS_A_PART]).fetchall()


def place(kind: int, token: bytes) -> int:
    """Return where what is stored of a token stands."""
    return kind << _BITS | int.from_bytes(token[:8], "big") >> 64 - _BITS


def _packed(places: Collection[int]) -> bytes:
    return struct.pack(f">{len(places)}q", *places)


def _unpacked(data: bytes) -> tuple[int, ...]:
    return struct.unpack(f">{len(data) // 8}q", data)
