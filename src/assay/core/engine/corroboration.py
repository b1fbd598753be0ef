"""How many partners count at each instant: each on its own, or independent ones as connected components."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from assay.core.engine.causes import SINCE_EVER
from assay.core.engine.compiled import NEVER, compiled
from assay.core.engine.freshness import PartnerSteps, firsts, in_time_order, key_steps
from assay.core.engine.partner_rows import FactRows
from assay.core.engine.tracks import ABSENT, BEGINNING

_ALONE: Final = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Which partners share a parent or an origin when: parallel arrays, accounts ascending.

    From `at` on partner and `link` (dense, from 0) are joined (`delta` 1) or no longer (-1). `edge` numbers the
    (account, partner, link) ascending, so that an account's edges are neighbours.
    """

    account: npt.NDArray[np.int32]
    partner: npt.NDArray[np.int32]
    link: npt.NDArray[np.int64]
    edge: npt.NDArray[np.int64]
    at: npt.NDArray[np.int64]
    delta: npt.NDArray[np.int64]
    cause: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerCounts:
    """Numbers of partners: from `at` on `number` count on the account, as a result of `cause` among others.

    Parallel arrays sorted by (account, at); rows of one account and instant carry the same number.
    """

    account: npt.NDArray[np.int32]
    at: npt.NDArray[np.int64]
    number: npt.NDArray[np.int64]
    cause: npt.NDArray[np.int64]


def link_steps(rows: FactRows, cause_of_partner: npt.NDArray[np.int64]) -> Links:
    """Return the links among all facts held by [since, until), whatever they say and however fresh."""
    both = np.concatenate((rows.parent, rows.origin))
    linking = np.flatnonzero(both)
    _, link = np.unique(both[linking], return_inverse=True)
    row = linking % max(len(rows.account), 1)
    order = np.lexsort((link, rows.partner[row], rows.account[row]))
    row, link = row[order], link[order]
    lo = firsts(rows.account[row], rows.partner[row], link)
    unconfirmed = np.full(len(row), BEGINNING)
    edge, at, value, _ = key_steps(
        lo, (rows.since[row], rows.until[row], unconfirmed, np.ones(len(row), np.bool_)), NEVER, False)
    delta = _deltas(edge, value)
    edge, at, delta = edge[delta != 0], at[delta != 0], delta[delta != 0]
    first = lo[edge]
    partner = rows.partner[row][first]
    return Links(
        account=rows.account[row][first], partner=partner, link=link[first].astype(np.int64), edge=edge, at=at,
        delta=delta, cause=np.where(at == BEGINNING, SINCE_EVER, cause_of_partner[partner]))


def numbers(parts: Sequence[PartnerSteps], links: Links | None = None) -> PartnerCounts:
    """Return how many partners count by any of `parts`; with `links` how many independent ones."""
    columns: dict[str, npt.NDArray[Any]] = {
        f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(PartnerSteps)
    }
    delta = np.concatenate([_deltas(_tracks_of(part), part.value) for part in parts])
    n = len(delta)
    alone = np.full(n, _ALONE, np.int64)
    link, edge = alone, alone
    account, partner, at, cause = (columns[name] for name in ("account", "partner", "at", "cause"))
    if links is not None:
        account, partner = np.concatenate((account, links.account)), np.concatenate((partner, links.partner))
        at, cause = np.concatenate((at, links.at)), np.concatenate((cause, links.cause))
        link, edge = np.concatenate((alone, links.link)), np.concatenate((alone, links.edge))
        delta = np.concatenate((delta, links.delta))
    if len(parts) > 1 or links is not None:
        order = np.argsort(account, kind="stable")
        account, partner, at, cause = account[order], partner[order], at[order], cause[order]
        link, edge, delta = link[order], edge[order], delta[order]
    place, number = _count(firsts(account), (at, partner.astype(np.int64), delta, link, edge))
    return PartnerCounts(account=account[place], at=at[place], number=number, cause=cause[place])


def _tracks_of(part: PartnerSteps) -> npt.NDArray[np.int64]:
    lo = firsts(part.account, part.partner)
    return np.repeat(np.arange(len(lo) - 1), np.diff(lo))


def _deltas(track: npt.NDArray[Any], value: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return 1 where a track begins to count, -1 where it ceases to, else 0."""
    counts: npt.NDArray[np.int64] = (value != ABSENT).astype(np.int64)
    before: npt.NDArray[np.int64] = np.zeros_like(counts)
    before[1:] = np.where(track[1:] == track[:-1], counts[:-1], 0)
    return counts - before


@compiled
def _count(lo: Any, steps: Any) -> Any:
    """Return the places of the steps in order of account and instant, and the number from that instant on."""
    at, partner, _, link, edge = steps
    n = len(at)
    order, number = np.empty(n, np.int64), np.empty(n, np.int64)
    partners = partner.max() + 1 if n else 1
    nodes = partners + (link.max() + 1 if n else 0)
    edges = edge.max() + 1 if n else 0
    counting, seen = np.zeros(partners, np.int64), np.empty(partners, np.int64)
    joined = (np.arange(nodes), np.zeros(nodes, np.int64), np.zeros(nodes, np.bool_))
    alive, ends = np.zeros(edges, np.bool_), np.zeros((edges, 2), np.int64)
    stamp = np.zeros(nodes, np.int64)
    stamps = 0
    for a in range(len(lo) - 1):
        in_time_order(order, lo[a], lo[a + 1], at)
        many, span = _clear(order[lo[a] : lo[a + 1]], steps, partners, (counting, seen, joined, alive, ends))
        i = lo[a]
        while i < lo[a + 1]:
            j, split = i, False
            while j < lo[a + 1] and at[order[j]] == at[order[i]]:
                split = _apply(order[j], steps, partners, (counting, joined, alive)) or split
                j += 1
            if split:
                _join_again(span, (seen[:many], joined, alive, ends))
            stamps += 1
            number[i:j] = _components(seen[:many], counting, joined[0], (stamp, stamps))
            i = j
    return order, number


@compiled
def _clear(order: Any, steps: Any, partners: int, desk: Any) -> Any:
    """Forget the account before; return how many partners this one has, and the range of its edges."""
    _, partner, _, link, edge = steps
    counting, seen, joined, alive, ends = desk
    up, degree, stale = joined
    many, first, last = 0, len(alive), 0
    for k in order:
        counting[partner[k]] = -1
        if link[k] >= 0:
            node = partners + link[k]
            up[node], degree[node], stale[node] = node, 0, False
            alive[edge[k]] = False
            ends[edge[k], 0], ends[edge[k], 1] = partner[k], node
            first, last = min(first, edge[k]), max(last, edge[k] + 1)
    for k in order:
        if counting[partner[k]] < 0:
            counting[partner[k]] = 0
            up[partner[k]] = partner[k]
            seen[many] = partner[k]
            many += 1
    return many, (first, last)


@compiled
def _apply(k: int, steps: Any, partners: int, desk: Any) -> bool:
    """Apply one step; return whether components may have come apart."""
    _, partner, delta, link, edge = steps
    counting, (up, degree, stale), alive = desk
    if link[k] < 0:
        counting[partner[k]] += delta[k]
        return False
    node = partners + link[k]
    degree[node] += delta[k]
    if delta[k] > 0:
        alive[edge[k]] = True
        up[_root(up, partner[k])] = _root(up, node)
        return bool(stale[node])
    alive[edge[k]] = False
    # The last partner of a link leaves nobody behind: the link's node may stay where it is until it is used again.
    stale[node] = True
    return bool(degree[node] > 0)


@compiled
def _join_again(span: Any, desk: Any) -> None:
    """Find the components anew from the edges that are alive."""
    seen, (up, _, stale), alive, ends = desk
    for p in seen:
        up[p] = p
    for e in range(span[0], span[1]):
        up[ends[e, 1]], stale[ends[e, 1]] = ends[e, 1], False
    for e in range(span[0], span[1]):
        if alive[e]:
            up[_root(up, ends[e, 0])] = _root(up, ends[e, 1])


@compiled
def _root(up: Any, node: int) -> int:
    while up[node] != node:
        up[node] = up[up[node]]
        node = up[node]
    return node


@compiled
def _components(seen: Any, counting: Any, up: Any, stamps: Any) -> int:
    """Return the number of components with a partner that counts."""
    stamp, now = stamps
    number = 0
    for p in seen:
        if counting[p] > 0:
            root = _root(up, p)
            if stamp[root] != now:
                stamp[root] = now
                number += 1
    return number
