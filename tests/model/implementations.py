"""The two implementations that must agree: the naive model and the engine."""

from __future__ import annotations

from functools import cache

import pyarrow as pa

from assay.core.definitions.model import Definitions
from assay.core.io.store import Store
from tests.model.naive import Spell, naive
from tests.model.world import World, load


@cache
def shared_store() -> Store:
    """Return a store in memory that all tests of a run use one after the other."""
    return Store(on_disk=False, memory_limit="400MB", threads=1)


def as_spells(table: pa.Table) -> list[Spell]:
    """Return the rows of a table of spells, in its order."""
    instants = {c: table[c].cast(pa.int64()).to_pylist() for c in ("starts_at", "ends_at")}
    texts = [table[c].to_pylist() for c in ("rule", "subject_type", "subject_id")]
    causes = [table[c].to_pylist() for c in ("opened_by", "closed_by")]
    return [Spell(*row) for row in zip(*texts, instants["starts_at"], instants["ends_at"], *causes, strict=True)]


def engine(world: World, definitions: Definitions, as_of: int) -> list[Spell]:
    """Return the spells that the engine finds."""
    from assay.core.engine import sweep

    load(world, shared_store(), definitions)
    return as_spells(sweep(shared_store(), definitions, as_of=as_of))


IMPLEMENTATIONS = (naive, engine)
