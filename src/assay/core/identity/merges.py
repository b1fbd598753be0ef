"""Which ids are one person: `same_as` joins ids into groups, in any order, through chains and cycles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable


def merged_ids(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the id that is shown for every id that stands in a pair (newer id, the id it is the same as).

    Shown is the id that is nobody's `same_as` (the newest); of several the least as text, and where there is none
    (a cycle) the least of the whole group.
    """
    parent: dict[str, str] = {}
    older: set[str] = set()
    for newer, same_as in pairs:
        parent.setdefault(newer, newer)
        parent.setdefault(same_as, same_as)
        if newer != same_as:
            older.add(same_as)
            parent[_root(parent, newer)] = _root(parent, same_as)
    groups: dict[str, list[str]] = defaultdict(list)
    for member in parent:
        groups[_root(parent, member)].append(member)
    shown: dict[str, str] = {}
    for members in groups.values():
        newest = [member for member in members if member not in older]
        shown.update(dict.fromkeys(members, min(newest or members)))
    return shown


def _root(parent: dict[str, str], member: str) -> str:
    root = member
    while parent[root] != root:
        root = parent[root]
    while parent[member] != root:  # shortens the way for the next one
        parent[member], member = root, parent[member]
    return root
