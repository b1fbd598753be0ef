"""The engine's one result: spells as a table that people and other programs read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assay.core import tables
from assay.core.definitions import model
from assay.core.engine.arrays import Int32s, Int64s
from assay.core.engine.causes import CauseBook
from assay.core.engine.compiled import NEVER
from assay.core.engine.told import Held
from assay.core.io.store import Store


def spells_table(store: Store, causes: CauseBook, held: Sequence[tuple[model.Rule, Held]]) -> pa.Table:
    """Return `tables.SPELLS`, ordered by rule, subject_type, subject_id, starts_at."""
    ordered = sorted(held, key=lambda pair: pair[0].name)
    ids = {kind: _ids(store, kind) for kind in {rule.subject for rule, _ in ordered}}
    words = _cause_words(store, causes, [h for _, h in ordered])
    parts = [_of_rule(rule, h, *ids[rule.subject], words) for rule, h in ordered if len(h.subject)]
    return pa.concat_tables(parts) if parts else tables.SPELLS.empty_table()


def _ids(store: Store, subject: model.SubjectType) -> tuple[pa.Array, Int64s]:
    """Return the ids of all subjects of a kind, and each one's rank among them."""
    table = {"person": "people", "account": "accounts"}[subject]
    ids = store.table(f"SELECT id FROM prepared.{table} ORDER BY {subject}").column("id").combine_chunks()
    rank = np.empty(len(ids), np.int64)
    rank[pc.sort_indices(ids).to_numpy()] = np.arange(len(ids))
    return ids, rank


def _cause_words(store: Store, causes: CauseBook, held: Sequence[Held]) -> _Words:
    """Return the texts of all causes that stand in these spells."""
    count = store.rows("SELECT coalesce(max(rowid), -1) + 1 FROM prepared.events")[0][0]
    named = np.zeros(count, np.bool_)
    for h in held:
        for codes in (h.opened, h.closed[h.end != NEVER]):
            named[codes[codes >= 0]] = True
    wanted = np.flatnonzero(named)
    store.save("engine", "named", pa.table({"event": wanted}))
    found = store.table(
        "SELECT e.rowid AS event, 'event:' || s.name || ':' || e.id AS text FROM prepared.events e "
        "JOIN engine.named n ON n.event = e.rowid JOIN prepared.source_names s ON s.source = e.source"
    )
    order = np.argsort(found.column("event").to_numpy())
    place = np.cumsum(named, dtype=np.int32) - 1
    return _Words(place, found.column("text").combine_chunks().take(pa.array(order)), causes)


class _Words:
    """Texts of causes: `place[event]` points into `events`; codes of a book below nought into its texts."""

    def __init__(self, place: Int32s, events: pa.Array, causes: CauseBook) -> None:
        self.place = place
        self.first = causes.codes()[causes.texts[0]]
        self.texts = pa.concat_arrays([pa.array(causes.texts, pa.string()), events.cast(pa.string())])
        self.known = len(causes.texts)

    def of(self, codes: Int64s, missing: Int64s | None = None) -> pa.Array:
        """Return the text of each code; null where `missing`."""
        where = codes - self.first
        of_event = codes >= 0
        where[of_event] = self.place[codes[of_event]] + self.known
        return self.texts.take(pa.array(where, mask=missing))


def _of_rule(rule: model.Rule, held: Held, ids: pa.Array, rank: Int64s, words: _Words) -> pa.Table:
    order = np.argsort(rank[held.subject], kind="stable")  # of one subject they are in time order
    end = held.end[order]
    never = end == NEVER
    closed = np.where(never, words.first, held.closed[order])
    count = len(order)
    return pa.table(
        [
            pa.repeat(rule.name, count),
            pa.repeat(pa.scalar(rule.version, pa.int32()), count),
            pa.repeat(rule.fingerprint, count),
            pa.repeat(rule.subject, count),
            ids.take(pa.array(held.subject[order])),
            pa.array(held.start[order]).cast(tables.INSTANT),
            pa.array(end, mask=never).cast(tables.INSTANT),
            words.of(held.opened[order]),
            words.of(closed, never),
        ],
        schema=tables.SPELLS,
    )
