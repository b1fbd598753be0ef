"""Lists of tokens, and which records of two lists agree on what."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from assay.escrow import allowances, wire
from assay.escrow.partnerships import Partnership
from assay.escrow.peppers import stored
from assay.escrow.refusals import Refusal

#: Records that one question looks at, and agreeing tokens after which it stops at the next record.
_RECORDS: Final = 2_000
_AGREEING: Final = 50_000
#: Tokens that one stretch of a sweep goes through, and the bits of a place below its kind.
_TOKENS: Final = 250_000
_PLACE_BITS: Final = 48


#: Tokens that one question names.
_AT_ONCE: Final = 100

#: What two records agree on: my handle, their handle, a kind, and how common the token is (`wire.bucket`).
Agreement = tuple[bytes, bytes, int, int]


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
    numbers = [int.from_bytes(part, "big") if at % 4 in (1, 2) else 0 for at, part in enumerate(found)]
    if any(len(found[at]) > 4 or len(found[at + 1]) > 4 for at in range(1, len(found), 4)):
        raise wire.Malformed("a number is four bytes")
    return [
        Part(
            partnership=found[at],
            epoch=numbers[at + 1],
            canonicaliser=numbers[at + 2],
            rows=wire.unpacked(found[at + 3]),
        )
        for at in range(0, len(found), 4)
    ]


#: Records as they were kept: number, handle, and the stored tokens with their kinds.
Kept = list[tuple[int, bytes, set[tuple[int, bytes]]]]


def add(database: sqlite3.Connection, found: Partnership, part: Part, pepper: bytes, limits: tuple[int, int]) -> Kept:
    """Keep the rows of records, in place of what there was of them; return what was kept.

    `limits` are the most rows of a list and the instant at which they come.
    """
    if part.canonicaliser != found.canonicaliser:
        raise Refusal("canonicaliser", wanted=found.canonicaliser)
    number, held = _list(database, found, found.mine, part.epoch)
    first = database.execute("SELECT coalesce(max(seq), 0) + 1 FROM sqlite_sequence").fetchone()[0]
    kept: Kept = []
    new = 0
    for record, (handle, of_record) in enumerate(groupby(sorted(part.rows, key=_by_handle), key=_by_handle), first):
        dropped = _drop(database, number, handle)
        tokens = {(row.kind, stored(pepper, row.kind, row.hash)) for row in of_record}
        kept.append((record, handle, tokens))
        held += len(tokens) - len(dropped)
        new += len(tokens - dropped)
    database.executemany(
        "INSERT INTO records VALUES (?, ?, ?)", [(record, number, handle) for record, handle, _ in kept]
    )
    told = sorted((number, kind, token, record) for record, _, tokens in kept for kind, token in tokens)
    database.executemany("INSERT INTO tokens VALUES (?, ?, ?, ?)", told)
    limit, at = limits
    if held > limit:
        raise Refusal("oversize", limit=limit)
    allowances.spend(database, found, (number, held, at), new)
    database.execute("UPDATE lists SET rows = ? WHERE number = ?", [held, number])
    return kept


def complete(database: sqlite3.Connection, found: Partnership, epoch: int) -> tuple[str, int]:
    """Take a company's word that its list of an epoch is all there."""
    number, held = _list(database, found, found.mine, epoch)
    database.execute("UPDATE lists SET is_complete = 1 WHERE number = ?", [number])
    return "complete", held


def remove(database: sqlite3.Connection, found: Partnership, epoch: int, handles: Iterable[bytes]) -> tuple[str, int]:
    """Delete records of a company's own list."""
    number, held = _list(database, found, found.mine, epoch)
    dropped = sum(len(_drop(database, number, handle)) for handle in handles)
    database.execute("UPDATE lists SET rows = ? WHERE number = ?", [held - dropped, number])
    return "remove", dropped


def drop(database: sqlite3.Connection, found: Partnership, epoch: int) -> tuple[str, int]:
    """Delete a company's own list of an epoch whose time is over."""
    number, held = _list(database, found, found.mine, epoch)
    database.execute("DELETE FROM tokens WHERE list = ?", [number])
    database.execute("DELETE FROM records WHERE list = ?", [number])
    database.execute("DELETE FROM lists WHERE number = ?", [number])
    return "drop", held


def join(
    database: sqlite3.Connection, found: Partnership, epoch: int, is_mine: bool, after: int
) -> tuple[int, list[Agreement]]:
    """Return (cursor, pairs) for the records added to one of the two lists behind a cursor, in the order of adding.

    The cursor is 0 where there is no more.
    """
    mine, _ = _list(database, found, found.mine, epoch)
    theirs, _ = _list(database, found, found.theirs, epoch)
    walked, other = (mine, theirs) if is_mine else (theirs, mine)
    ahead = "SELECT number FROM records WHERE list = ? AND number > ? ORDER BY number LIMIT ?"
    numbers = [row[0] for row in database.execute(ahead, [walked, after, _RECORDS])]
    done, found_pairs = _agreeing(database, (walked, other), numbers)
    return done, found_pairs if is_mine else [(b, a, kind, often) for a, b, kind, often in found_pairs]


def sweep(database: sqlite3.Connection, found: Partnership, epoch: int, at: int) -> tuple[int, list[Agreement]]:
    """Return (cursor, pairs) for a stretch of all tokens in their own order, which is several times faster than `join`.

    A place is a kind and six bytes of a hash. What a pair agrees on comes in different answers; the asker puts
    it together. The cursor is 0 at the end.
    """
    mine, _ = _list(database, found, found.mine, epoch)
    theirs, _ = _list(database, found, found.theirs, epoch)
    kind, start = at >> _PLACE_BITS, (at & (1 << _PLACE_BITS) - 1).to_bytes(6, "big")
    ahead = "SELECT hash FROM tokens WHERE list = ? AND kind = ? AND hash >= ? ORDER BY hash LIMIT 1 OFFSET ?"
    stop = database.execute(ahead, [mine, kind, start, _TOKENS]).fetchone()
    place = int.from_bytes(stop[0][:6], "big") if stop else 1 << _PLACE_BITS
    upto = max((kind << _PLACE_BITS) + place, at + 1)
    until = (upto & (1 << _PLACE_BITS) - 1).to_bytes(6, "big") if upto >> _PLACE_BITS == kind else b"\xff" * 17
    rows = database.execute(
        # INTERSECT walks both lists once, in their order; counting is for what both have.
        "WITH shared AS (SELECT hash FROM tokens WHERE list = :mine AND kind = :kind AND hash >= :start "
        "  AND hash < :until INTERSECT SELECT hash FROM tokens WHERE list = :theirs AND kind = :kind "
        "  AND hash >= :start AND hash < :until), "
        "counted AS (SELECT hash, "
        "  (SELECT count(*) FROM tokens t WHERE t.list = :mine AND t.kind = :kind AND t.hash = shared.hash) AS n, "
        "  (SELECT count(*) FROM tokens u WHERE u.list = :theirs AND u.kind = :kind AND u.hash = shared.hash) AS m "
        "  FROM shared) "
        "SELECT r.handle, s.handle, max(n, m) FROM counted CROSS JOIN tokens t CROSS JOIN tokens u "
        "CROSS JOIN records r CROSS JOIN records s WHERE n <= :most AND m <= :most "
        "AND t.list = :mine AND t.kind = :kind AND t.hash = counted.hash AND r.number = t.record "
        "AND u.list = :theirs AND u.kind = :kind AND u.hash = counted.hash AND s.number = u.record",
        {**{"mine": mine, "theirs": theirs, "kind": kind, "most": wire.MOST_SHARED}, "start": start, "until": until},
    )
    pairs = [(handle, other, kind, wire.bucket(often)) for handle, other, often in rows]
    return (upto if upto >> _PLACE_BITS < wire.KINDS else 0), pairs


def compare(database: sqlite3.Connection, found: Partnership, epoch: int, kept: Kept) -> list[Agreement]:
    """Return the pairs of just these records of a company's own list."""
    mine, _ = _list(database, found, found.mine, epoch)
    theirs, _ = _list(database, found, found.theirs, epoch)
    same = "SELECT record FROM tokens WHERE list = ? AND kind = ? AND hash = ? LIMIT ?"
    pairs: list[Agreement] = []
    for _, handle, tokens in kept:
        for kind, token in _among(database, theirs, sorted(tokens)):
            others = database.execute(same, [theirs, kind, token, wire.MOST_SHARED + 1]).fetchall()
            ours = database.execute(same, [mine, kind, token, wire.MOST_SHARED + 1]).fetchall()
            most = max(len(ours), len(others))
            if most <= wire.MOST_SHARED:
                by_number = "SELECT handle FROM records WHERE number = ?"
                handles = [database.execute(by_number, other).fetchone()[0] for other in others]
                pairs += [(handle, other, kind, wire.bucket(most)) for other in handles]
    return pairs


def _among(database: sqlite3.Connection, number: int, tokens: Sequence[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """Return those of a record's tokens that a list has, by one question for all of them."""
    found: list[tuple[int, bytes]] = []
    there = "SELECT 1 FROM tokens t WHERE t.list = ? AND t.kind = asked.kind AND t.hash = asked.hash"
    for at in range(0, len(tokens), _AT_ONCE):
        part = tokens[at : at + _AT_ONCE]
        asked = f"WITH asked(kind, hash) AS (VALUES {', '.join(['(?, ?)'] * len(part))})"
        values = [value for token in part for value in token]
        found += database.execute(f"{asked} SELECT kind, hash FROM asked WHERE EXISTS ({there})", [*values, number])
    return found


def _agreeing(
    database: sqlite3.Connection, lists: tuple[int, int], numbers: Sequence[int]
) -> tuple[int, list[Agreement]]:
    """Return (the last record looked at, pairs); a record is looked at whole or not at all."""
    if not numbers:
        return 0, []
    same = "SELECT 1 FROM tokens c WHERE c.list = {} AND c.kind = t.kind AND c.hash = t.hash LIMIT {}"
    often = f"(SELECT count(*) FROM ({same}))"
    mine, theirs = (often.format(place, wire.MOST_SHARED + 1) for place in (":mine", ":theirs"))
    # CROSS JOIN keeps the order in which SQLite looks: a record, then its tokens.
    tokens = database.execute(
        f"SELECT r.number, r.handle, t.kind, t.hash, {mine}, {theirs} FROM records r CROSS JOIN tokens t "
        "WHERE r.list = :mine AND r.number BETWEEN :first AND :last AND t.record = r.number ORDER BY r.number",
        {"mine": lists[0], "theirs": lists[1], "first": numbers[0], "last": numbers[-1]},
    )
    other = "SELECT handle FROM tokens JOIN records ON number = record WHERE tokens.list = ? AND kind = ? AND hash = ?"
    pairs: list[Agreement] = []
    last = 0
    for number, handle, kind, token, ours, others in tokens:
        if len(pairs) >= _AGREEING and number != last:
            return last, pairs
        last = number
        if others and max(ours, others) <= wire.MOST_SHARED:
            bucket = wire.bucket(max(ours, others))
            pairs += [(handle, their, kind, bucket) for (their,) in database.execute(other, [lists[1], kind, token])]
    return numbers[-1], pairs


def _list(database: sqlite3.Connection, found: Partnership, identity: bytes, epoch: int) -> tuple[int, int]:
    """Return (number, rows) of a list, which begins empty."""
    of = [found.id, identity, epoch]
    there = "SELECT number, rows FROM lists WHERE partnership = ? AND identity = ? AND epoch = ?"
    listed = database.execute(there, of).fetchone()
    if listed is None:
        greeted = "SELECT count(*) FROM greetings WHERE partnership = ? AND epoch = ?"
        if database.execute(greeted, [found.id, epoch]).fetchone()[0] < 2:
            raise Refusal("unconfirmed")
        database.execute(
            "INSERT INTO lists(partnership, identity, epoch, is_complete, rows) VALUES (?, ?, ?, 0, 0)", of
        )
        listed = database.execute(there, of).fetchone()
    return listed[0], listed[1]


def _drop(database: sqlite3.Connection, number: int, handle: bytes) -> set[tuple[int, bytes]]:
    """Delete a record with its tokens; return those, with their kinds."""
    found = database.execute("SELECT number FROM records WHERE list = ? AND handle = ?", [number, handle]).fetchone()
    if found is None:
        return set()
    dropped = set(database.execute("SELECT kind, hash FROM tokens WHERE record = ?", found))
    database.execute("DELETE FROM tokens WHERE record = ?", found)
    database.execute("DELETE FROM records WHERE number = ?", found)
    return dropped


def _by_handle(row: wire.Row) -> bytes:
    return row.handle
