"""What an account's people tell about the account: who they are, who is active, and for how many a rule holds."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from assay.core.engine import tracks as steps
from assay.core.engine.arrays import Int32s, Int64s, Rows
from assay.core.engine.causes import EXPIRED, SINCE_EVER
from assay.core.engine.compiled import NEVER, compiled
from assay.core.engine.forms.flips import after
from assay.core.engine.memberships import Memberships
from assay.core.engine.rows import Pairs
from assay.core.engine.tracks import BEGINNING, Tracks

Bools = npt.NDArray[np.bool_]


class Changes(NamedTuple):
    """Steps of one yes-or-no track a pair: parallel arrays sorted by (pair, at); causes may share an instant."""

    pair: Int32s
    at: Int64s
    value: Int64s
    cause: Int64s


@compiled
def activity(rows: Rows, within: int) -> Changes:
    """Return when each pair of `rows` has an event in the window: from an event on, until the last one left it.

    `within` NEVER: from the first event on, for ever.
    """
    most = 2 * len(rows.at)
    pair, at = np.empty(most, np.int32), np.empty(most, np.int64)
    value, cause = np.empty(most, np.int64), np.empty(most, np.int64)
    n = 0
    for s in range(len(rows.lo) - 1):
        until = BEGINNING
        started = BEGINNING
        for row in range(rows.lo[s], rows.lo[s + 1]):
            now = rows.at[row]
            if now > until:
                if until != BEGINNING:
                    pair[n], at[n], value[n], cause[n] = rows.first + s, until, 0, EXPIRED
                    n += 1
                started = now
            if started == now:
                pair[n], at[n], value[n], cause[n] = rows.first + s, now, 1, rows.event[row]
                n += 1
            until = after(now, within)
        if until != BEGINNING and until != NEVER:
            pair[n], at[n], value[n], cause[n] = rows.first + s, until, 0, EXPIRED
            n += 1
    return Changes(pair[:n].copy(), at[:n].copy(), value[:n].copy(), cause[:n].copy())


def join(parts: list[Changes]) -> Changes:
    """Return the changes of consecutive ranges of pairs as one."""
    if not parts:
        none = np.empty(0, np.int64)
        return Changes(none.astype(np.int32), none, none, none)
    pair, at, value, cause = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return Changes(pair.astype(np.int32, copy=False), at, value, cause)


def with_members(seen: Changes, members: Memberships, pairs: Pairs, membership: int) -> Changes:
    """Return when each pair is one of the account's people: a member then, or with an event at or before then."""
    inside = members.account >= 0
    if not inside.any():
        return seen
    person, account = members.person[inside], members.account[inside]
    at, until = members.at[inside], members.until[inside]
    width = int(max(pairs.account.max(initial=0), account.max(initial=0))) + 1
    keys = pairs.person.astype(np.int64) * width + pairs.account
    pair = np.searchsorted(keys, person.astype(np.int64) * width + account).astype(np.int32)
    ends = until != NEVER
    deltas = np.concatenate((2 * seen.value - 1, np.ones(len(pair), np.int64), np.full(int(ends.sum()), -1)))
    changes = Changes(
        np.concatenate((seen.pair, pair, pair[ends])),
        np.concatenate((seen.at, at, until[ends])),
        deltas,
        np.concatenate(
            (seen.cause, np.where(at == BEGINNING, SINCE_EVER, membership), np.full(int(ends.sum()), membership))
        ),
    )
    order = np.lexsort((changes.cause, changes.at, changes.pair))
    pair, at, value, cause = changes
    return _union(Changes(pair[order], at[order], value[order], cause[order]))


@compiled
def _union(changes: Changes) -> Changes:
    """Return when at least one interval holds; `value` is +1 where one starts and -1 where one ends.

    Several rows of value +1 with causes of events at one instant are one start (of one pair's first events).
    """
    kept = np.zeros(len(changes.at), np.bool_)
    value = np.zeros(len(changes.at), np.int64)
    i = 0
    while i < len(changes.at):
        pair = changes.pair[i]
        level = 0
        while i < len(changes.at) and changes.pair[i] == pair:
            begin = i
            before = level
            started = False
            while i < len(changes.at) and changes.pair[i] == pair and changes.at[i] == changes.at[begin]:
                of_event = changes.cause[i] >= 0
                if not (of_event and started):
                    level += changes.value[i]
                started |= of_event
                i += 1
            if (before > 0) != (level > 0):
                for k in range(begin, i):
                    kept[k] = (changes.value[k] > 0) == (level > 0)
                    value[k] = level > 0
    return Changes(changes.pair[kept], changes.at[kept], value[kept], changes.cause[kept])


class Turns(NamedTuple):
    """Changes of an account's numbers: parallel arrays. `people` and `holders` are what one change adds."""

    account: Int32s
    at: Int64s
    people: Int64s
    holders: Int64s
    cause: Int64s


@compiled
def _turns(present: Changes, holds: Changes, wanted: Bools, account_of: Int32s) -> Turns:
    """Return how each pair changes its account's number of people, and of people for whom the rule holds."""
    most = len(present.at) + len(holds.at)
    account, at = np.empty(most, np.int32), np.empty(most, np.int64)
    people, holders = np.zeros(most, np.int64), np.zeros(most, np.int64)
    cause = np.empty(most, np.int64)
    n = i = j = 0
    while i < len(present.at):
        pair = present.pair[i]
        while j < len(holds.at) and holds.pair[j] < pair:
            j += 1
        here = held = 0
        while True:
            more = i < len(present.at) and present.pair[i] == pair
            also = j < len(holds.at) and holds.pair[j] == pair
            if not more and not also:
                break
            now = min(present.at[i] if more else NEVER, holds.at[j] if also else NEVER)
            was_here, was_held, begin_i, begin_j, begin = here, here * held, i, j, n
            while i < len(present.at) and present.pair[i] == pair and present.at[i] == now:
                here = present.value[i]
                i += 1
            while j < len(holds.at) and holds.pair[j] == pair and holds.at[j] == now:
                held = holds.value[j]
                j += 1
            if not wanted[account_of[pair]] or (here == was_here and here * held == was_held):
                continue
            if here != was_here:
                for k in range(begin_i, i):
                    account[n], at[n], cause[n] = account_of[pair], now, present.cause[k]
                    n += 1
            if here * held != was_held:
                for k in range(begin_j, j):
                    account[n], at[n], cause[n] = account_of[pair], now, holds.cause[k]
                    n += 1
            people[begin], holders[begin] = here - was_here, here * held - was_held
    return Turns(account[:n].copy(), at[:n].copy(), people[:n].copy(), holders[:n].copy(), cause[:n].copy())


@compiled
def _met(turns: Turns, least: int, share: tuple[int, int]) -> tuple[Bools, Int64s]:
    """Return which turns stand at an instant where the criterion's truth changes, and the truth then.

    Turns are sorted by (account, at); `share` is a numerator and a denominator: compared in integers.
    """
    kept = np.zeros(len(turns.at), np.bool_)
    value = np.zeros(len(turns.at), np.int64)
    i = 0
    while i < len(turns.at):
        account = turns.account[i]
        people = holders = 0
        met = False
        while i < len(turns.at) and turns.account[i] == account:
            begin = i
            while i < len(turns.at) and turns.account[i] == account and turns.at[i] == turns.at[begin]:
                people += turns.people[i]
                holders += turns.holders[i]
                i += 1
            now_met = people > 0 and holders >= least and holders * share[1] >= people * share[0]
            if now_met != met:
                kept[begin:i] = True
                value[begin:i] = now_met
            met = now_met
    return kept, value


def all_turns(present: Changes, holds: Changes, pairs: Pairs, accounts: int) -> Turns:
    """Return every change of every account's numbers, in the order of pairs."""
    return _turns(present, holds, np.ones(accounts, np.bool_), pairs.account)


def people_track(
    slot: int, present: Changes, holds: Changes, pairs: Pairs, *, accounts: int, least: int, share: Fraction
) -> Tracks:
    """Return the truth, for each account, of "at least so many, and so large a share, of its people hold a rule".

    `present` says when each pair is one of the people that count, `holds` when the rule holds of it.
    """
    wanted = np.ones(accounts, np.bool_)
    if least > 0 or share > 0:  # then an account of whose people none ever holds the rule is never meant
        wanted[:] = False
        wanted[pairs.account[holds.pair]] = True
    turns = _turns(present, holds, wanted, pairs.account)
    order = np.lexsort((turns.at, turns.account))
    account, at, here, holders, cause = turns
    turns = Turns(account[order], at[order], here[order], holders[order], cause[order])
    kept, value = _met(turns, least, (share.numerator, share.denominator))
    return steps.sort(
        Tracks(
            subject=turns.account[kept],
            slot=np.full(int(kept.sum()), slot, np.int32),
            member=np.zeros(int(kept.sum()), np.int32),
            at=turns.at[kept],
            value=value[kept],
            cause=turns.cause[kept],
        )
    )
