"""From raw rows to the tables that the engine reads."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa

from assay.core.definitions.model import Definitions
from assay.core.identity.accounts import resolve_accounts
from assay.core.identity.attributes import resolve_attributes
from assay.core.identity.events import keep_events, name_events, place_events
from assay.core.identity.memberships import resolve_memberships
from assay.core.identity.partnering import resolve_facts, resolve_insights, resolve_outcomes
from assay.core.identity.parts import source_ranks
from assay.core.identity.people import resolve_people
from assay.core.io.store import Store

Progress = Callable[[str], None]


def resolve(store: Store, definitions: Definitions, *, progress: Progress | None = None) -> None:
    """Fill the schema `prepared` from `raw`, as `tables.py` states it; `raw` is gone afterwards."""
    tell = progress or (lambda _: None)
    store.run("DROP SCHEMA IF EXISTS prepared CASCADE")
    store.run("CREATE SCHEMA prepared")
    with store.reading("the events", mend="Check that their files are whole."):
        tell("Dropping duplicates")
        keep_events(store, definitions)
        tell("Resolving people and accounts")
        name_events(store, definitions)
        resolve_people(store, definitions)
        resolve_accounts(store, definitions)
        resolve_memberships(store)
        tell("Placing events")
        place_events(store, definitions)
    resolve_attributes(store, definitions)
    resolve_facts(store, definitions)
    resolve_insights(store, definitions)
    resolve_outcomes(store, definitions)
    _tell_sources(store, definitions)
    store.run("CREATE TABLE prepared.merged AS SELECT id, shown FROM raw.merged WHERE id <> shown ORDER BY id")
    store.run("DROP SCHEMA raw CASCADE")


def _tell_sources(store: Store, definitions: Definitions) -> None:
    ranks = source_ranks(definitions)
    store.save(
        "prepared",
        "source_names",
        pa.table({"source": pa.array(ranks.values(), pa.int32()), "name": pa.array(ranks.keys(), pa.string())}),
    )
    store.run("CREATE TABLE prepared.rejects AS SELECT * FROM raw.rejects ORDER BY ALL")
    store.run(
        'CREATE TABLE prepared.counts AS SELECT source, what, CAST(sum("rows") AS BIGINT) AS "rows" FROM raw.counts '
        "GROUP BY source, what ORDER BY source, what"
    )
