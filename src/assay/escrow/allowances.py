"""How long a partner's list may be and how fast it may grow: what a company asks the escrow to see to.

Who uploads every company on earth learns which of them the partner has. What can be learnt so is what is allowed here.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from assay.escrow import wire
from assay.escrow.partnerships import Partnership
from assay.escrow.refusals import Refusal

#: Instead of a week, for a list that its owner has not yet said to be all there.
_BEFORE: Final = -1


def allow(database: sqlite3.Connection, found: Partnership, told: dict[str, object]) -> tuple[str, int]:
    """Keep what a company allows its partner: the most rows of a list, and the most new ones in a week afterwards."""
    rows, weekly = told.get("rows"), told.get("weekly")
    if not isinstance(rows, int) or not isinstance(weekly, int) or not (0 < rows < 1 << 40 and 0 < weekly < 1 << 40):
        raise wire.Malformed("an allowance is two numbers")
    row = [found.id, found.theirs, rows, weekly]
    database.execute("INSERT OR REPLACE INTO allowances VALUES (?, ?, ?, ?)", row)
    return "allow", rows


def spend(database: sqlite3.Connection, found: Partnership, of: tuple[int, int, int], new: int) -> None:
    """Refuse rows that the partner does not allow; `of` are the list, the rows that it has now, the instant.

    `new` are the rows that it did not have before. Rows that were taken away meanwhile count as well, and a list that
    was dropped: which of them the partner has was told.
    """
    number, held, at = of
    epoch, complete, period, added, rows, weekly = database.execute(
        "SELECT l.epoch, l.is_complete, g.period, g.added, a.rows, a.weekly FROM lists l "
        "LEFT JOIN growth g ON (g.partnership, g.identity, g.epoch) = (l.partnership, l.identity, l.epoch) "
        "LEFT JOIN allowances a ON (a.partnership, a.identity) = (l.partnership, l.identity) WHERE l.number = ?",
        [number],
    ).fetchone()
    is_new = period in (None, _BEFORE) and not added
    if complete and is_new:  # its owner let nothing be compared so far: what comes now is its first list
        database.execute("UPDATE lists SET is_complete = 0 WHERE number = ?", [number])
    is_grown = not is_new and (bool(complete) or period != _BEFORE)
    now = wire.week(at) if is_grown else _BEFORE
    added = new + (added if period == now else 0)
    grown = [found.id, found.mine, epoch, now, added]
    database.execute("INSERT OR REPLACE INTO growth VALUES (?, ?, ?, ?, ?)", grown)
    if rows is not None and (held > rows or (not is_grown and added > rows)):
        raise Refusal("oversize", limit=rows)
    if weekly is not None and is_grown and added > weekly:
        raise Refusal("growth", limit=weekly)


def forget(database: sqlite3.Connection, partnership: bytes) -> None:
    """Delete everything of a partnership that ended."""
    of = [partnership]
    for table in ("growth", "allowances"):
        database.execute(f"DELETE FROM {table} WHERE partnership = ?", of)
