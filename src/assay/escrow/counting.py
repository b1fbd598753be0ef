"""How many companies two lists share, told without of which: a week's tokens, counted once, with noise.

Rows name a population where rows of a list name a record, so that nobody can say whose token is whose. Once both sides
have said that theirs are all there, the numbers are drawn, kept, and told to both alike; the rows are deleted.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from assay.escrow import wire
from assay.escrow.partnerships import Partnership
from assay.escrow.peppers import storing
from assay.escrow.refusals import Refusal

Dice = Callable[[int], bytes]
#: Sets the stored tokens apart from those of lists, whatever a company sends.
_ASIDE: Final = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """For which week and epoch, and what the escrow's own clock says."""

    week: int
    epoch: int
    at: int


def add(
    database: sqlite3.Connection,
    found: Partnership,
    asked: Asked,
    body: bytes,
    limits: tuple[Callable[[bytes], bytes], int],
) -> tuple[str, int]:
    """Keep rows of this week; `limits` are what finds the pepper, and the most rows.

    A token is in one population of a side alone, so that all numbers together tell of it once.
    """
    version, packed = wire.parted(body)
    if int.from_bytes(version, "big") != found.canonicaliser:
        raise Refusal("canonicaliser", wanted=found.canonicaliser)
    rows = wire.unpacked(packed)
    if any(row.kind >= len(wire.COUNT_SIGNS) for row in rows):
        raise wire.Malformed("a kind that is not counted")
    number, is_complete = _list(database, found, asked)
    if is_complete:
        raise Refusal("counted")
    stored, limit = storing(limits[0](found.id)), limits[1]
    tokens = sorted((number, row.kind, stored(_ASIDE + row.kind, row.hash), row.handle) for row in rows)
    database.executemany("INSERT OR IGNORE INTO counting VALUES (?, ?, ?, ?)", tokens)
    if database.execute("SELECT count(*) FROM counting WHERE list = ?", [number]).fetchone()[0] > limit:
        raise Refusal("oversize", limit=limit)
    return "count", len(rows)


def drop(database: sqlite3.Connection, found: Partnership, asked: Asked) -> tuple[str, int]:
    """Delete a company's own rows of this week, to begin anew, unless it said that they are all there."""
    number, is_complete = _list(database, found, asked)
    if is_complete:
        raise Refusal("counted")
    return "uncount", database.execute("DELETE FROM counting WHERE list = ?", [number]).rowcount


def complete(database: sqlite3.Connection, found: Partnership, asked: Asked, dice: Dice) -> tuple[str, int]:
    """Take a company's word that its rows are all there; with the second such word the numbers are drawn."""
    number, _ = _list(database, found, asked)
    several = "SELECT count(DISTINCT population) FROM counting WHERE list = ?"
    if database.execute(several, [number]).fetchone()[0] > wire.COUNT_POPULATIONS:
        raise Refusal("populations", limit=wire.COUNT_POPULATIONS)
    database.execute("UPDATE counted SET is_complete = 1 WHERE number = ?", [number])
    sides = database.execute(
        "SELECT number, identity FROM counted WHERE partnership = ? AND week = ? AND epoch = ? AND is_complete "
        "ORDER BY identity",
        [found.id, asked.week, asked.epoch],
    ).fetchall()
    held = database.execute("SELECT count(*) FROM counts WHERE partnership = ? AND week = ?", [found.id, asked.week])
    if len(sides) == 2 and not held.fetchone()[0]:
        _draw(database, (found.id, asked.week), (sides[0][0], sides[1][0]), dice)
    return "counted", number


def told(database: sqlite3.Connection, found: Partnership, week: int) -> dict[str, object]:
    """Return the numbers of a week, null where they are few; none at all before both sides' rows are there."""
    is_first = found.mine < found.theirs
    mine, theirs = ("first", "second") if is_first else ("second", "first")
    numbers = database.execute(
        f"SELECT {mine}, {theirs}, about FROM counts WHERE partnership = ? AND week = ? ORDER BY 1, 2", [found.id, week]
    ).fetchall()
    ready = database.execute(
        "SELECT identity, epoch FROM counted WHERE partnership = ? AND week = ? AND is_complete", [found.id, week]
    )
    return {
        "is_counted": bool(numbers),
        "complete": [{"of": identity.hex(), "epoch": epoch} for identity, epoch in ready],
        "counts": [{"mine": a.hex(), "theirs": b.hex(), "about": about} for a, b, about in numbers],
    }


def forget(database: sqlite3.Connection, partnership: bytes) -> None:
    """Delete everything of a partnership that ended."""
    of = [partnership]
    database.execute("DELETE FROM counting WHERE list IN (SELECT number FROM counted WHERE partnership = ?)", of)
    for table in ("counted", "counts"):
        database.execute(f"DELETE FROM {table} WHERE partnership = ?", of)


def noise(dice: Dice) -> int:
    """Return a whole number drawn by the two-sided geometric law: k as often as (11/13) to the power of |k|.

    It is drawn from bytes by whole numbers alone, since what rounding does to an exponential can be told afterwards.
    """
    return _failures(dice) - _failures(dice)


def _failures(dice: Dice) -> int:
    stay, of = wire.COUNT_STAY
    fair = 256 - 256 % of
    count = 0
    while True:
        thrown = dice(1)[0]
        if thrown >= fair:
            continue
        if thrown % of >= stay:
            return count
        count += 1


def _draw(database: sqlite3.Connection, of: tuple[bytes, int], sides: tuple[int, int], dice: Dice) -> None:
    """Count, add noise, round, keep; then delete the rows."""
    each = "SELECT DISTINCT population FROM counting WHERE list = ? ORDER BY 1"
    populations = [[row[0] for row in database.execute(each, [one])] for one in sides]
    exact = {(one, other): 0 for one in populations[0] for other in populations[1]}
    shared = database.execute(
        "SELECT a.population, b.population, a.kind, count(*) FROM counting a CROSS JOIN counting b "
        "WHERE a.list = ? AND b.list = ? AND b.kind = a.kind AND b.hash = a.hash GROUP BY 1, 2, 3",
        sides,
    )
    for one, other, kind, count in shared:
        exact[one, other] += wire.COUNT_SIGNS[kind] * count
    for (one, other), count in exact.items():
        about = wire.about(count + noise(dice))
        database.execute("INSERT INTO counts VALUES (?, ?, ?, ?, ?)", [*of, one, other, about])
    database.execute("DELETE FROM counting WHERE list IN (?, ?)", sides)


def _list(database: sqlite3.Connection, found: Partnership, asked: Asked) -> tuple[int, bool]:
    """Return (number, is_complete) of a company's rows of this week; rows of weeks gone by are deleted."""
    if asked.week != wire.week(asked.at):
        raise Refusal("week", week=wire.week(asked.at))
    database.execute("DELETE FROM counting WHERE list IN (SELECT number FROM counted WHERE week < ?)", [asked.week])
    spent = database.execute(
        "SELECT count(DISTINCT week) FROM counts WHERE partnership = ? AND week > ? AND week < ?",
        [found.id, asked.week - wire.COUNT_SPAN, asked.week],
    ).fetchone()[0]
    if spent >= wire.COUNT_BUDGET:
        raise Refusal("counts_spent", limit=wire.COUNT_BUDGET)
    of = [found.id, found.mine, asked.week, asked.epoch]
    database.execute(
        "INSERT OR IGNORE INTO counted(partnership, identity, week, epoch, is_complete) VALUES (?, ?, ?, ?, 0)", of
    )
    number, is_complete = database.execute(
        "SELECT number, is_complete FROM counted WHERE partnership = ? AND identity = ? AND week = ? AND epoch = ?", of
    ).fetchone()
    return number, bool(is_complete)
