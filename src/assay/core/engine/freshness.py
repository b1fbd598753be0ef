"""From when to when each partner counts: [from, until), freshness, confirmations and later insights.

Rows of the same account, partner, says and origin are one key and confirm each other. The steps of a partner's keys
make the steps of the partner.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from assay.core.engine.causes import EXPIRED, SINCE_EVER
from assay.core.engine.compiled import NEVER, compiled
from assay.core.engine.partner_rows import FactRows, InsightRows
from assay.core.engine.tracks import ABSENT, BEGINNING

#: Value of a partner that counts, where nothing dates it or nobody asks since when: full points for ever.
FOR_EVER: Final = BEGINNING + 1

_KEYS_AT_ONCE: Final = 500_000
_LONGEST: Final = 2**62  # so that the sum with an instant fits in 64 bits
_START: Final = 0
_END: Final = 1
_CONFIRM: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerSteps:
    """When partners count: parallel arrays, each partner's steps together and in time order, accounts ascending.

    `value` is ABSENT while the partner does not count, else its newest confirmation, or FOR_EVER.
    """

    account: npt.NDArray[np.int32]
    partner: npt.NDArray[np.int32]
    at: npt.NDArray[np.int64]
    value: npt.NDArray[np.int64]
    cause: npt.NDArray[np.int64]


def firsts(*columns: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Return where runs of equal rows start, and after the last its end. Without rows: [0]."""
    n = len(columns[0])
    new = np.zeros(max(n - 1, 0), np.bool_)
    for column in columns:
        new |= column[1:] != column[:-1]
    return np.concatenate((np.zeros(min(n, 1), np.int64), np.flatnonzero(new) + 1, np.array([n], np.int64)))


def fact_steps(
    rows: FactRows,
    counts: npt.NDArray[np.bool_],
    *,
    fresh_within: int | None,
    anchored: bool,
    cause_of_partner: npt.NDArray[np.int64],
) -> PartnerSteps:
    """Return when partners count by those rows that `counts`; the others confirm all the same.

    `anchored`: each new confirmation is a step; else a partner that counts is FOR_EVER.
    """
    lo = firsts(rows.account, rows.partner, rows.says, rows.origin)
    key, at, value, fact = key_steps(
        lo, (rows.since, rows.until, rows.confirmed, counts), _length(fresh_within), anchored
    )
    row = lo[key]
    account, partner = rows.account[row], rows.partner[row]
    kept, top, acted = _of_partners(firsts(account, partner), key, at, value, fact)
    account, partner, at = account[kept], partner[kept], at[kept]
    cause = np.where(at == BEGINNING, SINCE_EVER, np.where(acted, cause_of_partner[partner], EXPIRED))
    return PartnerSteps(account=account, partner=partner, at=at, value=top, cause=cause)


def insight_steps(
    rows: InsightRows, *, fresh_within: int | None, anchored: bool, cause_of_partner: npt.NDArray[np.int64]
) -> PartnerSteps:
    """Return when partners attest: each by its latest insight, until that is withdrawn, replaced or no longer fresh.

    The rows are those of one letter.
    """
    n = len(rows.at)
    following = np.full(n, NEVER, np.int64)
    if n:
        same = (rows.account[1:] == rows.account[:-1]) & (rows.partner[1:] == rows.partner[:-1])
        following[:-1] = np.where(same, rows.at[1:], NEVER)
    runs_out = np.full(n, NEVER) if fresh_within is None else rows.at + _length(fresh_within)
    lapses = rows.attests & (runs_out < following)
    row = np.concatenate((np.arange(n), np.flatnonzero(lapses)))
    at = np.concatenate((rows.at, runs_out[lapses]))
    value = np.where(rows.attests, rows.at if anchored else FOR_EVER, ABSENT)
    value = np.concatenate((value, np.full(int(lapses.sum()), ABSENT)))
    cause = np.concatenate((cause_of_partner[rows.partner], np.full(int(lapses.sum()), EXPIRED)))
    order = np.lexsort((at, row))
    row, at, value, cause = row[order], at[order], value[order], cause[order]
    account, partner = rows.account[row], rows.partner[row]
    before = np.full(len(row), ABSENT)
    if len(row):
        same = (account[1:] == account[:-1]) & (partner[1:] == partner[:-1])
        before[1:] = np.where(same, value[:-1], ABSENT)
    kept = value != before
    return PartnerSteps(account=account[kept], partner=partner[kept], at=at[kept], value=value[kept], cause=cause[kept])


def _length(fresh_within: int | None) -> int:
    return NEVER if fresh_within is None else min(fresh_within, _LONGEST)


def key_steps(
    lo: npt.NDArray[np.int64], rows: tuple[npt.NDArray[Any], ...], fresh: int, anchored: bool
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Return (key, at, value, whether the partner did something) of each key whose rows are [lo[k], lo[k + 1]).

    `rows` are (since, until, confirmed, whether the row counts). A key also steps, to the same value, where a row
    that counts ends and others go on.
    """
    parts = [
        _key_steps(lo, (first, min(first + _KEYS_AT_ONCE, len(lo) - 1)), rows, fresh, anchored)
        for first in range(0, max(len(lo) - 1, 1), _KEYS_AT_ONCE)
    ]
    key, at, value, fact = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return key, at, value, fact


@compiled
def _key_steps(lo: Any, span: tuple[int, int], rows: Any, fresh: int, anchored: bool) -> Any:
    first, end = span
    most, room = 1, 0
    for k in range(first, end):
        most = max(most, 4 * (lo[k + 1] - lo[k]))
        room += (6 if fresh != NEVER else 4) * (lo[k + 1] - lo[k])
    scratch = (np.empty(most, np.int64), np.empty(most, np.uint8), np.empty(most, np.int64))
    out = (np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.bool_))
    n = 0
    for k in range(first, end):
        marks = _marks(lo[k], lo[k + 1], rows, scratch)
        scratch[2][:marks] = np.arange(marks)
        in_time_order(scratch[2], 0, marks, scratch[0])
        n = _walk(marks, scratch, (fresh, anchored), (n, k, out))
    return out[0][:n].copy(), out[1][:n].copy(), out[2][:n].copy(), out[3][:n].copy()


@compiled
def _marks(start: int, end: int, rows: Any, scratch: Any) -> int:
    """Write what happens to a key, in no order; return how much."""
    since, until, confirmed, counts = rows
    when, what, _ = scratch
    n = 0
    for i in range(start, end):
        if counts[i] and until[i] > since[i]:
            when[n], what[n] = since[i], _START
            n += 1
            if until[i] != NEVER:
                when[n], what[n] = until[i], _END
                n += 1
        if since[i] > BEGINNING:
            when[n], what[n] = since[i], _CONFIRM
            n += 1
        if confirmed[i] > BEGINNING:
            when[n], what[n] = confirmed[i], _CONFIRM
            n += 1
    return n


@compiled
def in_time_order(order: Any, start: int, end: int, when: Any) -> None:
    """Sort the places in `order[start:end]` by `when`; among equals the order stays."""
    if end - start > 40:
        places = order[start:end].copy()
        order[start:end] = places[np.argsort(when[places], kind="mergesort")]
        return
    for i in range(start + 1, end):
        place = order[i]
        j = i
        while j > start and when[order[j - 1]] > when[place]:
            order[j] = order[j - 1]
            j -= 1
        order[j] = place


@compiled
def _walk(marks: int, scratch: Any, how: Any, into: Any) -> Any:
    """Write the steps of one key; return the end of all steps."""
    when, what, order = scratch
    fresh, anchored = how
    n, key, out = into
    held, newest, value, is_fresh = 0, BEGINNING, ABSENT, fresh == NEVER
    i = 0
    while i < marks:
        at = when[order[i]]
        runs_out = newest + fresh if newest > BEGINNING and fresh != NEVER else NEVER
        if fresh != NEVER and runs_out < at:
            is_fresh = False
            if value != ABSENT:
                value = ABSENT
                n = _put(out, n, key, (runs_out, value, False))
        ended, confirmed = False, False
        while i < marks and when[order[i]] == at:
            kind = what[order[i]]
            if kind == _CONFIRM:
                newest, confirmed = at, True
            else:
                held += 1 if kind == _START else -1
                ended = ended or kind == _END
            i += 1
        if fresh != NEVER:
            is_fresh = confirmed or (is_fresh and at < runs_out)
        after = ABSENT
        if held > 0 and is_fresh:
            after = newest if anchored and newest > BEGINNING else FOR_EVER
        ended = ended and value != ABSENT
        if after != value or ended:
            n = _put(out, n, key, (at, after, ended or confirmed))
        value = after
    if value != ABSENT and fresh != NEVER:
        n = _put(out, n, key, (newest + fresh, ABSENT, False))
    return n


@compiled
def _put(out: Any, n: int, key: int, step: Any) -> Any:
    out[0][n] = key
    out[1][n], out[2][n], out[3][n] = step
    return n + 1


@compiled
def _of_partners(lo: Any, key: Any, at: Any, value: Any, fact: Any) -> Any:
    """Return of the steps of keys that change something for the partner: places, values, whether the partner acted.

    Partner p's steps are [lo[p], lo[p + 1]); the partner's value is the greatest among its keys'.
    """
    room = len(key)
    kept, top, acted = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.bool_)
    most, n = 1, 0
    for p in range(len(lo) - 1):
        most = max(most, key[lo[p + 1] - 1] - key[lo[p]] + 1)
    order, of_key = np.arange(room), np.empty(most, np.int64)
    for p in range(len(lo) - 1):
        in_time_order(order, lo[p], lo[p + 1], at)
        keys = key[lo[p + 1] - 1] - key[lo[p]] + 1
        of_key[:keys] = ABSENT
        value_before = ABSENT
        i = lo[p]
        while i < lo[p + 1]:
            now = at[order[i]]
            did = False
            while i < lo[p + 1] and at[order[i]] == now:
                of_key[key[order[i]] - key[lo[p]]] = value[order[i]]
                did = did or fact[order[i]]
                i += 1
            greatest = of_key[:keys].max()
            if greatest != value_before:
                kept[n], top[n], acted[n] = order[i - 1], greatest, did
                n += 1
            value_before = greatest
    return kept[:n].copy(), top[:n].copy(), acted[:n].copy()
