"""Records of one's own list that look like one company: the evidence of two lists, with the list beside itself.

Nothing of this leaves the house, so that any key does. As across lists, a token that very many records have makes no
pair.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from assay.core.io.store import Store
from assay.partners.canonical import Keys
from assay.partners.evidence import Evidence, Ruling, Terms, judge, weigh
from assay.partners.matching import candidates, fields_of, join, patterns
from assay.partners.tokens import KEY_BYTES, Tokeniser, TokenList

#: From how many bits two records of one list are duplicates.
TERMS: Final = Terms(match_from=4.5, ask_from=0.0)
_ANY: Final = bytes(KEY_BYTES)


@dataclass(frozen=True, slots=True)
class Twice:
    """Two records of one list, by their places in it, that look like one company, and why."""

    first: int
    other: int
    evidence: Evidence


def find(keys: Sequence[Keys], *, threads: int | None = None) -> list[Twice]:
    """Return the pairs of records of one list that look like one company, in the order of the list."""
    if not keys:
        return []
    with Store(on_disk=False, threads=threads) as store:
        return pairs(store, Tokeniser(_ANY).tokenise(keys, seed=_ANY))


def pairs(store: Store, own: TokenList, terms: Terms = TERMS) -> list[Twice]:
    """Return the pairs of a list of tokens that look like one company, in the order of the list."""
    found = candidates(store, join(store, own.upload, own.upload), own, fields_of(own))
    if not len(found):
        return []
    place = {handle: index for index, handle in enumerate(own.handles.to_pylist())}
    first = np.array([place[handle] for handle in found.ours.to_pylist()], np.int64)
    other = np.array([place[handle] for handle in found.theirs.to_pylist()], np.int64)
    different, of_pair = patterns(found)
    evidence = [weigh(pattern) for pattern in different]
    is_match = np.array([judge(one, terms) is Ruling.MATCH for one in evidence], bool)
    rows = np.flatnonzero(is_match[of_pair] & (first < other)).tolist()
    told = [Twice(int(first[row]), int(other[row]), evidence[int(of_pair[row])]) for row in rows]
    return sorted(told, key=lambda one: (one.first, one.other))


def groups(found: Iterable[tuple[int, int]]) -> list[tuple[int, ...]]:
    """Return the places that hang together by pairs, as groups in order."""
    pairs_ = np.array(list(found), np.int64).reshape(-1, 2)
    size = int(pairs_.max(initial=-1)) + 1
    graph = coo_array((np.ones(len(pairs_), np.int8), (pairs_[:, 0], pairs_[:, 1])), shape=(size, size))
    labels = connected_components(graph, directed=False)[1] if size else np.empty(0, np.int32)
    made: dict[int, list[int]] = {}
    for place in np.unique(pairs_).tolist():
        made.setdefault(int(labels[place]), []).append(place)
    return sorted(tuple(group) for group in made.values())
