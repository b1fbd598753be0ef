"""How many partners count at each instant: each on its own, or independent ones as connected components."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from assay.core.engine.causes import SINCE_EVER
from assay.core.engine.compiled import NEVER, compiled
from assay.core.engine.freshness import PartnerSteps, firsts, in_time_order, key_steps
from assay.core.engine.partner_rows import FactRows
from assay.core.engine.tracks import ABSENT, BEGINNING


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Which partners share a parent or an origin when: parallel arrays, accounts ascending.

    From `at` on partner and `link` are joined (`delta` 1) or no longer (-1); `edge` numbers the pairs of them. Both
    count from 0 within the account.
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
    """Return the links among all these facts, held by [since, until), whatever they say and however fresh."""
    n = len(rows.account)
    row, link, edge, first = _edges(firsts(rows.account), rows.partner, rows.parent, rows.origin)
    key, at, value, _ = key_steps(
        first,
        (rows.since[row], rows.until[row], np.full(len(row), BEGINNING), np.ones(len(row), np.bool_)),
        NEVER,
        False,
    )
    delta = _deltas(key, value)
    changes = delta != 0
    place = first[key[changes]]
    at, row = at[changes], row[place] if n else row
    partner = rows.partner[row]
    return Links(
        account=rows.account[row],
        partner=partner,
        link=link[place],
        edge=edge[place],
        at=at,
        delta=delta[changes],
        cause=np.where(at == BEGINNING, SINCE_EVER, cause_of_partner[partner]),
    )


@compiled
def _edges(lo: Any, partner: Any, parent: Any, origin: Any) -> Any:
    """Return (row, link, edge) of each parent and origin of the rows, and where each edge starts among them."""
    n = len(partner)
    names = np.concatenate((parent, origin)).view(np.int64)
    order, link, edge = np.empty(2 * n, np.int64), np.zeros(2 * n, np.int64), np.empty(2 * n, np.int64)
    pair, first = np.empty(2 * n, np.int64), np.empty(2 * n + 1, np.int64)
    end, edges = 0, 0
    for a in range(len(lo) - 1):
        start, before = end, edges
        for k in range(lo[a], lo[a + 1]):
            for place in (k, n + k):
                if names[place] != 0:
                    order[end] = place
                    end += 1
        in_time_order(order, start, end, names)
        for i in range(start + 1, end):
            link[order[i]] = link[order[i - 1]] + (names[order[i]] != names[order[i - 1]])
        for i in range(start, end):
            pair[order[i]] = partner[order[i] % n] * (end - start) + link[order[i]]
        in_time_order(order, start, end, pair)
        for i in range(start, end):
            if i == start or pair[order[i]] != pair[order[i - 1]]:
                first[edges] = i
                edges += 1
            edge[i] = edges - 1 - before
    first[edges] = end
    places = order[:end]
    return places % max(n, 1), link[places], edge[:end].copy(), first[: edges + 1].copy()


def numbers(parts: Sequence[PartnerSteps], links: Links | None = None) -> PartnerCounts:
    """Return how many partners count by any of `parts`; with `links` how many independent ones."""
    columns: dict[str, npt.NDArray[Any]] = {
        f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(PartnerSteps)
    }
    account, partner, at, cause = (columns[name] for name in ("account", "partner", "at", "cause"))
    delta = np.concatenate([_deltas(_tracks_of(part), part.value) for part in parts])
    if len(parts) > 1:
        order = np.argsort(account, kind="stable")
        account, partner, at, cause, delta = account[order], partner[order], at[order], cause[order], delta[order]
    lo = firsts(account)
    spans = np.zeros((len(lo) - 1, 2), np.int64)
    link, edge = np.zeros(0, np.int64), np.zeros(0, np.int64)
    if links is not None:
        whose = account[lo[:-1]]
        spans[:, 0] = np.searchsorted(links.account, whose, "left")
        spans[:, 1] = np.searchsorted(links.account, whose, "right")
        link, edge = links.link, links.edge
        account, partner = np.concatenate((account, links.account)), np.concatenate((partner, links.partner))
        at, cause = np.concatenate((at, links.at)), np.concatenate((cause, links.cause))
        delta = np.concatenate((delta, links.delta))
    place, number = _count(lo, spans, (at, partner, delta), (link, edge))
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
def _count(lo: Any, spans: Any, steps: Any, links: Any) -> Any:
    """Return the places of the steps in order of account and instant, and the number from that instant on.

    Account a has the steps [lo[a], lo[a + 1]) and the links spans[a], which stand behind all steps.
    """
    at, partner, _ = steps
    link, edge = links
    alone, n = lo[-1], 0
    room = alone + (spans[:, 1] - spans[:, 0]).sum()
    order, number = np.empty(room, np.int64), np.empty(room, np.int64)
    partners = partner.max() + 1 if len(partner) else 1
    nodes = partners + (link.max() + 1 if len(link) else 0)
    edges = edge.max() + 1 if len(link) else 0
    counting, seen = np.zeros(partners, np.int64), np.empty(partners, np.int64)
    joined = (np.arange(nodes), np.zeros(nodes, np.int64), np.zeros(nodes, np.bool_))
    alive, ends = np.zeros(edges, np.bool_), np.zeros((edges, 2), np.int64)
    stamp, stamps = np.zeros(nodes, np.int64), 0
    for a in range(len(lo) - 1):
        i = n
        for start, end in ((lo[a], lo[a + 1]), (alone + spans[a, 0], alone + spans[a, 1])):
            order[n : n + end - start] = np.arange(start, end)
            n += end - start
        in_time_order(order, i, n, at)
        many, used = _clear(order[i:n], (partner, links, alone), partners, (counting, seen, joined, alive, ends))
        while i < n:
            j, split = i, False
            while j < n and at[order[j]] == at[order[i]]:
                split = _apply(order[j], (steps, links, alone), partners, (counting, joined, alive)) or split
                j += 1
            if split:
                _join_again(used, (seen[:many], joined, alive, ends))
            stamps += 1
            number[i:j] = _components(seen[:many], counting, joined[0], (stamp, stamps))
            i = j
    return order, number


@compiled
def _clear(order: Any, steps: Any, partners: int, desk: Any) -> Any:
    """Forget the account before; return how many partners this one has, and how many edges."""
    partner, (link, edge), alone = steps
    counting, seen, (up, degree, stale), alive, ends = desk
    many, used = 0, 0
    for k in order:
        counting[partner[k]] = -1
        if k >= alone:
            node, e = partners + link[k - alone], edge[k - alone]
            up[node], degree[node], stale[node] = node, 0, False
            alive[e] = False
            ends[e, 0], ends[e, 1] = partner[k], node
            used = max(used, e + 1)
    for k in order:
        if counting[partner[k]] < 0:
            counting[partner[k]] = 0
            up[partner[k]] = partner[k]
            seen[many] = partner[k]
            many += 1
    return many, used


@compiled
def _apply(k: int, all_steps: Any, partners: int, desk: Any) -> bool:
    """Apply one step; return whether components may have come apart."""
    (_, partner, delta), (link, edge), alone = all_steps
    counting, (up, degree, stale), alive = desk
    if k < alone:
        counting[partner[k]] += delta[k]
        return False
    node, e = partners + link[k - alone], edge[k - alone]
    degree[node] += delta[k]
    alive[e] = delta[k] > 0
    if delta[k] > 0:
        up[_root(up, partner[k])] = _root(up, node)
        return bool(stale[node])
    # The last partner of a link leaves nobody behind: the link's node may stay where it is until it is used again.
    stale[node] = True
    return bool(degree[node] > 0)


@compiled
def _join_again(used: int, desk: Any) -> None:
    """Find the components anew from the edges that are alive."""
    seen, (up, _, stale), alive, ends = desk
    for p in seen:
        up[p] = p
    for e in range(used):
        up[ends[e, 1]], stale[ends[e, 1]] = ends[e, 1], False
    for e in range(used):
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
