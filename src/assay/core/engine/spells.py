"""The engine's one result: spells as a table that people and other programs read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from assay.core import tables
from assay.core.definitions import model
from assay.core.engine.arrays import Int32s, Int64s
from assay.core.engine.causes import CauseBook
from assay.core.engine.compiled import NEVER
from assay.core.engine.told import Held
from assay.core.io.store import Store


def spells_table(store: Store, causes: CauseBook, held: Sequence[tuple[model.Rule, Held]]) -> pa.Table:
    """Return `tables.SPELLS`, ordered by rule, subject_type, subject_id, starts_at."""
    ordered = sorted((pair for pair in held if len(pair[1].subject)), key=lambda pair: pair[0].name)
    if not ordered:
        return tables.SPELLS.empty_table()
    kinds: dict[model.SubjectType, list[Int32s]] = {}
    for rule, h in ordered:
        kinds.setdefault(rule.subject, []).append(h.subject)
    ids = {kind: _ids(store, kind, subjects) for kind, subjects in kinds.items()}
    words = _cause_words(store, causes, [h for _, h in ordered])
    return pa.concat_tables([_of_rule(rule, h, *ids[rule.subject], words) for rule, h in ordered])


def _ids(store: Store, subject: model.SubjectType, subjects: Sequence[Int32s]) -> tuple[pa.Array, Int64s]:
    """Return the ids of these subjects in order, and where among them each one's stands."""
    table = {"person": "people", "account": "accounts"}[subject]
    named = np.zeros(max(int(one.max()) for one in subjects) + 1, np.bool_)
    for one in subjects:
        named[one] = True
    store.save("engine", "named", pa.table({"subject": np.flatnonzero(named).astype(np.int32)}))
    found = store.table(
        f"SELECT n.subject, id FROM prepared.{table} JOIN engine.named n ON n.subject = {subject} ORDER BY id"
    )
    place = np.empty(len(named), np.int64)
    place[found.column("subject").to_numpy()] = np.arange(len(found))
    return found.column("id").combine_chunks(), place


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


def _of_rule(rule: model.Rule, held: Held, ids: pa.Array, place: Int64s, words: _Words) -> pa.Table:
    subject = place[held.subject]
    order = np.argsort(subject, kind="stable")  # of one subject they are in time order
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
            ids.take(pa.array(subject[order])),
            pa.array(held.start[order]).cast(tables.INSTANT),
            pa.array(end, mask=never).cast(tables.INSTANT),
            words.of(held.opened[order]),
            words.of(closed, never),
        ],
        schema=tables.SPELLS,
    )
