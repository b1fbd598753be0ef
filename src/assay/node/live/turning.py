"""One turn of the live part: new rows of the lake in, changes of who qualifies out."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import psycopg
import pyarrow as pa
from django.db import DataError, transaction

from assay.core.definitions import model
from assay.core.errors import Place
from assay.core.io.store import Store
from assay.node.live import kept, storing
from assay.node.live.asking import at_hand
from assay.node.live.changes import Change
from assay.node.live.deciding import Decision, Known, deciding, halves
from assay.node.live.index import Index, Nodes
from assay.node.live.reach import accounts_reach_people, names_read_at_accounts, scores_rest_on_accounts

#: Nodes decided of at once: enough to share what a decision costs, few enough to be done soon.
_AT_ONCE: Final = 2000

_log: Final = logging.getLogger(__name__)
_NOWHERE: Final = Place(file="", line=1, column=1)

#: Takes changes in the transaction that stores them: leads, plays, webhooks.
Taker = Callable[[Sequence[Change]], None]


def layout(definitions: model.Definitions) -> str:
    """Return what an index depends on: one made with another layout is made anew."""
    parts = [replace(part, place=_NOWHERE) for part in definitions.sources]
    told = repr((parts, sorted(definitions.lists.items())))
    return hashlib.blake2b(told.encode(), digest_size=16).hexdigest()


def take_in(
    index: Index, definitions: model.Definitions, rows: Iterable[pa.Table], *, store: Store | None = None
) -> int:
    """Take rows of the lake into the index, in the order of `seq`; return how many came.

    An index of another layout is emptied first: `rows` must then begin at the first row there is (see `next_seq`).
    """
    count, read = 0, names_read_at_accounts(definitions)
    for batch in rows:
        last = str(batch["seq"][-1].as_py())
        index.add(definitions, batch, at_hand=store, read_at_accounts=read, seq=last, layout=layout(definitions))
        count += len(batch)
    return count


def next_seq(index: Index, definitions: model.Definitions) -> int:
    """Return the `seq` from which on the index lacks rows; 0 where it must be made anew."""
    if index.mark("layout") != layout(definitions):
        index.empty(layout=layout(definitions))
    seq = index.mark("seq")
    return 0 if seq is None else int(seq) + 1


def settle(
    index: Index,
    definitions: model.Definitions,
    *,
    as_of: int,
    takers: Sequence[Taker] = (),
    store: Store | None = None,
) -> int:
    """Decide of what was touched, and of whom time touched, as of an instant; return how many changes were told.

    A decision is stored, its changes told and their consequences written in one transaction. If the node dies between
    that and the index's own note, the same is decided again, and finds nothing to change.
    """
    now = storing.instant(as_of)
    index.touch(storing.due(now))
    reach, told = accounts_reach_people(definitions), 0
    read_at_accounts = names_read_at_accounts(definitions)
    rests = scores_rest_on_accounts(definitions)

    def decide(nodes: Mapping[int, bool], names: Collection[str] | None = read_at_accounts) -> int:
        alone = [] if names is None or rests else [node for node, spreads in nodes.items() if not spreads]
        around = index.around(nodes, accounts_reach_people=reach, of_colleagues=names, alone=alone)
        with deciding(definitions, around, as_of=as_of, at_hand=store) as (decision, known):
            # Which of two rows is refused may depend on one that was left out.
            if names is None or not known.has_rejects:
                return _stored(decision, known, takers, around.homes)
        return decide(nodes, None)

    while touched := index.touched(_AT_ONCE):
        told += decide(touched)
        index.settle(touched)
    with transaction.atomic():
        told += give(storing.tell_expired(now), None, takers)
    return told


def _stored(decision: Decision, known: Known, takers: Sequence[Taker], homes: Nodes) -> int:
    """Store a decision and tell what changed; where Postgres cannot take a value, all but the subject whose it is.

    Others must not wait for it. It is decided of again when something touches it; the log counts such subjects.
    """
    try:
        with transaction.atomic():
            kept.changed(decision.nodes | homes)
            return give(storing.store_decision(decision), known, takers)
    except (DataError, psycopg.DataError):  # COPY raises psycopg's own, past Django
        parts = halves(decision)
        if not parts:
            _log.error("a subject could not be stored and is left out")
        return sum(_stored(part, known, takers, homes) for part in parts)


def give(changes: Sequence[Change], known: Known | None, takers: Sequence[Taker]) -> int:
    """Hand changes to all that take them, with what is known of their subjects at hand; return how many."""
    with at_hand(known):
        for taker in takers:
            if changes:
                taker(changes)
    return len(changes)
